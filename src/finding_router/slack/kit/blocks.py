"""
The few kinds of blocks that messages are made of, within Slack's limits for each.

slack_sdk takes a tenth of a cold start, and most events say nothing: it is imported to make blocks.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from finding_router.slack.kit.detail import Fact
from finding_router.slack.kit.text import (
    CONTEXT_ELEMENTS,
    FIELDS,
    HEADER_CHARS,
    Mrkdwn,
    Plain,
    plain,
)

if TYPE_CHECKING:
    from slack_sdk.models.blocks import MarkdownTextObject


def header(text: str) -> dict[str, Any]:
    """Make a headline of *text*, cut to what Slack takes; nothing in it is formatted."""
    from slack_sdk.models.blocks import HeaderBlock, PlainTextObject

    shown = plain(text, HEADER_CHARS)
    return HeaderBlock(text=PlainTextObject(text=shown, emoji=False)).to_dict()


def section(text: Mrkdwn) -> dict[str, Any]:
    """Make a paragraph of *text*, 3,000 counted characters at most."""
    from slack_sdk.models.blocks import SectionBlock

    return SectionBlock(text=_mrkdwn(text)).to_dict()


def paragraph(text: Plain) -> dict[str, Any]:
    """Make a paragraph of *text*, in which Slack formats nothing."""
    from slack_sdk.models.blocks import PlainTextObject, SectionBlock

    return SectionBlock(text=PlainTextObject(text=text, emoji=False)).to_dict()


def columns(facts: Sequence[Fact]) -> dict[str, Any]:
    """Make two columns of the first ten *facts*, which are fewer than 2,000 characters each."""
    return cells(*(titled(label, value) for label, value in facts))


def cells(*texts: Mrkdwn) -> dict[str, Any]:
    """Make two columns of the first ten *texts*, left and right in turn; a phone shows one."""
    from slack_sdk.models.blocks import SectionBlock

    return SectionBlock(fields=[_mrkdwn(text) for text in texts[:FIELDS]]).to_dict()


def context(*elements: Mrkdwn) -> dict[str, Any]:
    """Make a line in small print."""
    from slack_sdk.models.blocks import ContextBlock

    return ContextBlock(elements=[_mrkdwn(text) for text in elements[:CONTEXT_ELEMENTS]]).to_dict()


def titled(title: str, text: Mrkdwn) -> Mrkdwn:
    """Put *text* under a *title* of the router's own."""
    return Mrkdwn(f"*{title}*\n{text}")


def _mrkdwn(text: Mrkdwn) -> "MarkdownTextObject":
    from slack_sdk.models.blocks import MarkdownTextObject

    # Verbatim keeps Slack from linking addresses, channels and people that a finding names.
    return MarkdownTextObject(text=text, verbatim=True)
