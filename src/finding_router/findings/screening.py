"""Which findings are not posted at all, whatever the routes say."""

from enum import StrEnum

from finding_router.findings.events import EventKind
from finding_router.findings.finding import Finding


class NotPosted(StrEnum):
    """Why a finding is not posted; the names of outcomes."""

    ARCHIVED = "archived"
    PASSED = "passed"
    NOT_AVAILABLE = "not_available"
    NOT_NEW = "not_new"


def screen(finding: Finding, kind: EventKind) -> NotPosted | None:
    """
    Say why *finding* is not posted, or None where it is to be routed.

    What a person sends with a custom action is always posted: it was asked for. Otherwise the
    causes come before what Security Hub makes of them: a control that passes also becomes
    RESOLVED, and is "passed". A status that Security Hub does not define is not NEW either.
    """
    if kind is EventKind.CUSTOM_ACTION:
        return None
    if finding.record_state == "ARCHIVED":
        return NotPosted.ARCHIVED
    if finding.compliance_status == "PASSED":
        return NotPosted.PASSED
    if finding.compliance_status == "NOT_AVAILABLE":
        return NotPosted.NOT_AVAILABLE
    if finding.workflow_status != "NEW":
        return NotPosted.NOT_NEW
    return None
