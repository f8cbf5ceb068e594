"""
Digests: one Slack message for many findings, the parent of the thread that lists them.

The table consists of two-column sections, which phones show as one column. Slack's table block is
no alternative: it always appears at the end of a message, has no colour bar, and needs horizontal
scrolling on a phone.
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
# Reserved for the line that counts the groups left out.
_MORE_CHARS: Final = 100
_NOTHING: Final = Mrkdwn("Nothing to report.")
_THREAD: Final = "each finding is listed in the thread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """
    The content of one digest.

    *heading* is the router's text ("42 new findings in 3 min") and may quote an operator. *why* is
    shown in small print with the *routes* to the channel. *mention* is as written by the operator.
    *banner* is shown at the top.
    """

    heading: str
    lines: Sequence[Line]
    why: str = ""
    routes: tuple[str, ...] = ()
    mention: tuple[str, ...] = ()
    banner: str | None = None
    trend: Trend | None = None


def render_parent(digest: Digest) -> Message:
    """Return the message of *digest*: totals, trend, and the groups that fit Slack's limits."""
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
    """Return a minimal message for *digest* without blocks, in case Slack refuses the full one."""
    text = joined(
        "\n",
        *preface_lines(digest.banner, digest.mention),
        _summary(digest, groups(digest.lines)),
        because(digest.routes, digest.why),
    )
    return Message(text=text or "")


def group_name(group: Group) -> Mrkdwn:
    """Return the name of *group*, as code if it is an identifier, as prose if it is a title."""
    is_identifier = " " not in one_line(group.name)
    return (code if is_identifier else words)(group.name, _NAME_CHARS)


def summed_up(made: Sequence[Group], limit: int) -> Mrkdwn:
    """Return the first groups with their counts, in one line of at most *limit* characters."""
    names = [Mrkdwn(f"{words(group.name, _SUMMARISED_CHARS)} ({group.count:,})") for group in made]
    return listed(names, _SUMMARISED, limit)


def _summary(digest: Digest, made: Sequence[Group]) -> Mrkdwn:
    """Return the digest in one line, for notifications."""
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
    """Return a row for each of *made* that fits into *budget*, and the number of others."""
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
    """Return the row of *group*: name and title on the left, counts and places on the right."""
    about = said(group.title) or said(group.product)
    sign = ENDED_SIGN if group.is_over else CIRCLES[group.severity]
    count = counted(group.count, "finding")
    closed = Mrkdwn("resolved") if group.is_over else _closed(group.lines)
    where = joined(
        # For a single finding, account and resource are named, one line each.
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
    # The account is already shown on the line above.
    return None if is_account(name) else said(name)
