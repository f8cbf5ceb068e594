"""The report of a finding: its outcome, its line in the log, and its place in the metrics."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence

from finding_router.delivery.deliveries import Job
from finding_router.delivery.intake import complete
from finding_router.delivery.outcome import FOLLOWED, METRICS, NEWS, UNDONE, Outcome, Progress
from finding_router.findings.short_id import short_id
from finding_router.routing.hold import HoldKind
from finding_router.telemetry import EVENTS_REFUSED, FINDINGS_SHADOWED, count, logger


def conclude(job: Job) -> None:
    """Set the outcome of *job* that follows from its deliveries, unless it failed before them."""
    if job.outcome is Outcome.FAILED:
        return
    failed = [each for each in job.deliveries if each.progress is Progress.FAILED]
    waiting = [each for each in job.deliveries if each.progress is Progress.WAITING]
    # The message of another job is no news of this one.
    own = [each for each in job.deliveries if each.job is job]
    reached = {each.progress: each for each in own}
    held = [each for each in job.deliveries if each.progress is Progress.HELD]
    updated = [each for each in job.deliveries if each.progress is Progress.UPDATED]
    if failed:
        job.fail(failed[0].detail, retry_seconds=max(each.retry_seconds for each in failed))
    elif waiting:
        job.wait(waiting[0].detail, retry_seconds=max(each.retry_seconds for each in waiting))
    elif posted := reached.get(Progress.POSTED):
        is_read = job.finding is not None
        outcome = Outcome.POSTED if is_read else Outcome.POSTED_RAW
        job.end(outcome, job.detail or posted.detail)
    elif digested := reached.get(Progress.DIGESTED):
        job.end(Outcome.DIGESTED, digested.detail)
    elif held:
        hold = held[0].destination.hold
        is_silence = hold is not None and hold.kind is HoldKind.SILENCE
        job.end(Outcome.SILENCED if is_silence else Outcome.HELD, held[0].detail)
    elif updated:
        job.end(Outcome.UPDATED, job.outcome or updated[0].detail)
    elif job.outcome is None or job.outcome in FOLLOWED:
        why = next((each.detail for each in job.deliveries if each.detail), "")
        job.end(job.outcome or Outcome.DUPLICATE, job.detail or why)


def report(job: Job) -> None:
    """Log the outcome in one line, and count it."""
    outcome = job.outcome or Outcome.FAILED
    if outcome in METRICS:
        count(METRICS[outcome])
    if job.is_unread_event and outcome not in UNDONE:
        count(EVENTS_REFUSED)
    if job.shadowed and outcome in NEWS:
        count(FINDINGS_SHADOWED)
    # Most events are about findings that were never posted.
    if outcome not in FOLLOWED or job.is_followed:
        _log(job, outcome, logger.info)
    elif logger.log_level <= logging.DEBUG:
        _log(job, outcome, logger.debug)


def _log(job: Job, outcome: Outcome, log: Callable[..., None]) -> None:
    if job.finding is None and job.outline is not None and not complete(job):
        job.end(outcome, job.detail)
    finding = job.finding
    log(
        "finding",
        outcome=outcome.value,
        detail=job.detail,
        shadow=list(job.shadowed),
        record_id=job.record.first_id or job.record.id,
        finding_id=finding and finding.id,
        short_id=finding and short_id(finding.id),
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
                "posted_to": each.alert.posted_to,
                "ts": each.alert.ts,
                "verdict": each.step.verdict.value,
                "why": each.step.why.value,
                "note": each.refused_with or each.destination.note,
            }
            for each in job.deliveries
        ],
    )


def report_reasons(jobs: Sequence[Job]) -> None:
    """Log how often the deliveries of a batch had each verdict for each reason, in one line."""
    deliveries = {id(each): each for job in jobs for each in job.deliveries}.values()
    reasons = Counter(f"{each.step.verdict}: {each.step.why}" for each in deliveries)
    if reasons:
        logger.info("verdicts", reasons=dict(reasons))
