"""Which findings are not posted."""

from typing import Any

import pytest

from finding_router.findings.asff import read_finding
from finding_router.findings.events import EventKind
from finding_router.findings.screening import screen


def _finding(**fields: Any) -> dict[str, Any]:
    return {"Id": "one", "ProductArn": "arn:aws:securityhub:::product/aws/guardduty", **fields}


PASSED = {"Status": "PASSED"}
RESOLVED = {"Status": "RESOLVED"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (_finding(), None),
        (_finding(Workflow={"Status": "NEW"}, RecordState="ACTIVE"), None),
        (_finding(Compliance={"Status": "FAILED"}), None),
        (_finding(Compliance={"Status": "WARNING"}), None),
        (_finding(RecordState="ARCHIVED"), "archived"),
        (_finding(RecordState="archived", Compliance=PASSED, Workflow=RESOLVED), "archived"),
        (_finding(Compliance=PASSED, Workflow=RESOLVED), "passed"),
        (_finding(Compliance={"Status": "NOT_AVAILABLE"}), "not_available"),
        (_finding(Workflow={"Status": "NOTIFIED"}), "not_new"),
        (_finding(Workflow={"Status": "SUPPRESSED"}), "not_new"),
        (_finding(Workflow=RESOLVED), "not_new"),
        (_finding(Workflow={"Status": "INVESTIGATING"}), "not_new"),
        (_finding(Workflow={"Status": 7}, RecordState=[]), None),
    ],
)
def test_imported_finding_is_screened_by_its_state(
    raw: dict[str, Any], expected: str | None
) -> None:
    """Each state has its own name, the cause before its effect; a missing state counts as new."""
    assert expected == screen(read_finding(raw), EventKind.IMPORTED)


@pytest.mark.parametrize(
    "raw",
    [
        _finding(Workflow={"Status": "NOTIFIED"}),
        _finding(Workflow=RESOLVED, Compliance=PASSED),
        _finding(RecordState="ARCHIVED"),
    ],
)
def test_what_a_person_sends_is_always_posted(raw: dict[str, Any]) -> None:
    """A custom action is a request, with the finding in any state."""
    assert screen(read_finding(raw), EventKind.CUSTOM_ACTION) is None
