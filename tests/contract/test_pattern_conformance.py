"""The verdicts of AWS's own engine, aws/event-ruler, on patterns and events."""

import json
from pathlib import Path
from typing import Any

import pytest

from finding_router.routing.patterns.index import PatternIndex
from finding_router.routing.patterns.pattern import PatternError, compile_pattern

CASES = Path(__file__).parents[2].parent / "shared" / "conformance" / "event_patterns.jsonl"

pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the engine's verdicts are not here")

type Json = dict[str, Any]


@pytest.fixture(scope="module")
def cases() -> list[Json]:
    """Read the cases, each with a pattern, an event and the result of the engine."""
    return [json.loads(line) for line in CASES.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def valid(cases: list[Json]) -> dict[str, Json]:
    """Return the patterns that the engine takes, by the id of their case."""
    return {str(case["id"]): case["pattern"] for case in cases if case["expect"] != "invalid"}


def test_every_verdict_agrees(cases: list[Json]) -> None:
    """Each pattern matches its event, or does not, as it does there."""
    disagreeing = [
        case["id"]
        for case in cases
        if case["expect"] != "invalid"
        and case["expect"] != compile_pattern(case["pattern"]).matches(case["event"])
    ]

    assert [] == disagreeing


def test_what_the_engine_refuses_is_refused(cases: list[Json]) -> None:
    """The error names the place, the problem and the remedy."""
    for case in cases:
        if case["expect"] == "invalid":
            with pytest.raises(PatternError, match=r"^.+: .+; .+$"):
                compile_pattern(case["pattern"])


def test_the_order_in_which_fields_are_written_does_not_matter(cases: list[Json]) -> None:
    """Unless one is written twice, once beside $or and once in it, where the later one counts."""
    disagreeing = [
        case["id"]
        for case in cases
        if case["expect"] != "invalid"
        and "$or" not in json.dumps(case["pattern"])
        and case["expect"] != compile_pattern(_reversed(case["pattern"])).matches(case["event"])
    ]

    assert [] == disagreeing


def test_all_patterns_at_once_give_the_same_verdicts(
    cases: list[Json], valid: dict[str, Json]
) -> None:
    """In one index, each is among those that match its event, or is not."""
    index = PatternIndex(valid)
    disagreeing = [
        case["id"]
        for case in cases
        if case["expect"] != "invalid"
        and case["expect"] != (str(case["id"]) in index.match(case["event"]))
    ]

    assert [] == disagreeing


def test_all_patterns_at_once_agree_with_one_by_one(
    cases: list[Json], valid: dict[str, Json]
) -> None:
    """Also about the events of other cases, of which these are a part."""
    index = PatternIndex(valid)
    compiled = {key: compile_pattern(pattern) for key, pattern in valid.items()}

    for case in cases[::60]:
        event = case["event"]
        expected = [key for key, pattern in compiled.items() if pattern.matches(event)]

        assert expected == index.match(event)


def _reversed(pattern: Any) -> Any:
    if isinstance(pattern, dict):
        return {name: _reversed(pattern[name]) for name in reversed(pattern)}
    return pattern[::-1]
