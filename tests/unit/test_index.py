"""Many patterns at once."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given

from finding_router.routing.patterns import index as index_module
from finding_router.routing.patterns.index import PatternIndex
from finding_router.routing.patterns.pattern import PatternError, compile_pattern
from pattern_language import UNTIMED, events, many_cases

type Json = dict[str, Any]


def one_by_one(patterns: dict[str, Json], event: Json) -> list[str]:
    """Compare *event* with each pattern by itself."""
    return [key for key, pattern in patterns.items() if compile_pattern(pattern).matches(event)]


def by_number(patterns: list[Json]) -> dict[str, Json]:
    """Return each pattern a key."""
    return {f"p{number}": pattern for number, pattern in enumerate(patterns)}


class TestMatch:
    """The keys of the patterns that match."""

    def test_keys_come_in_the_order_of_the_mapping(self) -> None:
        """For any patterns and any way of finding them."""
        patterns: dict[str, Json] = {
            "z": {"a": [1]},
            "no": {"a": [2]},
            "y": {"b": {"c": [{"prefix": "x"}]}},
            "x": {"d": [{"exists": False}]},
            "w": {"$or": [{"a": [1]}, {"b": {"c": ["xy"]}}]},
        }

        assert ["z", "y", "x", "w"] == PatternIndex(patterns).match({"a": 1, "b": {"c": "xy"}})

    def test_keys_of_many_patterns_come_in_the_order_of_the_mapping(self) -> None:
        """Of a hundred that take turns, those of one turn."""
        patterns = by_number([{"abcdefg"[number % 7]: [1]} for number in range(100)])

        assert [f"p{number}" for number in range(3, 100, 7)] == PatternIndex(patterns).match(
            {"d": 1}
        )

    def test_an_index_may_be_empty(self) -> None:
        """Nothing matches then."""
        assert [] == PatternIndex({}).match({"a": 1})

    def test_what_is_no_pattern_is_refused(self) -> None:
        """As it is by itself."""
        with pytest.raises(PatternError, match=r"^a\.b: is the number 1, not a list"):
            PatternIndex({"good": {"a": [1]}, "bad": {"a": {"b": 1}}})

    def test_fields_agree_in_one_element(self) -> None:
        """That each agrees by itself is not enough below an array."""
        patterns = by_number(
            [
                {"a": {"x": [1], "y": [1]}},
                {"a": {"x": [1], "y": [2]}},
                {"a": {"x": [1]}, "b": [1]},
                {"a": {"x": [1], "y": [{"exists": False}]}},
                {"a": {"x": [3], "y": [{"exists": False}]}},
            ]
        )
        event = {"a": [{"x": 1, "y": 2}, {"x": 2, "y": 1}, {"x": 3}], "b": 1}

        assert ["p1", "p2", "p4"] == PatternIndex(patterns).match(event)

    @pytest.mark.parametrize(
        ("event", "expected"),
        [
            ({}, ["absent", "absent or 1"]),
            ({"a": 1}, ["absent or 1"]),
            ({"a": 2}, []),
            ({"b": 1}, ["absent", "absent or 1", "absent or 1, and b"]),
            ({"a": 1, "b": 1}, ["absent or 1", "absent or 1, and b"]),
            ({"a": 2, "b": 1}, []),
            ({"a": [{}, [2], []], "b": 1}, []),
        ],
    )
    def test_a_field_may_be_absent(self, event: Json, expected: list[str]) -> None:
        """Absence is found in missing values, with and without other fields."""
        patterns: dict[str, Json] = {
            "absent": {"a": [{"exists": False}]},
            "absent or 1": {"a": [{"exists": False}, 1]},
            "absent or 1, and b": {"a": [1, {"exists": False}], "b": [1]},
        }

        assert expected == PatternIndex(patterns).match(event)

    def test_all_of_many_patterns_may_match(self) -> None:
        """However many there are, each is given, in order."""
        patterns = by_number([{"a": [1, number]} for number in range(100)])

        assert list(patterns) == PatternIndex(patterns).match({"a": 1})
        assert ["p7"] == PatternIndex(patterns).match({"a": 7})

    def test_a_pattern_with_several_agreeing_alternatives_is_given_once(self) -> None:
        """It is one pattern."""
        patterns: dict[str, Json] = {"p": {"$or": [{"a": [1]}, {"b": [1]}, {"a": [1, 2]}]}}

        assert ["p"] == PatternIndex(patterns).match({"a": 1, "b": 1})


class TestProperties:
    """The index is only faster."""

    @UNTIMED
    @given(many_cases(), events())
    def test_the_index_agrees_with_matching_one_by_one(
        self, case: tuple[list[Json], list[Json]], other: Json
    ) -> None:
        """For the events that were made for each of the patterns, and any other."""
        some, their_events = case
        patterns = by_number(some)
        index = PatternIndex(patterns)

        for event in (*their_events, other):
            assert one_by_one(patterns, event) == index.match(event)


class TestCost:
    """The work for one event, counted as calls of functions, hardly grows with the patterns."""

    PRODUCTS = 10

    def routes(self, accounts: int) -> dict[str, Json]:
        """Make a route for each account and product."""
        return {
            f"{account}/{product}": {
                "AwsAccountId": [f"{account}"],
                "ProductName": [f"product {product}"],
                "Severity": {"Label": ["HIGH", "CRITICAL"][: 1 + account % 2]},
                "Title": [{"prefix": f"{account}"}, {"wildcard": f"*in account {account} *"}],
            }
            for account in range(accounts)
            for product in range(self.PRODUCTS)
        }

    def event(self, account: int, product: int) -> Json:
        """Make an event that one of the routes is for."""
        return {
            "AwsAccountId": f"{account}",
            "ProductName": f"product {product}",
            "Severity": {"Label": "HIGH"},
            "Title": f"Something in account {account} is wrong",
        }

    def test_work_does_not_grow_with_the_patterns(self) -> None:
        """Three hundred times as many routes, and hardly more to do."""
        few, many = PatternIndex(self.routes(1)), PatternIndex(self.routes(300))
        event = self.event(0, 3)

        assert ["0/3"] == few.match(event) == many.match(event)
        assert work(many.match, event) <= 1.2 * work(few.match, event)

    def test_work_is_a_fraction_of_that_one_by_one(self) -> None:
        """With three thousand routes, less than a hundredth."""
        routes = self.routes(300)
        compiled = [compile_pattern(pattern) for pattern in routes.values()]
        event = self.event(123, 4)

        def all_of_them(event: Json) -> None:
            for pattern in compiled:
                pattern.matches(event)

        assert 100 * work(PatternIndex(routes).match, event) < work(all_of_them, event)

    def test_hostile_events_end(self) -> None:
        """Many elements that agree with the first fields, and none with the last."""
        patterns = by_number([{"a": {"x": [1], "y": [number], "z": [1]}} for number in range(50)])
        event = {"a": [{"x": 1, "y": number, "z": number % 2} for number in range(20_000)]}

        assert [f"p{number}" for number in range(1, 50, 2)] == PatternIndex(patterns).match(event)

    def test_long_tables_go_on_in_another(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Bit sets stay short, and nothing is lost at the seams."""
        monkeypatch.setattr(index_module, "_MAX_ROWS", 64)
        index = PatternIndex(self.routes(32))
        lengths = {
            len(table)
            for by_key in index._by_key.values()
            for tables in by_key.values()
            for table in tables
        }

        assert {64} == lengths
        for account, product in ((0, 0), (6, 3), (6, 4), (12, 7), (12, 8), (31, 9)):
            assert [f"{account}/{product}"] == index.match(self.event(account, product))


def work(match: Callable[[Json], object], event: Json) -> int:
    """Count the calls that *match* makes, of functions in Python and in C."""
    calls = 0

    def count(_frame: FrameType, what: str, _argument: object) -> None:
        nonlocal calls
        calls += what in {"call", "c_call"}

    sys.setprofile(count)
    try:
        match(event)
    finally:
        sys.setprofile(None)
    return calls
