"""The Ledger's parts about digests and held findings, in memory, with planned faults."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from copy import replace

from fakes import Faults
from finding_router.delivery.alerts.care import Person
from finding_router.delivery.digests.store import Count, Lines, OpenDigest
from finding_router.delivery.held.store import Bin, HeldEvents, HeldFinding, HeldFindings
from finding_router.findings.digest import Line


class FakeDigests:
    """Digests and their lines in dicts."""

    def __init__(self, faults: Faults) -> None:
        """Start empty."""
        self._faults = faults
        self.digests: dict[str, OpenDigest] = {}
        self.kept: dict[str, OpenDigest] = {}
        self.listed: dict[str, dict[str, Line]] = {}
        self._put_so_far: Counter[str] = Counter()
        self._shown: dict[str, tuple[int, float]] = {}
        self._counting_until: dict[str, float] = {}
        self._counted_at: dict[str, float] = {}
        self._owners: dict[str, Person] = {}
        self._owned_at: dict[str, float] = {}

    def open_digests(self, names: Iterable[str]) -> dict[str, OpenDigest]:
        """Return the newest of each name."""
        with self._faults.around("open_digests"):
            return {name: self.digests[name] for name in names if name in self.digests}

    def write_digest(self, digest: OpenDigest) -> bool:
        """Put *digest* if its version follows."""
        with self._faults.around("write_digest", digest.state.value):
            stored = self.digests.get(digest.name)
            if (stored.version if stored else 0) != digest.version - 1:
                return stored == digest
            self.digests[digest.name] = digest
            return True

    def keep_about(self, digest: OpenDigest) -> None:
        """Keep it by its id."""
        with self._faults.around("keep_about"):
            self.kept[digest.digest_id] = digest

    def about(self, digest_id: str) -> OpenDigest | None:
        """Return the stored digest."""
        with self._faults.around("about"):
            return self.kept.get(digest_id)

    def put_lines(self, digest_id: str, lines: Sequence[Line]) -> None:
        """Put each by its subject."""
        with self._faults.around("put_lines"):
            listed = self.listed.setdefault(digest_id, {})
            listed |= {line.subject: line for line in lines}
            self._put_so_far[digest_id] += len(lines)

    def lines(self, digest_id: str) -> Lines:
        """Return all, in the order that DynamoDB has them."""
        with self._faults.around("lines"):
            return Lines(line for _, line in sorted(self.listed.get(digest_id, {}).items()))

    def count(self, digest_id: str) -> Count:
        """Return the lines that were ever put, and those that the totals show."""
        with self._faults.around("count"):
            shown, at = self._shown.get(digest_id, (-1, 0.0))
            return Count(self._put_so_far[digest_id], shown, at, self._owners.get(digest_id))

    def own(self, digest_id: str, person: Person, *, is_given_back: bool) -> bool:
        """Make *person* the owner, or nobody, unless somebody did so later."""
        with self._faults.around("own"):
            known = self._owners.get(digest_id)
            if self._owned_at.get(digest_id, 0.0) > person.at:
                return False
            if is_given_back and known is not None and known.id != person.id:
                return False
            self._owned_at[digest_id] = person.at
            self._put_so_far[digest_id] += 1
            self._owners[digest_id] = person
            if is_given_back:
                del self._owners[digest_id]
            return True

    def begin_count(self, digest_id: str, *, now: float, until: float) -> bool:
        """Take the lease, and forget who was to come."""
        with self._faults.around("begin_count"):
            if self._counting_until.get(digest_id, now) > now:
                return False
            self._counting_until[digest_id] = until
            self._counted_at.pop(digest_id, None)
            return True

    def end_count(self, digest_id: str, *, shown: int | None, at: float = 0.0) -> None:
        """Release the lease."""
        with self._faults.around("end_count"):
            self._counting_until.pop(digest_id, None)
            if shown is not None:
                self._shown[digest_id] = (shown, at)

    def count_later(self, digest_id: str, *, at: float, now: float) -> bool:
        """Note *at*, unless a later one than *now* is noted."""
        with self._faults.around("count_later"):
            if self._counted_at.get(digest_id, now) > now:
                return False
            self._counted_at[digest_id] = at
            return True


class FakeHeld:
    """Bins and held findings in dicts."""

    def __init__(self, faults: Faults) -> None:
        """Start empty."""
        self._faults = faults
        self.by_name: dict[str, Bin] = {}
        self.held_in: dict[str, dict[str, HeldFinding]] = {}
        self.packed: dict[tuple[str, str], bytes] = {}
        self.last_digests: dict[str, str] = {}

    def hold(self, bin_: Bin, held: HeldFinding, event: bytes) -> None:
        """Store *held*; the bin's times are those of the finding held longest."""
        with self._faults.around("hold", held.name):
            there = self.held_in.setdefault(bin_.name, {})
            if known := there.get(held.name):
                held = replace(held, since=known.since, due_at=known.due_at)
            there[held.name] = held
            self.packed[bin_.name, held.name] = event
            before = self.by_name.get(bin_.name)
            first: Bin | HeldFinding = held
            if before is not None and before.since <= held.since:
                first = before
            self.by_name[bin_.name] = replace(bin_, due_at=first.due_at, since=first.since)

    def bins(self) -> list[Bin]:
        """Return all, by their names."""
        with self._faults.around("bins"):
            return [self.by_name[name] for name in sorted(self.by_name)]

    def last_digest(self, bin_name: str) -> str | None:
        """Return the digest that was said last."""
        with self._faults.around("last_digest"):
            return self.last_digests.get(bin_name)

    def held(self, bin_name: str) -> HeldFindings:
        """Return the held findings, oldest first."""
        with self._faults.around("held"):
            held = self.held_in.get(bin_name, {}).values()
            return HeldFindings(sorted(held, key=lambda each: each.since))

    def events(self, bin_name: str, names: Iterable[str]) -> HeldEvents:
        """Return those that are there."""
        with self._faults.around("events"):
            waiting = self.held_in.get(bin_name, {})
            return HeldEvents(
                {name: self.packed[bin_name, name] for name in names if name in waiting}
            )

    def held_elsewhere(self, bin_name: str, names: Collection[str]) -> set[str]:
        """Return those that wait in another bin that is ever due."""
        with self._faults.around("held_elsewhere"):
            others = [self.held_in.get(each, {}) for each in self.by_name if each != bin_name]
            return {name for name in names if any(name in waiting for waiting in others)}

    def let_go(self, bin_name: str, held: Iterable[HeldFinding]) -> None:
        """Forget those that are as they were."""
        with self._faults.around("let_go"):
            there = self.held_in.get(bin_name, {})
            for each in held:
                if each.name in there and there[each.name].held_at == each.held_at:
                    del there[each.name]

    def close(self, bin_: Bin, *, digest: str | None, left: HeldFinding | None) -> bool:
        """Store the digest; make only *left* due, unless the bin was touched since."""
        with self._faults.around("close"):
            if digest is not None:
                self.last_digests[bin_.name] = digest
            stored = self.by_name.get(bin_.name)
            if stored is None or stored.touched_at != bin_.touched_at:
                return False
            if left is None:
                del self.by_name[bin_.name]
            else:
                times = {"due_at": left.due_at, "since": left.since}
                self.by_name[bin_.name] = replace(stored, **times)
            return True
