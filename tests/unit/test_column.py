"""Which of many fields accept a value."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from finding_router.routing.patterns.column import Column, Steps
from finding_router.routing.patterns.lookup import Lookup
from finding_router.routing.patterns.notation import read_leaf
from finding_router.routing.patterns.rule import Field
from finding_router.routing.patterns.sight import Element, Place
from pattern_language import LEAVES_OR_ABSENCE, SCALARS, UNTIMED

HERE, THERE = Element(None, "a."), Element(None, "a.")
TEXTS = ("", "a", "Ab", "aB", "ABA", "äß", "ÄSS", "ﬀ", "FF", "k", "\N{KELVIN SIGN}", "10.0.0.7")


def accepting(leaves: list[list[Any]], values: list[tuple[object, Place]]) -> set[int]:
    """Return the positions of those of *leaves* that a column of them accepts *values* for."""
    fields = [Field("a.x", read_leaf(leaf)) for leaf in leaves]
    lookup = Lookup()
    column = Column(((field, 1 << row) for row, field in enumerate(fields)), lookup)
    rows = column.accepting(lookup.see(values))
    return {row for row in range(len(fields)) if rows >> row & 1}


def one_by_one(leaves: list[list[Any]], values: list[tuple[object, Place]]) -> set[int]:
    """Ask each of *leaves*."""
    fields = [Field("a.x", read_leaf(leaf)) for leaf in leaves]
    return {row for row, field in enumerate(fields) if field.places({"a.x": values})}


def operators_with(texts: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return tests of every operator with one of *texts*, addresses and small numbers."""
    numbers = st.integers(-2, 4) | st.sampled_from([0.5, 1.5, 10**20])
    plain = st.builds(lambda name, text: {name: text}, st.sampled_from(["prefix", "suffix"]), texts)
    caseless = st.builds(lambda text: {"equals-ignore-case": text}, texts)
    in_part = st.builds(
        lambda name, one: {name: one}, st.sampled_from(["prefix", "suffix"]), caseless
    )
    stars = st.builds(
        lambda some: {"wildcard": "*".join(some)}, st.lists(texts, min_size=1)
    ).filter(lambda one: "**" not in one["wildcard"])
    refusable = (plain.filter(lambda one: "" not in one.values()) | caseless | stars) | st.builds(
        lambda some: {"wildcard": some},
        st.lists(stars.map(lambda one: one["wildcard"]), min_size=1),
    )
    refused = texts | numbers | st.lists(texts, min_size=1) | st.lists(numbers, min_size=1)
    low, high = st.sampled_from([">", ">="]), st.sampled_from(["<", "<="])
    bounds = st.lists(numbers, min_size=2, max_size=2, unique=True).map(sorted)
    ranges = (
        st.builds(lambda sign, number: [sign, number], low | high | st.just("="), numbers)
        | st.builds(lambda a, b, two: [a, two[0], b, two[1]], low, high, bounds)
    ).map(lambda numeric: {"numeric": numeric})
    blocks = st.builds(
        lambda n, bits: {"cidr": f"10.0.0.{n}/{bits}"}, st.integers(0, 9), st.integers(26, 31)
    )
    return (
        plain
        | caseless
        | in_part
        | stars
        | ranges
        | blocks
        | (refused | refusable).map(lambda one: {"anything-but": one})
        | st.just({"exists": True})
    )


LEAVES = st.lists(
    operators_with(st.sampled_from(TEXTS)) | st.sampled_from(TEXTS), min_size=1, max_size=4
)
PLACES = st.sampled_from([HERE, THERE, None])


@UNTIMED
@given(
    st.lists(st.sampled_from(LEAVES_OR_ABSENCE), max_size=8),
    st.lists(st.tuples(st.sampled_from(SCALARS), PLACES), min_size=1, max_size=5),
)
def test_a_column_agrees_with_asking_each_field(
    leaves: list[list[Any]], values: list[tuple[object, Place]]
) -> None:
    """The same fields, whatever the values are."""
    assert one_by_one(leaves, values) == accepting(leaves, values)


@UNTIMED
@given(
    st.lists(LEAVES, max_size=8),
    st.lists(
        st.tuples(
            st.text("aAbBkßﬀ", max_size=4)
            | st.sampled_from([*TEXTS, "10.0.0.3", "::ffff:a00:7"])
            | st.integers(-3, 5)
            | st.sampled_from([0.5, 1.5, 1e20, True, None]),
            PLACES,
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_every_operator_agrees_with_asking_each_field(
    leaves: list[list[Any]], values: list[tuple[object, Place]]
) -> None:
    """Several of one kind in a list, too: overlapping ranges, refusals of different things."""
    assert one_by_one(leaves, values) == accepting(leaves, values)


def test_each_kind_of_test_is_found() -> None:
    """Equal ones of several fields, too."""
    leaves: list[list[Any]] = [
        ["public bucket"],
        [{"prefix": "public"}],
        [{"suffix": "bucket"}],
        [{"equals-ignore-case": "PUBLIC BUCKET"}],
        [{"prefix": {"equals-ignore-case": "PUB"}}],
        [{"wildcard": "pub*bucket"}],
        [{"wildcard": "*lic b*"}],
        [{"wildcard": "p*b*c*t"}],
        [{"exists": True}],
        [{"anything-but": "private bucket"}],
    ]
    others: list[list[Any]] = [[{"wildcard": "pub*basket"}], [{"prefix": "x"}], [{"suffix": "no"}]]
    rows = range(2 * len(leaves))

    assert set(rows) == accepting([*leaves, *leaves, *others], [("public bucket", None)])


def test_characters_that_only_become_alike() -> None:
    """A field that ignores case does so here as it does by itself."""
    leaves: list[list[Any]] = [[{"equals-ignore-case": "k"}], [{"equals-ignore-case": "ß"}]]

    assert {0} == accepting(leaves, [("K", None)])
    assert set() == accepting(leaves, [("\N{KELVIN SIGN}", None)])
    assert {1} == accepting(leaves, [("SS", None)])
    assert set() == accepting(leaves, [("ss", None)])


def test_a_value_in_many_ranges() -> None:
    """Ranges inside others end before those do."""
    steps = Steps({(float(at), 0): 1 << at for at in range(100)})

    assert 0 == steps.at((-1.0, 0))
    for at in range(100):
        assert (1 << at + 1) - 1 == steps.at((float(at), 0)) == steps.at((at + 0.5, 0))
