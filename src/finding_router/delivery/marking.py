"""Moving findings from NEW to NOTIFIED, and what Security Hub's refusals mean."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

from finding_router.delivery.backoff import backoff_seconds
from finding_router.delivery.deadline import AWS_SECONDS, Deadline
from finding_router.delivery.job import Job, Progress
from finding_router.delivery.ledger import EntryKey, Ledger, State, finding_hash
from finding_router.delivery.moments import Moment, is_later
from finding_router.delivery.outcome import Outcome
from finding_router.errors import StoreError, WorkflowUpdateError
from finding_router.findings.ending import ending_of
from finding_router.findings.finding import Finding, Severity
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
SAID: Final = frozenset({Outcome.POSTED, Outcome.DIGESTED, Outcome.UPDATED, Outcome.DUPLICATE})
_DONE: Final = frozenset({Progress.POSTED, Progress.DIGESTED, Progress.UPDATED, Progress.DUPLICATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a finding stands in Security Hub now, whatever its event said."""

    workflow_status: str
    record_state: str = "ACTIVE"
    compliance_status: str | None = None
    updated_at: str | None = None

    def of(self, finding: Finding) -> Finding:
        """Give *finding* as it stands now."""
        return replace(
            finding,
            workflow_status=self.workflow_status,
            record_state=self.record_state,
            compliance_status=self.compliance_status or finding.compliance_status,
            updated_at=self.updated_at or finding.updated_at,
        )


class Workflow(Protocol):
    """Security Hub, as far as Workflow status goes; no call starts that may end too late."""

    def mark(
        self, keys: Iterable[FindingKey], status: Status, *, deadline: Deadline
    ) -> Mapping[FindingKey, str]:
        """Set *status*; give the code of each finding that was not updated."""

    def statuses(
        self, keys: Collection[FindingKey], *, deadline: Deadline
    ) -> Mapping[FindingKey, Standing]:
        """Tell where those of *keys* stand that are found; raises WorkflowUpdateError."""

    def severities(
        self, keys: Collection[FindingKey], *, deadline: Deadline
    ) -> Mapping[FindingKey, Severity | None]:
        """
        Give how severe those of *keys* are now that are found, and None for what is over.

        Raises WorkflowUpdateError.
        """


class Closer(Protocol):
    """What brings an end to the cards of a finding, where no event will."""

    def __call__(self, over: Sequence[tuple[Job, Finding]], deadline: Deadline) -> None:
        """Close what each job has said, as its finding stands now; what fails fails its job."""


