"""The port of the reminders: those to come, and the alerts that the next list may have."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from finding_router.delivery.alerts.alert import Form
from finding_router.delivery.alerts.identity import AlertKey, hash_of
from finding_router.routing.reminder import ReminderKind

type Names = Mapping[str, Mapping[Form, tuple[str, ...]]]
"""By member of an alert: the finding's key in the calls of each Security Hub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """
    A reminder to come, *at* a whole Unix second.

    *route* is that which reminds, "" for the end of a snooze. *subject* is "" for a list of what is
    open. *first_at* is the `remind_at` of the alert that it is about: it is void once another news
    of the alert was said. *names* are the keys of its findings. *before* and *last_at* are of the
    list before: the number of open alerts, and its Unix second.
    """

    kind: ReminderKind
    at: int
    channel: str
    route: str = ""
    subject: str = ""
    first_at: float = 0.0
    names: Names = field(default_factory=dict, hash=False)
    before: int | None = None
    last_at: float | None = None

    @property
    def name(self) -> str:
        """Return the part of its key that stays the same when it is moved."""
        return f"{self.kind}#{self.subject or self.route}#{self.channel}"

    @property
    def partition(self) -> int:
        """Return the first hexadecimal digit of the hash of its name."""
        return int(hash_of([self.name])[0], 16)

    @property
    def alert_key(self) -> AlertKey:
        """Return the key of the alert that it is about."""
        return AlertKey(self.subject, self.channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An alert that the lists of *channel* have while it is open; *episode* is its newest one."""

    channel: str
    subject: str
    episode: int
    names: Names = field(default_factory=dict, hash=False)

    @property
    def alert_key(self) -> AlertKey:
        """Return the key of the alert."""
        return AlertKey(self.subject, self.channel)


class ReminderStore(Protocol):
    """
    The store of reminders; every method raises StoreError if it does not answer.

    Items that cannot be read are left out.
    """

    def put(self, several: Collection[Due]) -> None:
        """Keep *several*; one that is there already is replaced by the same."""

    def begin(self, due: Due) -> None:
        """Keep *due*, unless it is there: that may know the list before."""

    def due(self, *, now: float, most: int) -> list[Due]:
        """Return up to *most* of those due by *now*, the longest due first."""

    def move(self, moves: Sequence[tuple[Due, Due | None]]) -> None:
        """Put the second of each pair, if there is one, then delete the first."""

    def list_open(self, several: Collection[Listed]) -> None:
        """Keep *several* for the lists of their channels."""

    def listed(self, channel: str) -> list[Listed]:
        """Return those kept for *channel*."""

    def unlist(self, several: Collection[Listed]) -> None:
        """Delete *several*, which are over; one of a later episode stays."""
