"""
One item of the Ledger: an alert, its members, and the claim of the worker that posts about it.

A worker claims the alert by a conditional write, posts, and records where the message stands:

.. code-block:: text

    nothing ──claimed()──► claim, leased ──said()──► shown in Slack
                             │        │
              released() ◄───┘        └── lease over: the worker died, `claim` stays
          (surely not posted:              and the next worker searches Slack first
           no claim is left)
"""

from collections.abc import Iterable, Mapping
from copy import replace
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from finding_router.delivery.alerts.care import Care
from finding_router.delivery.alerts.identity import AlertKey, hash_of
from finding_router.findings.ending import Ended, ending_of
from finding_router.findings.finding import Finding, Severity
from finding_router.findings.ocsf import is_ocsf
from finding_router.findings.timestamps import parse_timestamp

# A card shows no more of a title.
TITLE_CHARS = 300
_NEVER = datetime.min.replace(tzinfo=UTC)

# UpdatedAt of an event, and the time when it was sent, in Unix seconds.
type Moment = tuple[str | None, float | None]


class Status(StrEnum):
    """State of a finding in one event."""

    NEW = "new"
    """Open, and its Workflow status is NEW."""
    OPEN = "open"
    """Open, where Security Hub has no NOTIFIED: news, but no sign of an end that was missed."""
    ONGOING = "ongoing"
    """Open, and NOTIFIED, or of a status that Security Hub does not define."""
    ENDED = "ended"
    """Archived, passed, resolved or suppressed."""


class Form(StrEnum):
    """The form of an event, which tells the Security Hub that sent it."""

    ASFF = "asff"
    """Security Hub CSPM's."""
    OCSF = "ocsf"
    """AWS Security Hub's, "V2"."""


def form_of(finding: Finding) -> Form:
    """Return the form in which *finding* came."""
    return Form.OCSF if is_ocsf(finding.raw) else Form.ASFF


