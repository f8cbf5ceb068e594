"""A finding as the rest of the router sees it."""

from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Severity


def test_severities_are_ordered_by_rank() -> None:
    """INFORMATIONAL is the lowest and CRITICAL the highest."""
    expected = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]

    assert expected == sorted(Severity, key=lambda severity: severity.rank)


def test_key_is_the_identity_in_security_hub() -> None:
    """A finding is identified by its product and its Id, as one Id may be of two products."""
    finding = read_finding({"Id": "one", "ProductArn": "product"})
    expected = ("product", "one")

    assert expected == finding.key
