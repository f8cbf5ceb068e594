"""Reading JSON of which nothing is certain."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.findings.reading import items_at, number_at, text_at, texts_at, value_at

FINDING = {
    "ProductFields": {"aws/guardduty/service/count": "12", "a.b": "dotted", "blank": " \n"},
    "Resources": [{"Type": "AwsEc2Instance"}, "no object", {"Type": 7}],
    "Types": ["one", "", None, 2, {"three": 3}],
    "Confidence": 99,
    "Sample": True,
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("ProductFields", "aws/guardduty/service/count"), "12"),
        (("ProductFields", "a.b"), "dotted"),
        (("ProductFields", "blank"), None),
        (("ProductFields", "absent", "deeper"), None),
        (("Resources", 0, "Type"), "AwsEc2Instance"),
        (("Resources", -1, "Type"), "7"),
        (("Resources", 3, "Type"), None),
        (("Resources", -4, "Type"), None),
        (("Resources", "Type"), None),
        (("ProductFields", 0), None),
        (("Confidence",), "99"),
        (("Sample",), "true"),
        (("Resources",), None),
    ],
)
def test_text_is_found_by_its_path_or_not_at_all(
    path: tuple[str | int, ...], expected: str | None
) -> None:
    """A path returns text, numbers and booleans as text, and None if it ends early."""
    assert expected == text_at(FINDING, *path)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  as written ", "  as written "),
        ("", None),
        (False, "false"),
        (5, "5"),
        (7.5, "7.5"),
        (math.nan, None),
        (math.inf, None),
        pytest.param(10**5000, None, id="more digits than Python writes"),
        (None, None),
        ([], None),
        ("Zürich", "Zürich"),
        ("\U0001f600", "\U0001f600"),
        (json.loads(r'"half \ud83d pair"'), "half \ufffd pair"),
    ],
)
def test_text_is_what_can_be_written_down(value: object, expected: str | None) -> None:
    """Text keeps its blanks, but nothing blank, infinite or impossible to encode is text."""
    assert expected == text_at(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        ("7.8", 7.8),
        (" 12 ", 12.0),
        (True, None),
        ("nan", None),
        ("1e999", None),
        pytest.param(10**400, None, id="more than a float holds"),
        ("twelve", None),
        (None, None),
        ([3], None),
    ],
)
def test_number_is_finite_whoever_wrote_it(value: object, expected: float | None) -> None:
    """Numbers written as text are numbers; infinite and boolean values are not."""
    assert expected == number_at({"value": value}, "value")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("Resources",), ({"Type": "AwsEc2Instance"}, {"Type": 7})),
        (("Resources", 2), ({"Type": 7},)),
        (("Confidence",), ()),
        (("absent",), ()),
    ],
)
def test_items_are_the_objects_of_an_array(
    path: tuple[str | int, ...], expected: tuple[dict[str, object], ...]
) -> None:
    """Elements that are no object are left out, and a lone object counts as an array of one."""
    assert expected == items_at(FINDING, *path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [(("Types",), ("one", "2")), (("Confidence",), ("99",)), (("absent",), ())],
)
def test_texts_are_those_of_an_array_or_a_lone_one(
    path: tuple[str | int, ...], expected: tuple[str, ...]
) -> None:
    """Blank and unreadable elements are left out, and a lone text counts as an array of one."""
    assert expected == texts_at(FINDING, *path)


@given(source=JSON, path=st.lists(st.text() | st.integers(-3, 3), max_size=3))
def test_reading_never_raises(source: object, path: list[str | int]) -> None:
    """No JSON and no path raise, and text can always be encoded."""
    text = text_at(source, *path)

    assert text is None or text.encode()
    assert all(isinstance(item, dict) for item in items_at(source, *path))
    assert number_at(source, *path) is None or value_at(source, *path) is not None
    assert len(texts_at(source, *path)) >= (text is not None)
