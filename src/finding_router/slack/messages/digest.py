"""
Many findings as one Slack message: the parent of the thread in which each is listed.

The table is made of sections with two columns. Slack's table block stands at the end of a message
whatever surrounds it, takes no colour bar, and has to be scrolled sideways on a phone, where the
columns of a section stand below each other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import batched, chain
from typing import Any, Final

from finding_router.counts import counted
from finding_router.findings.digest import Group, Line, Totals, Trend, accounts, groups, resources
from finding_router.slack.kit import blocks
from finding_router.slack.kit.detail import joined, said
from finding_router.slack.kit.frame import (
    CIRCLES,
    COLOURS,
    ENDED_COLOUR,
    ENDED_SIGN,
    account_words,
    because,
    preface,
    preface_lines,
)
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.resources import is_account
from finding_router.slack.kit.text import (
    FIELDS,
    SUMMARY_CHARS,
    Budget,
    Mrkdwn,
    code,
    length,
    listed,
    one_line,
    words,
)

_HEADING_CHARS: Final = 140
_NAME_CHARS: Final = 120
_SUMMARISED: Final = 3
_SUMMARISED_CHARS: Final = 100
_COMPARED: Final = 5
_COMPARED_CHARS: Final = 60
_COLUMNS: Final = 2
_ROWS: Final = FIELDS // _COLUMNS
# Kept free for the line that says what found no room.
_MORE_CHARS: Final = 100
_NOTHING: Final = Mrkdwn("Nothing to report.")
_THREAD: Final = "each finding is listed in the thread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """
    What one digest says.

    *heading* is the router's ("42 new findings in 3 min") and may quote an operator; *why* stands
    in small print beside the *routes* that led to the channel. *mention* is as the operator wrote
    it, *banner* stands above everything.
    """

    heading: str
    lines: Sequence[Line]
    why: str = ""
    routes: tuple[str, ...] = ()
    mention: tuple[str, ...] = ()
    banner: str | None = None
    trend: Trend | None = None


def render_parent(digest: Digest) -> Message:
    """Lay out *digest*: totals, trend, and as many groups as Slack's limits have room for."""
    made = groups(digest.lines)
    text = _summary(digest, made)
    lead = [
        *preface(digest.banner, digest.mention),
        blocks.header(f"{_sign(made)} {one_line(digest.heading)}"),
    ]
    top = [blocks.section(_totals(digest.lines)), *_trend(digest.trend)]
    footer = blocks.context(because(digest.routes, digest.why, _THREAD if made else ""))
    budget = Budget()
    budget.spend(text)
    for block in (*lead, *top, footer):
        budget.take(block)
    return Message(
        text=text,
        lead=lead,
        blocks=[*top, *_table(made, budget), footer],
        colour=_colour(made),
    )


def render_parent_plain(digest: Digest) -> Message:
    """Say the least about *digest*, in text alone, for when Slack refuses the whole of it."""
    text = joined(
        "\n",
        *preface_lines(digest.banner, digest.mention),
        _summary(digest, groups(digest.lines)),
        because(digest.routes, digest.why),
    )
    return Message(text=text or "")


def group_name(group: Group) -> Mrkdwn:
    """Name *group*: an identifier as code, a title in words."""
    is_identifier = " " not in one_line(group.name)
    return (code if is_identifier else words)(group.name, _NAME_CHARS)


def summed_up(made: Sequence[Group], limit: int) -> Mrkdwn:
    """Name the first of *made* with their counts, in one line of at most *limit* characters."""
    names = [Mrkdwn(f"{words(group.name, _SUMMARISED_CHARS)} ({group.count:,})") for group in made]
    return listed(names, _SUMMARISED, limit)


def _summary(digest: Digest, made: Sequence[Group]) -> Mrkdwn:
    """Say the whole in one line, as a phone shows it."""
    line = joined(
        " · ",
        Mrkdwn(f"{_sign(made)} {words(digest.heading, _HEADING_CHARS)}"),
        _severities(digest.lines),
        _closed(digest.lines),
    )
    limit = SUMMARY_CHARS - length(line or "") - 2
    return joined(": ", line, summed_up(made, limit)) or _NOTHING


def _sign(made: Sequence[Group]) -> str:
    return CIRCLES[made[0].severity] if made and not made[0].is_over else ENDED_SIGN


