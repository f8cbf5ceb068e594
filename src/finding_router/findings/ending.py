"""The ways in which a finding ends."""

from enum import StrEnum

from finding_router.findings.finding import Finding
from finding_router.findings.outline import Outline


class Ended(StrEnum):
    """The cause of a finding's end."""

    ARCHIVED = "archived"
    """The product no longer reports the finding, or has archived it."""
    PASSED = "passed"
    """The control's check passes."""
    SUPPRESSED = "suppressed"
    """A person or a rule has set the Workflow status to SUPPRESSED."""
    RESOLVED = "resolved"
    """A person or a rule has set the Workflow status to RESOLVED."""


def ending_of(finding: Finding | Outline) -> Ended | None:
    """
    Return the cause that ended *finding*, or None if the finding is open.

    Causes are checked before their consequences: Security Hub also sets the finding of a passing
    control to RESOLVED, and the result is "passed".
    """
    if finding.record_state == "ARCHIVED":
        return Ended.ARCHIVED
    if finding.compliance_status == "PASSED":
        return Ended.PASSED
    return {"SUPPRESSED": Ended.SUPPRESSED, "RESOLVED": Ended.RESOLVED}.get(finding.workflow_status)
