"""The difference between two versions of an item, in words."""

from typing import Any

import pytest

from finding_router.edits.diff import MINUS, attributes, differences

ITEM = {"kind": "route", "name": "one", "channel": "#a", "order": 100}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"channel": "#b"}, [("channel", "“#a” → “#b”")]),
        ({}, {"order": 5}, [("order", "100 → 5")]),
        ({}, {"stop": True}, [("stop", "new: true")]),
        ({"stop": True}, {}, [("stop", "removed, was true")]),
        ({"enabled": True}, {"enabled": 1}, [("enabled", "true → 1")]),
        ({"mention": ["@here"]}, {"mention": ["@here", "U1"]}, [("mention", "+ “U1”")]),
        (
            {"match": {"Id": ["a", "b"]}},
            {"match": {"Id": ["b", "c"]}},
            [("match.Id", f"+ “c”, {MINUS} “a”")],
        ),
        (
            {"match": {"Severity": {"Label": ["HIGH"]}}},
            {"match": '{"Severity": {"Label": ["LOW"]}, "Region": ["x"]}'},
            [("match.Severity.Label", f"+ “LOW”, {MINUS} “HIGH”"), ("match.Region", 'new: ["x"]')],
        ),
        ({"match": "{broken"}, {"match": "{brok"}, [("match", "“{broken” → “{brok”")]),
        ({"match": {}}, {"match": "{}"}, []),
        ({"match": {"a": []}}, {"match": {"a": [1]}}, [("match.a", "+ 1")]),
        ({"description": None}, {"description": "x"}, [("description", "null → “x”")]),
    ],
)
def test_each_field_says_its_change(
    before: dict[str, Any], after: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """At the depth at which it changed."""
    assert expected == differences(ITEM | before, ITEM | after)


def test_long_values_are_cut() -> None:
    """A message is no log."""
    [(field, change)] = differences(ITEM, ITEM | {"channel": "#" + "x" * 500})

    assert "channel" == field
    assert len(change) < 140


def test_invisible_characters_are_shown() -> None:
    """They may be the mistake."""
    [(_, change)] = differences(ITEM, ITEM | {"channel": "#a\u200b"})

    assert "“#a” → “#a\\u200b”" == change


def test_what_is_nested_too_deeply_has_changed() -> None:
    """Which is all that there is to say."""
    before: dict[str, Any] = {"x": 1}
    after: dict[str, Any] = {"x": 2}
    for _ in range(5_000):
        before, after = {"x": before}, {"x": after}

    assert [("match", "changed")] == differences({"match": before}, {"match": after})


def test_attributes_of_a_new_item_begin_with_who_and_why() -> None:
    """Its kind and name stand in the headline."""
    silence = {"kind": "silence", "name": "s", "match": {}, "until": "x", "reason": "r", "by": "a"}

    assert ["by", "reason", "until", "match"] == [each.field for each in attributes(silence)]
    assert ("channel", "“#a”") in attributes(ITEM)
    assert [("data", "…")] == attributes({"data": b"bytes"})
