"""The items of the Ledger that cannot be read: each is left as it is, and named in a notice."""

from finding_router.errors import UnreadableError
from finding_router.telemetry import DELIVERIES_DEGRADED, count, logger


class Unreadable:
    """Items that could not be read since the last notice."""

    def __init__(self) -> None:
        """Start with everything readable."""
        self._items: dict[str, str] = {}

    def __bool__(self) -> bool:
        """Return True if there is something to tell."""
        return bool(self._items)

    def note(self, item: str, why: str) -> UnreadableError:
        """Log and count *item*, keep it for the notice, and return the error to raise."""
        logger.error("item of the Ledger not read", item=item, reason=why)
        if item not in self._items:
            count(DELIVERIES_DEGRADED)
        self._items[item] = why
        return UnreadableError(
            f"item {item} of the Ledger cannot be read: {why}; it stays as it is, "
            "see “Upgrade and roll back” in docs/operations.md"
        )

    def take(self) -> list[str]:
        """Return a line for each item, and forget them."""
        lines = [f"{item}: {why}" for item, why in self._items.items()]
        self._items.clear()
        return lines
