"""Takes the findings that are due out of their bins."""

import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.digests.grouping import united
from finding_router.delivery.held.due import AT_ONCE, due_at, zone_of
from finding_router.delivery.held.store import Bin, HeldFinding, HeldFindings, HeldStore
from finding_router.delivery.intake import read_jobs
from finding_router.delivery.workflow import NOT_FOUND_TRIES
from finding_router.isolation import isolated
from finding_router.routing.hold import HoldKind
from finding_router.routing.table import RoutingTable

# So many are asked for in Security Hub (25 calls, of three a second), claimed and listed within
# half of a call of the function: a part that is begun is said, however many findings are held.
TAKEN_AT_ONCE: Final = 500
# Python's objects take several times the room of the JSON that they are read from, and the function
# has 512 MB.
BYTES_AT_ONCE: Final = 16_000_000
# Due findings are said within minutes; after so long something keeps them from being said.
OVERDUE_SECONDS: Final = 900.0
_HEADINGS: Final = {
    HoldKind.SCHEDULE: "Digest of “{}”, {:%a %d %b}",
    HoldKind.HOURS: "Outside the active hours of “{}”",
    HoldKind.SILENCE: "While you were silent: “{}”",
}
UNREADABLE: Final = "findings in it cannot be read; they stay as they are"
WHYS: Final = {
    HoldKind.SCHEDULE: "scheduled",
    HoldKind.HOURS: "kept until active hours",
    HoldKind.SILENCE: "kept by a silence",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBin:
    """A bin with findings that are due, the oldest first; *left* is the first that is not."""

    bin: Bin
    since: float
    """Unix second at which it was due."""
    occasion: str
    """Name of the digest that is due, so that a worker can go on with one that another began."""
    day: datetime
    """When the last of them became due, in the zone of the schedule."""
    held: Sequence[HeldFinding]
    left: HeldFinding | None
    unreadable: int = 0
    """Number of findings that cannot be read, so that their due time is unknown."""

    @property
    def trouble(self) -> str:
        """Return why the bin is not closed, or ""."""
        return UNREADABLE if self.unreadable else ""

    @property
    def heading(self) -> str:
        """Return the headline of the digest."""
        return _HEADINGS[self.bin.kind].format(self.bin.reason, self.day)

    @property
    def why(self) -> str:
        """Return the small print: why the digest comes now."""
        return WHYS[self.bin.kind]

    @property
    def routes(self) -> tuple[str, ...]:
        """Return the routes that want any of them."""
        return united(*(each.routes for each in self.held))

    @property
    def mention(self) -> tuple[str, ...]:
        """Return whom those routes mention."""
        return united(*(each.mention for each in self.held))

    def parts(self) -> Iterator[list[HeldFinding]]:
        """
        Return the findings in parts of some 500, those of one subject together.

        Large ones are fewer: their events, 16 MB of JSON, are in memory at once.
        """
        by_subject: dict[str, list[HeldFinding]] = defaultdict(list)
        for each in self.held:
            by_subject[each.subject].append(each)
        part: list[HeldFinding] = []
        size = 0
        for several in by_subject.values():
            part += several
            size += sum(each.event_bytes for each in several)
            if len(part) >= TAKEN_AT_ONCE or size >= BYTES_AT_ONCE:
                yield part
                part, size = [], 0
        if part:
            yield part


def overdue_topic(bin_: Bin) -> str:
    """Return the topic of notices that a bin is overdue, the same for all callers."""
    return f"overdue {bin_.name}"


class Taking:
    """Takes from the store of held findings; methods raise StoreError if it does not answer."""

    def __init__(self, store: HeldStore, *, clock: Callable[[], float]) -> None:
        """*clock* gives Unix seconds."""
        self._store = store
        self._clock = clock

    def due(self, table: RoutingTable) -> list[DueBin]:
        """Return the bins with findings that are due by *table*, the longest due first."""
        due: list[DueBin] = []
        for each in self._store.bins():
            if not self._is_due(each, table):
                continue
            stored = self._store.held(each.name)
            with isolated("bin not read", bin=each.name):
                due.append(self._of(each, stored, table))
        return sorted(due, key=lambda each: each.since)

    def overdue(self, table: RoutingTable) -> list[tuple[Bin, float]]:
        """
        Return the bins that are overdue, with the Unix second since when, the longest first.

        A bin is due early where the table was edited at an unknown time: the due time of its item
        counts, too, so that the next wake-up has the time to release it.
        """
        dated = [
            (each, max(self._due_at(each, table), each.due_at, each.since))
            for each in self._store.bins()
        ]
        now = self._clock()
        overdue = [(each, since) for each, since in dated if now - since > OVERDUE_SECONDS]
        return sorted(overdue, key=lambda each: each[1])

    def take(self, bin_: Bin, part: Sequence[HeldFinding]) -> tuple[dict[str, Job], str]:
        """
        Return a job for each of *part*, by name, and why the bin is to be kept for others.

        A job whose event cannot be read has no finding.
        """
        events = self._store.events(bin_.name, [each.name for each in part])
        jobs = {name: _job(event) for name, event in events.items()}
        for each in part:
            if each.name in jobs:
                jobs[each.name].is_owed = each.is_owed
        return jobs, UNREADABLE if events.unreadable else ""

    def let_go(self, bin_: Bin, held: HeldFinding) -> None:
        """Delete a held finding that was posted."""
        self._store.let_go(bin_.name, [held])

    def close(self, due: DueBin, *, digest: str | None) -> None:
        """Close a bin whose due findings were all released."""
        self._store.close(due.bin, digest=digest, left=due.left)

    def keep(self, due: DueBin, *, digest: str) -> None:
        """Record the digest that was posted, and keep the bin due for findings not released."""
        # If none of its findings can be read, its own times stay as they are.
        if due.held:
            self._store.close(due.bin, digest=digest, left=due.held[0])

    def last_digest(self, bin_: Bin) -> str | None:
        """Return the id of the digest that was said last for a bin."""
        return self._store.last_digest(bin_.name)

    def still_held(self, names: Collection[str], *, except_in: str) -> set[str]:
        """Return those of *names* that are held in another bin, too."""
        return self._store.held_elsewhere(except_in, names) if names else set()

    def _is_due(self, bin_: Bin, table: RoutingTable) -> bool:
        with isolated("bin not read", bin=bin_.name):
            return self._due_at(bin_, table) <= self._clock()
        return False

    def _of(self, bin_: Bin, stored: HeldFindings, table: RoutingTable) -> DueBin:
        """Split the findings *stored* in *bin_* into those that are due and those that are not."""
        now, first = self._clock(), self._due_at(bin_, table)
        held = [(self._due_at(bin_, table, each), each) for each in stored]
        last = max((at for at, _ in held if at <= now), default=first)
        return DueBin(
            bin=bin_,
            since=max(first, bin_.since),
            # A finding that is stuck from the time before keeps the bin: the digest is another one.
            occasion=f"{bin_.name}@{bin_.since}@{last}",
            day=datetime.fromtimestamp(
                now if last == AT_ONCE else last, zone_of(bin_.reason, table)
            ),
            held=[each for at, each in held if at <= now],
            left=next((each for at, each in held if at > now), None),
            unreadable=len(stored.unreadable),
        )

    def _due_at(self, bin_: Bin, table: RoutingTable, held: HeldFinding | None = None) -> float:
        first = held.due_at if held else bin_.due_at
        since = held.since if held else bin_.since
        return due_at(
            bin_.kind,
            bin_.reason,
            table,
            since=since,
            at_first=first,
            now=self._clock(),
        )


def _job(event: bytes) -> Job:
    """Return the job of an event that was put aside, longer ago than Security Hub may lag."""
    try:
        body = zlib.decompress(event).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        return Job(record=Record(body=repr(event)), raw=repr(event), detail=str(error))
    [job] = read_jobs(Record(body=body, tries=NOT_FOUND_TRIES))
    # That it is to be said was decided when it was put aside.
    job.outcome = None
    return job
