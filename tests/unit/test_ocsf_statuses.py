"""The status of a finding in OCSF: what it is for its card, and for its mark, is one reading."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.findings.ocsf.marks import V2Status, is_to_mark
from finding_router.findings.ocsf.view import as_asff
from ocsf_findings import detection

ABSENT = object()
NOTHING = [ABSENT, None, 0, "0", 0.0, "", "x", True, [], {}, 7]
IDS = st.sampled_from([*NOTHING, 1, "1", 1.0, 2, "2", 3, 4, 5, 6, 99, "99"])
SAID = ["In Progress", "Suppressed", "Resolved", "Archived", "Deleted", "Other", "On hold", 3]
CAPTIONS = st.sampled_from([ABSENT, None, "", " ", "Unknown", "New", " new ", *SAID])


def finding(status_id: object, status: object) -> dict[str, Any]:
    """Make a finding with this status; ABSENT leaves a field out."""
    raw = {**detection(), "status_id": status_id, "status": status}
    return {name: each for name, each in raw.items() if each is not ABSENT}


@pytest.mark.parametrize("status", [ABSENT, None, "", "Unknown", "New"])
@pytest.mark.parametrize("status_id", [*NOTHING, 1, "1"])
def test_what_says_nothing_is_new_for_the_card_and_for_the_mark(
    status_id: object, status: object
) -> None:
    """It is said, and so it is marked."""
    raw = finding(status_id, status)

    assert {"Status": "NEW"} == as_asff(raw)["Workflow"]
    assert is_to_mark(raw, V2Status.IN_PROGRESS)
    assert is_to_mark(raw, V2Status.COMMENT)


@given(IDS, CAPTIONS)
def test_what_is_marked_is_new_and_open(status_id: object, status: object) -> None:
    """A status that somebody has set stays, also one that the router does not know."""
    raw = finding(status_id, status)
    view = as_asff(raw)

    if is_to_mark(raw, V2Status.IN_PROGRESS):
        assert ("NEW", "ACTIVE") == (view["Workflow"]["Status"], view["RecordState"])
    else:
        is_known = view["Workflow"]["Status"] != "NEW" or view["RecordState"] == "ARCHIVED"
        assert is_known or status in {"Other", "On hold", 3}
