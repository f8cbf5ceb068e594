"""
The backlog: the queue of findings that may wait, so that urgent ones do not wait behind them.

.. code-block:: text

    FindingsQueue ──► urgent, or few ──► cards, at once; no run waits for a slot here
          │
          └── a flood, a digest, or no slot now ──► BacklogQueue ──► digests, at Slack's pace

Both queues feed the same function. A finding that is urgent stays in FindingsQueue until it is
said, and comes again when its channel has a slot.
"""

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.outcome import FOLLOWED, UNDONE, Outcome, Progress
from finding_router.findings.ending import ending_of
from finding_router.findings.finding import Severity

# Two batches of so many take about as long as one CRITICAL finding may wait behind them.
FLOOD_RECORDS: Final = 25
# Records that came so long ago and were not tried yet show that the workers do not keep up.
BEHIND_SECONDS: Final = 30.0
BEHIND_A_FLOOD: Final = "behind what is urgent"
FOR_A_DIGEST: Final = "to be listed in a digest"


class Source(StrEnum):
    """The origin of a batch."""

    FINDINGS = "findings"
    """FindingsQueue, beside which there is a backlog."""
    BACKLOG = "backlog"
    """BacklogQueue."""
    ALONE = "alone"
    """A bare event, the schedule, or a queue without a backlog: there is no later."""


# Seconds for which a run waits for slots. A batch of the backlog that came again for each of its
# messages would be planned again for each; after these seconds another batch has its turn.
PATIENCE_SECONDS: Final = {Source.FINDINGS: 0.0, Source.BACKLOG: 20.0, Source.ALONE: float("inf")}


class Returns(NamedTuple):
    """The records of a batch that are not done, each with the seconds until its next try."""

    again: dict[Record, float]
    """Those that come again from their own queue."""
    over: dict[Record, float]
    """Those that go to the backlog."""
    digests: dict[Record, set[str]]
    """The channels in whose digests those of the backlog belong."""


def is_urgent(job: Job, least: Severity) -> bool:
    """Return True for a Custom Action, and for an open finding of at least severity *least*."""
    if job.about is None:
        return False
    is_open = ending_of(job.about) is None
    return job.is_requested or (is_open and job.about.severity.rank >= least.rank)


def put_off_a_flood(jobs: Sequence[Job]) -> None:
    """
    Send those of *jobs* that are not urgent to the backlog, if there are too many of them.

    All jobs of a batch about the subject of an urgent finding stay with it: a state that is
    superseded within a batch is not posted.
    """
    urgent = [job for job in jobs if job.is_urgent]
    records = {job.record for job in urgent}
    subjects = {job.subject for job in urgent if job.about}
    later = [
        job
        for job in jobs
        if (job.outcome is None or job.outcome in FOLLOWED)
        and job.record not in records
        and not (job.about and job.subject in subjects)
    ]
    if is_flood({job.record for job in later}):
        for job in later:
            job.wait(BEHIND_A_FLOOD)


def is_flood(records: Collection[Record]) -> bool:
    """Return True if *records* are too many, or older than they would be without others."""
    untried = (record.age_seconds for record in records if record.tries == 1)
    return len(records) >= FLOOD_RECORDS or max(untried, default=0.0) > BEHIND_SECONDS


def returns(jobs: Iterable[Job], source: Source) -> Returns:
    """Return the records of *jobs* that come again, by where they do."""
    made = Returns({}, {}, {})
    for job in jobs:
        may_wait = job.outcome is Outcome.WAITING and not job.is_urgent
        is_to_list = bool(job.digests) and job.outcome is not Outcome.FAILED
        # A critical finding whose card has no slot yet is not said behind the backlog.
        is_to_list = is_to_list and not (job.is_urgent and _waits_for_a_slot(job))
        if source is Source.FINDINGS and (may_wait or is_to_list):
            made.over[job.record] = max(made.over.get(job.record, 0.0), job.retry_seconds)
            made.digests.setdefault(job.record, set()).update(job.digests)
        elif job.outcome in UNDONE:
            made.again[job.record] = max(made.again.get(job.record, 0.0), job.retry_seconds)
    for record in made.again:
        made.over.pop(record, None)
    return made


def _waits_for_a_slot(job: Job) -> bool:
    return any(
        each.progress is Progress.WAITING and each.detail != FOR_A_DIGEST for each in job.deliveries
    )
