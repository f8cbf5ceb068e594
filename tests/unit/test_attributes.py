"""DynamoDB's attributes: written as boto3 writes them, read as plain JSON values."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from finding_router.aws.attributes import from_item, to_item

LARGEST = 10**38 - 1
SCALARS = (
    st.booleans()
    | st.text()
    | st.binary()
    | st.integers(-LARGEST, LARGEST)
    | st.floats(-1e100, 1e100, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-100)
)
SETS = (
    st.sets(st.text(), min_size=1)
    | st.sets(st.integers(-LARGEST, LARGEST), min_size=1)
    | st.sets(st.binary(), min_size=1)
)
VALUES = st.recursive(
    SCALARS | SETS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def as_boto3_takes_it(value: Any) -> Any:
    """Return *value* with decimals for floats, which boto3 refuses."""
    match value:
        case float():
            return Decimal(str(value))
        case dict():
            return {key: as_boto3_takes_it(inner) for key, inner in value.items()}
        case list():
            return [as_boto3_takes_it(inner) for inner in value]
    return value


def as_read(value: Any) -> Any:
    """Return *value* as it comes back: whole numbers are int, sets are sorted."""
    match value:
        case bool() | str() | bytes():
            return value
        case int() | float():
            # The digits that Python shows, as they are stored.
            return int(Decimal(str(value))) if value == int(value) else value
        case dict():
            return {key: as_read(inner) for key, inner in value.items()}
        case set():
            return sorted(value)
    return [as_read(inner) for inner in value]


@given(VALUES)
def test_values_are_written_as_boto3_writes_them(value: Any) -> None:
    """Items of earlier versions, which boto3 wrote, and new ones are alike."""
    expected = TypeSerializer().serialize(as_boto3_takes_it(value))

    assert {"value": expected} == to_item({"value": value})


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    """Nothing is lost on the way."""
    assert {"value": as_read(value)} == from_item(to_item({"value": value}))


def test_none_is_left_out_of_objects_and_kept_in_lists() -> None:
    """An attribute that is not there reads as None anyway; a list keeps its places."""
    assert {"a": {"M": {}}, "b": {"L": [{"NULL": True}, {"N": "1"}]}} == to_item(
        {"a": {"x": None}, "b": [None, 1], "c": None}
    )


@pytest.mark.parametrize("value", [object(), set(), {1, "a"}, {True}, float("nan"), float("inf")])
def test_what_dynamodb_has_no_type_for_is_refused(value: Any) -> None:
    """Before a call is made."""
    with pytest.raises(TypeError, match="DynamoDB"):
        to_item({"value": value})


def test_text_in_place_of_a_number_is_read_as_nan() -> None:
    """Only a file on the command line can hold such a thing."""
    assert "nan" == str(from_item({"value": {"N": "abc"}})["value"])
