"""Reminders in the Ledger's table."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from heapq import merge
from itertools import islice
from typing import Any, Final

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.alerts.alert import Form
from finding_router.delivery.reminders.store import Due, Listed, Names
from finding_router.errors import UnreadableError
from finding_router.routing.reminder import ReminderKind
from finding_router.stored import Stored

# One that nobody looks for any more, because no route has reminders, goes after so many days.
_LATE_DAYS: Final = 30


class DynamoReminders:
    """
    The reminders to come in four partitions, in the order of time; those of a list by channel.

    A reminder is never changed: it is put at its next time, then deleted at its last one.
    """

    def __init__(self, items: Items, *, days: int) -> None:
        """Keep them among *items*; those of lists for *days*."""
        self._items = items
        self._ttl_seconds = days * DAY_SECONDS

    def put(self, several: Collection[Due]) -> None:
        """Keep *several*, 25 a call."""
        self._items.put_all({each["channel"]: each for each in map(_due_values, several)}.values())

    def begin(self, due: Due) -> None:
        """Keep *due*, unless it is there."""
        self._items.put(_due_values(due), "attribute_not_exists(finding)", parse=_to_due)

    def due(self, *, now: float, most: int) -> list[Due]:
        """Return up to *most* of those due by *now*; a query for each partition."""
        until = f"{int(now) + 1:012d}"
        parts = [self._items.before(partition, until) for partition in keys.DUE]
        # At the same time they come in the order of their names.
        ordered = merge(*parts, key=lambda values: str(values["channel"]))
        return list(islice(self._read(ordered), most))

    def move(self, moves: Sequence[tuple[Due, Due | None]]) -> None:
        """Put what comes next, then delete what was."""
        following = [after for _, after in moves if after is not None]
        self.put(following)
        kept = set(map(_key, following))
        self._items.delete_all({_key(before) for before, _ in moves} - kept)

    def list_open(self, several: Collection[Listed]) -> None:
        """Keep *several*, 25 a call."""
        values = [self._listed_values(each) for each in several]
        self._items.put_all({(each["finding"], each["channel"]): each for each in values}.values())

    def listed(self, channel: str) -> list[Listed]:
        """Return those kept for *channel*."""
        found = []
        for values in self._items.each(keys.listed(channel)):
            with suppress(UnreadableError):
                found.append(self._items.parsed(values, _to_listed))
        return found

    def unlist(self, several: Collection[Listed]) -> None:
        """Delete *several*, on condition that no later episode began."""
        for each in several:
            key = (keys.listed(each.channel), each.subject)
            self._items.delete(key, "episode <= :episode", {":episode": each.episode})

    def _read(self, found: Iterator[Mapping[str, Any]]) -> Iterator[Due]:
        for values in found:
            with suppress(UnreadableError):
                yield self._items.parsed(values, _to_due)

    def _listed_values(self, listed: Listed) -> dict[str, Any]:
        return {
            "finding": keys.listed(listed.channel),
            "channel": listed.subject,
            "shape": keys.SHAPE,
            "in_channel": listed.channel,
            "episode": listed.episode,
            "names": _names_values(listed.names),
            "expires_at": int(time.time()) + self._ttl_seconds,
        }


def _key(due: Due) -> keys.Key:
    return keys.due(due.partition % len(keys.DUE), due.at, due.name)


def _due_values(due: Due) -> dict[str, Any]:
    values = {
        **keys.named(_key(due)),
        "shape": keys.SHAPE,
        "kind": due.kind,
        "in_channel": due.channel,
        "route": due.route,
        "subject": due.subject,
        "first_at": due.first_at,
        "names": _names_values(due.names),
        "before": due.before,
        "last_at": due.last_at,
        "expires_at": due.at + _LATE_DAYS * DAY_SECONDS,
    }
    return {name: value for name, value in values.items() if value not in (None, "", {})}


def _to_due(stored: Stored) -> Due:
    at, _, _ = stored.text("channel").partition("#")
    return Due(
        kind=stored.word("kind", ReminderKind),
        at=int(at),
        channel=stored.text("in_channel"),
        route=stored.optional_text("route") or "",
        subject=stored.optional_text("subject") or "",
        first_at=stored.number("first_at"),
        names=_to_names(stored),
        before=None if stored.optional_number("before") is None else stored.whole("before"),
        last_at=stored.optional_number("last_at"),
    )


def _to_listed(stored: Stored) -> Listed:
    return Listed(
        channel=stored.text("in_channel"),
        subject=stored.text("channel"),
        episode=stored.whole("episode"),
        names=_to_names(stored),
    )


def _names_values(names: Names) -> dict[str, Any]:
    return {
        member: {form: list(key) for form, key in forms.items()} for member, forms in names.items()
    }


def _to_names(stored: Stored) -> Names:
    inner = stored.optional_inner("names")
    if inner is None:
        return {}
    return {
        member: {form: forms.texts(form) for form in Form if form in forms.values}
        for member in inner.values
        for forms in [inner.inner(member)]
    }
