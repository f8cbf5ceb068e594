"""The Ledger's part about digests: which are open, and what each lists."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from finding_router.delivery.ledger import State, digest_of
from finding_router.findings.digest import Line, Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDigest:
    """
    A digest as the Ledger keeps it; times are Unix seconds, *version* makes writes conditional.

    *name* is what only one digest at a time may have: the channel of a burst, or the occasion of
    one that was waited for. *ts* is the parent of its thread, *heading* and *why* are what it says.
    """

    name: str
    channel: str
    number: int
    state: State
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
    banner: str | None = None
    posted_to: str | None = None
    ts: str | None = None
    before: Totals | None = None
    """The totals of the digest before it, to be compared with."""

    @property
    def digest_id(self) -> str:
        """Name this digest, for its lines and for the metadata of its parent."""
        return digest_of(["digest", self.name, self.number])

    def is_being_said(self, now: float) -> bool:
        """Tell whether a worker is posting the parent right now, and its lease lasts."""
        return self.state is State.CLAIMED and now < self.lease_until

    def again(self, *, now: float, lease_until: float, worker: str) -> "OpenDigest":
        """Give it as another worker claims it, or goes on with it."""
        is_posted = self.state is State.POSTED
        return replace(
            self,
            state=State.POSTED if is_posted else State.CLAIMED,
            version=self.version + 1,
            lease_until=0.0 if is_posted else lease_until,
            claimed_by=worker,
            last_at=now,
        )

    def given_back(self, state: State) -> "OpenDigest":
        """Give it as a worker leaves it that could not post the parent, or may have."""
        return replace(self, state=state, version=self.version + 1, lease_until=0.0)

    def posted(self, *, channel: str, ts: str) -> "OpenDigest":
        """Give it once its parent stands in *channel* as *ts*."""
        return replace(
            self,
            state=State.POSTED,
            version=self.version + 1,
            lease_until=0.0,
            posted_to=channel,
            ts=ts,
        )


class DigestBook(Protocol):
    """The store of digests; every method raises StoreError where it does not answer."""

    def open_digests(self, names: Iterable[str]) -> dict[str, OpenDigest]:
        """Give the newest digest of each name that has one."""

    def write_digest(self, digest: OpenDigest) -> bool:
        """Put *digest* if its version is the one after the stored; tell whether it was."""

    def keep_about(self, digest: OpenDigest) -> None:
        """Keep what is to be known of *digest* beside its lines, for when another one is open."""

    def about(self, digest_id: str) -> OpenDigest | None:
        """Give what `keep_about` kept."""

    def put_lines(self, digest_id: str, lines: Sequence[Line]) -> None:
        """Let the digest list *lines*; one that it lists already is replaced."""

    def lines(self, digest_id: str) -> list[Line]:
        """Give everything that the digest lists."""

    def put_so_far(self, digest_id: str) -> int:
        """Count the lines that were ever put, those twice that replaced another."""

    def begin_count(self, digest_id: str) -> None:
        """Say that somebody counts the lines: who puts more from now on has to count again."""

    def count_later(self, digest_id: str, *, at: float, now: float) -> bool:
        """Say that somebody counts at *at*; false where another one is to come before long."""
