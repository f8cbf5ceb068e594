"""The values that a leaf accepts."""

import pytest

from finding_router.routing.patterns.leaf import AddressRange, AnythingBut, Leaf, NumberRange

EVERYTHING = ["a", "", 0, 1.5, True, None]


def test_an_empty_leaf_accepts_nothing() -> None:
    """Nor does one that only may be absent."""
    assert not any(
        leaf.allows(value) for leaf in (Leaf(), Leaf(absent=True)) for value in EVERYTHING
    )


def test_a_leaf_that_must_be_present_accepts_everything() -> None:
    """Null is something, too."""
    assert all(Leaf(present=True).allows(value) for value in EVERYTHING)


def test_any_part_of_a_leaf_will_do() -> None:
    """Literals, starts, ends and conditions."""
    leaf = Leaf(frozenset({"a", 1.0}), ("b",), ("c",), (NumberRange(5, 6), NumberRange(8, 9)))

    assert ["a", 1, "bx", "xc", 5, 8.5] == [
        value for value in ("a", 1, "bx", "xc", 5, 8.5, "A", 2, "xb", "cx", 7) if leaf.allows(value)
    ]


def test_anything_but_accepts_what_the_refused_does_not() -> None:
    """Of any kind."""
    assert [0, 1.5, True, None] == [
        value for value in EVERYTHING if AnythingBut(Leaf(prefixes=("",))).allows(value)
    ]


@pytest.mark.parametrize(
    ("numbers", "accepted"),
    [
        (NumberRange(), [-1, 0, 1, 1.5, 2]),
        (NumberRange(0, 1.5), [0, 1, 1.5]),
        (NumberRange(0, 1.5, open_bottom=True), [1, 1.5]),
        (NumberRange(0, 1.5, open_top=True), [0, 1]),
    ],
)
def test_number_ranges(numbers: NumberRange, accepted: list[float]) -> None:
    """Only numbers are in one; those that float64 does not have are in none."""
    values = [-1, 0, 1, 1.5, 2, True, "1", None, 2**60]

    assert accepted == [value for value in values if numbers.allows(value)]


def test_address_ranges() -> None:
    """Only texts are in one, and only of the same version."""
    values = ["0.0.0.1", "0.0.0.2", "0.0.0.3", "::2", "::ffff:0:2", "x", 2, None]

    assert ["0.0.0.2", "0.0.0.3", "::ffff:0:2"] == [
        value for value in values if AddressRange(4, 2, 3).allows(value)
    ]
