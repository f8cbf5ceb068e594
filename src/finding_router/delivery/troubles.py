"""The words of notices about the routing table and the Ledger."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from finding_router.counts import counted
from finding_router.errors import RouteError
from finding_router.routing.items.item_key import ItemKey
from finding_router.routing.items.silence import Silence
from finding_router.slack.kit.text import Mrkdwn
from finding_router.slack.messages.notice import A_DAY, EDIT, Point, Words

# Most silences that are over have served their purpose: their authors are told once.
SILENCE_OVER_SECONDS: Final = 90 * 86_400.0
CHECK: Final = Mrkdwn("`finding-router routes check` lists every mistake")
# By kind of item, the consequence of skipping it.
_WITHOUT: Final = {
    "route": "Its findings go to other routes or to the default channel.",
    "silence": "It silences nothing.",
    "account": "Its account keeps the name that findings give it.",
    "ticket": "The routes that name it make no tickets.",
}
_KEPT: Final = "The last valid version stays in force, until you correct or delete the item."


def skipped(problems: Sequence[RouteError], table: str, kept: Collection[ItemKey] = ()) -> Words:
    """
    Return the words about items of the routing table with *problems*; *table* is its page.

    Of *kept*, by kind and name as the problems have them, the last valid version is in force.
    """
    items = list(dict.fromkeys((each.kind, each.name) for each in problems))
    lost = [each for each in items if each not in kept]
    mistakes = counted(len(problems), "mistake")
    if len(items) == 1:
        [(kind, name)] = items
        happened = "is skipped" if lost else "is not valid"
        headline = f"{kind.capitalize()} “{name}” {happened}: {mistakes}"
        without = _WITHOUT.get(kind, "The router does without it.")
        details = [Point(f"{each.problem}; {each.remedy}", each.field) for each in problems]
    else:
        happened = "are skipped" if len(lost) == len(items) else "are not valid"
        headline = f"{len(items):,} items of the routing table {happened}: {mistakes}"
        without = "Findings go to other routes or to the default channel."
        if lost and len(lost) < len(items):
            number = counted(len(items) - len(lost), "goes on", "go on")
            without = f"{number} in the last valid version, {len(lost):,} are skipped."
        details = [
            Point(f"{each.problem}; {each.remedy}", f"{each.kind} {each.name}: {each.field}")
            for each in problems
        ]
    return Words(
        headline,
        details,
        consequence=f"{without if lost else _KEPT} Nothing is lost.",
        remedy=CHECK,
        links=[(EDIT, table)],
    )


def unmet(problems: Sequence[RouteError], table: str) -> Words:
    """Return the words about routes whose tickets are not in the routing table."""
    return Words(
        f"{counted(len(problems), 'route')} without the ticket that is named",
        [
            Point(f"{each.problem}; {each.remedy}", f"{each.name}: {each.field}")
            for each in problems
        ],
        icon="⚠️",
        consequence="Their findings are posted, and get no tickets.",
        remedy=CHECK,
        links=[(EDIT, table)],
    )


def no_tickets(mistakes: Mapping[str, int]) -> Words:
    """Return the words about tickets that wait, by what has to be corrected for them."""
    return Words(
        f"{counted(sum(mistakes.values()), 'ticket waits', 'tickets wait')} for a correction",
        [f"{reason} ({number:,})" for reason, number in mistakes.items()],
        icon="⚠️",
        consequence="Their findings were posted. Each is tried again every hour, for three days.",
        remedy=Mrkdwn("See “What happens when” in `docs/tickets.md`"),
    )


def silence_over(problem: RouteError, table: str, silence: Silence | None = None) -> Words:
    """Return the words about a silence that is over, and why it was there."""
    why = [] if silence is None else [(silence.by, "by"), (silence.reason, "reason")]
    return Words(
        f"Silence “{problem.name}” is over",
        [
            Point(problem.problem, problem.field),
            *(Point(text, attribute) for text, attribute in why if text),
        ],
        icon="🔔",
        consequence="Its findings are posted again.",
        remedy=Mrkdwn("Delete the item, or give it a later end"),
        links=[(EDIT, table)],
        every_seconds=SILENCE_OVER_SECONDS,
    )


def shared_name(name: str, accounts: Sequence[str], table: str) -> Words:
    """Return the words about *accounts*, by their ids, that all call themselves *name*."""
    return Words(
        f"{counted(len(accounts), 'account')} call themselves “{name}”",
        accounts,
        icon="⚠️",
        consequence="Their findings go by the accounts' ids, in cards and in {account}.",
        remedy=Mrkdwn("Give each of them an alias in the routing table"),
        links=[(EDIT, table)],
        every_seconds=A_DAY,
    )


def organization_unread(reason: str, read_at: float) -> Words:
    """Return the words about accounts that cannot be read anew since the Unix second *read_at*."""
    if read_at:
        since = f"{datetime.fromtimestamp(read_at, UTC):%Y-%m-%d %H:%M} UTC"
        consequence = f"Names, OUs and tags of accounts are those of {since}."
    else:
        consequence = "Accounts have the names that their findings state, and no OU and no tags."
    return Words(
        "AWS Organizations cannot be read",
        [reason],
        icon="⚠️",
        consequence=consequence,
        remedy=Mrkdwn("See “Names of accounts” in `docs/operations.md`"),
        every_seconds=A_DAY,
    )


def stale(reason: Exception, table: str) -> Words:
    """Return the words about a routing table that cannot be read for *reason*."""
    return Words(
        "The routing table cannot be read",
        [str(reason)],
        icon="⚠️",
        consequence="The last good one is in force, and edits have no effect.",
        remedy=Mrkdwn("The router tries again with each batch"),
        links=[("Open the table", table)],
    )


def unreadable(items: Sequence[str]) -> Words:
    """Return the words about *items* of the Ledger that cannot be read, each with its reason."""
    number = counted(len(items), "item of the Ledger", "items of the Ledger")
    return Words(
        f"{number} cannot be read",
        items,
        icon="⚠️",
        consequence="What depends on them waits, and all else goes on.",
        remedy=Mrkdwn("See “Upgrade and roll back” in `docs/operations.md`"),
    )
