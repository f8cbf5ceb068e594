"""What Security Hub's newer product has in place of NOTIFIED, and how it names a finding."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from finding_router.findings.ocsf.statuses import NEW, status_word
from finding_router.findings.reading import text_at


class V2Status(StrEnum):
    """What is set of an OCSF finding once it was said; OCSF has no NOTIFIED."""

    NONE = "none"
    """Nothing: the Ledger knows what was said."""
    IN_PROGRESS = "in-progress"
    """Status 2, In Progress, of those that are New."""
    COMMENT = "comment"
    """A comment, of those without one; the status stays New."""


def identifier_of(raw: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """
    Return (MetadataProductUid, FindingInfoUid, CloudAccountUid) of *raw*, in OCSF.

    None if one is missing: no API call can name the finding then.
    https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_OcsfFindingIdentifier.html
    """
    product = text_at(raw, "metadata", "product", "uid")
    finding = text_at(raw, "finding_info", "uid")
    account = text_at(raw, "cloud", "account", "uid")
    if product is None or finding is None or account is None:
        return None
    return product, finding, account


def is_to_mark(raw: Mapping[str, Any], status: V2Status) -> bool:
    """
    Return True if *status* may be set of *raw*, in OCSF.

    A status or comment that somebody set stays, the router's own included, so that the event about
    the router's own update asks for no other.
    """
    match status:
        case V2Status.IN_PROGRESS:
            return status_word(raw) == NEW
        case V2Status.COMMENT:
            return status_word(raw) == NEW and text_at(raw, "comment") is None
        case V2Status.NONE:
            return False
