"""What `routes check` calls odd plays no part in any match with a real finding."""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from finding_router.findings.events import CUSTOM_ACTION, IMPORTED, SOURCE, EventKind
from finding_router.findings.outline import read_outline
from finding_router.findings.screening import screen
from finding_router.lint.fields import odd_parts
from finding_router.lint.states import odd_states
from finding_router.lint.values import entry_shown
from finding_router.routing.items.match import Match, read_match
from finding_router.routing.patterns.mistake import MistakeError
from finding_router.routing.patterns.pattern import PatternError
from pattern_language import UNTIMED

SHARED = Path(__file__).parents[2].parent / "shared"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the collected findings are not here")

type Json = dict[str, Any]

# Values that no finding of Security Hub has, whatever else is right about it.
_WRONG = {"XXXXXXXXXXXX", "1234567", "1234567890", "2345678901", "INFOED"}


@cache
def findings() -> tuple[Json, ...]:
    """Return the samples that Security Hub could send: those with no field unknown to ASFF."""
    shape = Session().get_service_model("securityhub").shape_for("AwsSecurityFinding")
    lines = (SHARED / "samples" / "findings.ndjson").read_text("utf-8").splitlines()
    return tuple(
        raw for raw in (json.loads(line)["finding"] for line in lines) if _is_asff(raw, shape)
    )


def _is_asff(raw: Json, shape: Any) -> bool:
    report = ParamValidator().validate(raw, shape)._errors
    wrong = [kind for kind, _, _ in report if kind != "missing required field"]
    texts = {raw.get("AwsAccountId"), raw.get("Compliance", {}).get("Status")}
    return not wrong and _WRONG.isdisjoint(texts)


def events_of(finding: Json, *detail_types: str) -> Iterator[Json]:
    """Yield the events in which *finding* may come."""
    for detail_type in detail_types or (IMPORTED, CUSTOM_ACTION):
        yield {"source": SOURCE, "detail-type": detail_type, "detail": {"findings": [finding]}}


def is_routed(finding: Json) -> bool:
    """Return True unless the router leaves the finding out, whatever the routes say."""
    return screen(read_outline(finding), EventKind.IMPORTED) is None


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each value of *value* with its path; arrays are no part of it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


def entries_for(value: Any) -> st.SearchStrategy[Any]:
    """Return values and tests that accept *value*."""
    some: list[Any] = [value, {"exists": True}, {"anything-but": "no such value"}]
    if isinstance(value, str):
        cut = len(value) // 2
        some += [
            {"prefix": value[:cut]},
            {"suffix": value[cut:]},
            {"equals-ignore-case": value.swapcase()},
            {"prefix": {"equals-ignore-case": value[:cut].swapcase()}},
            {"suffix": {"equals-ignore-case": value[cut:].swapcase()}},
            {"anything-but": {"prefix": f"{value}x"}},
        ]
        if "*" not in value and "\\" not in value:
            some += [{"wildcard": f"{value[:cut]}*"}, {"wildcard": f"*{value[cut:]}"}]
            some += [{"wildcard": f"{value[:1]}*{value[cut + 1 :]}"}]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        some += [{"numeric": [">=", value]}, {"numeric": [">", value - 1, "<", value + 1]}]
    return st.sampled_from(some)


@st.composite
def matching_patterns(draw: Any) -> tuple[Json, Json]:
    """Return a finding, and a pattern of its own values that matches it."""
    finding = draw(st.sampled_from(findings()))
    chosen = draw(st.lists(st.sampled_from(list(leaves(finding))), min_size=1, max_size=3))
    pattern: Json = {}
    for path, value in chosen:
        inside = pattern
        dotted = draw(st.booleans())
        steps = (".".join(path),) if dotted else path
        for step in steps[:-1]:
            inside = inside.setdefault(step, {})
            if not isinstance(inside, dict):
                break
        if isinstance(inside, dict):
            inside[steps[-1]] = [draw(entries_for(value))]
    if draw(st.booleans()):
        absent = {"Note": {"Nonsense": [{"exists": False}]}}
        pattern = {"$or": [pattern, absent]} if draw(st.booleans()) else {**absent, **pattern}
    if draw(st.booleans()):
        pattern = {"source": [SOURCE], "detail": {"findings": pattern}}
    return finding, pattern


class TestOwnValues:
    """Patterns made of the values of a finding."""

    @UNTIMED
    @given(matching_patterns())
    def test_what_matches_a_finding_is_not_odd(self, case: tuple[Json, Json]) -> None:
        """No field and no value of it, and no state of a finding that is routed."""
        finding, pattern = case
        try:
            match = read_match(pattern)
        except (PatternError, MistakeError):
            return
        assert match.compiled
        if not match.compiled.matches(next(events_of(finding))):
            return

        assert [] == list(map(str, odd_parts(match)))
        if is_routed(finding):
            assert [] == list(map(str, odd_states(match, of_silence=False)))


def conformance() -> Iterator[tuple[int, Json, Match]]:
    """Yield the valid patterns of the engine's cases."""
    lines = (SHARED / "conformance" / "event_patterns.jsonl").read_text("utf-8").splitlines()
    for case in map(json.loads, lines):
        try:
            yield case["id"], case["pattern"], read_match(case["pattern"])
        except (PatternError, MistakeError):
            continue


class TestConformance:
    """Patterns that nobody wrote for a check."""

    def test_whatever_matches_has_more_than_its_odd_parts(self) -> None:
        """Each odd entry and field alone never matches a finding of Security Hub."""
        seen = 0
        events = [event for finding in findings() for event in events_of(finding)]
        for _, pattern, match in conformance():
            for odd in odd_parts(match):
                seen += 1
                for alone in _alone(pattern, odd.field.split(".")[1:], odd.problem):
                    compiled = read_match(alone).compiled
                    assert compiled
                    assert not any(map(compiled.matches, events)), (pattern, odd)

        assert seen > 100

    def test_states_that_are_odd_match_nothing_that_is_routed(self) -> None:
        """Unless a person sends it."""
        routed = [
            event for one in findings() if is_routed(one) for event in events_of(one, IMPORTED)
        ]
        seen = 0
        for _, _, match in conformance():
            if list(odd_states(match, of_silence=False)):
                seen += 1
                assert match.compiled
                assert not any(map(match.compiled.matches, routed))

        assert seen > 20


def _alone(pattern: Json, at: list[str], problem: str) -> Iterator[Json]:
    """Yield, for what is odd *at* a place of *pattern*, patterns of nothing else."""
    inner: Any = deepcopy(pattern)
    names = []
    for name in at:
        if isinstance(inner, list) and name.isdigit():
            inner = inner[int(name)]
        else:
            inner = inner[name]
            if name != "$or":
                names.append(name)
    # An entry is named by its problem, and a field is odd with all that is in it.
    odd_entries = inner if isinstance(inner, list) and problem.startswith("has ") else []
    odd_leaves = [[each] for each in odd_entries if f"has {entry_shown(each)}," in problem]
    for alone in odd_leaves or [inner]:
        for name in reversed(names):
            alone = {name: alone}  # noqa: PLW2901 -- wrapped from the inside
        yield alone
