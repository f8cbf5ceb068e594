"""Saying what waited: the digests of schedules, active hours and silences that are due."""

from collections.abc import Callable

from finding_router.delivery.conclusion import conclude
from finding_router.delivery.deadline import Deadline
from finding_router.delivery.hold_book import Bin
from finding_router.delivery.holding import DueBin, Holding
from finding_router.delivery.job import DigestWork, Job, Progress
from finding_router.delivery.ledger import EntryKey
from finding_router.delivery.marking import Marker, Workflow
from finding_router.delivery.outbox import Outbox
from finding_router.delivery.planning import Planner
from finding_router.delivery.stores import Stores
from finding_router.errors import WorkflowUpdateError
from finding_router.findings.digest import Totals
from finding_router.routing.hold import HoldKind
from finding_router.routing.table import Destination, RoutingTable
from finding_router.telemetry import logger


class Waker:
    """Empties the bins that are due, each as one digest; what fails waits for the next call."""

    def __init__(
        self,
        stores: Stores,
        *,
        outbox: Outbox,
        marker: Marker,
        workflow: Workflow,
        clock: Callable[[], float],
    ) -> None:
        """*clock* gives Unix seconds."""
        self._stores = stores
        self._outbox = outbox
        self._marker = marker
        self._workflow = workflow
        self._clock = clock
        self._holding = Holding(stores.holds, clock=clock)

    def run(self, table: RoutingTable, planner: Planner, deadline: Deadline) -> list[Job]:
        """
        Say what is due; every job of the answer has an outcome.

        Raises:
            StoreError: the Ledger does not answer.

        """
        jobs: list[Job] = []
        for bin_ in self._holding.due(table):
            if deadline.allows():
                jobs += self._empty(bin_, table, planner, deadline)
        return jobs

    def _empty(
        self, bin_: Bin, table: RoutingTable, planner: Planner, deadline: Deadline
    ) -> list[Job]:
        due = self._holding.take(bin_)
        if not due.jobs:
            self._holding.done(due, (), digest=None)
            return []
        keys = {job.finding.key: subject for subject, job in due.jobs.items() if job.finding}
        try:
            over = self._workflow.ended(keys, deadline=deadline)
        except WorkflowUpdateError as error:
            logger.warning("digest waits on", bin=bin_.name, detail=str(error))
            return []
        ended = frozenset(keys[key] for key in over)
        work = self._digest(due, ended, planner)
        self._outbox.send_digest(work, default_channel=table.default_channel, deadline=deadline)
        jobs = list(due.jobs.values())
        for job in jobs:
            conclude(job)
        if work.progress is Progress.POSTED:
            self._settle(due, work, deadline)
        return jobs

    def _settle(self, due: DueBin, work: DigestWork, deadline: Deadline) -> None:
        """Mark and forget what was said; a finding that also waits elsewhere is marked there."""
        said = {
            each.key.finding for each in work.deliveries if each.progress is not Progress.FAILED
        } | work.over
        still_held = self._holding.still_held(said, except_in=due.bin.name)
        for subject, job in due.jobs.items():
            job.is_held = subject in still_held or subject in work.over
        self._marker.run(list(due.jobs.values()), deadline)
        digest = work.digest.digest_id if work.digest else None
        self._holding.done(due, said, digest=digest)

    def _digest(self, due: DueBin, ended: frozenset[str], planner: Planner) -> DigestWork:
        bin_ = due.bin
        destination = Destination(channel=bin_.channel, routes=bin_.routes, mention=bin_.mention)
        waiting = {
            subject: planner.wait(job, EntryKey(subject, bin_.channel), destination)
            for subject, job in due.jobs.items()
        }
        book, name = self._stores.digests, bin_.occasion
        compared_with = None
        if bin_.digest is not None and bin_.kind is HoldKind.SCHEDULE:
            compared_with = Totals.of(book.lines(bin_.digest))
        return DigestWork(
            destination=destination,
            severity=max(
                (each.severity for each in waiting.values()), key=lambda severity: severity.rank
            ),
            jobs=list(due.jobs.values()),
            name=name,
            deliveries=[each for subject, each in waiting.items() if subject not in ended],
            also=[each for subject, each in waiting.items() if subject in ended],
            over=ended,
            heading=due.heading,
            why=due.why,
            before=book.open_digests([name]).get(name),
            compared_with=compared_with,
        )
