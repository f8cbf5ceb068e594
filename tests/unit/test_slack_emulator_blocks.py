"""The blocks that the local Slack refuses, and its error messages."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router_local.slack.blocks import problems_of, size_of


def plain(length: int = 5) -> dict[str, Any]:
    """Return a plain text object of that many characters."""
    return {"type": "plain_text", "text": "a" * length}


def mrkdwn(length: int = 5) -> dict[str, Any]:
    """Return a mrkdwn text object of that many characters."""
    return {"type": "mrkdwn", "text": "a" * length}


def button(**fields: Any) -> dict[str, Any]:
    """Return a button."""
    return {"type": "button", "text": plain(), "action_id": "open"} | fields


def table(rows: int = 1, columns: int = 1, length: int = 1) -> dict[str, Any]:
    """Return a table of cells of that many characters."""
    cell = {"type": "raw_text", "text": "a" * length}
    return {"type": "table", "rows": [[cell] * columns] * rows}


SECTION = {"type": "section", "text": mrkdwn()}
RICH = {
    "type": "rich_text_section",
    "elements": [
        {"type": "text", "text": "a"},
        {"type": "link", "url": "https://a.example"},
        {"type": "emoji", "name": "tada"},
    ],
}


def rich(*elements: Any) -> dict[str, Any]:
    """Return a table with one cell of rich text of *elements*."""
    return {"type": "table", "rows": [[{"type": "rich_text", "elements": list(elements)}]]}


def spans(*elements: Any) -> dict[str, Any]:
    """Return a table with one cell of rich text, of one section of *elements*."""
    return rich({"type": "rich_text_section", "elements": list(elements)})


GOOD = {
    "longest section": {"type": "section", "text": mrkdwn(3_000)},
    "most and longest fields": {"type": "section", "fields": [mrkdwn(2_000)] * 10},
    "expanded section": {**SECTION, "expand": True},
    "longest header": {"type": "header", "text": plain(150)},
    "fullest context": {"type": "context", "elements": [mrkdwn(3_000)] * 10},
    "divider": {"type": "divider"},
    "most buttons": {
        "type": "actions",
        "elements": [button(action_id=str(number)) for number in range(25)],
    },
    "fullest button": {
        "type": "actions",
        "elements": [
            button(
                text=plain(75),
                action_id="a" * 255,
                value="a" * 2_000,
                url="https://example.com/" + "a" * 2_980,
                style="primary",
            )
        ],
    },
    "button beside a section": {**SECTION, "accessory": button()},
    "block id": {**SECTION, "block_id": "a" * 255},
    "largest table": table(100, 20),
    "rich text in a table": {**rich(RICH), "column_settings": [{"align": "right"}]},
    "markdown": {"type": "markdown", "text": "a" * 12_000},
}

BAD = {
    "section too long": (
        {"type": "section", "text": mrkdwn(3_001)},
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    "section without text": (
        {"type": "section"},
        "missing required field: text [json-pointer:/blocks/0]",
    ),
    "section with empty text": (
        {"type": "section", "text": mrkdwn(0)},
        "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ),
    "eleven fields": (
        {"type": "section", "fields": [mrkdwn()] * 11},
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    "no fields": (
        {"type": "section", "fields": []},
        "no fewer than 1 items allowed [json-pointer:/blocks/0/fields]",
    ),
    "fields that are none": (
        {"type": "section", "fields": "a"},
        "must provide an array [json-pointer:/blocks/0/fields]",
    ),
    "field too long": (
        {"type": "section", "fields": [mrkdwn(), mrkdwn(2_001)]},
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/1/text]",
    ),
    "header too long": (
        {"type": "header", "text": plain(151)},
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    "header in mrkdwn": (
        {"type": "header", "text": mrkdwn()},
        "must be one of: plain_text [json-pointer:/blocks/0/text/type]",
    ),
    "header without text": (
        {"type": "header"},
        "missing required field: text [json-pointer:/blocks/0]",
    ),
    "eleven in a context": (
        {"type": "context", "elements": [mrkdwn()] * 11},
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    "context without elements": (
        {"type": "context"},
        "missing required field: elements [json-pointer:/blocks/0]",
    ),
    "context too long": (
        {"type": "context", "elements": [mrkdwn(3_001)]},
        "must be less than 3001 characters [json-pointer:/blocks/0/elements/0/text]",
    ),
    "picture in a context": (
        {"type": "context", "elements": [{"type": "image", "image_url": "https://a.example"}]},
        "must be one of: plain_text, mrkdwn [json-pointer:/blocks/0/elements/0/type]",
    ),
    "26 buttons": (
        {"type": "actions", "elements": [button(action_id=str(number)) for number in range(26)]},
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    "same action twice": (
        {"type": "actions", "elements": [button(), button()]},
        "`action_id` open already exists [json-pointer:/blocks/0/elements/1/action_id]",
    ),
    "button text too long": (
        {"type": "actions", "elements": [button(text=plain(76))]},
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    "button value too long": (
        {"type": "actions", "elements": [button(value="a" * 2_001)]},
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    "button url too long": (
        {"type": "actions", "elements": [button(url="a" * 3_001)]},
        "must be less than 3001 characters [json-pointer:/blocks/0/elements/0/url]",
    ),
    "button of another style": (
        {"type": "actions", "elements": [button(style="loud")]},
        "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
    ),
    "button with a property of no button": (
        {"type": "actions", "elements": [button(disabled=True)]},
        "invalid additional property: disabled [json-pointer:/blocks/0/elements/0]",
    ),
    "element that is no button": (
        {"type": "actions", "elements": [{"type": "lever"}]},
        "unsupported type: lever [json-pointer:/blocks/0/elements/0/type]",
    ),
    "actions without elements": (
        {"type": "actions"},
        "missing required field: elements [json-pointer:/blocks/0]",
    ),
    "101 rows": (
        table(101, 1),
        "no more than 100 items allowed [json-pointer:/blocks/0/rows]",
    ),
    "21 columns": (
        table(1, 21),
        "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
    ),
    "table too long": (
        table(2, 1, 5_001),
        "must be less than 10001 characters [json-pointer:/blocks/0/rows]",
    ),
    "empty cell": (
        table(1, 1, 0),
        "must be more than 0 characters [json-pointer:/blocks/0/rows/0/0/text]",
    ),
    "cell of another type": (
        {"type": "table", "rows": [[mrkdwn()]]},
        "unsupported type: mrkdwn [json-pointer:/blocks/0/rows/0/0/type]",
    ),
    "table without rows": (
        {"type": "table"},
        "missing required field: rows [json-pointer:/blocks/0]",
    ),
    "row that is none": (
        {"type": "table", "rows": ["a"]},
        "must provide an array [json-pointer:/blocks/0/rows/0]",
    ),
    "column settings that are none": (
        {**table(), "column_settings": "right"},
        "must provide an array [json-pointer:/blocks/0/column_settings]",
    ),
    "alert": (
        {"type": "alert", "text": plain()},
        "unsupported type: alert [json-pointer:/blocks/0/type]",
    ),
    "block without type": (
        {"text": plain()},
        "missing required field: type [json-pointer:/blocks/0]",
    ),
    "block with a property of another": (
        {"type": "divider", "text": plain()},
        "invalid additional property: text [json-pointer:/blocks/0]",
    ),
    "block id too long": (
        {**SECTION, "block_id": "a" * 256},
        "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
    ),
    "text object with a property of the other kind": (
        {"type": "section", "text": {**plain(), "verbatim": True}},
        "invalid additional property: verbatim [json-pointer:/blocks/0/text]",
    ),
    "text that is no object": (
        {"type": "section", "text": "a"},
        "must provide an object [json-pointer:/blocks/0/text]",
    ),
    "text that is no string": (
        {"type": "section", "text": {"type": "mrkdwn", "text": 5}},
        "must provide a string [json-pointer:/blocks/0/text/text]",
    ),
    "markdown too long": (
        {"type": "markdown", "text": "a" * 12_001},
        "must be less than 12001 characters [json-pointer:/blocks/0/text]",
    ),
    "picture": (
        {"type": "image", "image_url": "https://a.example", "alt_text": "a"},
        "unsupported type: image [json-pointer:/blocks/0/type]",
    ),
    "rich text outside of a table": (
        {"type": "rich_text", "elements": [RICH]},
        "unsupported type: rich_text [json-pointer:/blocks/0/type]",
    ),
    "rich text without elements": (
        {"type": "table", "rows": [[{"type": "rich_text"}]]},
        "missing required field: elements [json-pointer:/blocks/0/rows/0/0]",
    ),
    "rich text of another type": (
        rich({"type": "section"}),
        "unsupported type: section [json-pointer:/blocks/0/rows/0/0/elements/0/type]",
    ),
    "list in rich text": (
        rich({"type": "rich_text_list", "elements": [RICH]}),
        "unsupported type: rich_text_list [json-pointer:/blocks/0/rows/0/0/elements/0/type]",
    ),
    "rich text with an unknown element": (
        spans({"type": "spoiler"}),
        "unsupported type: spoiler [json-pointer:/blocks/0/rows/0/0/elements/0/elements/0/type]",
    ),
    "rich text of strings": (
        rich("a"),
        "must provide an object [json-pointer:/blocks/0/rows/0/0/elements/0]",
    ),
    "rich text section without elements": (
        rich({"type": "rich_text_section"}),
        "missing required field: elements [json-pointer:/blocks/0/rows/0/0/elements/0]",
    ),
    "rich text section of strings": (
        spans("a"),
        "must provide an object [json-pointer:/blocks/0/rows/0/0/elements/0/elements/0]",
    ),
    "button that is none": (
        {"type": "actions", "elements": ["a"]},
        "must provide an object [json-pointer:/blocks/0/elements/0]",
    ),
    "cell that is none": (
        {"type": "table", "rows": [["a"]]},
        "must provide an object [json-pointer:/blocks/0/rows/0/0]",
    ),
    "link in rich text without its url": (
        spans({"type": "link"}),
        "missing required field: url [json-pointer:/blocks/0/rows/0/0/elements/0/elements/0]",
    ),
}


@pytest.mark.parametrize("block", GOOD.values(), ids=GOOD)
def test_what_is_just_within_the_limits_is_taken(block: dict[str, Any]) -> None:
    """A block at its limit has no problem."""
    assert [] == problems_of([block], "/blocks")


@pytest.mark.parametrize(("block", "problem"), BAD.values(), ids=BAD)
def test_what_is_beyond_is_named_with_its_place(block: dict[str, Any], problem: str) -> None:
    """Each problem is worded as Slack does, with the JSON pointer of the mistake."""
    assert problem in problems_of([block], "/blocks")


def test_where_two_kinds_of_text_are_allowed_slack_says_first_that_neither_matched() -> None:
    """A section that is too long has Slack's two messages, in its order."""
    assert [
        "failed to match all allowed schemas [json-pointer:/blocks/0/text]",
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ] == problems_of([{"type": "section", "text": mrkdwn(3_001)}], "/blocks")


