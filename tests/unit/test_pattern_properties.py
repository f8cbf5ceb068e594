"""Properties of every pattern and every event, hostile ones included."""

import random
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.routing.patterns.pattern import PatternError, compile_pattern
from pattern_language import UNTIMED, cases, events, leaves_by_path, patterns, single_elements

type Json = dict[str, Any]

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def verdict(pattern: Json, event: Json) -> bool:
    """Compile and compare."""
    return compile_pattern(pattern).matches(event)


class TestProperties:
    """Properties of every pattern and every event."""

    @UNTIMED
    @given(cases(absence=False, alternatives=False))
    def test_matching_is_a_choice_of_elements(self, case: tuple[Json, Json]) -> None:
        """A pattern matches if one element of each array can be chosen so that all fields agree."""
        pattern, event = case
        leaves = leaves_by_path(pattern)
        expected = any(
            all(
                any(verdict({"v": leaf}, {"v": value}) for value in chosen.get(path, ()))
                for path, leaf in leaves.items()
            )
            for chosen in single_elements(event)
        )

        assert expected == verdict(pattern, event)

    @UNTIMED
    @given(cases(absence=False), events())
    def test_a_matching_pattern_still_matches_when_the_event_grows(
        self, case: tuple[Json, Json], more: Json
    ) -> None:
        """Further fields, known to the pattern or not, undo nothing."""
        pattern, event = case

        assert not verdict(pattern, event) or verdict(pattern, _grown(event, more))

    @UNTIMED
    @given(cases())
    def test_or_is_the_union_of_its_alternatives(self, case: tuple[Json, Json]) -> None:
        """Each alternative is a pattern of its own, together with the fields beside it."""
        pattern, event = case
        beside = {name: inner for name, inner in pattern.items() if name != "$or"}
        combined = [
            leaves_by_path(beside) | leaves_by_path(branch) for branch in pattern.get("$or", [{}])
        ]

        assert any(verdict(each, event) for each in combined) == verdict(pattern, event)

    @UNTIMED
    @given(cases(alternatives=False), st.randoms(use_true_random=True))
    def test_the_order_of_fields_and_values_does_not_matter(
        self, case: tuple[Json, Json], chance: random.Random
    ) -> None:
        """Neither in maps nor in lists."""
        pattern, event = case

        assert verdict(pattern, event) == verdict(_shuffled(pattern, chance), event)

    @UNTIMED
    @given(patterns(), st.dictionaries(st.sampled_from(["a", "a.b", "b", "c", "", "."]), ANY_JSON))
    def test_no_event_raises(self, pattern: Json, event: Json) -> None:
        """For any JSON there is an answer, and always the same."""
        compiled = compile_pattern(pattern)

        assert compiled.matches(event) == compiled.matches(event)

    @UNTIMED
    @given(ANY_JSON)
    def test_what_is_no_pattern_is_refused(self, pattern: Any) -> None:
        """No other error escapes, however broken the pattern is."""
        with suppress(PatternError):
            assert compile_pattern(pattern).rules


class TestHostileInput:
    """The time grows with the input, not faster: these would not end otherwise."""

    DEPTH = 20_000
    MANY = 20_000

    def test_deep_patterns_and_events(self) -> None:
        """Nothing here is limited by how deep Python may call."""
        pattern: Any = ["x"]
        event: Any = "x"
        for _ in range(self.DEPTH):
            pattern, event = {"a": pattern}, {"a": [event]}

        assert verdict(pattern, event)
        assert not verdict({"a": {"b": ["x"]}}, event)

    def test_deep_alternatives(self) -> None:
        """Each is inside another."""
        pattern: Any = {"a": [0]}
        for number in range(1, 900):
            pattern = {"$or": [{"a": [number]}, pattern]}

        assert verdict(pattern, {"a": 0})
        assert not verdict(pattern, {"a": -1})

    def test_deep_arrays(self) -> None:
        """An array in an array in an array, with a choice at each level."""
        event: Any = {"x": 1, "y": 1}
        for _ in range(self.DEPTH):
            event = [event, {"x": 1, "y": 0}]

        assert verdict({"a": {"x": [1], "y": [1]}, "b": [{"exists": False}]}, {"a": event})
        assert not verdict({"a": {"x": [1], "y": [2, {"exists": False}]}}, {"a": event})

    @pytest.mark.parametrize("last", [[1], [{"exists": False}]])
    def test_many_elements(self, last: list[object]) -> None:
        """Each element agrees with the first fields, none with the last."""
        event = {"a": [{"x": 1, "y": 1, "z": 0} for _ in range(self.MANY)]}

        assert not verdict({"a": {"x": [1], "y": [1], "z": last}}, event)

    def test_many_elements_inside_deep_arrays(self) -> None:
        """To leave many elements is to leave the array that contains them all only once."""
        event: Any = [{"x": 1} for _ in range(self.MANY)]
        for _ in range(self.DEPTH):
            event = [event, []]

        assert verdict({"a": {"x": [1]}, "b": [1]}, {"a": event, "b": 1})
        assert not verdict({"a": {"x": [1], "y": [1]}}, {"a": event})
        assert verdict({"a": {"x": [1], "y": [{"exists": False}]}}, {"a": event})

    def test_many_arrays(self) -> None:
        """Elements of one array are not combined with those of the next."""
        arrays = {name: [{"x": 1} for _ in range(1000)] for name in "abcdefgh"}
        pattern: Json = {name: {"x": [1]} for name in arrays}

        assert verdict(pattern | {"z": [1]}, arrays | {"z": 1})
        assert not verdict(pattern | {"z": [1]}, arrays)


def _grown(value: Any, more: Any) -> Any:
    if isinstance(value, dict) and isinstance(more, dict):
        return {
            name: _grown(value[name], more[name]) if name in value and name in more else inner
            for name, inner in (more | value).items()
        }
    return value


def _shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        names = chance.sample(list(value), len(value))
        return {name: _shuffled(value[name], chance) for name in names}
    return chance.sample(value, len(value))
