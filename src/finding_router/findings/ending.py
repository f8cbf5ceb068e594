"""How a finding ended."""

from enum import StrEnum

from finding_router.findings.finding import Finding


class Ended(StrEnum):
    """What ended a finding."""

    ARCHIVED = "archived"
    """Its product does not report it any more, or says so."""
    PASSED = "passed"
    """The control's check passes now."""
    SUPPRESSED = "suppressed"
    """A person or a rule wants to hear no more of it."""
    RESOLVED = "resolved"
    """A person or a rule says that it is done."""


def ending_of(finding: Finding) -> Ended | None:
    """
    Say what ended *finding*, or None where it is open.

    The causes come before what Security Hub makes of them: a control that passes also becomes
    RESOLVED, and is "passed".
    """
    if finding.record_state == "ARCHIVED":
        return Ended.ARCHIVED
    if finding.compliance_status == "PASSED":
        return Ended.PASSED
    return {"SUPPRESSED": Ended.SUPPRESSED, "RESOLVED": Ended.RESOLVED}.get(finding.workflow_status)
