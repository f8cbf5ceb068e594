"""The work of one run: records, the findings in them, and their deliveries to channels."""

from collections.abc import Mapping, Sequence
from copy import replace
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from finding_router.delivery.alerts.advance import Step, Verdict
from finding_router.delivery.alerts.alert import Alert, Event, Status, form_of, status_of
from finding_router.delivery.alerts.identity import (
    REQUESTED,
    AlertKey,
    finding_hash,
    raw_hash,
    subject_of,
)
from finding_router.delivery.outcome import Outcome, Progress
from finding_router.findings.events import EventKind
from finding_router.findings.finding import Finding, Severity
from finding_router.findings.outline import Outline
from finding_router.findings.standards import standard_name

if TYPE_CHECKING:
    from finding_router.delivery.posting.layout import Card
    from finding_router.routing.table import Destination

# Only a long backlog, or a redrive, lets an event wait so long before its first try.
_OLD_SECONDS: Final = 900.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record:
    """
    One record of a queue, or a bare event (then *id* and *receipt* are None).

    *first_id* is the id that it had in FindingsQueue, for the log. *age_seconds* counts from its
    arrival in its queue. *digests* are the channels for whose digests an earlier run put it off.
    """

    body: object
    id: str | None = None
    receipt: str | None = None
    tries: int = 1
    first_id: str | None = None
    age_seconds: float = 0.0
    digests: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """One finding of one record, on its way to an outcome."""

    record: Record
    kind: EventKind | None = None
    event_id: str = ""
    action_name: str | None = None
    event: Mapping[str, Any] = field(default_factory=dict)
    """The event that brought the finding: patterns of whole rules are matched against it."""
    sent_at: float | None = None
    """The event's time in Unix seconds; None if it has none."""
    raw: object = None
    outline: Outline | None = None
    """Read first; *finding* is None until it is needed."""
    finding: Finding | None = None
    is_unread_event: bool = False
    """A whole event of Security Hub's that could not be read, in place of its findings."""
    outcome: Outcome | None = None
    detail: str = ""
    retry_seconds: float = 0.0
    is_urgent: bool = False
    """It is posted before those that may wait."""
    digests: set[str] = field(default_factory=set)
    """Channels in whose digests the backlog is to list it."""
    dropped_by: str | None = None
    """The route that keeps it from every channel."""
    suppress: bool = False
    is_held: bool = False
    """A channel hears of the finding later: it is not marked before that."""
    is_owed: bool = False
    """It was held, and a channel that was to hear of it at once had not: that one marks it."""
    is_followed: bool = False
    """It may change an alert that was said: an end, or more of the same."""
    shadowed: tuple[str, ...] = ()
    """Channels that shadow routes would have posted to."""
    known_as: str | None = None
    """Subject of its alert, if the Ledger has it under another one than `subject_of` gives."""
    deliveries: list["Delivery"] = field(default_factory=list)

    @property
    def about(self) -> Finding | Outline | None:
        """Return as much of the finding as was read; None if it cannot be read."""
        return self.finding or self.outline

    @property
    def member(self) -> str:
        """Return the name of the finding; of one that cannot be read, a name for its content."""
        if self.about is None:
            return raw_hash(self.raw, or_else=self.event_id)
        return finding_hash(*self.about.key)

    @property
    def own_subject(self) -> str:
        """Return the name of the thing that the finding is about, as its event alone has it."""
        return self.member if self.about is None else subject_of(self.about)

    @property
    def subject(self) -> str:
        """Return the name of the thing that the finding is about."""
        return self.known_as or self.own_subject

    @property
    def is_requested(self) -> bool:
        """Return True if a person sent the finding with a Custom Action."""
        return self.kind is EventKind.CUSTOM_ACTION

    @property
    def is_unmarked(self) -> bool:
        """Return True if its finding is open, in a form that has no NOTIFIED for what was said."""
        if self.finding is None or self.is_requested:
            return False
        return status_of(self.finding) is Status.OPEN

    @property
    def facts(self) -> Event:
        """Return the facts of its event, as the rules of an alert take them."""
        if self.finding is None:
            member = raw_hash(self.raw, or_else=self.event_id)
            return Event(member=member, status=Status.NEW, severity=Severity.CRITICAL)
        return Event(
            member=self.member,
            status=Status.NEW if self.is_requested else status_of(self.finding),
            severity=self.finding.severity,
            updated_at=self.finding.updated_at,
            sent_at=self.sent_at,
            standard=standard_name(self.finding),
            form=form_of(self.finding),
        )

    def alert_key(self, channel: str) -> AlertKey:
        """Return the deduplication key in *channel*; each press of a Custom Action has its own."""
        if self.finding is not None and self.is_requested:
            subject = finding_hash(*self.finding.key)
            return AlertKey(subject, f"{channel}{REQUESTED}{self.event_id}")
        return AlertKey(self.subject, channel)

    def may_have_been_tried(self, now: float) -> bool:
        """
        Return True if an earlier try may have got halfway.

        A redrive counts the receives of a record from one again; its event is old by then.
        """
        is_old = self.sent_at is not None and now - self.sent_at > _OLD_SECONDS
        return self.record.tries > 1 or is_old

    def drop_event(self) -> None:
        """Forget the event, of which the report needs no more than was read."""
        if self.finding is None:
            return
        self.record = replace(self.record, body=None)
        self.event, self.raw = {}, None
        self.finding = replace(self.finding, raw={})
        for each in self.deliveries:
            if each.card.finding is not None:
                each.card = replace(each.card, raw=None, finding=self.finding)

    def end(self, outcome: Outcome, detail: str = "") -> None:
        """Set the outcome, with *detail* for the log."""
        self.outcome, self.detail = outcome, detail

    def fail(self, detail: str, *, retry_seconds: float = 0.0) -> None:
        """Send the record back to the queue for *retry_seconds* at least."""
        self.end(Outcome.FAILED, detail)
        self.retry_seconds = max(self.retry_seconds, retry_seconds)

    def wait(self, detail: str, *, retry_seconds: float = 0.0) -> None:
        """Put the record off for *retry_seconds* at least."""
        self.end(Outcome.WAITING, detail)
        self.retry_seconds = max(self.retry_seconds, retry_seconds)

    def come_again_like(self, other: "Job", detail: str) -> None:
        """Put the record off, or fail it, as that of *other* was."""
        again = self.wait if other.outcome is Outcome.WAITING else self.fail
        again(detail, retry_seconds=other.retry_seconds)

    def ended(self, finding: Finding, *, at: float) -> "Job":
        """Return the job of an event that would tell of the end of *finding*, sent *at*."""
        end = replace(self, finding=finding, sent_at=at, deliveries=[], is_followed=True)
        end.end(Outcome.NOT_NEW)
        return end


