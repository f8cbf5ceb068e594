"""The outbox of tickets: alerts that a ticket has to hear of, put there before the Ledger knows."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import AlertKey


class News(StrEnum):
    """A change of a finding that concerns its ticket."""

    CREATE = "create"
    """The finding was posted, and its route makes a ticket always, or a person asked for one."""
    ENDED = "ended"
    RETURNED = "returned"
    RISEN = "risen"
    """Its severity rose, which was posted."""


class Waiting(NamedTuple):
    """
    An entry of the outbox; *at*, the Unix second at which it was written, names its version.

    *to* is where a ticket is to be made. It was tried so many *tries*, and is due at *due_at*.
    """

    key: AlertKey
    news: News
    at: float
    to: str | None = None
    tries: int = 0
    due_at: float = 0.0


class TicketOutbox(Protocol):
    """The store of the outbox; every method raises StoreError if it does not answer."""

    def put(self, entries: Sequence[Waiting]) -> None:
        """Write *entries*; each replaces that of the same alert."""

    def waiting(self) -> Iterable[Waiting]:
        """Yield the entries, page by page."""

    def put_off(self, entry: Waiting) -> None:
        """Write *entry*, its tries and when it is due, unless there is a newer one."""

    def remove(self, entry: Waiting) -> None:
        """Delete *entry*, unless there is a newer one."""


def news_of(before: Alert, after: Alert, wanted: str | None, at: float) -> Iterator[Waiting]:
    """
    Yield the entry for the change of an alert from *before* to *after*, if its ticket is concerned.

    *wanted* is where its route makes a ticket now; None if it makes none.
    """
    ticket = after.care.ticket
    is_said = after.sequence > before.sequence
    if ticket is None:
        if wanted is not None and is_said and after.is_shown:
            yield Waiting(key=after.key, news=News.CREATE, at=at, to=wanted)
    elif before.is_shown and not after.is_shown:
        yield Waiting(key=after.key, news=News.ENDED, at=at)
    elif after.is_shown and after.episode > before.episode:
        yield Waiting(key=after.key, news=News.RETURNED, at=at)
    elif after.is_shown and after.risen_at != before.risen_at:
        yield Waiting(key=after.key, news=News.RISEN, at=at)
