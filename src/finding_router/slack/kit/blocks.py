"""
The kinds of blocks in messages, within Slack's limits for each.

slack_sdk takes a tenth of a cold start and most events post no message, so it is imported only when
a block is built.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from finding_router.characters import is_blank
from finding_router.slack.kit.detail import Fact
from finding_router.slack.kit.text import (
    CONTEXT_ELEMENTS,
    FIELDS,
    HEADER_CHARS,
    Mrkdwn,
    Plain,
    plain,
)

# Slack refuses a message with an empty text in it.
NOTHING: Final = "(nothing to show)"

if TYPE_CHECKING:
    from slack_sdk.models.blocks import MarkdownTextObject


def header(text: str) -> dict[str, Any]:
    """Return a header block of plain *text*, cut to Slack's limit."""
    from slack_sdk.models.blocks import HeaderBlock, PlainTextObject

    shown = plain(text, HEADER_CHARS) or NOTHING
    return HeaderBlock(text=PlainTextObject(text=shown, emoji=False)).to_dict()


def section(text: Mrkdwn) -> dict[str, Any]:
    """Return a section block of *text*, which has at most 3,000 counted characters."""
    from slack_sdk.models.blocks import SectionBlock

    return SectionBlock(text=_mrkdwn(text)).to_dict()


def paragraph(text: Plain) -> dict[str, Any]:
    """Return a section block of plain *text*."""
    from slack_sdk.models.blocks import PlainTextObject, SectionBlock

    shown = NOTHING if is_blank(text) else text
    return SectionBlock(text=PlainTextObject(text=shown, emoji=False)).to_dict()


def columns(facts: Sequence[Fact]) -> dict[str, Any]:
    """Return a two-column section of the first ten *facts*, each below 2,000 characters."""
    return cells(*(titled(label, value) for label, value in facts))


def cells(*texts: Mrkdwn) -> dict[str, Any]:
    """Return a two-column section of the first ten *texts*, row by row; phones show one column."""
    from slack_sdk.models.blocks import SectionBlock

    return SectionBlock(fields=[_mrkdwn(text) for text in texts[:FIELDS]]).to_dict()


def context(*elements: Mrkdwn) -> dict[str, Any]:
    """Return a context block: small print of the first ten *elements*."""
    from slack_sdk.models.blocks import ContextBlock

    return ContextBlock(elements=[_mrkdwn(text) for text in elements[:CONTEXT_ELEMENTS]]).to_dict()


def titled(title: str, text: Mrkdwn) -> Mrkdwn:
    """Return *text* below a bold *title*, which must be the router's own text."""
    return Mrkdwn(f"*{title}*\n{text}")


def _mrkdwn(text: Mrkdwn) -> "MarkdownTextObject":
    from slack_sdk.models.blocks import MarkdownTextObject

    # Verbatim stops Slack from linking addresses, channels and people named in a finding.
    return MarkdownTextObject(text=NOTHING if is_blank(text) else text, verbatim=True)
