"""The work of one batch: findings to say, and the messages that say them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from finding_router.delivery.digest_book import OpenDigest
from finding_router.delivery.episodes import News, Phase
from finding_router.delivery.ledger import Entry, EntryKey
from finding_router.delivery.outcome import Outcome
from finding_router.findings.digest import Totals
from finding_router.findings.events import EventKind
from finding_router.findings.finding import Finding, Severity
from finding_router.slack.client import Posted

if TYPE_CHECKING:
    from finding_router.delivery.cards import Card
    from finding_router.routing.table import Destination

# Only a long backlog lets an event wait so before its first try; it is looked at again, then.
_OLD_SECONDS: Final = 900.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record:
    """One record of the queue, or a bare event (then *id* and *receipt* are None)."""

    body: object
    id: str | None = None
    receipt: str | None = None
    tries: int = 1


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """One finding of one record, on its way to an outcome."""

    record: Record
    kind: EventKind | None = None
    event_id: str = ""
    action_name: str | None = None
    event: Mapping[str, Any] = field(default_factory=dict)
    """The event that brought it: patterns of whole rules are matched against that."""
    sent_at: float | None = None
    """When the event was sent, in Unix seconds; None where it does not say."""
    raw: object = None
    finding: Finding | None = None
    outcome: Outcome | None = None
    detail: str = ""
    retry_seconds: float = 0.0
    suppress: bool = False
    is_held: bool = False
    """Some channel is to hear of it later: until then, it is not marked."""
    is_owed: bool = False
    """It waited, and some channel that was to hear of it at once had not: that has it marked."""
    is_followed: bool = False
    """It may change what was said before: an end, or more of the same."""
    shadowed: tuple[str, ...] = ()
    """Channels that shadow routes would have posted to."""
    deliveries: list["Delivery"] = field(default_factory=list)

    def may_have_been_tried(self, now: float) -> bool:
        """
        Tell whether a try before this one may have got halfway.

        What comes back from the dead letters is counted from one again; its event is old, then.
        """
        is_old = self.sent_at is not None and now - self.sent_at > _OLD_SECONDS
        return self.record.tries > 1 or is_old

    def end(self, outcome: Outcome, detail: str = "") -> None:
        """Give the job its outcome, with *detail* for the log."""
        self.outcome, self.detail = outcome, detail

    def fail(self, detail: str, *, retry_seconds: float = 0.0) -> None:
        """Send the record back to the queue, to be seen again after *retry_seconds* at least."""
        self.end(Outcome.FAILED, detail)
        self.retry_seconds = max(self.retry_seconds, retry_seconds)

    def ended(self, finding: Finding, *, at: float) -> "Job":
        """Give the job of its end as *finding* has it, as if an event had told of it *at* once."""
        end = replace(self, finding=finding, sent_at=at, deliveries=[])
        end.end(Outcome.NOT_NEW)
        return end


class Progress(StrEnum):
    """How far a delivery got in this batch."""

    PENDING = "pending"
    POSTED = "posted"
    DIGESTED = "digested"
    """Listed in a digest."""
    UPDATED = "updated"
    """The card was changed; nobody was called."""
    HELD = "held"
    """Put aside, to be said later, or never."""
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"
    """About nothing that was ever said here."""
    FAILED = "failed"


@dataclass(slots=True, kw_only=True, eq=False)
class Work:
    """
    Something for one channel to hear, and how far it got.

    *after* is the work that comes first: events of one finding are told in their order.
    """

    destination: "Destination"
    severity: Severity
    jobs: list[Job]
    after: "Work | None" = None
    progress: Progress = Progress.PENDING
    detail: str = ""
    retry_seconds: float = 0.0
    is_doubtful: bool = False
    """Nobody knows whether it was posted: to be looked for before posting."""
    is_plain: bool = False
    """Slack refused the full message: the plain one takes its place."""
    banner: str | None = None
    """Set when the channel would not take it: what the default channel says above it."""
    posted: Posted | None = None
    """Where the message stands, from the moment that it is there until that is recorded."""

    @property
    def job(self) -> Job:
        """Give the job whose finding the message shows: the newest."""
        return self.jobs[-1]

    def channel(self, default_channel: str) -> str:
        """Give the channel by which slots and outages go: its own, or the default one."""
        return self.destination.channel if self.banner is None else default_channel

    def end(self, progress: Progress, detail: str = "", *, retry_seconds: float = 0.0) -> None:
        """Give the work its end in this batch."""
        self.progress, self.detail, self.retry_seconds = progress, detail, retry_seconds


def _always(_: Job) -> bool:
    return True


@dataclass(slots=True, kw_only=True, eq=False)
class Delivery(Work):
    """One thing to say or to change about one finding; several jobs may be about the same."""

    key: EntryKey
    card: "Card"
    news: dict[str, News]
    """What the jobs tell, by member."""
    is_requested: bool = False
    """A person asked for it: a message by itself, which nothing is said of later."""
    is_for_a_rise: bool = False
    """Nobody was told of it there: it is said if it is worse than was said elsewhere."""
    leads_there: Callable[[Job], bool] = _always
    """Asks whether a route leads a job there now; what was said there is followed all the same."""
    entry: Entry | None = None
    is_claimed: bool = False
    is_listing_doubtful: bool = False
    """Nobody knows whether a digest lists it besides: to be looked for before listing it."""

    @property
    def is_new(self) -> bool:
        """Tell whether it says something, as opposed to changing what was said."""
        return any(news.phase is Phase.NEW for news in self.news.values())

    def is_routed(self) -> bool:
        """Tell whether it comes by a route, and does not only follow what was said there."""
        return self.is_new or any(map(self.leads_there, self.jobs))


@dataclass(slots=True, kw_only=True, eq=False)
class DigestWork(Work):
    """
    Many deliveries of one channel as one digest; *also* have a card of their own besides.

    *name* is what only one digest at a time may have, *before* the newest one of that name. The
    *heading* of a burst is left out: it grows.
    """

    name: str
    deliveries: list[Delivery]
    also: list[Delivery] = field(default_factory=list)
    """Those that are still to be listed; *beside* has all of them."""
    beside: tuple[Delivery, ...] = field(init=False)
    heading: str | None = None
    why: str = ""
    before: OpenDigest | None = None
    compared_with: Totals | None = None
    is_forced: bool = False
    """Begins a digest of its own, whether or not another one is still going on."""
    digest: OpenDigest | None = None
    is_claimed: bool = False
    is_parent_new: bool = False
    put_so_far: int = 0
    """Lines that the digest had when this batch began, and those that it has put since."""
    over: frozenset[str] = frozenset()
    """Subjects of those that ended while they waited."""
    in_reply: tuple[str, ...] = ()
    """Subjects in the reply that is being posted."""

    def __post_init__(self) -> None:
        """Keep all that have a card of their own besides."""
        self.beside = tuple(self.also)

    def settle(self) -> None:
        """Give what was not listed the end of the whole."""
        for delivery in self.deliveries:
            if delivery.progress is Progress.PENDING:
                delivery.end(self.progress, self.detail, retry_seconds=self.retry_seconds)
        if self.progress is Progress.FAILED:
            # Said by themselves they may be; they come back to be listed.
            for delivery in self.also:
                delivery.end(Progress.FAILED, self.detail, retry_seconds=self.retry_seconds)
