"""Locks in the Ledger's table, each granted to one worker or a few findings for a time."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.stored import Stored

# Workers that take seats at once read each other's; each try has one winner at least.
_TRIES: Final = 5


class _Seats(NamedTuple):
    version: int = 0
    names: tuple[str, ...] = ()
    given_at: float = 0.0


class DynamoLocks:
    """One item for each topic, written on condition that it is due."""

    def __init__(self, items: Items) -> None:
        """Keep them among *items*."""
        self._items = items

    def once(self, topic: str, *, by: str, every_seconds: float, now: float) -> bool:
        """Return True if *topic* is due, or was granted to *by*; then it is not for others."""
        due_at = now + every_seconds
        return self._items.put(
            {
                **keys.named(keys.lock(topic)),
                "shape": keys.SHAPE,
                "granted_to": by,
                "due_at": due_at,
                "expires_at": int(due_at) + DAY_SECONDS,
            },
            "attribute_not_exists(finding) OR due_at <= :now OR granted_to = :by",
            {":now": now, ":by": by},
            parse=_to_lock,
        )

    def seats(
        self, topic: str, names: Sequence[str], *, most: int, since: float, now: float
    ) -> set[str]:
        """Return those of *names* that have one of the *most* seats of *topic*."""
        key = keys.seats(topic)
        taken: tuple[str, ...] = ()
        for _ in range(_TRIES):
            found = self._items.read([key])
            stored = self._items.parsed(found[0], _to_seats) if found else _Seats()
            taken = stored.names if stored.given_at >= since else ()
            new = [name for name in dict.fromkeys(names) if name not in taken]
            new = new[: max(most - len(taken), 0)]
            is_written = not new or self._items.put_version(
                {
                    **keys.named(key),
                    "shape": keys.SHAPE,
                    "version": stored.version + 1,
                    "names": [*taken, *new],
                    "given_at": now,
                    "expires_at": int(now) + DAY_SECONDS,
                },
                _to_seats,
            )
            if is_written:
                return {*taken, *new} & {*names}
        return {*taken} & {*names}


def _to_seats(stored: Stored) -> _Seats:
    return _Seats(
        version=stored.whole("version", least=1),
        names=stored.texts("names"),
        given_at=stored.number("given_at"),
    )


def _to_lock(stored: Stored) -> tuple[str, float]:
    return stored.text("granted_to"), stored.number("due_at")