def status_of(finding: Finding) -> Status:
    """Return the state that Security Hub holds for *finding*."""
    if ending_of(finding) is not None:
        return Status.ENDED
    if finding.workflow_status != "NEW":
        return Status.ONGOING
    return Status.OPEN if form_of(finding) is Form.OCSF else Status.NEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    The facts of one event about one finding; *member* is the finding's hash.

    *updated_at* is the finding's UpdatedAt as written, *sent_at* the event's time in Unix seconds.
    """

    member: str
    status: Status
    severity: Severity
    updated_at: str | None = None
    sent_at: float | None = None
    standard: str | None = None
    form: Form = Form.ASFF

    @property
    def is_there(self) -> bool:
        """Return True if the finding is open."""
        return self.status is not Status.ENDED

    @property
    def moment(self) -> Moment:
        """Return the moment that the event is about."""
        return self.updated_at, self.sent_at

    @property
    def remembered(self) -> "Event":
        """Return the event as a member keeps it: a finding that is OPEN goes on from then on."""
        return replace(self, status=Status.ONGOING) if self.status is Status.OPEN else self

    @property
    def order(self) -> tuple[datetime, float, int, int]:
        """
        Return the sort key of events about one finding in one form, the newest last.

        Products move UpdatedAt with each change; people and Security Hub leave it as it is, so that
        the time of the event decides between equals. Of events that have both in common, an end
        comes last, then the more severe.
        """
        updated_at = parse_timestamp(self.updated_at) or _NEVER
        sent_at = float("-inf") if self.sent_at is None else self.sent_at
        return updated_at, sent_at, list(Status).index(self.status), self.severity.rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """
    The newest event about a finding in one form, and the last changes that this form showed.

    *turned_at* is the Unix second at which the finding ended or returned, *graded_at* that of the
    last change of its severity; None if there is none.
    """

    newest: Event
    turned_at: float | None = None
    graded_at: float | None = None

    @classmethod
    def first(cls, event: Event) -> "Heard":
        """
        Return the register of a form that was not heard before.

        An open finding is no news then: it may be what the other form said long ago. It has been
        open since its product's last update at the latest.
        """
        updated_at, sent_at = _seconds(event.updated_at), event.sent_at
        if updated_at is None or sent_at is None:
            return cls(newest=event, turned_at=sent_at if updated_at is None else updated_at)
        return cls(newest=event, turned_at=min(updated_at, sent_at) if event.is_there else sent_at)

    def merged(self, event: Event, *, is_reset: bool = False) -> "Heard":
        """Return the register after *event*; with *is_reset* it shows an end that no event did."""
        if event.order <= self.newest.order:
            return self
        at = self._at(event)
        is_turned = is_reset or event.is_there is not self.newest.is_there
        is_graded = event.severity is not self.newest.severity
        return Heard(
            newest=event,
            turned_at=at if is_turned else self.turned_at,
            graded_at=at if is_graded else self.graded_at,
        )

    def _at(self, event: Event) -> float | None:
        """Return when the change took place that *event* shows: products move UpdatedAt."""
        updated_at, before = _seconds(event.updated_at), _seconds(self.newest.updated_at)
        if updated_at is None or (before is not None and updated_at <= before):
            return self.turned_at if event.sent_at is None else event.sent_at
        return updated_at if event.sent_at is None else min(updated_at, event.sent_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """
    One finding of an alert: what each form of it said, and when it was marked.

    The two Security Hubs keep a finding apart, and may disagree about it for as long as nobody
    changes the other. The last change counts, by whichever form: an event that repeats the state
    of its own form says nothing about the state of the other.

    *notified_at* is the Unix second at which Security Hub CSPM took NOTIFIED, or a person's status
    was seen instead; None until then. *is_notified* is False again once the finding ended.
    """

    heard: Mapping[Form, Heard]
    notified_at: float | None = None
    is_notified: bool = False

    @classmethod
    def of(cls, event: Event) -> "Member":
        """Return the register of a finding that was not heard of before."""
        return cls(heard={event.form: Heard.first(event)})

    @property
    def decisive(self) -> Heard:
        """Return the register of the form that ended or returned last."""
        return max(
            self.heard.values(),
            key=lambda each: (
                _or_never(each.turned_at),
                not each.newest.is_there,
                each.newest.form,
            ),
        )

    @property
    def newest(self) -> Event:
        """Return the newest event of the form that ended or returned last."""
        return self.decisive.newest

    @property
    def severity(self) -> Severity:
        """Return the severity that changed last, or the worst one if none ever did."""
        graded = max(
            self.heard.values(),
            key=lambda each: (_or_never(each.graded_at), each.newest.severity.rank),
        )
        return graded.newest.severity

    @property
    def standard(self) -> str | None:
        """Return the finding's standard; ASFF's has the control's id in it as well."""
        return self.heard[min(self.heard)].newest.standard

    @property
    def is_there(self) -> bool:
        """Return True while the finding is open."""
        return self.newest.is_there

    @property
    def is_to_notify(self) -> bool:
        """
        Return True if Security Hub is to be asked, and the finding marked if it is still NEW.

        That also finds out about an end whose event came before anything was said.
        """
        return self.is_there and not self.is_notified

    @property
    def is_to_mark_again(self) -> bool:
        """Return True if a mark of an earlier episode says nothing about the next."""
        return self._is_new or self.is_to_notify

    @property
    def _is_new(self) -> bool:
        known = self.heard.get(Form.ASFF)
        return known is not None and known.newest.status is Status.NEW

    def knows(self, event: Event) -> bool:
        """Return True if *event* is the newest of its form."""
        known = self.heard.get(event.form)
        return known is not None and known.newest == event.remembered

    def merged(self, event: Event, *, settle_seconds: float = float("inf")) -> "Member":
        """Return the registers after *event*, in any order; the newest of each form counts."""
        known = self.heard.get(event.form)
        if known is None:
            heard = Heard.first(event)
        else:
            is_reset = not self.is_back_unseen(settle_seconds) and self._is_late(
                event, settle_seconds
            )
            heard = known.merged(event, is_reset=is_reset)
        is_notified = self.is_notified
        is_repeated = known is not None and known.turned_at == heard.turned_at
        if event.status is Status.ENDED and not (event.form is Form.OCSF and is_repeated):
            # Security Hub resets NOTIFIED when the finding returns: it is to be marked again.
            is_before_mark = (
                event.sent_at is not None
                and self.notified_at is not None
                and event.sent_at <= self.notified_at
            )
            is_newer = known is not None and heard != known
            is_notified = is_notified and is_before_mark and not is_newer
        return replace(self, heard={**self.heard, event.form: heard}, is_notified=is_notified)

    def is_back_unseen(self, settle_seconds: float) -> bool:
        """
        Return True if the finding ended and returned without an event of its end.

        Security Hub sends more NEW events for minutes after NOTIFIED was set, because
        BatchUpdateFindings is asynchronous; a later one can only be a reset of the status.
        """
        known = self.heard.get(Form.ASFF)
        return known is not None and self._is_late(known.newest, settle_seconds)

    def _is_late(self, event: Event, settle_seconds: float) -> bool:
        return (
            event.status is Status.NEW
            and self.notified_at is not None
            and event.sent_at is not None
            and event.sent_at - self.notified_at > settle_seconds
        )


