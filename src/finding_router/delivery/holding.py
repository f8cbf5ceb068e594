"""Putting aside what waits, and taking out what is due."""

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from finding_router.delivery.hold_book import Bin, Held, HoldBook
from finding_router.delivery.job import Job, Record
from finding_router.delivery.subjects import subject_of
from finding_router.errors import FindingError
from finding_router.findings.asff import read_finding
from finding_router.findings.events import EventKind
from finding_router.routing.hold import Hold, HoldKind
from finding_router.telemetry import logger

if TYPE_CHECKING:
    from finding_router.routing.table import Destination, RoutingTable

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


@dataclass(slots=True, kw_only=True, eq=False)
class DueBin:
    """A bin whose time has come, with a job for each finding that waited in it."""

    bin: Bin
    jobs: dict[str, Job] = field(default_factory=dict)
    """By subject."""

    @property
    def heading(self) -> str:
        """Say what the digest is."""
        when = datetime.fromtimestamp(self.bin.due_at or 0.0, UTC)
        return _HEADINGS[self.bin.kind].format(self.bin.reason, when)

    @property
    def why(self) -> str:
        """Say in small print why it comes now."""
        return _WHYS[self.bin.kind]


class Holding:
    """What waits in the Ledger; methods raise StoreError where that does not answer."""

    def __init__(self, book: HoldBook, *, clock: Callable[[], float]) -> None:
        """*clock* gives Unix seconds."""
        self._book = book
        self._clock = clock

    def keep(self, job: Job, destination: "Destination", hold: Hold) -> None:
        """Keep the finding of *job* until its digest is due."""
        if job.finding is None or hold.forget:
            return
        now = self._clock()
        bin_ = Bin(
            name=f"{hold.kind}#{hold.name}#{destination.channel}",
            kind=hold.kind,
            reason=hold.name,
            channel=destination.channel,
            routes=destination.routes,
            mention=destination.mention,
            due_at=hold.due_at.timestamp(),
            touched_at=now,
        )
        finding = json.dumps(job.raw, separators=(",", ":"), default=str)
        self._book.hold(bin_, Held(subject=subject_of(job.finding), finding=finding, held_at=now))

    def due(self, table: "RoutingTable") -> list[Bin]:
        """Give the bins whose time has come, or whose route or silence is there no more."""
        now = self._clock()
        reasons = {(HoldKind.SILENCE, silence.name) for silence in table.silences}
        reasons |= {
            (kind, route.name)
            for kind in (HoldKind.SCHEDULE, HoldKind.HOURS)
            for route in table.routes
        }
        return [
            each
            for each in self._book.bins()
            if each.due_at is not None
            and (each.due_at <= now or (each.kind, each.reason) not in reasons)
        ]

    def take(self, bin_: Bin) -> DueBin:
        """Give what waits in *bin_*; it waits on until `done`."""
        due = DueBin(bin=bin_)
        for held in self._book.held(bin_.name):
            raw = json.loads(held.finding)
            job = Job(record=Record(body=raw), kind=EventKind.IMPORTED, raw=raw)
            try:
                job.finding = read_finding(raw)
            except FindingError as error:
                # It was readable when it was put aside.
                logger.error("held finding not read", bin=bin_.name, detail=str(error))
                continue
            due.jobs[held.subject] = job
        return due

    def done(self, due: DueBin, subjects: Collection[str], *, digest: str | None) -> None:
        """Forget *subjects*, which were said, and the bin's due time once nothing is left."""
        self._book.let_go(due.bin.name, subjects)
        if set(due.jobs) <= set(subjects):
            self._book.close(due.bin, digest=digest)

    def still_held(self, subjects: Iterable[str], *, except_in: str) -> set[str]:
        """Give those of *subjects* that wait in another bin, too."""
        others = [
            each.name
            for each in self._book.bins()
            if each.due_at is not None and each.name != except_in
        ]
        return self._book.holds(others, list(subjects)) if others else set()