class Marker:
    """Marks what a batch has said."""

    def __init__(
        self, *, workflow: Workflow, ledger: Ledger, close: Closer, clock: Callable[[], float]
    ) -> None:
        """*close* what turns out to be over; *clock* gives Unix seconds."""
        self._workflow = workflow
        self._ledger = ledger
        self._close = close
        self._clock = clock

    def run(self, jobs: Sequence[Job], deadline: Deadline, *, elsewhere: bool = False) -> None:
        """
        Mark each finding whose every channel has its message; what fails comes back for it.

        With *elsewhere* other calls may have said it in channels that *jobs* know nothing of.
        """
        by_status = _due(jobs)
        for status, by_key in by_status.items():
            if by_key:
                self._mark(status, by_key, deadline, elsewhere=elsewhere)

    def _mark(
        self, status: Status, by_key: _Groups, deadline: Deadline, *, elsewhere: bool
    ) -> None:
        """
        Set *status* of what is still NEW.

        Security Hub has no conditional write, so that it is asked right before, however fresh the
        events are: where a rule of the same organisation suppresses findings by their events, it
        does so within seconds. It takes one call of GetFindings for 20 findings, of which 3 a
        second are allowed: those of a burst have waited in the queue for longer than that.
        """
        try:
            standings = self._workflow.statuses(by_key, deadline=deadline)
        except WorkflowUpdateError as error:
            for job in _all_jobs(by_key):
                job.fail(str(error), retry_seconds=backoff_seconds(job.record.tries))
            return
        left = self._leave_to_people(by_key, standings, deadline)
        refused = self._workflow.mark(by_key, status, deadline=deadline) if by_key else {}
        for key, code in refused.items():
            for job in by_key.pop(key, []):
                _refuse(job, status, code, is_there=key in standings)
        if status == "NOTIFIED":
            self._remember([*left, *_all_jobs(by_key)], deadline, elsewhere=elsewhere)

    def _leave_to_people(
        self, by_key: _Groups, standings: Mapping[FindingKey, Standing], deadline: Deadline
    ) -> list[Job]:
        """Take out what is not NEW any more, and give those jobs that go on all the same."""
        left: list[Job] = []
        over: list[tuple[Job, Finding]] = []
        for key, standing in standings.items():
            now = [(job, standing.of(job.finding)) for job in by_key[key] if job.finding]
            if any(ending_of(finding) for _, finding in now):
                over += now
                del by_key[key]
            elif standing.workflow_status != "NEW":
                left += by_key.pop(key)
        if over:
            # Its end came before it was said, as an event about nothing: there is no other.
            self._close(over, deadline)
        return left

    def _others(self, jobs: Iterable[Job]) -> Mapping[str, Sequence[EntryKey]]:
        """
        Give where else it is to be remembered of each member; what is being said there is not.

        Whoever says that remembers it, and would lose its claim if another wrote there.
        """
        own = {each.key for job in jobs for each in job.deliveries}
        channels = self._ledger.channels({key.finding for key in own})
        known = {EntryKey(subject, each) for subject, those in channels.items() for each in those}
        others: dict[str, list[EntryKey]] = defaultdict(list)
        for key, entry in self._ledger.read(known - own).items() if known - own else ():
            for member in entry.members:
                if entry.state is State.POSTED and entry.is_to_notify(member):
                    others[member].append(key)
        return others

    def _remember(self, jobs: Sequence[Job], deadline: Deadline, *, elsewhere: bool) -> None:
        """
        Write that they are NOTIFIED, or whatever a person made of NEW.

        Without it the next episode could not be told from an echo of this one, so that jobs come
        back until it is written.
        """
        problem = ""
        others: Mapping[str, Sequence[EntryKey]] = {}
        if elsewhere and jobs and deadline.leaves(AWS_SECONDS):
            try:
                others = self._others(jobs)
            except StoreError as error:
                problem = str(error)
        for job in jobs:
            if not problem and not deadline.leaves(AWS_SECONDS):
                problem = OUT_OF_TIME
            if not problem:
                try:
                    member = finding_hash(*job.finding.key) if job.finding else ""
                    # Its own last: while one of those is open, it comes back for the others, too.
                    keys = [*others.get(member, ()), *(each.key for each in job.deliveries)]
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
    ends = _ends(jobs)
    for job in jobs:
        if job.finding is None or not _is_due(job):
            continue
        end = ends.get(job.finding.key)
        if end is not None and not is_later((job.finding.updated_at, job.sent_at), end):
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
    member = finding_hash(*job.finding.key)
    return (
        job.outcome in SAID
        and not job.is_held
        and all(each.progress in _DONE for each in job.deliveries)
        and any(each.entry is None or each.entry.is_to_notify(member) for each in job.deliveries)
    )


def _ends(jobs: Sequence[Job]) -> dict[FindingKey, Moment]:
    """Give the last end that *jobs* tell of, of each finding that has one."""
    ends: dict[FindingKey, Moment] = {}
    for job in jobs:
        if job.finding is not None and ending_of(job.finding) is not None:
            end = (job.finding.updated_at, job.sent_at)
            known = ends.get(job.finding.key)
            if known is None or is_later(end, known):
                ends[job.finding.key] = end
    return ends


def _refuse(job: Job, status: Status, code: str, *, is_there: bool) -> None:
    """End *job* by what Security Hub's *code* means; a final refusal leaves its outcome as is."""
    is_gone = code == NOT_FOUND and not is_there and job.record.tries >= NOT_FOUND_TRIES
    detail = f"Workflow status not set to {status}: {code}"
    if code in PERMANENT_CODES or is_gone:
        logger.error("finding not marked", finding_id=job.finding and job.finding.id, code=code)
        job.detail = detail
    else:
        job.fail(detail, retry_seconds=backoff_seconds(job.record.tries))


def _all_jobs(by_key: Mapping[FindingKey, Sequence[Job]]) -> list[Job]:
    return [job for jobs in by_key.values() for job in jobs]
