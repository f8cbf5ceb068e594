"""How a finding ended."""

import pytest

from factories import make_finding
from finding_router.findings.ending import Ended, ending_of


@pytest.mark.parametrize(
    ("changes", "ended"),
    [
        ({}, None),
        ({"workflow_status": "NOTIFIED"}, None),
        ({"workflow_status": "RESOLVED"}, Ended.RESOLVED),
        ({"workflow_status": "SUPPRESSED"}, Ended.SUPPRESSED),
        ({"workflow_status": "RESOLVED", "compliance_status": "PASSED"}, Ended.PASSED),
        ({"record_state": "ARCHIVED", "compliance_status": "PASSED"}, Ended.ARCHIVED),
    ],
)
def test_the_cause_comes_before_what_follows_from_it(
    changes: dict[str, str], ended: Ended | None
) -> None:
    """Security Hub sets RESOLVED by itself when a control passes."""
    assert ended is ending_of(make_finding(**changes))
