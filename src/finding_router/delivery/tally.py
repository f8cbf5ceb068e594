"""The tally of a run: the findings and messages that came to each end, for the numbers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from finding_router.delivery.alerts.advance import Verdict
from finding_router.delivery.alerts.identity import REQUESTED
from finding_router.delivery.deliveries import Delivery, Job
from finding_router.delivery.outcome import NEWS, Outcome, Progress
from finding_router.routing.hold import HoldKind

if TYPE_CHECKING:
    from finding_router.delivery.plan import Planner

DAYS: Final = 35
# 40 bits: of a million findings two are taken for one.
_NAME_CHARS: Final = 10


class End(StrEnum):
    """What a line of a tally counts."""

    FOUND = "found"
    """A finding that was news, in whatever channel."""
    POSTED = "posted"
    """A message of its own."""
    DIGESTED = "digested"
    """A line of a digest."""
    DIGEST = "digest"
    """A message of a digest: its parent, or a reply with lines."""
    UPDATED = "updated"
    """A change of a card, or of a line."""
    DUPLICATE = "duplicate"
    """A message that was not posted, since the channel has one."""
    HELD = "held"
    SILENCED = "silenced"
    DROPPED = "dropped"
    SUPPRESSED = "suppressed"


class Counted(NamedTuple):
    """
    What is counted together.

    *account* is its alias, name or id; None for a message of a digest. *channel* is None for what
    is in no channel. *routes* lead there; a finding that no route names has none.
    """

    account: str | None
    channel: str | None
    routes: tuple[str, ...]
    end: End


@dataclass(slots=True, kw_only=True)
class Tally:
    """
    The numbers of a run that began *at* that Unix second.

    *messages* are counted; of *findings*, which may come again, the short names are kept.
    *to_message* has the seconds from a finding's last change to its message, for each that opened.
    """

    at: float
    messages: Counter[Counted] = field(default_factory=Counter)
    findings: dict[Counted, set[str]] = field(default_factory=dict)
    to_message: list[float] = field(default_factory=list)


class TallyStore(Protocol):
    """The store of the tallies, which forgets them after `DAYS`."""

    def add(self, tally: Tally) -> None:
        """Add the *tally* of one run; raises StoreError."""

    def newest(self, *, since: float, now: float) -> Iterator[Tally]:
        """Yield the tallies of runs *since* then, newest first; raises StoreError."""


def tally_of(
    jobs: Sequence[Job], planner: "Planner", digests: Mapping[tuple[str, tuple[str, ...]], int]
) -> Tally | None:
    """
    Return the tally of *jobs*, and of the messages of *digests*, by channel and routes.

    A message counts in the run that posted it; a finding of which nothing was posted counts once it
    has an end, which it has not if its record comes again. None if there is nothing to count.
    """
    tally = Tally(at=planner.now.timestamp())
    for job in jobs:
        _add(tally, job, planner)
    for (channel, routes), number in digests.items():
        tally.messages[Counted(None, channel, routes, End.DIGEST)] += number
    return tally if tally.messages or tally.findings else None


def _add(tally: Tally, job: Job, planner: "Planner") -> None:
    account, name = planner.table.account_of(job.finding), job.member[:_NAME_CHARS]
    is_news, led_by = job.outcome in NEWS, [*filter(None, [job.dropped_by])]
    if led_by and job.outcome in _QUIET:
        quiet = Counted(account, None, tuple(led_by), _QUIET[job.outcome])
        tally.findings.setdefault(quiet, set()).add(name)
    for delivery in job.deliveries:
        end = _end_of(job, delivery)
        if end is None:
            continue
        channel = delivery.destination.channel.partition(REQUESTED)[0]
        routes = delivery.destination.routes
        if job.is_followed and not routes:
            # It was led there while it was new.
            routes = planner.routes_to(job, channel)
        counted = Counted(account, channel, routes, end)
        if end in _WAITS:
            tally.findings.setdefault(counted, set()).add(name)
        else:
            tally.messages[counted] += 1
        if end in _SAID:
            is_news = True
            tally.to_message += _seconds_to_message(delivery)
        led_by += routes
    if is_news:
        found = Counted(account, None, tuple(dict.fromkeys(led_by)), End.FOUND)
        tally.findings.setdefault(found, set()).add(name)


_QUIET: Final = {Outcome.DROPPED: End.DROPPED, Outcome.SUPPRESSED: End.SUPPRESSED}
_WAITS: Final = frozenset({End.HELD, End.SILENCED})
_SAID: Final = frozenset({End.POSTED, End.DIGESTED})
_DONE: Final = {
    Progress.POSTED: End.POSTED,
    Progress.DIGESTED: End.DIGESTED,
    Progress.UPDATED: End.UPDATED,
}


def _end_of(job: Job, delivery: Delivery) -> End | None:
    """Return the end of *job* in the channel of *delivery*; None if there is none to count."""
    if delivery.job is job and delivery.progress in _DONE:
        return _DONE[delivery.progress]
    hold = delivery.destination.hold
    if job.outcome in NEWS and delivery.progress is Progress.HELD and hold is not None:
        return End.SILENCED if hold.kind is HoldKind.SILENCE else End.HELD
    # The echo of a mark is none, nor a channel that an earlier try for several has told.
    is_told = delivery.progress is not Progress.UNKNOWN
    return End.DUPLICATE if job.outcome is Outcome.DUPLICATE and is_told else None


def _seconds_to_message(delivery: Delivery) -> list[float]:
    """Return the seconds from the change that *delivery* is about to its message, if known."""
    alert, verdict = delivery.alert, delivery.step.verdict
    member = alert.members.get(delivery.job.member)
    is_opened = verdict in {Verdict.POST, Verdict.REOPEN} and not delivery.is_requested
    changed_at = member.decisive.turned_at if member else None
    if not is_opened or changed_at is None or alert.posted_at is None:
        return []
    return [round(max(alert.posted_at - changed_at, 0.0), 1)]
