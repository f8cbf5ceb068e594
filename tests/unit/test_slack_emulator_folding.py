"""Attachments that the local Slack folds."""

from typing import Any

import pytest

from finding_router_local.slack.page.folding import FOLDED_CHARS, FOLDED_LINES, Folded, fold


def section(text: str, *fields: str) -> dict[str, Any]:
    """Return a section with *text*, and *fields* if there are any."""
    found: dict[str, Any] = {"type": "section"}
    if text:
        found["text"] = {"type": "mrkdwn", "text": text}
    if fields:
        found["fields"] = [{"type": "mrkdwn", "text": each} for each in fields]
    return found


def context(*texts: str) -> dict[str, Any]:
    """Return a context block."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": each} for each in texts]}


def numbered(count: int, first: int = 1) -> str:
    """Return *count* lines."""
    return "\n".join(f"line {each}" for each in range(first, first + count))


def test_five_lines_are_shown() -> None:
    """As many lines as Slack shows are not folded, in one block or in several."""
    whole = [section(numbered(FOLDED_LINES))]
    several = [section(numbered(2)), {"type": "divider"}, section(numbered(2)), context("a", "b")]

    assert Folded(whole) == fold(whole)
    assert Folded(several) == fold(several)


def test_the_sixth_line_is_folded() -> None:
    """A block is divided at its line."""
    assert Folded(
        [section(numbered(5))], [section(numbered(2, 6)), context("small")], is_split=True
    ) == fold([section(numbered(7)), context("small")])


def test_a_block_that_does_not_fit_is_folded() -> None:
    """The small print of a card with five facts stands behind "Show more"."""
    facts, small = section(numbered(5)), context("first seen", "finding")

    assert Folded([facts], [small]) == fold([facts, small])


def test_characters_count_as_they_are_seen() -> None:
    """A link counts by its label, an entity as one character."""
    address = "https://a.example/" + "a" * FOLDED_CHARS
    linked = [section(f"<{address}|label>\n{'&amp;' * (FOLDED_CHARS - 5)}")]
    longer = [section(f"<{address}|label>\n{'&amp;' * (FOLDED_CHARS - 4)}")]

    assert Folded(linked) == fold(linked)
    assert Folded([section(f"<{address}|label>")], [section("&amp;" * 696)], is_split=True) == fold(
        longer
    )


@pytest.mark.parametrize(
    "first",
    [
        section("a" * (FOLDED_CHARS + 1)),
        section("", numbered(9)),
        {"type": "header", "text": {"type": "plain_text", "text": "a" * 701}},
        section(f"```\n{numbered(9)}\n```"),
    ],
)
def test_the_first_part_is_never_folded(first: dict[str, Any]) -> None:
    """However long the first part is, it is shown."""
    after = section("after")

    assert Folded([first], [after]) == fold([first, after])


def test_fields_are_parts() -> None:
    """Fields are divided between them, and the accessory stays above."""
    button = {"type": "button", "text": {"type": "plain_text", "text": "Beside"}}
    whole = section("text", "a\n1", "b\n2", "c\n3") | {"accessory": button}

    assert Folded(
        [section("text", "a\n1", "b\n2") | {"accessory": button}],
        [section("", "c\n3")],
        is_split=True,
    ) == fold([whole])


def test_a_table_is_divided_between_rows() -> None:
    """Each row is a line."""
    rows = [[{"type": "raw_text", "text": str(each)}] for each in range(7)]

    assert Folded(
        [{"type": "table", "rows": rows[:5]}],
        [{"type": "table", "rows": rows[5:]}],
        is_split=True,
    ) == fold([{"type": "table", "rows": rows}])


@pytest.mark.parametrize("odd", [{}, {"type": "section"}, {"type": "section", "text": "text"}])
def test_an_odd_block_is_no_reason_to_fail(odd: dict[str, Any]) -> None:
    """What Slack would refuse is left as it is."""
    assert Folded([odd]) == fold([odd])
