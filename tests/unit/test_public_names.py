"""The names that other programs import, where they import them from."""

from finding_router.routing import index, pattern
from finding_router.routing.patterns import index as patterns_index
from finding_router.routing.patterns import pattern as patterns_pattern


def test_patterns_are_compiled_by_the_same_objects() -> None:
    """An error caught under one name is the one raised under the other."""
    assert pattern.compile_pattern is patterns_pattern.compile_pattern
    assert pattern.Pattern is patterns_pattern.Pattern
    assert pattern.PatternError is patterns_pattern.PatternError


def test_patterns_are_indexed_by_the_same_object() -> None:
    """The index, too."""
    assert index.PatternIndex is patterns_index.PatternIndex
