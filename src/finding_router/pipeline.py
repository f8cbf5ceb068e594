"""The main job over one batch: read, decide, claim, post, record, mark."""

import time
from collections.abc import Callable, Iterable, Sequence

from finding_router.delivery.backoff import backoff_seconds
from finding_router.delivery.batch import Batch
from finding_router.delivery.claims import Claims
from finding_router.delivery.deadline import Deadline
from finding_router.delivery.digest_book import DigestBook
from finding_router.delivery.digest_telling import DigestTeller
from finding_router.delivery.digests import Digests
from finding_router.delivery.intake import read_jobs
from finding_router.delivery.job import Delivery, Job, Progress, Record
from finding_router.delivery.ledger import Ledger
from finding_router.delivery.marking import Marker, Workflow
from finding_router.delivery.notices import Notices
from finding_router.delivery.outcome import Outcome
from finding_router.delivery.pace import Pace
from finding_router.delivery.planning import Planner
from finding_router.delivery.posting import Poster
from finding_router.delivery.slots import Slots
from finding_router.delivery.subjects import subject_of
from finding_router.delivery.telling import DeliveryTeller
from finding_router.errors import StoreError
from finding_router.routing.book import RouteBook
from finding_router.routing.table import RoutingTable
from finding_router.settings import Settings
from finding_router.slack.client import SlackClient
from finding_router.slack.links import AccessPortal
from finding_router.telemetry import (
    EVENTS_REFUSED,
    FINDINGS_DIGESTED,
    FINDINGS_DUPLICATE,
    FINDINGS_FAILED,
    FINDINGS_POSTED,
    FINDINGS_QUIET,
    FINDINGS_UPDATED,
    INVALID_ROUTES,
    count,
    logger,
)

_METRICS = {
    Outcome.POSTED: FINDINGS_POSTED,
    Outcome.POSTED_RAW: FINDINGS_POSTED,
    Outcome.DIGESTED: FINDINGS_DIGESTED,
    Outcome.UPDATED: FINDINGS_UPDATED,
    Outcome.DUPLICATE: FINDINGS_DUPLICATE,
    Outcome.REFUSED: EVENTS_REFUSED,
    Outcome.FAILED: FINDINGS_FAILED,
}


_FOLLOWED = frozenset({Outcome.ARCHIVED, Outcome.PASSED, Outcome.NOT_NEW})


class Pipeline:
    """Everything a batch goes through; the collaborators come from bootstrap."""

    def __init__(
        self,
        *,
        settings: Settings,
        book: RouteBook,
        ledger: Ledger,
        digest_book: DigestBook,
        slack: SlackClient,
        workflow: Workflow,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """*clock* gives Unix seconds, *sleep* takes seconds."""
        self._settings = settings
        self._book = book
        self._ledger = ledger
        self._digest_book = digest_book
        self._slack = slack
        self._clock = clock
        self._sleep = sleep
        self._marker = Marker(workflow=workflow, ledger=ledger, clock=clock)
        self._notices = Notices(
            slack=slack, ledger=ledger, channel=settings.trouble_channel, clock=clock
        )
        self._pace = Pace(ledger=ledger, notices=self._notices, clock=clock)
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
                if job.outcome is None or self._is_followed(job):
                    job.fail(str(error), retry_seconds=backoff_seconds(job.record.tries))
        self._marker.run(jobs, deadline)
        for job in jobs:
            _report(job)
        # Last, so that no alert waits for the router's own troubles.
        self._notices.flush(deadline)
        return jobs

    def _say(self, jobs: Sequence[Job], deadline: Deadline) -> None:
        """Decide and post; raises StoreError where no routing table could ever be read."""
        new = [job for job in jobs if job.outcome is None]
        followed = [job for job in jobs if self._is_followed(job)]
        # All that events cost whose findings nobody was ever told of.
        channels = self._ledger.channels(_subjects(followed)) if followed else {}
        if not new and not channels:
            return
        table = self._book.table()
        self._tell_troubles(table)
        planner = Planner(table=table, portal=self._portal)
        planner.route(new)
        planner.follow(followed, channels)
        self._deliver(planner.deliveries(), table.default_channel, deadline)
        for job in jobs:
            if job.deliveries:
                _conclude(job)

    def _deliver(
        self, deliveries: Sequence[Delivery], default_channel: str, deadline: Deadline
    ) -> None:
        """Bring *deliveries* to their ends, the bursts among them as digests; raises StoreError."""
        claims = Claims(
            self._ledger,
            settle_seconds=self._settings.settle_minutes * 60,
            deadline=deadline,
            clock=self._clock,
        )
        claims.load(deliveries)
        batch = Batch(
            slack=self._slack,
            book=self._digest_book,
            claims=claims,
            slots=Slots(self._pace, deadline=deadline, clock=self._clock),
            pace=self._pace,
            notices=self._notices,
            default_channel=default_channel,
            deadline=deadline,
            clock=self._clock,
            sleep=self._sleep,
        )
        digests = Digests(
            batch,
            threshold=self._settings.burst_threshold,
            quiet_seconds=self._settings.burst_quiet_minutes * 60,
        )
        poster = Poster(
            batch,
            deliveries=DeliveryTeller(batch, digests),
            digests=DigestTeller(batch, digests),
        )
        poster.run(digests.gather(deliveries))
        digests.refresh()

    def _is_followed(self, job: Job) -> bool:
        """Tell whether *job* may change what was said before: an end, or more of the same."""
        return self._settings.track_lifecycle and job.outcome in _FOLLOWED

    def _tell_troubles(self, table: RoutingTable) -> None:
        if table.problems:
            count(INVALID_ROUTES, len(table.problems))
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
                f"{len(table.problems)} items of the routing table are skipped",
                [str(problem) for problem in table.problems],
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


def _conclude(job: Job) -> None:
    """Give *job* the outcome that follows from its deliveries."""
    failed = [each for each in job.deliveries if each.progress is Progress.FAILED]
    reached = {each.progress for each in job.deliveries if each.job is job}
    if failed:
        job.fail(failed[0].detail, retry_seconds=max(each.retry_seconds for each in failed))
    elif Progress.POSTED in reached:
        job.end(Outcome.POSTED if job.finding else Outcome.POSTED_RAW, job.detail)
    elif Progress.DIGESTED in reached:
        job.end(Outcome.DIGESTED)
    elif any(each.progress is Progress.UPDATED for each in job.deliveries):
        job.end(Outcome.UPDATED, job.outcome or "")
    elif job.outcome is None:
        job.end(Outcome.DUPLICATE)


def _report(job: Job) -> None:
    """Log the outcome in one line, and count it."""
    outcome = job.outcome or Outcome.FAILED
    count(_METRICS.get(outcome, FINDINGS_QUIET))
    finding = job.finding
    logger.info(
        "finding",
        outcome=outcome.value,
        detail=job.detail,
        record_id=job.record.id,
        finding_id=finding and finding.id,
        product_arn=finding and finding.product_arn,
        severity=finding and finding.severity.value,
        title=finding and finding.title,
        account_id=finding and finding.account_id,
        account_name=finding and finding.account_name,
        product=finding and finding.product,
        channels=[
            {
                "channel": each.destination.channel,
                "routes": list(each.destination.routes),
                "posted_to": each.entry and each.entry.posted_to,
                "ts": each.entry and each.entry.ts,
                "note": each.banner or each.destination.note,
            }
            for each in job.deliveries
        ],
    )
