"""Findings that are never posted, independently of the routes."""

from enum import StrEnum

from finding_router.findings.events import EventKind
from finding_router.findings.finding import Finding
from finding_router.findings.outline import Outline


class NotPosted(StrEnum):
    """The reasons for not posting a finding, also names of outcomes."""

    ARCHIVED = "archived"
    PASSED = "passed"
    NOT_AVAILABLE = "not_available"
    NOT_NEW = "not_new"


def screen(finding: Finding | Outline, kind: EventKind) -> NotPosted | None:
    """
    Return the reason for not posting *finding*, or None if it is to be routed.

    A finding sent by a person with a custom action is always posted. Otherwise causes are checked
    before their consequences: Security Hub also sets the finding of a passing control to RESOLVED,
    and the result is "passed". A Workflow status unknown to Security Hub counts as not NEW.
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
