"""The names of findings, subjects and alerts: hashes that are the same in every worker."""

import hashlib
import json
import re
from functools import lru_cache
from typing import Final, NamedTuple

from finding_router.findings.finding import Finding
from finding_router.findings.outline import Outline
from finding_router.findings.partitions import DEFAULT, PARTITIONS
from finding_router.findings.products import CONFIG, SECURITY_HUB
from finding_router.findings.reading import text_at

# Between the channel and the event of a request by Custom Action.
REQUESTED: Final = "#action#"
# The resource of controls that are about an account as a whole, and an ARN without a Region.
_ACCOUNT: Final = re.compile(r"AWS::::Account:[0-9]*|arn:aws[a-z-]*:iam::[0-9]*:root")
_WITHOUT_REGION: Final = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+::[0-9]*:.")
# Of an account, IAM, contacts and S3's public access are the same in every Region; the analyzers of
# IAM.28 are not.
_OF_ALL_REGIONS: Final = re.compile(r"IAM\.(?!28$)[0-9]+|Account\.[0-9]+|S3\.1")


class AlertKey(NamedTuple):
    """
    The deduplication key of an alert: a subject in a channel.

    *subject* is a hash of 40 hex digits; *channel* is the channel as routed (a name or an id, not
    the id that Slack resolved), or `CHANNEL#action#EVENT_ID` for a request by Custom Action.
    """

    subject: str
    channel: str


def subject_of(finding: Finding | Outline) -> str:
    """
    Return the name of the thing that *finding* is about.

    Without consolidated control findings, Security Hub keeps one finding for each standard of a
    control. Those findings share one subject, recognised by the control's id in all standards. So
    do the findings of several Regions about one global resource, an IAM user say, for a control of
    Security Hub or a rule of Config.
    """
    is_global = _is_global(finding)
    control = _control_of(finding)
    if control is not None:
        region = _home_of(finding) if is_global else finding.region
        return _control_hash(finding, region, control)
    rule = _rule_of(finding) if is_global else None
    if rule is not None:
        return hash_of(["rule", finding.account_id, rule, finding.resources[0].id])
    return finding_hash(*finding.key)


def former_subject_of(finding: Finding | Outline) -> str | None:
    """
    Return the subject of *finding* before global resources were recognised; None if it is the same.

    Alerts of then are kept under it.
    """
    control = _control_of(finding)
    if control is None:
        former = finding_hash(*finding.key)
    else:
        former = _control_hash(finding, finding.region, control)
    return None if former == subject_of(finding) else former


def has_two_subjects(finding: Finding | Outline) -> bool:
    """
    Return True if the two forms of *finding*, in ASFF and in OCSF, may give two subjects.

    All findings but those of controls are their own subject in both.
    """
    return finding.service == SECURITY_HUB


def _control_of(finding: Finding | Outline) -> str | None:
    """Return the control whose findings share a subject; None for findings of other kinds."""
    is_control = finding.service == SECURITY_HUB and len(finding.resources) == 1
    return finding.control_id if is_control else None


def _rule_of(finding: Finding | Outline) -> str | None:
    if finding.service != CONFIG:
        return None
    return text_at(finding.raw, "ProductFields", "aws/config/ConfigRuleName")


def _control_hash(finding: Finding | Outline, region: str | None, control: str) -> str:
    resource = finding.resources[0].id
    return hash_of(["control", finding.account_id, region, control, resource])


def _is_global(finding: Finding | Outline) -> bool:
    """
    Return True if *finding* is about one resource that no Region is part of.

    An account is one only for controls of settings that its Regions share; whether Config is on,
    for instance, differs by Region.
    """
    if len(finding.resources) != 1:
        return False
    resource = finding.resources[0].id
    if _ACCOUNT.fullmatch(resource):
        return bool(finding.control_id and _OF_ALL_REGIONS.fullmatch(finding.control_id))
    return _WITHOUT_REGION.match(resource) is not None


def _home_of(finding: Finding | Outline) -> str:
    """Return the Region that stands for all: mostly the one that reports global resources."""
    return PARTITIONS.get(finding.partition, PARTITIONS[DEFAULT]).home


# A run asks for the name of each of its findings about sixteen times.
@lru_cache(maxsize=4_096)
def finding_hash(product_arn: str, finding_id: str) -> str:
    """Return the name of a finding, made of its identity (ProductArn, Id)."""
    return hash_of([product_arn, finding_id])


def raw_hash(raw: object, *, or_else: str) -> str:
    """Return a name for a finding without identity: by its content or, failing that, *or_else*."""
    try:
        return hash_of(["raw", raw])
    except (RecursionError, ValueError):
        return hash_of(["raw of", or_else])


def hash_of(parts: object) -> str:
    """Return 40 hex digits of SHA-256, the same for the same JSON values."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:40]
