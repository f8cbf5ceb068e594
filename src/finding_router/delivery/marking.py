"""Moving findings from NEW to NOTIFIED, and what Security Hub's refusals mean."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, Literal, Protocol

from finding_router.delivery.job import Job, Progress
from finding_router.delivery.ledger import Ledger
from finding_router.delivery.outcome import Outcome
from finding_router.delivery.posting import backoff_seconds
from finding_router.errors import StoreError, WorkflowUpdateError
from finding_router.telemetry import logger

type FindingKey = tuple[str, str]
type Status = Literal["NOTIFIED", "SUPPRESSED"]

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindingsUnprocessedFinding.html
PERMANENT_CODES: Final = frozenset({"FindingSizeExceeded", "InvalidInput"})
NOT_FOUND: Final = "FindingNotFound"
# A finding that is still not there after so many tries was deleted; before, it may be lag.
NOT_FOUND_TRIES: Final = 3
SAID: Final = frozenset({Outcome.POSTED, Outcome.DUPLICATE})


class Workflow(Protocol):
    """Security Hub, as far as Workflow status goes."""

    def mark(self, keys: Iterable[FindingKey], status: Status) -> Mapping[FindingKey, str]:
        """Set *status*; give the code of each finding that was not updated."""

    def still_new(self, keys: Collection[FindingKey]) -> Collection[FindingKey]:
        """Give those of *keys* whose Workflow status is NEW right now; WorkflowUpdateError."""


class Marker:
    """Marks what a batch has said."""

    def __init__(self, *, workflow: Workflow, ledger: Ledger, clock: Callable[[], float]) -> None:
        """*clock* gives Unix seconds."""
        self._workflow = workflow
        self._ledger = ledger
        self._clock = clock

    def run(self, jobs: Sequence[Job]) -> None:
        """Mark each finding whose every channel has its message; what fails comes back for it."""
        by_status: dict[Status, dict[FindingKey, list[Job]]] = {
            "NOTIFIED": defaultdict(list),
            "SUPPRESSED": defaultdict(list),
        }
        for job in jobs:
            if job.finding is not None and _is_due(job):
                by_status["SUPPRESSED" if job.suppress else "NOTIFIED"][job.finding.key].append(job)
        for status, by_key in by_status.items():
            self._mark(status, by_key)

    def _mark(self, status: Status, by_key: dict[FindingKey, list[Job]]) -> None:
        try:
            self._leave_to_people(by_key)
        except WorkflowUpdateError as error:
            for job in _all_jobs(by_key):
                job.fail(str(error), retry_seconds=backoff_seconds(job.record.tries))
            return
        if not by_key:
            return
        refused = self._workflow.mark(by_key, status)
        for key, code in refused.items():
            for job in by_key.pop(key, []):
                _refuse(job, status, code)
        self._remember([job for job in _all_jobs(by_key) if not job.suppress])

    def _leave_to_people(self, by_key: dict[FindingKey, list[Job]]) -> None:
        """
        Leave out what is not NEW any more.

        An event that comes again tells the status of long ago, and Security Hub has no conditional
        write: NOTIFIED must not overwrite what a person has set since.
        """
        again = [key for key, jobs in by_key.items() if any(job.record.tries > 1 for job in jobs)]
        if again:
            new = self._workflow.still_new(again)
            for key in again:
                if key not in new:
                    del by_key[key]

    def _remember(self, jobs: Sequence[Job]) -> None:
        keys = dict.fromkeys(delivery.key for job in jobs for delivery in job.deliveries)
        try:
            self._ledger.record_notified(list(keys), at=self._clock())
        except StoreError as error:
            # The next NEW event of the finding marks it again and writes this anew.
            logger.warning("notified not recorded", reason=str(error))


def _is_due(job: Job) -> bool:
    if job.finding is None or job.finding.workflow_status != "NEW":
        return False
    if job.suppress:
        return job.outcome is Outcome.SUPPRESSED
    return (
        job.outcome in SAID
        and bool(job.deliveries)
        and all(each.progress in {Progress.POSTED, Progress.DUPLICATE} for each in job.deliveries)
        and any(each.entry is None or each.entry.notified_at is None for each in job.deliveries)
    )


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
