"""Which of many fields accept a value."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from finding_router.routing.patterns.lookup import Lookup
from finding_router.routing.patterns.notation import read_leaf
from finding_router.routing.patterns.rule import Field
from finding_router.routing.patterns.sight import Element
from pattern_language import LEAVES_OR_ABSENCE, SCALARS, UNTIMED

HERE, THERE = Element(None, "a."), Element(None, "a.")


def make(*leaves: list[Any]) -> tuple[list[Field], Lookup]:
    """Make fields, and a lookup that has them all."""
    fields = [Field("a.x", read_leaf(leaf)) for leaf in leaves]
    lookup = Lookup()
    for field in fields:
        lookup.add(field)
    return fields, lookup


@UNTIMED
@given(
    st.lists(st.sampled_from(LEAVES_OR_ABSENCE), max_size=8),
    st.lists(st.tuples(st.sampled_from(SCALARS), st.sampled_from([HERE, THERE, None])), max_size=5),
)
def test_a_lookup_agrees_with_asking_each_field(
    leaves: list[list[Any]], values: list[tuple[object, Element | None]]
) -> None:
    """The same fields, at the same places."""
    fields, lookup = make(*leaves)
    expected = {field: places for field in fields if (places := field.places({"a.x": values}))}

    assert expected == lookup.places(values)


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
    fields, lookup = make(*leaves, *leaves)
    others, _ = make([{"wildcard": "pub*basket"}], [{"prefix": "x"}], [{"suffix": "not a bucket"}])
    for field in others:
        lookup.add(field)

    assert set(fields) == lookup.places([("public bucket", None)]).keys()


def test_characters_that_only_become_alike() -> None:
    """A field that ignores case does so here as it does by itself."""
    _, lookup = make([{"equals-ignore-case": "k"}])

    assert 1 == len(lookup.places([("K", None)]))
    assert {} == lookup.places([("\N{KELVIN SIGN}", None)])
