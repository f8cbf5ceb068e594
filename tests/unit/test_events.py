"""Reading the events that Security Hub sends by way of EventBridge."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from finding_router.errors import EventError
from finding_router.findings.events import (
    CUSTOM_ACTION,
    IMPORTED,
    IMPORTED_V2,
    EventKind,
    Intake,
    read_event,
)

FINDINGS = [{"Id": "one"}, "no finding", None]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


SRC = Path(__file__).parents[2] / "src"
# Prints the modules that a fresh interpreter has loaded once events and findings can be read.
LOADED = """
import sys
sys.path.insert(0, sys.argv[1])
import finding_router.findings.asff, finding_router.findings.events
print(*sys.modules)
"""


def _event(detail_type: str = IMPORTED, **fields: Any) -> dict[str, Any]:
    """Make an event by hand, with nothing in it that the router does not need."""
    detail = {"findings": FINDINGS}
    return {"source": "aws.securityhub", "detail-type": detail_type, "detail": detail, **fields}


def test_imported_event_gives_its_findings_untouched() -> None:
    """Each finding is handed on unchanged, and unreadable ones are refused alone."""
    event = _event(
        id="6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        version="0",
        account="111122223333",
        region="eu-central-1",
        time="2026-03-01T12:00:00Z",
        resources=["arn:aws:securityhub:eu-central-1::product/aws/guardduty/one"],
    )
    expected = Intake(
        kind=EventKind.IMPORTED,
        event_id="6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        action_name=None,
        action_description=None,
        findings=({"Id": "one"}, "no finding", None),
        time="2026-03-01T12:00:00Z",
    )

    assert expected == read_event(event)


def test_custom_action_names_itself() -> None:
    """The action's name and description come along, to be shown on the card."""
    detail = {"actionName": "Page us", "actionDescription": "Sends to Slack", "findings": FINDINGS}
    intake = read_event(_event(CUSTOM_ACTION, detail=detail))
    expected = (EventKind.CUSTOM_ACTION, "Page us", "Sends to Slack")

    assert expected == (intake.kind, intake.action_name, intake.action_description)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"id": None, "time": None, "region": None, "resources": None, "version": None},
        {"id": "", "time": "", "region": 7, "resources": "one", "version": 0, "account": []},
    ],
)
def test_event_made_by_hand_needs_no_envelope(odd: dict[str, Any]) -> None:
    """Even if the envelope lacks fields or has wrong ones, its findings are read."""
    intake = read_event(_event(**odd))

    assert (*FINDINGS,) == intake.findings
    assert intake.time is None


def test_event_without_id_gets_the_same_one_each_time() -> None:
    """The made-up id depends on the event's content and not on the order of its keys."""
    event = _event()
    again = dict(reversed(event.items()))

    assert read_event(event).event_id == read_event(again).event_id
    assert read_event(event).event_id != read_event(_event(CUSTOM_ACTION)).event_id


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ([_event()], ["list", IMPORTED]),
        (None, ["NoneType"]),
        ({}, ["source is missing"]),
        (_event(source=7), ['"7"', "aws.securityhub"]),
        ({"source": "aws.securityhub"}, ["detail-type is missing"]),
        (_event("GuardDuty Finding", source="aws.guardduty"), ["aws.guardduty", "GuardDuty"]),
        (_event("Security Hub Insight Results"), ["Insight Results", "custom action"]),
        (_event("Findings Imported V3"), ["Findings Imported V3", "unknown", IMPORTED_V2]),
        (_event("x" * 5000), ["x" * 80 + "…", "unknown", CUSTOM_ACTION]),
        (_event(detail=None), ["detail is no object", "detail.findings"]),
        (_event(detail={}), ["detail.findings is missing"]),
        (_event(detail={"findings": {}}), ["detail.findings is no array"]),
        (_event(detail={"findings": []}), ["detail.findings is empty"]),
        ({**_event(), "detail": "{}"}, ["detail is no object"]),
    ],
)
def test_what_is_not_ours_is_refused_by_name(event: object, words: list[str]) -> None:
    """The refusal names the event, or the wrong field, and stays one short line."""
    with pytest.raises(EventError) as refusal:
        read_event(event)

    message = str(refusal.value)
    assert all(word in message for word in words), message
    assert len(message.splitlines()) == 1
    assert len(message) < 350


def test_event_too_deep_for_an_id_is_refused() -> None:
    """An event without id that cannot be written down again asks for an id."""
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]

    with pytest.raises(EventError, match="id is missing"):
        read_event(_event(extra=deep))


@given(JSON | st.builds(lambda detail: _event(detail=detail), JSON))
def test_no_json_raises_anything_else(event: object) -> None:
    """Any JSON is taken or refused as an event."""
    try:
        intake = read_event(event)
    except EventError:
        return

    assert intake.findings


@example(findings=[None], odd={"replay-name": []})
@given(findings=st.lists(JSON, min_size=1, max_size=3), odd=st.dictionaries(st.text(), JSON))
def test_findings_survive_any_neighbour(findings: list[object], odd: dict[str, Any]) -> None:
    """No field of the envelope and no finding takes another finding along."""
    event = {**odd, **_event(detail={**odd, "findings": findings})}
    expected = tuple(findings)

    assert repr(expected) == repr(read_event(event).findings)


def test_reading_loads_nothing_that_it_does_not_need() -> None:
    """None of Powertools' models is built, and no AWS SDK: both cost cold start."""
    command = [sys.executable, "-c", LOADED, str(SRC)]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    models = "aws_lambda_powertools.utilities.parser.models."

    assert [] == [module for module in loaded if module.startswith(models)]
    assert not {"boto3", "botocore.session", "slack_sdk"} & set(loaded)