def test_fifty_blocks_are_the_most() -> None:
    """The fifty-first block is one too many, in an attachment as well."""
    assert [] == problems_of([SECTION] * 50, "/blocks")
    assert ["no more than 50 items allowed [json-pointer:/attachments/0/blocks]"] == problems_of(
        [SECTION] * 51, "/attachments/0/blocks"
    )


def test_a_block_id_is_there_once() -> None:
    """A message with the same block id twice is refused."""
    block = {**SECTION, "block_id": "who"}

    assert ["`block_id` who already exists [json-pointer:/blocks/1/block_id]"] == problems_of(
        [block, block], "/blocks"
    )


def test_a_message_has_one_table() -> None:
    """A second table is refused."""
    assert ["only_one_table_allowed [json-pointer:/blocks]"] == problems_of(
        [table(), table()], "/blocks"
    )


def test_markdown_blocks_share_their_limit() -> None:
    """Two markdown blocks together hold no more than one may."""
    block = {"type": "markdown", "text": "a" * 6_001}

    assert ["must be less than 12001 characters [json-pointer:/blocks]"] == problems_of(
        [block, block], "/blocks"
    )


@pytest.mark.parametrize(
    ("text", "size"),
    [("abc", 3), ("&", 5), ("<>", 8), ("&amp;", 5), ("&lt;&gt;", 8), ("ü", 1)],
)
def test_text_is_counted_after_escaping(text: str, size: int) -> None:
    """The size of a message counts & as five and < and > as four, escaped by the sender or not."""
    assert size == size_of([{"type": "section", "text": {"type": "mrkdwn", "text": text}}])


def test_a_header_counts_for_more_than_its_text() -> None:
    """The size of a header is its text and a hundred."""
    assert 105 == size_of([{"type": "header", "text": plain(5)}])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "elements", "fields", "rows", "accessory", "block_id", "style"]
            ),
            inner | st.sampled_from([*{block["type"] for block in GOOD.values()}, "mrkdwn"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.lists(JSON, max_size=4))
def test_whatever_is_sent_has_an_answer(blocks: list[Any]) -> None:
    """No JSON breaks the check: it is taken, or its problems are named."""
    assert all("[json-pointer:/blocks" in problem for problem in problems_of(blocks, "/blocks"))
