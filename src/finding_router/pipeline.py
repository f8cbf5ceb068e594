"""
The main job over one batch: read, decide, claim, post, record, mark.

Most events say nothing. What decides and speaks takes a fifth of a cold start, and so is imported
where there is something to say.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from finding_router.counts import counted
from finding_router.delivery.backoff import backoff_seconds
from finding_router.delivery.conclusion import conclude, report
from finding_router.delivery.deadline import Deadline
from finding_router.delivery.holding import Holding
from finding_router.delivery.intake import read_jobs
from finding_router.delivery.job import Job, Record
from finding_router.delivery.marking import Marker, Workflow
from finding_router.delivery.notices import Notices
from finding_router.delivery.outcome import Outcome
from finding_router.delivery.stores import Stores
from finding_router.delivery.subjects import subject_of
from finding_router.errors import StoreError
from finding_router.findings.finding import Finding
from finding_router.routing.book import RouteBook
from finding_router.settings import Settings
from finding_router.slack.client import SlackClient
from finding_router.slack.links import AccessPortal
from finding_router.telemetry import INVALID_ROUTES, count, logger

if TYPE_CHECKING:
    from finding_router.delivery.outbox import Outbox
    from finding_router.delivery.planning import Planner
    from finding_router.delivery.waking import Waker
    from finding_router.routing.table import RoutingTable

# Most silences that are over have done what they were for: their authors hear of it once.
SILENCE_OVER_SECONDS: Final = 90 * 86_400.0
# What may change what was said before.
_FOLLOWED: Final = frozenset({Outcome.ARCHIVED, Outcome.PASSED, Outcome.NOT_NEW})


class Pipeline:
    """Everything a batch goes through; the collaborators come from bootstrap."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        *,
        book: RouteBook,
        slack: SlackClient,
        workflow: Workflow,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """*clock* gives Unix seconds, *sleep* takes seconds."""
        self._settings = settings
        self._stores = stores
        self._ledger = stores.ledger
        self._book = book
        self._slack = slack
        self._workflow = workflow
        self._clock = clock
        self._sleep = sleep
        self._notices = Notices(
            slack=slack,
            ledger=stores.ledger,
            channel=settings.trouble_channel,
            clock=clock,
            sleep=sleep,
        )
        self._holding = Holding(stores.holds, clock=clock)
        self._marker = Marker(
            workflow=workflow, ledger=stores.ledger, close=self._close, clock=clock
        )
        self._portal = (
            AccessPortal(settings.access_portal_url, settings.access_portal_role)
            if settings.access_portal_url
            else None
        )

    def run(self, records: Sequence[Record], deadline: Deadline) -> list[Job]:
        """Take *records* through to the end; every job of the answer has an outcome."""
        jobs = [job for record in records for job in read_jobs(record)]
        try:
            self._say(jobs, deadline)
        except StoreError as error:
            for job in jobs:
                if job.outcome is None or job.is_followed:
                    job.fail(str(error), retry_seconds=backoff_seconds(job.record.tries))
        self._marker.run(jobs, deadline)
        return self._finish(jobs, deadline)

    def wake(self, deadline: Deadline) -> list[Job]:
        """
        Say what waited and is due; what fails waits for the next call.

        Raises:
            StoreError: the Ledger does not answer, or no routing table could ever be read.

        """
        table = self._book.table()
        self._tell_troubles(table)
        jobs = self._waker.run(table, self._planner(table), deadline)
        return self._finish(jobs, deadline)

    def _close(self, over: Sequence[tuple[Job, Finding]], deadline: Deadline) -> None:
        """Let what is said of each job end as its finding did; that may have to be tried again."""
        if not self._settings.track_lifecycle:
            return
        # To the second, as events are dated: a return within this one is later all the same.
        at = float(int(self._clock()))
        ends = [(job, job.ended(finding, at=at)) for job, finding in over]
        try:
            table = self._book.table()
            planner = self._planner(table)
            for job, end in ends:
                channels = [each.key.channel for each in job.deliveries if not each.is_requested]
                planner.follow([end], dict.fromkeys(_subjects([end]), channels))
            self._outbox.send(
                planner.deliveries(), default_channel=table.default_channel, deadline=deadline
            )
        except StoreError as error:
            for job, _ in ends:
                job.fail(str(error), retry_seconds=backoff_seconds(job.record.tries))
            return
        for job, end in ends:
            conclude(end)
            if end.outcome is Outcome.FAILED:
                job.fail(end.detail, retry_seconds=end.retry_seconds)

    def _finish(self, jobs: list[Job], deadline: Deadline) -> list[Job]:
        for job in jobs:
            report(job)
        # Last, so that no alert waits for the router's own troubles.
        self._notices.flush(deadline)
        return jobs

    def _say(self, jobs: Sequence[Job], deadline: Deadline) -> None:
        """Decide and post; raises StoreError where no routing table could ever be read."""
        new = [job for job in jobs if job.outcome is None]
        followed, channels = self._followed(jobs, told=_subjects(new))
        if not new and not followed:
            return
        table = self._book.table()
        self._tell_troubles(table)
        planner = self._planner(table)
        planner.route(new)
        planner.follow(followed, channels)
        deliveries = planner.deliveries()
        self._outbox.send(deliveries, default_channel=table.default_channel, deadline=deadline)
        self._holding.put_aside(deliveries, deadline, decided_at=planner.now)
        for job in jobs:
            if job.deliveries:
                conclude(job)

    @cached_property
    def _outbox(self) -> "Outbox":
        from finding_router.delivery.outbox import Outbox

        return Outbox(
            self._settings,
            self._stores,
            slack=self._slack,
            notices=self._notices,
            clock=self._clock,
            sleep=self._sleep,
        )

    @cached_property
    def _waker(self) -> "Waker":
        from finding_router.delivery.waking import Waker

        return Waker(
            self._stores,
            outbox=self._outbox,
            notices=self._notices,
            marker=self._marker,
            workflow=self._workflow,
            clock=self._clock,
        )

    def _now(self) -> datetime:
        """Give the time as routes reckon with it."""
        return datetime.fromtimestamp(self._clock(), UTC)

    def _planner(self, table: "RoutingTable") -> "Planner":
        from finding_router.delivery.planning import Planner

        return Planner(table=table, portal=self._portal, now=self._now())

    def _followed(
        self, jobs: Sequence[Job], *, told: Collection[str]
    ) -> tuple[list[Job], Mapping[str, Collection[str]]]:
        """
        Give those of *jobs* that change what was said, with the channels of each subject.

        What this batch is about to tell of, *told*, counts as said.
        """
        if not self._settings.track_lifecycle:
            return [], {}
        for job in jobs:
            job.is_followed = job.outcome in _FOLLOWED
        subjects = _subjects(job for job in jobs if job.is_followed)
        # All that events cost whose findings nobody was ever told of.
        channels = self._ledger.channels(subjects) if subjects else {}
        for job in jobs:
            job.is_followed = job.is_followed and not _subjects([job]).isdisjoint(
                {*channels, *told}
            )
        return [job for job in jobs if job.is_followed], channels

    def _tell_troubles(self, table: "RoutingTable") -> None:
        if table.problems:
            count(INVALID_ROUTES, table.skipped)
            for problem in table.problems:
                logger.warning(
                    "item skipped",
                    kind=problem.kind,
                    item=problem.name,
                    field=problem.field,
                    problem=problem.problem,
                    remedy=problem.remedy,
                )
            self._notices.say(
                "invalid routes",
                counted(
                    table.skipped,
                    "item of the routing table is skipped",
                    "items of the routing table are skipped",
                ),
                [str(problem) for problem in table.problems],
            )
        for problem in table.over(self._now()):
            self._notices.say(
                # With its moment: a name may be used again, and mistyped again.
                f"silence {problem.name} {problem.problem}",
                f"silence “{problem.name}” is over",
                [str(problem)],
                every_seconds=SILENCE_OVER_SECONDS,
            )
        if self._book.stale_because is not None:
            logger.warning("routes not read again", reason=str(self._book.stale_because))
            self._notices.say(
                "stale routes",
                "the routing table cannot be read; the last good one is in force",
                [str(self._book.stale_because)],
            )


def _subjects(jobs: Iterable[Job]) -> set[str]:
    return {subject_of(job.finding) for job in jobs if job.finding is not None}