@dataclass(slots=True, kw_only=True, eq=False)
class Delivery:
    """
    The events of one batch about one alert, and how far telling of them got.

    *jobs* are in the order of their events, the newest last; *card* lays out the finding of *job*.
    *alert* is as the Ledger has it, and *step* follows from it and the events.
    """

    key: AlertKey
    destination: "Destination"
    jobs: Sequence[Job]
    job: Job
    card: "Card"
    events: Sequence[Event]
    alert: Alert
    step: Step
    is_news_here: bool = False
    """The finding got worse elsewhere, and a route leads here now."""
    progress: Progress = Progress.PENDING
    detail: str = ""
    retry_seconds: float = 0.0
    is_noted: bool = False
    """The Ledger has the events, of which nothing shows."""
    is_beside: bool = False
    """A digest is to list it besides its card."""
    listed_in: str | None = None
    """Id of the digest that listed it before its card was claimed."""
    ticket: str | None = None
    """Where its route has a ticket made of it without being asked; None if it does not."""
    refused_with: str | None = None
    """Slack's code if its channel takes no messages: it goes to the default channel."""

    @property
    def severity(self) -> Severity:
        """Return the severity that is said."""
        return self.step.alert.worst_there

    @property
    def is_news(self) -> bool:
        """Return True if a message is to be posted, as opposed to one that is changed."""
        return self.step.verdict in _NEWS

    @property
    def is_requested(self) -> bool:
        """Return True if a person asked for it: nothing is said of it later."""
        return self.job.is_requested

    def noted(self, at: float) -> Alert:
        """Return the next version of the alert, with its events, of which nothing shows."""
        return replace(self.alert, members=self.step.alert.members).noted(at=at)

    @property
    def is_undone(self) -> bool:
        """Return True if its records come again."""
        return self.progress in {Progress.FAILED, Progress.WAITING}

    def end(self, progress: Progress, detail: str = "", *, retry_seconds: float = 0.0) -> None:
        """Set how far it got in this run, with *detail* for the log."""
        self.progress, self.detail, self.retry_seconds = progress, detail, retry_seconds

    def fail(self, detail: str, *, retry_seconds: float = 0.0) -> None:
        """Send its records back for *retry_seconds*."""
        self.end(Progress.FAILED, detail, retry_seconds=retry_seconds)

    def wait(self, detail: str, *, retry_seconds: float = 0.0) -> None:
        """Put its records off for *retry_seconds*: nothing went wrong."""
        self.end(Progress.WAITING, detail, retry_seconds=retry_seconds)


_NEWS: Final = frozenset({Verdict.POST, Verdict.REOPEN, Verdict.RISE})
