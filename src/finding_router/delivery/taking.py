"""Taking out what is due of what waited."""

import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from finding_router.delivery.due import AT_ONCE, due_at, zone_of
from finding_router.delivery.hold_book import Bin, HoldBook, Waiting
from finding_router.delivery.intake import read_jobs
from finding_router.delivery.job import Job, Record
from finding_router.delivery.marking import NOT_FOUND_TRIES
from finding_router.routing.hold import HoldKind
from finding_router.routing.table import RoutingTable

# So many are asked for in Security Hub (25 calls, of three a second), claimed and listed within
# half of a call of the function: what is begun is said, however many wait.
TAKEN_AT_ONCE: Final = 500
_HEADINGS: Final = {
    HoldKind.SCHEDULE: "Digest of “{}”, {:%a %d %b}",
    HoldKind.HOURS: "Outside the active hours of “{}”",
    HoldKind.SILENCE: "While you were silent: “{}”",
}
_WHYS: Final = {
    HoldKind.SCHEDULE: "scheduled",
    HoldKind.HOURS: "kept until active hours",
    HoldKind.SILENCE: "kept by a silence",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBin:
    """A bin of which something is due, the oldest first, and the first that is *left* after it."""

    bin: Bin
    since: float
    """When it was due, in Unix seconds."""
    occasion: str
    """Name of the digest that is due, so that a worker can go on with what another began."""
    day: datetime
    """When the last of it became due, in the zone of its schedule."""
    waiting: Sequence[Waiting]
    left: Waiting | None

    @property
    def heading(self) -> str:
        """Say what the digest is."""
        return _HEADINGS[self.bin.kind].format(self.bin.reason, self.day)

    @property
    def why(self) -> str:
        """Say in small print why it comes now."""
        return _WHYS[self.bin.kind]

    @property
    def routes(self) -> tuple[str, ...]:
        """Give the routes that want any of it."""
        return routes_of(self.waiting)

    @property
    def mention(self) -> tuple[str, ...]:
        """Give whom they mention: each for what is worth it."""
        return mention_of(self.waiting)

    def parts(self) -> Iterator[list[Waiting]]:
        """Give it some at a time, what is said together not apart."""
        by_subject: dict[str, list[Waiting]] = defaultdict(list)
        for each in self.waiting:
            by_subject[each.subject].append(each)
        part: list[Waiting] = []
        for several in by_subject.values():
            part += several
            if len(part) >= TAKEN_AT_ONCE:
                yield part
                part = []
        if part:
            yield part


class Taking:
    """What waits in the Ledger; methods raise StoreError where that does not answer."""

    def __init__(self, book: HoldBook, *, clock: Callable[[], float]) -> None:
        """*clock* gives Unix seconds."""
        self._book = book
        self._clock = clock

    def due(self, table: RoutingTable) -> list[DueBin]:
        """Give the bins of which something is due by *table* as it is now, longest due first."""
        found = [each for each in self._book.bins() if each.due_at is not None]
        due = [each for each in found if self._due_at(each, table) <= self._clock()]
        return sorted((self._of(each, table) for each in due), key=lambda each: each.since)

    def take(self, bin_: Bin, part: Sequence[Waiting]) -> dict[str, Job]:
        """Give a job for each of *part*, by name; what cannot be read has one without finding."""
        events = self._book.events(bin_.name, [each.name for each in part])
        jobs = {name: _job(event) for name, event in events.items()}
        for each in part:
            if each.name in jobs:
                jobs[each.name].is_owed = each.is_owed
        return jobs

    def let_go(self, bin_: Bin, waiting: Waiting) -> None:
        """Forget what was said."""
        self._book.let_go(bin_.name, [waiting])

    def close(self, due: DueBin, *, digest: str | None) -> None:
        """Let nothing be due in a bin, once all of it was let go."""
        self._book.close(due.bin, digest=digest, left=due.left)

    def keep(self, due: DueBin, *, digest: str) -> None:
        """Remember what was said, and let the bin be due for what could not be let go."""
        self._book.close(due.bin, digest=digest, left=due.waiting[0])

    def still_held(self, names: Collection[str], *, except_in: str) -> set[str]:
        """Give those of *names* that wait in another bin, too."""
        return self._book.held_elsewhere(except_in, names) if names else set()

    def _of(self, bin_: Bin, table: RoutingTable) -> DueBin:
        """Take apart what is due in *bin_*, and what came later."""
        now, first = self._clock(), self._due_at(bin_, table)
        waiting = [
            (self._due_at(bin_, table, each), each) for each in self._book.waiting(bin_.name)
        ]
        last = max((at for at, _ in waiting if at <= now), default=first)
        return DueBin(
            bin=bin_,
            since=max(first, bin_.since or 0.0),
            # What is stuck from the time before keeps the bin as it was: the digest is another.
            occasion=f"{bin_.name}@{bin_.since}@{last}",
            day=datetime.fromtimestamp(
                now if last == AT_ONCE else last, zone_of(bin_.reason, table)
            ),
            waiting=[each for at, each in waiting if at <= now],
            left=next((each for at, each in waiting if at > now), None),
        )

    def _due_at(self, bin_: Bin, table: RoutingTable, waiting: Waiting | None = None) -> float:
        first = waiting.due_at if waiting else bin_.due_at
        since = waiting.since if waiting else bin_.since
        return due_at(
            bin_.kind,
            bin_.reason,
            table,
            since=since or 0.0,
            at_first=first or 0.0,
            now=self._clock(),
        )


def routes_of(waiting: Iterable[Waiting]) -> tuple[str, ...]:
    """Give the routes that want any of *waiting*."""
    return tuple(dict.fromkeys(route for each in waiting for route in each.routes))


def mention_of(waiting: Iterable[Waiting]) -> tuple[str, ...]:
    """Give whom any of *waiting* is worth a mention."""
    return tuple(dict.fromkeys(who for each in waiting for who in each.mention))


def _job(event: bytes) -> Job:
    """Read an event that was put aside: longer ago than Security Hub may lag behind."""
    try:
        body = zlib.decompress(event).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        return Job(record=Record(body=repr(event)), raw=repr(event), detail=str(error))
    [job] = read_jobs(Record(body=body, tries=NOT_FOUND_TRIES))
    # Whether it is to be said was decided when it was put aside.
    job.outcome = None
    return job