def _or_never(at: float | None) -> float:
    return float("-inf") if at is None else at


def _seconds(timestamp: str | None) -> float | None:
    moment = parse_timestamp(timestamp)
    return None if moment is None else moment.timestamp()


class Saying(StrEnum):
    """Kind of message that a claim is for."""

    CARD = "card"
    REOPEN = "reopen"
    RISE = "rise"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """
    A worker's right to post the next message of an alert; times are Unix seconds.

    *worker* makes two equal claims different: without it both workers would believe that they won.
    *digest* is the id of the digest that is to list the alert; None for a message of its own.
    """

    saying: Saying
    severity: Severity
    """Severity that the message shows."""
    moment: Moment
    """Moment of the newest event that the message is about."""
    claimed_at: float
    lease_until: float
    worker: str
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """
    A subject in a channel: the newest known state of its findings, and the state in Slack.

    *version* makes writes conditional: 0 means that no item is stored. *posted_to* and *ts* name
    the card, or the parent of the digest that lists the alert; later messages go into its thread.
    A forgotten alert counts as shown and has no *ts*.
    """

    key: AlertKey
    version: int = 0
    members: Mapping[str, Member] = field(default_factory=dict)
    episode: int = 0
    """Number of times that the alert was opened in Slack."""
    sequence: int = 0
    """Number of messages said, so that each has a name of its own."""
    is_shown: bool = False
    """The last message says that the alert is open."""
    ended_as: Ended | None = None
    """The end that the card shows, for when it is drawn again by an older event."""
    severity: Severity = Severity.INFORMATIONAL
    """Severity that Slack shows."""
    worst: Severity = Severity.INFORMATIONAL
    """Highest severity that was said in this episode."""
    risen_from: Severity | None = None
    """Severity before the last rise of this episode."""
    risen_at: Moment | None = None
    """Moment of the event that showed the last rise."""
    is_card_stale: bool = False
    """A reply said more than the card shows: the card is to be updated."""
    posted_to: str | None = None
    ts: str | None = None
    posted_at: float | None = None
    digest: str | None = None
    """Id of the digest that lists the alert instead of a card."""
    is_unlisted: bool = False
    """The alert has a card, and the digest of its burst is to list it besides."""
    listed_in: str | None = None
    """Id of the digest that lists the alert besides its card."""
    title: str | None = None
    """Title that the card keeps, of an alert that may have several members."""
    titled_by: str | None = None
    """Member that *title* is of."""
    claim: Claim | None = None
    names: Mapping[str, Mapping[Form, tuple[str, ...]]] = field(default_factory=dict)
    """By member: the finding's key in the calls of each Security Hub, where people may act."""
    care: Care = field(default_factory=Care)
    marks_until: float | None = None
    """Unix second until which a run may still mark what is to be NOTIFIED, where people may act."""
    remind_at: float | None = None
    """Unix second of the first reminder of its newest news; its other reminders go by that."""
    touched_at: float = 0.0
    """Unix second of the last claim or change, from which the item's expiry is counted."""

    @property
    def is_there(self) -> bool:
        """Return True while any member is open."""
        return any(member.is_there for member in self.members.values())

    @property
    def worst_there(self) -> Severity:
        """Return the worst severity among the open members, or the shown one without any."""
        there = [each.severity for each in self.members.values() if each.is_there]
        return max(there, key=lambda severity: severity.rank, default=self.severity)

    @property
    def standards(self) -> frozenset[str]:
        """Return the standards whose findings are open, or once none is, all that were."""
        there = [each for each in self.members.values() if each.is_there]
        names = (each.standard for each in there or self.members.values())
        return frozenset(name for name in names if name)

    @property
    def is_forgotten(self) -> bool:
        """Return True if a silence forgot the alert before it was posted."""
        return self.episode > 0 and self.ts is None

    @property
    def delivery_id(self) -> str:
        """Return the name of the next message: the same for each try, another once it is said."""
        return hash_of([self.key.subject, self.key.channel, self.sequence + 1])

    def is_leased(self, now: float) -> bool:
        """Return True while a worker holds the claim."""
        return self.claim is not None and now < self.claim.lease_until

    def may_be_marked(self, now: float) -> bool:
        """Return True while a run may be marking a finding: a person's status has to wait."""
        is_to_notify = any(each.is_to_notify for each in self.members.values())
        return is_to_notify and self.marks_until is not None and now < self.marks_until

    def is_to_notify(self, member: str) -> bool:
        """Return True if the finding *member* is to become NOTIFIED."""
        known = self.members.get(member)
        return known is not None and known.is_to_notify

    def merged(self, events: Iterable[Event], *, settle_seconds: float = float("inf")) -> "Alert":
        """Return the alert with the newest of *events* in its members; nothing else changes."""
        members = dict(self.members)
        for event in (each.remembered for each in events):
            known = members.get(event.member)
            members[event.member] = (
                known.merged(event, settle_seconds=settle_seconds) if known else Member.of(event)
            )
        return replace(self, members=members) if members != self.members else self

    def claimed(self, claim: Claim) -> "Alert":
        """Return the next version, in which *claim* stands for the message to come."""
        return replace(self, version=self.version + 1, claim=claim, touched_at=claim.claimed_at)

    def released(self) -> "Alert":
        """Return the next version after a try that surely posted nothing."""
        return replace(self, version=self.version + 1, claim=None)

    def abandoned(self) -> "Alert":
        """Return the next version after a try that may have posted: the next one searches."""
        if self.claim is None:
            return self
        return replace(self, version=self.version + 1, claim=replace(self.claim, lease_until=0.0))

    def detached(self) -> "Alert":
        """Return the alert without its card, which is gone: the next message stands alone."""
        return replace(self, posted_to=None, ts=None, is_card_stale=False)

    def cared_for(self, care: Care, *, at: float) -> "Alert":
        """Return the next version, with the *care* that its card does not show yet."""
        return replace(self, version=self.version + 1, care=care, is_card_stale=True, touched_at=at)

    def disowned(self, *, may_be_posted: bool) -> "Alert":
        """Return this version without its claim, or with one that no worker has, to be searched."""
        claim = self.claim
        if claim is None or not may_be_posted:
            return replace(self, claim=None)
        return replace(self, claim=replace(claim, worker=""))

    def outdated(self) -> "Alert":
        """Return the next version, whose card may show an older state."""
        return replace(self, version=self.version + 1, is_card_stale=True)

    def marking(self, until: float) -> "Alert":
        """Return the next version, in which a run may mark its findings *until* then."""
        return replace(self, version=self.version + 1, marks_until=until)

    def said(
        self, *, channel: str, ts: str, at: float, marks_until: float | None = None
    ) -> "Alert":
        """
        Return the next version: the claimed message stands in *channel* (an id) as *ts*.

        The run marks its findings next, until *marks_until* at the latest.
        """
        claim = self.claim
        if claim is None:
            return self
        is_reply = claim.saying is not Saying.CARD and self.ts is not None
        after = replace(
            self,
            version=self.version + 1,
            claim=None,
            sequence=self.sequence + 1,
            touched_at=at,
            posted_to=self.posted_to if is_reply else channel,
            ts=self.ts if is_reply else ts,
            digest=claim.digest or (self.digest if is_reply else None),
            marks_until=marks_until,
        )
        if claim.saying is Saying.END:
            return replace(after, is_shown=False, is_card_stale=False)
        after = replace(after, is_shown=True, severity=claim.severity, is_card_stale=is_reply)
        if claim.saying is Saying.RISE:
            return replace(
                after,
                worst=claim.severity,
                risen_from=self.worst,
                risen_at=claim.moment,
                # The snooze was of the lower severity.
                care=replace(self.care, snooze=None),
            )
        return after.opened(at=at)

    def opened(self, *, at: float) -> "Alert":
        """Return the alert at the beginning of its next episode, said at Unix second *at*."""
        members = {
            name: Member(heard=each.heard) if each.is_to_mark_again else each
            for name, each in self.members.items()
        }
        return replace(
            self,
            members=members,
            episode=self.episode + 1,
            is_shown=True,
            ended_as=None,
            worst=self.severity,
            risen_from=None,
            risen_at=None,
            posted_at=at,
            care=self.care.of_next_episode,
        )

    def forgotten(self, *, at: float) -> "Alert":
        """Return the next version as if a card had been posted: a silence forgets it."""
        severity = self.worst_there
        after = replace(self, version=self.version + 1, severity=severity, touched_at=at)
        return after.opened(at=at)

    def shown(self, *, at: float, ended_as: Ended | None = None) -> "Alert":
        """Return the next version, with a card that shows the newest known state, or *ended_as*."""
        return replace(
            self,
            version=self.version + 1,
            is_shown=self.is_there,
            ended_as=None if self.is_there else ended_as,
            severity=self.worst_there,
            is_card_stale=False,
            touched_at=at,
        )

    def listed(self, digest: str) -> "Alert":
        """Return the next version, listed in *digest* besides its card."""
        return replace(self, version=self.version + 1, is_unlisted=False, listed_in=digest)

    def noted(self, *, at: float) -> "Alert":
        """Return the next version of an alert of which Slack shows nothing new."""
        return replace(self, version=self.version + 1, touched_at=at)
