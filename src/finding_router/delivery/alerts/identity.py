"""The names of findings, subjects and alerts: hashes that are the same in every worker."""

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.outline import Outline
from finding_router.findings.products import SECURITY_HUB

# Between the channel and the event of a request by Custom Action.
REQUESTED: Final = "#action#"


@dataclass(frozen=True, slots=True)
class AlertKey:
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
    control. Those findings share one subject, recognised by the control's id in all standards.
    """
    if finding.service == SECURITY_HUB and finding.control_id and len(finding.resources) == 1:
        place = [finding.account_id, finding.region]
        return hash_of(["control", *place, finding.control_id, finding.resources[0].id])
    return finding_hash(*finding.key)


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
