"""The Ledger: what was said about a finding in a channel, and how far the last try got."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item of the Ledger; times are Unix seconds, *version* makes writes conditional."""

    key: EntryKey
    state: State
    episode: int
    version: int
    claimed_at: float
    lease_until: float
    claimed_by: str = ""
    """The worker: without it two could write the same claim, and both believe that they won."""
    severity: Severity | None = None
    updated_at: str | None = None
    posted_to: str | None = None
    ts: str | None = None
    posted_at: float | None = None
    notified_at: float | None = None

    @property
    def delivery_id(self) -> str:
        """Name this message: the same for every try, another for the next episode."""
        return _digest([self.key.finding, self.key.channel, self.episode])

    def released(self) -> "Entry":
        """Give the entry as it stands after a try that surely posted nothing."""
        return replace(self, state=State.RELEASED, lease_until=0.0, version=self.version + 1)

    def abandoned(self) -> "Entry":
        """Give the entry as it stands after a try that may have posted: the next one looks."""
        return replace(self, lease_until=0.0, version=self.version + 1)

    def posted(self, *, channel: str, ts: str, at: float) -> "Entry":
        """Give the entry as it stands once *channel* holds the message *ts*."""
        return replace(
            self,
            state=State.POSTED,
            lease_until=0.0,
            version=self.version + 1,
            posted_to=channel,
            ts=ts,
            posted_at=at,
            notified_at=None,
        )


class Ledger(Protocol):
    """
    The store of entries; every method raises StoreError where it does not answer.

    Writes are conditional on the version that was read, so that two workers cannot both win.
    """

    def read(self, keys: Iterable[EntryKey]) -> Mapping[EntryKey, Entry]:
        """Give the entries there are, strongly consistent."""

    def write(self, entry: Entry) -> bool:
        """Put *entry* if its version is the one after the stored; tell whether it was."""

    def record_notified(self, keys: Sequence[EntryKey], *, at: float) -> None:
        """Remember that Security Hub took NOTIFIED for these, at Unix second *at*."""

    def once(self, topic: str, *, every_seconds: float, now: float) -> bool:
        """Tell whether *topic* is due: true at most once in *every_seconds*, for all workers."""


def finding_hash(product_arn: str, finding_id: str) -> str:
    """Name a finding by its identity, (ProductArn, Id)."""
    return _digest([product_arn, finding_id])


def raw_hash(raw: object, *, or_else: str) -> str:
    """Name what has no identity by its content, or where that nests too deeply by *or_else*."""
    try:
        return _digest(["raw", raw])
    except RecursionError:
        return _digest(["raw of", or_else])


def _digest(parts: object) -> str:
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:40]
