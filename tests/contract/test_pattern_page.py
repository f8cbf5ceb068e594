"""The examples of docs/patterns.md."""

import json
import re
from pathlib import Path

import pytest

from finding_router.routing.patterns.index import PatternIndex
from finding_router.routing.patterns.pattern import PatternError, compile_pattern

PAGE = Path(__file__).parents[2] / "docs" / "patterns.md"
EXAMPLES = re.findall(
    r"^\| `(.+)` \| `(.+)` \| (yes|no|refused) \|$", PAGE.read_text("utf-8"), re.MULTILINE
)


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