def _colour(made: Sequence[Group]) -> str:
    return COLOURS[made[0].severity] if made and not made[0].is_over else ENDED_COLOUR


def _totals(lines: Sequence[Line]) -> Mrkdwn:
    found = joined(
        " · ",
        Mrkdwn(counted(len(lines), "finding")) if lines else _NOTHING,
        _several(accounts(lines), "account"),
        _several(resources(lines), "resource"),
        _closed(lines),
    )
    return joined("\n", _severities(lines), found) or _NOTHING


def _severities(lines: Sequence[Line]) -> Mrkdwn | None:
    counts = Totals.of(lines).by_severity.items()
    return joined(" · ", *(Mrkdwn(f"{CIRCLES[each]} {count:,} {each}") for each, count in counts))


def _closed(lines: Iterable[Line]) -> Mrkdwn | None:
    ended = sum(line.is_ended for line in lines)
    return Mrkdwn(f"{ENDED_SIGN} {ended:,} resolved") if ended else None


def _several(number: int, noun: str) -> Mrkdwn | None:
    return Mrkdwn(counted(number, noun)) if number else None


def _trend(trend: Trend | None) -> list[dict[str, Any]]:
    if trend is None:
        return []
    changes = (
        Mrkdwn(f"{CIRCLES[each]} {'+' if change > 0 else '\N{MINUS SIGN}'}{abs(change):,} {each}")
        for each, change in trend.changes.items()
    )
    compared = Mrkdwn(f"Against the digest before ({counted(trend.before, 'finding')})")
    parts = (*changes, _names("new", trend.new), _names("gone", trend.gone))
    text = joined(" · ", *parts) or Mrkdwn("no change")
    return [blocks.context(Mrkdwn(f"{compared}: {text}"))]


def _names(label: str, names: Sequence[str]) -> Mrkdwn | None:
    shown = [words(name, _COMPARED_CHARS) for name in names]
    text = listed([each for each in shown if each], _COMPARED, _COMPARED * _COMPARED_CHARS + 20)
    return Mrkdwn(f"{label}: {text}") if text else None


def _table(made: Sequence[Group], budget: Budget) -> list[dict[str, Any]]:
    """Give a row for each of *made* that *budget* has room for, and say how many more there are."""
    room, most = budget.chars - _MORE_CHARS, (budget.blocks - 1) * _ROWS
    rows: list[tuple[Mrkdwn, Mrkdwn]] = []
    for group in made[:most]:
        row = _row(group)
        room -= sum(map(length, row))
        if room < 0:
            break
        rows.append(row)
    table = [blocks.cells(*chain(*some)) for some in batched(rows, _ROWS, strict=False)]
    rest = made[len(rows) :]
    if rest:
        kinds = counted(len(rest), "more control or type", "more controls and types")
        found = counted(sum(group.count for group in rest), "finding")
        table.append(blocks.context(Mrkdwn(f"… {kinds} with {found}")))
    return table


def _row(group: Group) -> tuple[Mrkdwn, Mrkdwn]:
    """Say what was found on the left, how often and where on the right."""
    about = said(group.title) or said(group.product)
    sign = ENDED_SIGN if group.is_over else CIRCLES[group.severity]
    count = counted(group.count, "finding")
    closed = Mrkdwn("resolved") if group.is_over else _closed(group.lines)
    where = joined(
        # A lone finding's account and resource are named, which takes a line each.
        "\n" if group.count == 1 else " · ",
        _accounts(group.lines),
        _resources(group.lines),
        closed,
    )
    return (
        joined("\n", Mrkdwn(f"{sign} {group_name(group)}"), about) or Mrkdwn(sign),
        Mrkdwn(f"*{count}*\n{where}" if where else count),
    )


def _accounts(lines: Sequence[Line]) -> Mrkdwn | None:
    number = accounts(lines)
    if number != 1:
        return _several(number, "account")
    named = (account_words(each.account_name, each.account_id) for each in lines)
    return next(filter(None, named), None)


def _resources(lines: Sequence[Line]) -> Mrkdwn | None:
    number = resources(lines)
    if number != 1:
        return _several(number, "resource")
    [name] = {each.resource for each in lines if each.resource}
    # Which account it is was said just before.
    return None if is_account(name) else said(name)
