"""Fields that must match in the same elements."""

import pytest

from finding_router.routing.patterns.leaf import Leaf
from finding_router.routing.patterns.rule import NOWHERE, OUTSIDE, Field, holds
from finding_router.routing.patterns.sight import Element, Place, Sight

ONE = Leaf(frozenset({1.0}))
ABSENT = Leaf(absent=True)
FIRST, SECOND = Element(None, "a."), Element(None, "a.")
INSIDE_FIRST, INSIDE_SECOND = Element(FIRST, "a.b."), Element(SECOND, "a.b.")
ELSEWHERE = Element(None, "z.")


def test_places_of_a_field() -> None:
    """Those of the values that it accepts."""
    field = Field("a.x", ONE)
    sight: Sight = {"a.x": [(1, FIRST), (2, SECOND), (1, FIRST)], "b": [(1, None)]}

    assert {FIRST} == field.places(sight)
    assert OUTSIDE == Field("b", ONE).places(sight)
    assert NOWHERE == Field("c", ONE).places(sight)


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ({None}, {None}, True),
        ({None}, {FIRST}, True),
        ({FIRST}, {None}, True),
        ({FIRST}, {FIRST}, True),
        ({FIRST}, {SECOND}, False),
        ({FIRST, SECOND}, {SECOND}, True),
        ({FIRST}, {INSIDE_FIRST}, True),
        ({INSIDE_FIRST}, {FIRST}, True),
        ({INSIDE_FIRST}, {INSIDE_SECOND}, False),
        ({INSIDE_SECOND}, {FIRST}, False),
        ({FIRST}, set(), False),
        (set(), {FIRST}, False),
    ],
)
def test_two_fields_agree(first: set[Place], then: set[Place], expected: bool) -> None:  # noqa: FBT001 -- a verdict
    """In one place, or in one that lies inside the other."""
    rule = (Field("a.b.x", ONE), Field("a.b.y", ONE))
    places = dict(zip(rule, (first, then), strict=True))

    assert expected == holds(rule, {}, places.__getitem__)


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ([], True),
        ([SECOND], True),
        ([INSIDE_SECOND], True),
        ([FIRST], False),
        ([None], False),
        ([INSIDE_FIRST], False),
        ([SECOND, INSIDE_FIRST], False),
    ],
)
def test_a_field_is_absent_where_the_first_was_found(present: list[Place], expected: bool) -> None:  # noqa: FBT001 -- a verdict
    """Neither there nor around it nor inside it."""
    rule = (Field("a.b.x", ONE), Field("a.b.y", ABSENT))
    places = {rule[0]: {FIRST}, rule[1]: NOWHERE}

    assert expected == holds(rule, {"a.b.y": [(1, place) for place in present]}, places.__getitem__)


def test_what_was_chosen_elsewhere_is_forgotten() -> None:
    """A field outside of the array is free to be anywhere, and those after it, too."""
    rule = (Field("a.b.x", ONE), Field("z.x", ONE), Field("z.y", ONE))
    places = {rule[0]: {INSIDE_FIRST}, rule[1]: {ELSEWHERE}, rule[2]: {ELSEWHERE}}

    assert holds(rule, {}, places.__getitem__)
    assert not holds(rule, {}, (places | {rule[2]: {Element(None, "z.")}}).__getitem__)
