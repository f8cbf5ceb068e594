"""The slots of the rate limit in the Ledger's table, one item for each channel."""

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.limits.rate import Slot
from finding_router.stored import Stored


class DynamoRates:
    """Hands out slots by conditional updates."""

    def __init__(self, items: Items) -> None:
        """Keep them among *items*, for a day after the last one."""
        self._items = items

    def slot(self, name: str, *, every_seconds: float, now: float, latest: float) -> Slot:
        """
        Take the next free slot of *name* that starts by *latest*, for all workers together.

        `next_at` is the Unix second at which the next slot starts. A single conditional update
        takes it: it moves on by one slot while slots are waited for, else it starts from now.
        """
        queued, is_taken = self._items.update(
            keys.rate(name),
            "SET next_at = next_at + :every",
            {":every": every_seconds, ":now": now, ":latest": latest},
            "next_at > :now AND next_at <= :latest",
        )
        if is_taken:
            return Slot(at=queued["next_at"] - every_seconds, is_taken=True)
        next_at = self._items.parsed(queued, _next_at) if queued else 0.0
        if next_at > now:
            return Slot(at=next_at, is_taken=False)
        idle, is_taken = self._items.update(
            keys.rate(name),
            "SET next_at = :next, expires_at = :expires_at, shape = :shape",
            {
                ":next": now + every_seconds,
                ":now": now,
                ":expires_at": int(now) + DAY_SECONDS,
                ":shape": keys.SHAPE,
            },
            "attribute_not_exists(next_at) OR next_at <= :now",
        )
        # If another worker was first, the next try finds its slot.
        return Slot(at=now if is_taken else self._items.parsed(idle, _next_at), is_taken=is_taken)

    def slow_down(self, name: str, *, now: float, until: float, row_seconds: float) -> int:
        """Block the slots of *name* until then; return the number of such calls in a row."""
        times = {":until": until, ":expires_at": int(until) + DAY_SECONDS, ":shape": keys.SHAPE}
        slowed, is_in_row = self._items.update(
            keys.rate(name),
            "SET slowed_until = :until, expires_at = :expires_at, shape = :shape ADD refusals :one",
            {**times, ":one": 1, ":row_began": now - row_seconds},
            "slowed_until >= :row_began",
        )
        if not is_in_row:
            if slowed:
                self._items.parsed(slowed, _next_at)
            slowed, _ = self._items.update(
                keys.rate(name),
                "SET slowed_until = :until, expires_at = :expires_at, shape = :shape, "
                "refusals = :one",
                {**times, ":one": 1},
            )
        # Slots that are taken already are not given to others again.
        self._items.update(
            keys.rate(name),
            "SET next_at = :until",
            {":until": until},
            "attribute_not_exists(next_at) OR next_at < :until",
        )
        return int(slowed["refusals"])

    def speed_up(self, name: str) -> None:
        """Forget how often *name* was slowed down."""
        self._items.update(keys.rate(name), "REMOVE refusals", {})


def _next_at(stored: Stored) -> float:
    """Return when the next slot starts; zero if none was ever taken."""
    # Compared by a condition only, which holds for no other type.
    stored.compared_number("slowed_until")
    stored.whole("refusals", 0)
    return stored.compared_number("next_at") or 0.0
