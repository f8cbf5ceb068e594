"""Reminders in memory, which fail as planned."""

from collections.abc import Collection, Sequence

from fakes import Faults
from finding_router.delivery.reminders.store import Due, Listed


class FakeReminders:
    """Reminders by time and name."""

    def __init__(self, faults: Faults) -> None:
        """Start empty."""
        self._faults = faults
        self.stored: dict[tuple[int, str], Due] = {}
        self.in_lists: dict[tuple[str, str], Listed] = {}

    def put(self, several: Collection[Due]) -> None:
        """Put each."""
        with self._faults.around("put_due"):
            self._put(several)

    def begin(self, due: Due) -> None:
        """Put *due* if it is not there."""
        with self._faults.around("begin_due"):
            self.stored.setdefault((due.at, due.name), due)

    def due(self, *, now: float, most: int) -> list[Due]:
        """Return those due by *now*."""
        with self._faults.around("due"):
            found = [each for at, each in sorted(self.stored.items()) if at[0] <= now]
            return found[:most]

    def move(self, moves: Sequence[tuple[Due, Due | None]]) -> None:
        """Put the second ones, then delete the first ones; a fault may strike in between."""
        after = [each for _, each in moves if each is not None]
        with self._faults.around("put_due"):
            self._put(after)
        kept = {(each.at, each.name) for each in after}
        with self._faults.around("delete_due"):
            for before, _ in moves:
                if (before.at, before.name) not in kept:
                    self.stored.pop((before.at, before.name), None)

    def list_open(self, several: Collection[Listed]) -> None:
        """Put each."""
        with self._faults.around("list_open"):
            self.in_lists |= {(each.channel, each.subject): each for each in several}

    def listed(self, channel: str) -> list[Listed]:
        """Return those of *channel*."""
        with self._faults.around("listed"):
            return [each for key, each in sorted(self.in_lists.items()) if key[0] == channel]

    def unlist(self, several: Collection[Listed]) -> None:
        """Delete each, unless a later episode began."""
        with self._faults.around("unlist"):
            for each in several:
                known = self.in_lists.get((each.channel, each.subject))
                if known is not None and known.episode <= each.episode:
                    del self.in_lists[each.channel, each.subject]

    def _put(self, several: Collection[Due]) -> None:
        self.stored |= {(each.at, each.name): each for each in several}
