"""The examples of docs/patterns.md."""

import json
import re
from pathlib import Path

import pytest

from finding_router.findings.asff import read_finding
from finding_router.findings.events import IMPORTED, IMPORTED_V2, SOURCE
from finding_router.lint.fields import odd_parts
from finding_router.routing.items.match import read_match
from finding_router.routing.patterns.index import PatternIndex
from finding_router.routing.patterns.pattern import PatternError, compile_pattern
from ocsf_findings import KINDS, cspm_twin

PAGE = Path(__file__).parents[2] / "docs" / "patterns.md"
EXAMPLES = re.findall(
    r"^\| `(.+)` \| `(.+)` \| (yes|no|refused) \|$", PAGE.read_text("utf-8"), re.MULTILINE
)
BESIDE = re.findall(
    r"^\| ([^|`]+) \| (?:`([^`]+)`|none) \| `([^`]+)` \|$", PAGE.read_text("utf-8"), re.MULTILINE
)


def matched(pattern: str) -> dict[str, set[str]]:
    """Return the names of the example findings that *pattern* matches, in each form."""
    compiled = read_match(json.loads(pattern)).compiled
    assert compiled is not None
    found: dict[str, set[str]] = {IMPORTED: set(), IMPORTED_V2: set()}
    for name, make in KINDS.items():
        for kind, raw in ((IMPORTED, cspm_twin(make())), (IMPORTED_V2, make())):
            seen = read_finding(raw).raw
            event = {"source": SOURCE, "detail-type": kind, "detail": {"findings": [seen]}}
            if compiled.matches(event):
                found[kind].add(name)
    return found


def test_both_forms_stand_beside_each_other() -> None:
    """The lines of that table are recognised."""
    assert len(BESIDE) > 12


@pytest.mark.parametrize(("what", "asff", "ocsf"), BESIDE, ids=[what for what, *_ in BESIDE])
def test_names_of_asff_match_both_and_those_of_ocsf_one(what: str, asff: str, ocsf: str) -> None:
    """And where both columns have a pattern, they match the same findings of AWS Security Hub."""
    theirs = matched(ocsf)

    assert set() == theirs[IMPORTED]
    assert theirs[IMPORTED_V2]
    if asff:
        ours = matched(asff)
        assert ours[IMPORTED] == ours[IMPORTED_V2] == theirs[IMPORTED_V2], what


@pytest.mark.parametrize(("what", "asff", "ocsf"), BESIDE, ids=[what for what, *_ in BESIDE])
def test_nothing_beside_each_other_is_odd(what: str, asff: str, ocsf: str) -> None:
    """`routes check` knows every name."""
    for pattern in filter(None, (asff, ocsf)):
        assert [] == list(map(str, odd_parts(read_match(json.loads(pattern))))), what


def test_a_rule_for_v2_matches_the_finding_as_it_came() -> None:
    """A rule that is pasted from EventBridge matches what it matched there."""
    for _, _, pattern in BESIDE:
        written = json.loads(pattern)
        rule = written if "detail" in written else {"detail": {"findings": written}}
        compiled = compile_pattern(rule)
        events = [
            {"source": SOURCE, "detail-type": IMPORTED_V2, "detail": {"findings": [make()]}}
            for make in KINDS.values()
        ]

        assert sum(map(compiled.matches, events)) == len(matched(pattern)[IMPORTED_V2])


def test_there_are_examples() -> None:
    """The lines of the tables are recognised."""
    assert len(EXAMPLES) > 60


@pytest.mark.parametrize(("pattern", "event", "verdict"), EXAMPLES)
def test_an_example_is_true(pattern: str, event: str, verdict: str) -> None:
    """Each example of the page has the result that the page states."""
    try:
        compiled = compile_pattern(json.loads(pattern))
    except PatternError:
        said = "refused"
    else:
        said = "yes" if compiled.matches(json.loads(event)) else "no"

    assert verdict == said


def test_all_examples_at_once() -> None:
    """The index agrees with each example."""
    patterns = {
        f"{line}": json.loads(pattern)
        for line, (pattern, _, verdict) in enumerate(EXAMPLES)
        if verdict != "refused"
    }
    index = PatternIndex(patterns)

    for line, (_, event, verdict) in enumerate(EXAMPLES):
        assert (verdict == "yes") == (f"{line}" in index.match(json.loads(event)))
