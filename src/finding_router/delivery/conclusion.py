"""What became of a finding: its outcome, its line in the log, and its place in the metrics."""

from typing import Final

from finding_router.delivery.job import Job, Progress
from finding_router.delivery.outcome import Outcome
from finding_router.routing.hold import HoldKind
from finding_router.telemetry import (
    EVENTS_REFUSED,
    FINDINGS_DUPLICATE,
    FINDINGS_FAILED,
    FINDINGS_POSTED,
    FINDINGS_QUIET,
    FINDINGS_SHADOWED,
    FINDINGS_SILENCED,
    count,
    logger,
)

_METRICS: Final = {
    Outcome.POSTED: FINDINGS_POSTED,
    Outcome.POSTED_RAW: FINDINGS_POSTED,
    Outcome.DIGESTED: FINDINGS_POSTED,
    Outcome.SILENCED: FINDINGS_SILENCED,
    Outcome.DUPLICATE: FINDINGS_DUPLICATE,
    Outcome.REFUSED: EVENTS_REFUSED,
    Outcome.FAILED: FINDINGS_FAILED,
}


# What is new, so that a shadow route would have posted it, whatever the other routes made of it.
_NEWS: Final = frozenset(
    {
        Outcome.POSTED,
        Outcome.POSTED_RAW,
        Outcome.DIGESTED,
        Outcome.HELD,
        Outcome.SILENCED,
        Outcome.DROPPED,
        Outcome.SUPPRESSED,
    }
)
# The most of all events, and of no use to anybody unless they change what was said.
_UNSAID: Final = frozenset({Outcome.ARCHIVED, Outcome.PASSED, Outcome.NOT_NEW})


def conclude(job: Job) -> None:
    """Give *job* the outcome that follows from its deliveries."""
    failed = [each for each in job.deliveries if each.progress is Progress.FAILED]
    # What another job's message said is no news of this one.
    reached = {each.progress for each in job.deliveries if each.job is job}
    if failed:
        job.fail(failed[0].detail, retry_seconds=max(each.retry_seconds for each in failed))
    elif Progress.POSTED in reached:
        job.end(Outcome.POSTED if job.finding else Outcome.POSTED_RAW, job.detail)
    elif Progress.DIGESTED in reached:
        job.end(Outcome.DIGESTED)
    elif held := [each for each in job.deliveries if each.progress is Progress.HELD]:
        hold = held[0].destination.hold
        is_silence = hold is not None and hold.kind is HoldKind.SILENCE
        job.end(Outcome.SILENCED if is_silence else Outcome.HELD, held[0].detail)
    elif any(each.progress is Progress.UPDATED for each in job.deliveries):
        job.end(Outcome.UPDATED, job.outcome or "")
    elif job.outcome is None:
        job.end(Outcome.DUPLICATE)


def report(job: Job) -> None:
    """Log the outcome in one line, and count it."""
    outcome = job.outcome or Outcome.FAILED
    count(_METRICS.get(outcome, FINDINGS_QUIET))
    if job.shadowed and outcome in _NEWS:
        count(FINDINGS_SHADOWED)
    finding = job.finding
    is_worth_a_line = outcome not in _UNSAID or job.is_followed
    log = logger.info if is_worth_a_line else logger.debug
    log(
        "finding",
        outcome=outcome.value,
        detail=job.detail,
        shadow=list(job.shadowed),
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
