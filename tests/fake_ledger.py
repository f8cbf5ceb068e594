"""A Ledger in memory, which fails as planned."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fakes import Faults
from finding_router.delivery.ledger import Entry, EntryKey, Slot


class FakeLedger:
    """Entries, notices and slots in dicts."""

    def __init__(self, faults: Faults) -> None:
        """Start empty."""
        self._faults = faults
        self.entries: dict[EntryKey, Entry] = {}
        self.known: dict[str, set[str]] = {}
        self._granted: dict[str, tuple[str, float]] = {}
        self._next_at: dict[str, float] = {}
        self._refusals: dict[str, tuple[int, float]] = {}

    def read(self, keys: Iterable[EntryKey]) -> dict[EntryKey, Entry]:
        """Give the entries there are."""
        with self._faults.around("read"):
            return {key: self.entries[key] for key in keys if key in self.entries}

    def write(self, entry: Entry) -> bool:
        """Put *entry* if its version follows."""
        with self._faults.around("write", entry.state.value):
            stored = self.entries.get(entry.key)
            if (stored.version if stored else 0) != entry.version - 1:
                return stored == entry
            self.entries[entry.key] = entry
            return True

    def channels(self, findings: Iterable[str]) -> dict[str, set[str]]:
        """Give the channels that were noted."""
        with self._faults.around("channels"):
            return {each: set(self.known[each]) for each in findings if each in self.known}

    def note_channel(self, key: EntryKey) -> None:
        """Note the channel."""
        with self._faults.around("note_channel", key.channel):
            self.known.setdefault(key.finding, set()).add(key.channel)

    def record_notified(self, member: str, keys: Sequence[EntryKey], *, at: float) -> None:
        """Note the time, where there is such a member."""
        with self._faults.around("record_notified"):
            for key in keys:
                entry = self.entries.get(key)
                if entry is not None and member in entry.members:
                    notified = replace(entry.members[member], notified_at=at)
                    self.entries[key] = replace(
                        entry,
                        members={**entry.members, member: notified},
                        version=entry.version + 1,
                    )

    def once(self, topic: str, *, by: str, every_seconds: float, now: float) -> bool:
        """Tell whether *topic* is due, or granted to *by*."""
        with self._faults.around("once", topic):
            granted_to, due_at = self._granted.get(topic, (by, now))
            if granted_to != by and due_at > now:
                return False
            self._granted[topic] = by, now + every_seconds
            return True

    def slot(self, name: str, *, every_seconds: float, now: float, latest: float) -> Slot:
        """Give the next slot, if it starts by *latest*."""
        with self._faults.around("slot", name):
            at = max(self._next_at.get(name, now), now)
            if at > latest:
                return Slot(at=at, is_taken=False)
            self._next_at[name] = at + every_seconds
            return Slot(at=at, is_taken=True)

    def slow_down(self, name: str, *, now: float, until: float, row_seconds: float) -> int:
        """Move the next slot on to *until*, and count."""
        with self._faults.around("slow_down", name):
            self._next_at[name] = max(self._next_at.get(name, until), until)
            count, slowed_until = self._refusals.get(name, (0, now))
            is_in_row = slowed_until >= now - row_seconds
            self._refusals[name] = count + 1 if is_in_row else 1, until
            return self._refusals[name][0]

    def speed_up(self, name: str) -> None:
        """Count anew."""
        with self._faults.around("speed_up", name):
            self._refusals.pop(name, None)
