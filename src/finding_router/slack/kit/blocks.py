"""
The kinds of blocks in messages, within Slack's limits for each.

They are plain objects: importing slack_sdk's models of them takes a tenth of a cold start. The
models check every block in the tests.
"""

from collections.abc import Sequence
from typing import Any, Final

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


def header(text: str, *, icon: str = "") -> dict[str, Any]:
    """Return a header block of plain *text*, cut to Slack's limit, after the router's *icon*."""
    # An icon of two code points would lose its colour where the text is cleaned.
    before = f"{icon} " if icon else ""
    shown = plain(text, HEADER_CHARS - len(before))
    return {"type": "header", "text": _plain(Plain(before + shown))}


def section(text: Mrkdwn) -> dict[str, Any]:
    """Return a section block of *text*, which has at most 3,000 counted characters."""
    return {"type": "section", "text": _mrkdwn(text)}


def paragraph(text: Plain) -> dict[str, Any]:
    """Return a section block of plain *text*."""
    return {"type": "section", "text": _plain(text)}


def columns(facts: Sequence[Fact]) -> dict[str, Any]:
    """Return a two-column section of the first ten *facts*, each below 2,000 characters."""
    return cells(*(titled(label, value) for label, value in facts))


def cells(*texts: Mrkdwn) -> dict[str, Any]:
    """Return a two-column section of the first ten *texts*, row by row; phones show one column."""
    return {"type": "section", "fields": [_mrkdwn(text) for text in texts[:FIELDS]]}


def context(*elements: Mrkdwn) -> dict[str, Any]:
    """Return a context block: small print of the first ten *elements*."""
    shown = [_mrkdwn(text) for text in elements[:CONTEXT_ELEMENTS]]
    return {"type": "context", "elements": shown}


def labelled(label: str, value: Mrkdwn) -> Mrkdwn:
    """Return *value* behind a bold *label*, which must be the router's own text."""
    return Mrkdwn(f"*{label}* {value}")


def titled(title: str, text: Mrkdwn) -> Mrkdwn:
    """Return *text* below a bold *title*, which must be the router's own text."""
    return Mrkdwn(f"*{title}*\n{text}")


def _mrkdwn(text: Mrkdwn) -> dict[str, Any]:
    # Verbatim stops Slack from linking addresses, channels and people named in a finding.
    return {"type": "mrkdwn", "text": _seen(text), "verbatim": True}


def _plain(text: Plain) -> dict[str, Any]:
    return {"type": "plain_text", "text": _seen(text), "emoji": False}


def _seen(text: str) -> str:
    return NOTHING if is_blank(text) else text
