"""The rule's part for AWS Security Hub: which of its events reach the queue."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from finding_router.findings.asff import read_finding
from finding_router.findings.ending import ending_of
from finding_router.findings.events import EventKind
from finding_router.findings.screening import screen
from finding_router.routing.patterns.pattern import Pattern, compile_pattern
from ocsf_findings import KINDS, control, detection
from policies import Resolve

type Json = dict[str, Any]

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
MOST_CHARS = 2048
COVERAGE = {"product": {"name": "Security Hub Coverage"}}
PASSED = {"control": "S3.1", "status": "Pass", "status_id": 1}


def written(resolve: Resolve, *, v2: str = "true", track: str = "true") -> Json:
    """Return the rule's pattern for these parameters."""
    pattern: Json = resolve(TakeV2=v2, TrackLifecycle=track)["FindingsRule"]["EventPattern"]
    return pattern


def compiled(resolve: Resolve, **parameters: str) -> Pattern:
    """Compile the rule's pattern for these parameters."""
    return compile_pattern(written(resolve, **parameters))


def imported(*findings: Json) -> Json:
    """Make the event of *findings*."""
    return {
        "source": "aws.securityhub",
        "detail-type": "Findings Imported V2",
        "detail": {"findings": list(findings)},
    }


def without(raw: Json, *names: str) -> Json:
    """Return *raw* without some of its fields."""
    return {name: each for name, each in raw.items() if name not in names}


NEW = {
    **{name: make() for name, make in KINDS.items()},
    "updated": detection(activity_id=2),
    "reopened": detection(activity_id=2, status_id=1),
    "unknown status": detection(status_id=0),
    "other status": detection(status_id=99),
    "warning": control(compliance={"control": "S3.1", "status_id": 2}),
    "no status": without(detection(), "status_id"),
    "no activity": without(detection(), "activity_id"),
    "no metadata": without(detection(), "metadata"),
    "no compliance": without(control(), "compliance"),
}
LATER = {
    "closed, still new": detection(activity_id=3),
    "suppressed": detection(activity_id=2, status_id=3),
    "resolved": detection(activity_id=2, status_id=4),
    "archived": detection(activity_id=2, status_id=5),
    "in progress": detection(activity_id=2, status_id=2),
    "deleted": detection(activity_id=2, status_id=6),
    "passed, still new": control(activity_id=2, status_id=1, compliance=PASSED),
    "passed, in progress": control(activity_id=2, status_id=2, compliance=PASSED),
    "passed and resolved": control(activity_id=2, status_id=4, compliance=PASSED),
}
NEVER = {
    "passed and new": control(compliance=PASSED),
    "coverage": control(metadata=COVERAGE, compliance={"status_id": 2}),
    "coverage, resolved": control(metadata=COVERAGE, status_id=4),
    "coverage, closed": control(metadata=COVERAGE, activity_id=3),
}


@pytest.mark.parametrize("track", ["true", "false"])
@pytest.mark.parametrize("raw", NEW.values(), ids=NEW)
def test_what_is_new_passes(raw: Json, track: str, resolve: Resolve) -> None:
    """It would be posted; a missing field counts as the router counts it."""
    assert (
        screen(read_finding(raw | {"metadata": detection()["metadata"]}), EventKind.IMPORTED)
        is None
    )
    assert compiled(resolve, track=track).matches(imported(raw))


@pytest.mark.parametrize("raw", LATER.values(), ids=LATER)
def test_what_becomes_of_a_finding_is_followed_or_not(raw: Json, resolve: Resolve) -> None:
    """It is never posted, and may change what was."""
    finding = read_finding(raw)

    assert ending_of(finding) is not None or finding.workflow_status == "NOTIFIED"
    assert screen(finding, EventKind.IMPORTED) is not None
    assert compiled(resolve, track="true").matches(imported(raw))
    assert not compiled(resolve, track="false").matches(imported(raw))


@pytest.mark.parametrize("track", ["true", "false"])
@pytest.mark.parametrize("raw", NEVER.values(), ids=NEVER)
def test_what_says_nothing_stops_at_the_rule(raw: Json, track: str, resolve: Resolve) -> None:
    """A check that passed from the start, and what Security Hub says of its coverage."""
    assert (
        screen(
            read_finding(raw | {"metadata": {**detection()["metadata"], **raw["metadata"]}}),
            EventKind.IMPORTED,
        )
        is not None
    )
    assert not compiled(resolve, track=track).matches(imported(raw))


@pytest.mark.parametrize("track", ["true", "false"])
@pytest.mark.parametrize("raw", [*NEW.values(), *LATER.values()], ids=[*NEW, *LATER])
def test_without_take_v2_nothing_passes(raw: Json, track: str, resolve: Resolve) -> None:
    """Whoever has both and wants one of them."""
    assert not compiled(resolve, v2="false", track=track).matches(imported(raw))


@pytest.mark.parametrize("v2", ["true", "false"])
def test_the_other_security_hub_passes_with_either(v2: str, resolve: Resolve) -> None:
    """Its findings have fields of their own."""
    event = imported({"Id": "1"}) | {"detail-type": "Security Hub Findings - Imported"}

    assert compiled(resolve, v2=v2).matches(event)


def test_conditions_hold_in_one_finding(resolve: Resolve) -> None:
    """A new coverage statement beside a suppressed finding is not a new finding."""
    event = imported(control(metadata=COVERAGE), detection(status_id=3))

    assert not compiled(resolve, track="false").matches(event)


ABSENT = object()
ODD = st.sampled_from([ABSENT, None, "", "x", True, False, {}, {"id": 1}, [], -1, 7])
NUMBERS = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 99])
CODES = NUMBERS | NUMBERS.map(str) | NUMBERS.map(float) | ODD
CAPTIONS = ODD | st.sampled_from(
    ["New", "In Progress", "Suppressed", "Resolved", "Archived", "Deleted", "Other", "Unknown"]
)


@st.composite
def findings(draw: st.DrawFn) -> Json:
    """Make a finding whose codes are of any JSON type, or absent."""
    raw = draw(st.sampled_from([detection, control]))()
    raw |= {"status_id": draw(CODES), "status": draw(CAPTIONS), "activity_id": draw(CODES)}
    raw["compliance"] = draw(ODD) if draw(st.booleans()) else {"status_id": draw(CODES)}
    codes = raw["compliance"]
    if isinstance(codes, dict) and codes.get("status_id") is ABSENT:
        raw["compliance"] = {}
    return {name: each for name, each in raw.items() if each is not ABSENT}


@examples(300)
@given(findings())
def test_whatever_the_router_would_say_or_follow_passes(resolve: Resolve, raw: Json) -> None:
    """The rule takes codes of another type, and null, as the reader does."""
    finding = read_finding(raw)
    event = imported(raw)

    if screen(finding, EventKind.IMPORTED) is None:
        assert compiled(resolve, track="false").matches(event)
    if finding.compliance_status not in {"PASSED", "NOT_AVAILABLE"}:
        assert compiled(resolve, track="true").matches(event)


@pytest.mark.parametrize("track", ["true", "false"])
@pytest.mark.parametrize("v2", ["true", "false"])
def test_the_rule_is_short_enough(v2: str, track: str, resolve: Resolve) -> None:
    """EventBridge takes no longer pattern, unless a quota is raised."""
    assert len(json.dumps(written(resolve, v2=v2, track=track))) <= MOST_CHARS


def test_both_are_taken_by_default(template: Json) -> None:
    """A stack whose account has one of them pays nothing for the other."""
    assert "true" == template["Parameters"]["TakeV2"]["Default"]
