"""Which values of an event stand where."""

from typing import Any

import pytest

from finding_router.routing.patterns.sight import Element, Paths, Place


def look(event: object, *paths: str) -> dict[str, list[tuple[object, Place]]]:
    """Look at these paths of an event."""
    at = Paths()
    for path in paths:
        at.add(path)
    return at.look(event)


def values(event: object, *paths: str) -> dict[str, list[object]]:
    """Return only the values, sorted."""
    found = look(event, *paths)
    return {path: sorted((value for value, _ in each), key=repr) for path, each in found.items()}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"a": {"b": 1, "c": 2}, "d": 3}, {"a.b": [1], "d": [3]}),
        ({"a": {"b": {"x": 1}}, "d": {}}, {}),
        ({"a": {"b": []}, "d": [[], {}]}, {}),
        ({"a": 1, "b": 2}, {}),
        ({"a": {"b": [1, None, [2, [False]]]}}, {"a.b": [1, 2, False, None]}),
        ({"a": [{"b": 1}, {"b": "x"}, 5]}, {"a.b": ["x", 1]}),
        ({"a.b": 1, "a": {"b": 2}, "a.b.c": 3, "a.c": 4, "x.b": 5}, {"a.b": [1, 2]}),
        ([{"d": 1}, {"d": 2}], {"d": [1, 2]}),
        ("d", {}),
        (None, {}),
    ],
)
def test_values_by_path(event: Any, expected: dict[str, list[object]]) -> None:
    """Arrays are no part of a path, dots are steps, and a missing value has no path."""
    assert expected == {path: found for path, found in values(event, "a.b", "d").items() if found}


def test_names_may_be_anything() -> None:
    """Also empty, or with dots at odd places."""
    event = {"": 1, ".": 2, "a.": {"": 3}, "..": {"b": 4}}

    assert {"": [1], ".": [2], "a..": [3], "...b": [4]} == values(event, "", ".", "a..", "...b")


def test_where_values_stand() -> None:
    """Values of one element have one place, which lies in that of the element around it."""
    event = {"a": [{"x": 1, "b": [{"y": 1}, {"y": 2}]}, {"x": 2}], "c": 1, "d": [1, 2]}
    found = look(event, "a.x", "a.b.y", "c", "d")
    x, y = (
        {value: place for value, place in found[path] if isinstance(place, Element)}
        for path in ("a.x", "a.b.y")
    )

    assert {1, 2} == x.keys() == y.keys()
    assert x[1] is y[1].outer is y[2].outer is not x[2]
    assert y[1] is not y[2]
    assert [(1, None)] == found["c"]
    assert {None} == {place for _, place in found["d"]}


def test_where_there_is_no_choice_nothing_is_chosen() -> None:
    """One object in an array is the only one that fields can agree in."""
    found = look({"a": [{"x": [[1]]}], "b": ["s", {"x": 2}]}, "a.x", "b.x")

    assert {"a.x": [(1, None)], "b.x": [(2, None)]} == found


def test_arrays_in_an_array_are_left_together() -> None:
    """They have one path."""
    [(_, inner), (_, other)] = look({"a": [[[{"x": 1}, {}], {}], {}, {"x": 2}]}, "a.x")["a.x"]
    if inner is not None and inner.outer is None:
        inner, other = other, inner

    assert inner
    assert inner.outer
    assert inner.outer.outer
    assert inner.outer.outer.outer is None
    assert inner.wider is None
    assert other
    assert "a." == inner.scope == other.scope
