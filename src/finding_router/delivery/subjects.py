"""What an alert is about: a finding, or the same control's findings of several standards."""

from finding_router.delivery.ledger import digest_of, finding_hash
from finding_router.findings.finding import Finding
from finding_router.findings.products import SECURITY_HUB


def subject_of(finding: Finding) -> str:
    """
    Name what *finding* is about.

    With consolidated control findings off, Security Hub has a finding for each standard of a
    control: together they are one thing to say, recognised by the control's id, which all have.
    """
    if finding.product == SECURITY_HUB and finding.control_id and len(finding.resources) == 1:
        place = [finding.account_id, finding.region]
        return digest_of(["control", *place, finding.control_id, finding.resources[0].id])
    return finding_hash(*finding.key)
