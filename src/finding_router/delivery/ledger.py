"""The Ledger: what was said about a finding in a channel, and how far the last try got."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from finding_router.delivery.moments import Gap, Moment
from finding_router.findings.finding import Severity


class State(StrEnum):
    """How far an episode got in one channel."""

    CLAIMED = "claimed"
    """A worker posts it, or died doing so: after the lease nobody knows whether it is there."""
    RELEASED = "released"
    """A worker gave it back and knows that it was not posted."""
    POSTED = "posted"


@dataclass(frozen=True, slots=True)
class EntryKey:
    """A finding (hash of its identity) in a channel (as routed, not as resolved)."""

    finding: str
    channel: str


class Saying(StrEnum):
    """What a claim is about to say."""

    CARD = "card"
    REOPEN = "reopen"
    RISE = "rise"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """
    One finding of an entry: the only one, or one of several standards' about the same thing.

    *said_at*, *heard_at* and *ended_at* are UpdatedAt of events: of the one that was said, of the
    newest one that was heard while it was there, and of the one that ended it. The times of each
    event, and *notified_at*, are Unix seconds.
    """

    said_at: str | None
    heard_at: str | None
    said_event_at: float | None = None
    heard_event_at: float | None = None
    ended_at: str | None = None
    ended_event_at: float | None = None
    notified_at: float | None = None
    standard: str | None = None
    severity: Severity | None = None
    """As heard last; None in entries of before it was kept for each."""
    gap: Gap | None = None
    """When it was away last; None where it is there, and all that was before is said."""

    @property
    def said(self) -> Moment:
        """Give the moment of what was said."""
        return self.said_at, self.said_event_at

    @property
    def heard(self) -> Moment:
        """Give the moment of what was heard last."""
        return self.heard_at, self.heard_event_at

    @property
    def ended(self) -> Moment:
        """Give the moment of its end."""
        return self.ended_at, self.ended_event_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One item of the Ledger; times are Unix seconds, *version* makes writes conditional.

    *severity* is the highest that was said in the episode, *shown* the one on the card, and
    *said_before* the one from which a rise is being said. *ts* is the card, or the parent of the
    digest that lists it; what is said later goes into its thread. A finding that was forgotten is
    POSTED without one.

    An episode lasts from when the first of its findings is there until none is.
    """

    key: EntryKey
    state: State
    saying: Saying
    episode: int
    sequence: int
    """Counts what was said, so that each message has a name of its own."""
    version: int
    claimed_at: float
    lease_until: float
    claimed_by: str
    """The worker: without it two could write the same claim, and both believe that they won."""
    severity: Severity
    shown: Severity
    members: Mapping[str, Member]
    posted_to: str | None = None
    ts: str | None = None
    posted_at: float | None = None
    digest: str | None = None
    said_before: Severity | None = None

    @property
    def delivery_id(self) -> str:
        """Name the message being said: the same for every try, another for the next one."""
        return digest_of([self.key.finding, self.key.channel, self.sequence])

    @property
    def is_forgotten(self) -> bool:
        """Tell whether nobody was ever told, and nobody is to be."""
        return self.state is State.POSTED and self.ts is None

    @property
    def is_open(self) -> bool:
        """Tell whether anything of it is still there."""
        return any(member.ended_at is None for member in self.members.values())

    def is_to_notify(self, member: str) -> bool:
        """Tell whether this one is there, and Security Hub did not take NOTIFIED for it yet."""
        held = self.members.get(member)
        return held is None or (held.notified_at is None and held.ended_at is None)

    def is_being_said(self, now: float) -> bool:
        """Tell whether a worker has claimed it, and its lease lasts."""
        return self.state is State.CLAIMED and now < self.lease_until

    def released(self) -> "Entry":
        """Give the entry as it stands after a try that surely posted nothing."""
        return replace(self, state=State.RELEASED, lease_until=0.0, version=self.version + 1)

    def abandoned(self) -> "Entry":
        """Give the entry as it stands after a try that may have posted: the next one looks."""
        return replace(self, lease_until=0.0, version=self.version + 1)

    def forgotten(self) -> "Entry":
        """Give the entry as if what was to be said had been, which it will not be."""
        return replace(self, state=State.POSTED, lease_until=0.0)

    def posted(self, *, channel: str, ts: str, at: float) -> "Entry":
        """Give the entry as it stands once *channel* holds what was being said, as *ts*."""
        is_reply = self.saying is not Saying.CARD and self.ts is not None
        return replace(
            self,
            state=State.POSTED,
            lease_until=0.0,
            version=self.version + 1,
            posted_to=self.posted_to if is_reply else channel,
            ts=self.ts if is_reply else ts,
            posted_at=self.posted_at if self.saying in {Saying.RISE, Saying.END} else at,
        )


@dataclass(frozen=True, slots=True)
class Slot:
    """When something may be done, in Unix seconds; where not *is_taken*, when to ask again."""

    at: float
    is_taken: bool


class Ledger(Protocol):
    """
    The store of entries; every method raises StoreError where it does not answer.

    Writes are conditional on the version that was read, so that two workers cannot both win.
    """

    def read(self, keys: Iterable[EntryKey]) -> Mapping[EntryKey, Entry]:
        """Give the entries there are, strongly consistent."""

    def write(self, entry: Entry) -> bool:
        """Put *entry* if its version is the one after the stored; tell whether it was."""

    def slot(self, name: str, *, every_seconds: float, now: float, latest: float) -> "Slot":
        """Take the next free slot of *name* that starts by *latest*, for all workers together."""

    def slow_down(self, name: str, *, now: float, until: float, row_seconds: float) -> int:
        """
        Give no slot of *name* before *until*; tell how often in a row that was asked for.

        What comes more than *row_seconds* after the end of the last time begins a new row.
        """

    def speed_up(self, name: str) -> None:
        """Forget how often *name* was slowed down: it works."""

    def channels(self, findings: Iterable[str]) -> Mapping[str, Collection[str]]:
        """Give the channels that have an entry about each of these (hashes); most have none."""

    def note_channel(self, key: EntryKey) -> None:
        """Let `channels` know of *key*, before its entry is first written."""

    def record_notified(self, member: str, keys: Sequence[EntryKey], *, at: float) -> None:
        """Remember that Security Hub took NOTIFIED for *member* of these, at Unix second *at*."""

    def once(self, topic: str, *, by: str, every_seconds: float, now: float) -> bool:
        """
        Tell whether *topic* is due; from now on it is not for *every_seconds*, for all workers.

        Only to *by*, whom it was granted to, it is granted again: what did not get through may be
        tried again, and the time is counted anew.
        """


def finding_hash(product_arn: str, finding_id: str) -> str:
    """Name a finding by its identity, (ProductArn, Id)."""
    return digest_of([product_arn, finding_id])


def raw_hash(raw: object, *, or_else: str) -> str:
    """Name what has no identity by its content, or where that nests too deeply by *or_else*."""
    try:
        return digest_of(["raw", raw])
    except RecursionError:
        return digest_of(["raw of", or_else])


def digest_of(parts: object) -> str:
    """Make a short name of JSON values, the same for the same values."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:40]
