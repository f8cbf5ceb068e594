"""Locks in the Ledger's table: one worker of all does a thing once in a while."""

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.stored import Stored


class DynamoLocks:
    """One item for each topic, written on condition that it is due."""

    def __init__(self, items: Items) -> None:
        """Keep them among *items*."""
        self._items = items

    def once(self, topic: str, *, by: str, every_seconds: float, now: float) -> bool:
        """Return True if *topic* is due, or was granted to *by*; then it is not for others."""
        due_at = now + every_seconds
        finding, channel = keys.lock(topic)
        return self._items.put(
            {
                "finding": finding,
                "channel": channel,
                "shape": keys.SHAPE,
                "granted_to": by,
                "due_at": due_at,
                "expires_at": int(due_at) + DAY_SECONDS,
            },
            "attribute_not_exists(finding) OR due_at <= :now OR granted_to = :by",
            {":now": now, ":by": by},
            parse=_to_lock,
        )


def _to_lock(stored: Stored) -> tuple[str, float]:
    return stored.text("granted_to"), stored.number("due_at")
