"""The outbox of tickets in the Ledger's table: one partition, an item for each alert."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.tickets import News, Waiting
from finding_router.errors import UnreadableError
from finding_router.stored import Stored

# An entry that is older can only wait for a person to correct a mistake.
DAYS: Final = 14
_IS_SAME: Final = "written_at = :at AND why = :why"


class DynamoTicketOutbox:
    """Items that the router writes, and the function of the buttons reads and deletes."""

    def __init__(self, items: Items) -> None:
        """Keep them among *items*."""
        self._items = items

    def put(self, entries: Sequence[Waiting]) -> None:
        """Write *entries*; each replaces that of the same alert."""
        self._items.put_all([_values(each) for each in entries])

    def waiting(self) -> Iterator[Waiting]:
        """Yield the entries, page by page."""
        for values in self._items.each(keys.TICKETS):
            with suppress(UnreadableError):
                yield self._items.parsed(values, _to_waiting)

    def put_off(self, entry: Waiting) -> None:
        """Write *entry*, its tries and when it is due, unless there is a newer one."""
        self._items.update(
            _key(entry),
            "SET tries = :tries, due_at = :due_at",
            {":tries": entry.tries, ":due_at": entry.due_at, **_version(entry)},
            _IS_SAME,
        )

    def remove(self, entry: Waiting) -> None:
        """Delete *entry*, unless there is a newer one."""
        self._items.delete(_key(entry), _IS_SAME, _version(entry))


def _key(entry: Waiting) -> keys.Key:
    return keys.outbox(entry.key.subject, entry.key.channel)


def _version(entry: Waiting) -> dict[str, Any]:
    return {":at": entry.at, ":why": entry.news.value}


def _values(entry: Waiting) -> Mapping[str, Any]:
    return {
        **keys.named(_key(entry)),
        "shape": keys.SHAPE,
        "subject": entry.key.subject,
        "in_channel": entry.key.channel,
        "why": entry.news.value,
        "written_at": entry.at,
        "tries": entry.tries,
        "due_at": entry.due_at,
        "expires_at": int(entry.at) + DAYS * DAY_SECONDS,
        **({"sent_to": entry.to} if entry.to else {}),
    }


def _to_waiting(stored: Stored) -> Waiting:
    return Waiting(
        key=AlertKey(stored.text("subject"), stored.text("in_channel")),
        news=stored.word("why", News),
        at=stored.number("written_at"),
        to=stored.optional_text("sent_to"),
        tries=stored.whole("tries", 0),
        due_at=stored.number("due_at"),
    )
