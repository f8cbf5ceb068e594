"""Reminders of a channel: the alerts in it that are still open."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from finding_router.counts import counted
from finding_router.findings.finding import Severity
from finding_router.slack.kit import blocks
from finding_router.slack.kit.detail import joined, said
from finding_router.slack.kit.durations import open_words
from finding_router.slack.kit.frame import (
    CIRCLES,
    COLOURS,
    ENDED_COLOUR,
    ENDED_SIGN,
    account_name,
    because,
    preface,
    preface_lines,
)
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.people import Handled, handled_line
from finding_router.slack.kit.refused import Banner
from finding_router.slack.kit.text import Budget, Mrkdwn, bold, length, unmarked
from finding_router.slack.messages.digest import linked

# A phone shows about three screens of them.
MOST_LINES: Final = 30
_TITLE_CHARS: Final = 120
_ACCOUNT_CHARS: Final = 40
_FOOT_CHARS: Final = 600
_NEWS_CHARS: Final = 200
_PLAIN_CHARS: Final = 3800
_NEW_SECONDS: Final = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StillOpen:
    """One alert that is open for *seconds*; *handled* is by whom."""

    title: str
    severity: Severity
    seconds: float
    account: str | None = None
    account_id: str | None = None
    region: str | None = None
    url: str | None = None
    handled: Handled | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """
    The alerts that are open in a channel, in the order in which they are named.

    *heading* is the router's text about them. *by_severity* counts all, of which *several* are the
    first. *change* and *why* are in small print, with the *routes*.
    """

    heading: str
    several: Sequence[StillOpen]
    by_severity: Mapping[Severity, int]
    change: str = ""
    why: str = ""
    routes: tuple[str, ...] = ()
    mention: tuple[str, ...] = ()
    banner: Banner | None = None

    @property
    def count(self) -> int:
        """Return the number of all alerts."""
        return sum(self.by_severity.values())


def render_roll(roll: Roll) -> Message:
    """Return the message of *roll*: how many are open, and the first of them."""
    worst = next((each for each in CIRCLES if roll.by_severity.get(each)), None)
    sign = ENDED_SIGN if worst is None else CIRCLES[worst]
    lead: list[dict[str, Any]] = [
        *preface(roll.banner, roll.mention),
        blocks.header(roll.heading, icon=sign),
    ]
    counts = joined(
        " · ",
        *(
            Mrkdwn(f"{CIRCLES[each]} {roll.by_severity[each]:,} {each}")
            for each in CIRCLES
            if roll.by_severity.get(each)
        ),
        Mrkdwn(roll.change) if roll.change else None,
    )
    if counts:
        lead.append(blocks.section(counts))
    footer = blocks.context(because(roll.routes, roll.why))
    budget = Budget()
    budget.chars -= _FOOT_CHARS
    for block in (*lead, footer):
        budget.take(block)
    lines, named = [], 0
    for each in roll.several[:MOST_LINES]:
        block = blocks.section(_line(each))
        if budget.blocks <= 1 or length(block["text"]["text"]) > budget.chars:
            break
        budget.take(block)
        lines.append(block)
        named += 1
    if rest := roll.count - named:
        more = f"… and {rest:,} more" if named else f"{rest:,} in all"
        lines.append(blocks.context(Mrkdwn(more)))
    news = f"{roll.heading}, {roll.change}" if roll.change else roll.heading
    return Message(
        text=f"{sign} {unmarked(news, _NEWS_CHARS)}",
        lead=[*lead, *lines],
        blocks=[footer],
        colour=ENDED_COLOUR if worst is None else COLOURS[worst],
    )


def render_roll_plain(roll: Roll) -> Message:
    """Return a message of *roll* without blocks, in case Slack refuses the full one."""
    text = joined("\n", *preface_lines(roll.banner, roll.mention), Mrkdwn(roll.heading))
    for each in roll.several[:MOST_LINES]:
        longer = joined("\n", text, _line(each))
        if longer is None or length(longer) > _PLAIN_CHARS:
            break
        text = longer
    return Message(text=text or roll.heading)


def _line(one: StillOpen) -> Mrkdwn:
    account = account_name(one.account, one.account_id)
    first = joined(
        " · ",
        Mrkdwn(f"{CIRCLES[one.severity]} {linked(one.title, one.url, _TITLE_CHARS)}"),
        bold(account, _ACCOUNT_CHARS) if account else None,
        said(one.region),
    )
    is_new = one.seconds < _NEW_SECONDS
    age = Mrkdwn("new" if is_new else f"open for {open_words(one.seconds)}")
    return joined("\n", first, joined(" · ", age, handled_line(one.handled or Handled()))) or age


def heading_of(count: int, *, is_untaken: bool) -> str:
    """Return the headline of a reminder of *count* alerts; *is_untaken* if nobody has any."""
    verb = "is" if count == 1 else "are"
    whom = ", nobody has taken " + ("it" if count == 1 else "them") if is_untaken else ""
    return f"{counted(count, 'finding')} {verb} still open{whom}"


def by_severity(severities: Iterable[Severity]) -> Mapping[Severity, int]:
    """Return how many there are of each."""
    return Counter(severities)


def list_heading(count: int) -> str:
    """Return the headline of a list of *count* open alerts."""
    if not count:
        return "Nothing is open any more"
    return f"{counted(count, 'finding')} {'is' if count == 1 else 'are'} open"


def change_of(new: int, ended: int) -> str:
    """Return the change since the list before."""
    parts = [f"{new:,} new" if new else "", f"{ended:,} ended" if ended else ""]
    changed = ", ".join(filter(None, parts))
    return f"since last time {changed}" if changed else "as last time"
