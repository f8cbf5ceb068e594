"""The work of one batch: findings to say, and the messages that say them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from finding_router.delivery.cards import Card
from finding_router.delivery.episodes import News
from finding_router.delivery.ledger import Entry, EntryKey
from finding_router.delivery.outcome import Outcome
from finding_router.findings.events import EventKind
from finding_router.findings.finding import Finding, Severity
from finding_router.routing.table import Destination
from finding_router.slack.client import Posted


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
    deliveries: list["Delivery"] = field(default_factory=list)

    def end(self, outcome: Outcome, detail: str = "") -> None:
        """Give the job its outcome, with *detail* for the log."""
        self.outcome, self.detail = outcome, detail

    def fail(self, detail: str, *, retry_seconds: float = 0.0) -> None:
        """Send the record back to the queue, to be seen again after *retry_seconds* at least."""
        self.end(Outcome.FAILED, detail)
        self.retry_seconds = max(self.retry_seconds, retry_seconds)


class Progress(StrEnum):
    """How far a delivery got in this batch."""

    PENDING = "pending"
    POSTED = "posted"
    UPDATED = "updated"
    """The card was changed; nobody was called."""
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"
    """About nothing that was ever said here."""
    FAILED = "failed"


@dataclass(slots=True, kw_only=True, eq=False)
class Delivery:
    """
    What one channel is to hear of one thing; several jobs of a batch may be about the same.

    *after* is the delivery of the same key that comes first: events of one finding are told in
    their order.
    """

    key: EntryKey
    destination: Destination
    card: Card
    severity: Severity
    jobs: list[Job]
    news: dict[str, News]
    """What the jobs tell, by member."""
    after: "Delivery | None" = None
    progress: Progress = Progress.PENDING
    detail: str = ""
    retry_seconds: float = 0.0
    entry: Entry | None = None
    said_before: Severity | None = None
    """The severity that the channel knows of, where it is to hear that it rose."""
    is_claimed: bool = False
    is_doubtful: bool = False
    """Claimed, and nobody knows whether it was posted: to be looked for before posting."""
    is_plain: bool = False
    """Slack refused the full card: the plain one takes its place."""
    banner: str | None = None
    """Set when the channel would not take it: what the default channel says above the card."""
    posted: Posted | None = None
    """Where the message stands, from the moment that it is there: recorded or not."""

    @property
    def job(self) -> Job:
        """Give the job whose finding the message shows: the newest."""
        return self.jobs[-1]

    def channel(self, default_channel: str) -> str:
        """Give the channel to post to now: where its card is, its own, or the default one."""
        if self.banner is not None:
            return default_channel
        if self.entry is not None and self.entry.posted_to is not None:
            return self.entry.posted_to
        return self.destination.channel

    def end(self, progress: Progress, detail: str = "", *, retry_seconds: float = 0.0) -> None:
        """Give the delivery its end in this batch."""
        self.progress, self.detail, self.retry_seconds = progress, detail, retry_seconds
