"""Moving findings from NEW to NOTIFIED, and what Security Hub's refusals mean."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, Literal, Protocol

from finding_router.delivery.backoff import backoff_seconds
from finding_router.delivery.deadline import AWS_SECONDS, Deadline
from finding_router.delivery.job import Job, Progress
from finding_router.delivery.ledger import Ledger, finding_hash
from finding_router.delivery.outcome import Outcome
from finding_router.errors import StoreError, WorkflowUpdateError
from finding_router.findings.finding import Severity
from finding_router.telemetry import logger

type FindingKey = tuple[str, str]
type Status = Literal["NOTIFIED", "SUPPRESSED"]
type _Groups = dict[FindingKey, list[Job]]

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindingsUnprocessedFinding.html
INVALID_INPUT: Final = "InvalidInput"
PERMANENT_CODES: Final = frozenset({"FindingSizeExceeded", INVALID_INPUT})
NOT_FOUND: Final = "FindingNotFound"
# A finding that is still not there after so many tries was deleted; before, it may be lag.
NOT_FOUND_TRIES: Final = 3
# Not a code of Security Hub's: it was not asked.
OUT_OF_TIME: Final = "out of time"
# What an event says of the status holds for so long; after it, Security Hub is asked first.
FRESH_SECONDS: Final = 120.0
SAID: Final = frozenset({Outcome.POSTED, Outcome.DIGESTED, Outcome.UPDATED, Outcome.DUPLICATE})
_DONE: Final = frozenset({Progress.POSTED, Progress.DIGESTED, Progress.UPDATED, Progress.DUPLICATE})


class Workflow(Protocol):
    """Security Hub, as far as Workflow status goes; no call starts that may end too late."""

    def mark(
        self, keys: Iterable[FindingKey], status: Status, *, deadline: Deadline
    ) -> Mapping[FindingKey, str]:
        """Set *status*; give the code of each finding that was not updated."""

    def statuses(
        self, keys: Collection[FindingKey], *, deadline: Deadline
    ) -> Mapping[FindingKey, str]:
        """Give the status of those of *keys* that are found; raises WorkflowUpdateError."""

    def severities(
        self, keys: Collection[FindingKey], *, deadline: Deadline
    ) -> Mapping[FindingKey, Severity | None]:
        """
        Give how severe those of *keys* are now that are found, and None for what is over.

        Raises WorkflowUpdateError.
        """


class Marker:
    """Marks what a batch has said."""

    def __init__(self, *, workflow: Workflow, ledger: Ledger, clock: Callable[[], float]) -> None:
        """*clock* gives Unix seconds."""
        self._workflow = workflow
        self._ledger = ledger
        self._clock = clock

    def run(self, jobs: Sequence[Job], deadline: Deadline) -> None:
        """Mark each finding whose every channel has its message; what fails comes back for it."""
        by_status = _due(jobs)
        for status, by_key in by_status.items():
            self._mark(status, by_key, deadline)

    def _mark(self, status: Status, by_key: _Groups, deadline: Deadline) -> None:
        left = self._leave_to_people(by_key, deadline)
        refused = self._workflow.mark(by_key, status, deadline=deadline) if by_key else {}
        for key, code in refused.items():
            for job in by_key.pop(key, []):
                _refuse(job, status, code)
        if status == "NOTIFIED":
            self._remember([*left, *_all_jobs(by_key)], deadline)

    def _leave_to_people(self, by_key: _Groups, deadline: Deadline) -> list[Job]:
        """
        Take out what is not NEW any more, and give those jobs.

        An old event tells the status of long ago, and Security Hub has no conditional write:
        NOTIFIED must not overwrite what a person has set since.
        """
        now = self._clock()
        stale = [key for key, jobs in by_key.items() if any(_is_stale(job, now) for job in jobs)]
        if not stale:
            return []
        try:
            statuses = self._workflow.statuses(stale, deadline=deadline)
        except WorkflowUpdateError as error:
            for job in _all_jobs({key: by_key.pop(key) for key in stale}):
                job.fail(str(error), retry_seconds=backoff_seconds(job.record.tries))
            return []
        moved = [key for key in stale if statuses.get(key, "NEW") != "NEW"]
        return _all_jobs({key: by_key.pop(key) for key in moved})

    def _remember(self, jobs: Sequence[Job], deadline: Deadline) -> None:
        """
        Write that they are NOTIFIED, or whatever a person made of NEW.

        Without it the next episode could not be told from an echo of this one, so that jobs come
        back until it is written.
        """
        problem = ""
        for job in jobs:
            if not problem and not deadline.leaves(AWS_SECONDS):
                problem = OUT_OF_TIME
            if not problem:
                try:
                    keys = [delivery.key for delivery in job.deliveries]
                    member = finding_hash(*job.finding.key) if job.finding else ""
                    self._ledger.record_notified(member, keys, at=self._clock())
                except StoreError as error:
                    problem = str(error)
            if problem:
                job.fail(problem, retry_seconds=backoff_seconds(job.record.tries))


def _due(jobs: Sequence[Job]) -> dict[Status, _Groups]:
    """Group by finding the jobs that are to be marked; a finding of which one failed is not."""
    failed = {job.finding.key: job for job in jobs if job.finding and job.outcome is Outcome.FAILED}
    by_status: dict[Status, _Groups] = {
        "NOTIFIED": defaultdict(list),
        "SUPPRESSED": defaultdict(list),
    }
    for job in jobs:
        if job.finding is None or not _is_due(job):
            continue
        sibling = failed.get(job.finding.key)
        if sibling is None:
            by_status["SUPPRESSED" if job.suppress else "NOTIFIED"][job.finding.key].append(job)
        else:
            job.fail(
                "another event of this finding has to be tried again",
                retry_seconds=sibling.retry_seconds,
            )
    return by_status


def _is_due(job: Job) -> bool:
    if job.finding is None or job.finding.workflow_status != "NEW":
        return False
    if job.suppress:
        return job.outcome is Outcome.SUPPRESSED
    return (
        job.outcome in SAID
        and not job.is_held
        and all(each.progress in _DONE for each in job.deliveries)
        and any(
            each.entry is None or not each.entry.is_notified(finding_hash(*job.finding.key))
            for each in job.deliveries
        )
    )


def _is_stale(job: Job, now: float) -> bool:
    return job.record.tries > 1 or job.sent_at is None or now - job.sent_at > FRESH_SECONDS


def _refuse(job: Job, status: Status, code: str) -> None:
    """End *job* by what Security Hub's *code* means; a final refusal leaves its outcome as is."""
    detail = f"Workflow status not set to {status}: {code}"
    if code in PERMANENT_CODES or (code == NOT_FOUND and job.record.tries >= NOT_FOUND_TRIES):
        logger.error("finding not marked", finding_id=job.finding and job.finding.id, code=code)
        job.detail = detail
    else:
        job.fail(detail, retry_seconds=backoff_seconds(job.record.tries))


def _all_jobs(by_key: Mapping[FindingKey, Sequence[Job]]) -> list[Job]:
    return [job for jobs in by_key.values() for job in jobs]
