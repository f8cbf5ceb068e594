"""The port of the digests: the open one of each name, and the lines that each lists."""

from collections.abc import Iterable, Sequence
from copy import replace
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from finding_router.delivery.alerts.care import Person
from finding_router.delivery.alerts.identity import hash_of
from finding_router.findings.digest import Line, Totals
from finding_router.slack.kit.refused import Banner

# So many lines are read by one call of DynamoDB.
FEW_LINES: Final = 500
# A reply of a hundred lines takes about a second of a channel.
SECONDS_A_LINE: Final = 0.01


class DigestState(StrEnum):
    """How far the parent of a digest got."""

    CLAIMED = "claimed"
    """A worker posts it; after the lease it may be posted or not."""
    RELEASED = "released"
    """A worker gave it back and knows that it was not posted."""
    POSTED = "posted"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDigest:
    """
    A digest as the Ledger keeps it; times are Unix seconds, *version* makes writes conditional.

    *name* belongs to one digest at a time: the channel of a burst, or the occasion of held
    findings. *ts* is the parent of its thread; *heading* and *why* are its words.
    """

    name: str
    channel: str
    number: int
    state: DigestState
    version: int
    claimed_at: float
    lease_until: float
    claimed_by: str
    started_at: float
    last_at: float
    heading: str = ""
    why: str = ""
    routes: tuple[str, ...] = ()
    mention: tuple[str, ...] = ()
    meant_for: tuple[str, ...] = ()
    """Channels that take no messages, each with Slack's code: "#a: is_archived"."""
    posted_to: str | None = None
    ts: str | None = None
    before: Totals | None = None
    """The totals of the digest before it, to be compared with."""

    @property
    def digest_id(self) -> str:
        """Return the name of this digest, for its lines and for the metadata of its parent."""
        return hash_of(["digest", self.name, self.number])

    @property
    def banner(self) -> Banner | None:
        """Return the banner of a digest that was meant for other channels."""
        if not self.meant_for:
            return None
        refused = (each.rpartition(": ") for each in self.meant_for)
        return Banner(
            refused=tuple((channel, code) for channel, _, code in refused),
            # One of several may lead to another channel, and be right.
            routes=self.routes if len(self.routes) == 1 else (),
        )

    def is_leased(self, now: float) -> bool:
        """Return True while a worker is posting the parent."""
        return self.state is DigestState.CLAIMED and now < self.lease_until

    def again(self, *, now: float, lease_until: float, worker: str) -> "OpenDigest":
        """Return the next version, claimed or gone on with by another *worker*."""
        is_posted = self.state is DigestState.POSTED
        return replace(
            self,
            state=DigestState.POSTED if is_posted else DigestState.CLAIMED,
            version=self.version + 1,
            lease_until=0.0 if is_posted else lease_until,
            claimed_by=worker,
            last_at=now,
        )

    def given_back(self, *, may_be_posted: bool) -> "OpenDigest":
        """Return the next version after a try that ended early; the parent *may_be_posted*."""
        state = DigestState.CLAIMED if may_be_posted else DigestState.RELEASED
        return replace(self, state=state, version=self.version + 1, lease_until=0.0)

    def posted(self, *, channel: str, ts: str) -> "OpenDigest":
        """Return the next version: the parent stands in *channel* (an id) as *ts*."""
        return replace(
            self,
            state=DigestState.POSTED,
            version=self.version + 1,
            lease_until=0.0,
            posted_to=channel,
            ts=ts,
        )


class Count(NamedTuple):
    """
    Numbers of lines that a digest ever *put*, and that the totals of its parent have *shown*.

    A line that replaced another counts again, and so does a change of the *owner*. -1 stands for a
    parent that was posted before its list was complete. *shown_at* is the Unix second of the last
    count.
    """

    put: int = 0
    shown: int = -1
    shown_at: float = 0.0
    owner: Person | None = None

    @property
    def is_outdated(self) -> bool:
        """Return True if the totals differ from the list."""
        return self.put != self.shown

    @property
    def again_at(self) -> float:
        """
        Return the Unix second before which the lines are not read again.

        A count reads them all. While a list grows at Slack's pace, each count finds about twice
        the lines of the one before, so that all counts together read each line a few times.
        """
        is_long = self.put > FEW_LINES and self.shown >= 0
        return self.shown_at + self.put * SECONDS_A_LINE if is_long else 0.0


class Lines(list[Line]):
    """The lines of a digest; *unreadable* are the subjects of those that cannot be read."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        """Start with *lines*, all of them readable."""
        super().__init__(lines)
        self.unreadable: set[str] = set()


class DigestStore(Protocol):
    """
    The store of digests; every method raises StoreError if it does not answer.

    An item that cannot be read raises UnreadableError, except where several are read at once.
    """

    def open_digests(self, names: Iterable[str]) -> dict[str, OpenDigest]:
        """Return the newest digest of each name that has one; unreadable ones are left out."""

    def write_digest(self, digest: OpenDigest) -> bool:
        """Put *digest* if its version follows the stored one; return False if it does not."""

    def keep_about(self, digest: OpenDigest) -> None:
        """Keep *digest* beside its lines, for the time when another one of its name is open."""

    def about(self, digest_id: str) -> OpenDigest | None:
        """Return the digest that `keep_about` kept."""

    def put_lines(self, digest_id: str, lines: Sequence[Line]) -> None:
        """Add *lines* to the digest; a line of a subject that it lists already is replaced."""

    def lines(self, digest_id: str) -> Lines:
        """Return everything that the digest lists."""

    def count(self, digest_id: str) -> Count:
        """Return how many lines were put, and how many the totals show."""

    def begin_count(self, digest_id: str, *, now: float, until: float) -> bool:
        """Take the lease to count the lines *until* then; return False if another has it."""

    def end_count(self, digest_id: str, *, shown: int | None, at: float = 0.0) -> None:
        """End the lease; the totals show *shown* lines since *at*, or as many as before (None)."""

    def own(self, digest_id: str, person: Person, *, is_given_back: bool) -> bool:
        """
        Make *person* the owner of the digest, or with *is_given_back* nobody; count its totals.

        Return False if somebody did so later, or if it is given back by another than the owner.
        """

    def count_later(self, digest_id: str, *, at: float, now: float) -> bool:
        """Note that a worker counts at *at*; return False if another will do so before long."""
