"""The line of a message that says who takes care of it, and its ticket."""

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

from finding_router.slack.kit import blocks
from finding_router.slack.kit.detail import joined
from finding_router.slack.kit.message import Block
from finding_router.slack.kit.text import Mrkdwn, Url, clock_time, date, length, link, words

_LABEL_CHARS: Final = 60
_STATE_CHARS: Final = 30
_LINK_CHARS: Final = 1500
_PERSON: Final = re.compile("[UW][A-Z0-9]{2,20}")


class Handled(NamedTuple):
    """
    What people did about a finding; times are Unix seconds, people are ids of Slack.

    *owner* acknowledged it *owned_since*. *snoozer* silenced it *snoozed_until* then. The ticket
    has a *ticket* label ("#123"), a URL and a state. *closer*, a name, set the status *closed_as*,
    "resolved" or "suppressed", from its card.
    """

    owner: str | None = None
    owned_since: float = 0.0
    snoozer: str | None = None
    snoozed_until: float = 0.0
    ticket: str | None = None
    ticket_url: str | None = None
    ticket_state: str | None = None
    closer: str | None = None
    closed_as: str | None = None


def handled_line(handled: Handled) -> Mrkdwn | None:
    """Return owner, snooze and ticket in one line; None if there is nothing to say."""
    owner = snooze = ticket = None
    if handled.owner is not None:
        since = clock_time(_moment(handled.owned_since))
        owner = Mrkdwn(f"👀 {person(handled.owner)} since {since}")
    if handled.snoozer is not None:
        until = date(_moment(handled.snoozed_until))
        snooze = Mrkdwn(f"💤 until {until}, by {person(handled.snoozer)}")
    if handled.ticket is not None:
        named = _ticket(handled.ticket, handled.ticket_url)
        state = words(handled.ticket_state, _STATE_CHARS) if handled.ticket_state else ""
        ticket = Mrkdwn(f"🎫 {named} {state}".rstrip())
    return joined(" · ", owner, snooze, ticket)


def handled_blocks(handled: Handled | None) -> list[Block]:
    """Return the block of the line, or none."""
    line = handled_line(handled) if handled is not None else None
    return [blocks.section(line)] if line else []


def person(user: str) -> Mrkdwn:
    """Return the person with the id *user*, shown by name; it calls nobody in a changed message."""
    return Mrkdwn(f"<@{user}>") if _PERSON.fullmatch(user) else words(user, _LABEL_CHARS)


def _ticket(label: str, url: str | None) -> Mrkdwn:
    if not url:
        return words(label, _LABEL_CHARS)
    # No channel has a number for its name, but any other label with the sign could be one's.
    number = re.fullmatch("#([0-9]{1,12})", label)
    linked = link(Url(url), number[1] if number else label, _LABEL_CHARS)
    if length(linked) > _LINK_CHARS:
        return words(label, _LABEL_CHARS)
    return Mrkdwn(f"{linked.removesuffix(f'{number[1]}>')}{label}>") if number else linked


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
