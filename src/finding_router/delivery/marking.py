"""Marking: moves findings from NEW to NOTIFIED, and decides about Security Hub's refusals."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Final, Literal, NamedTuple, Protocol

from finding_router.delivery.alerts.identity import AlertKey, finding_hash
from finding_router.delivery.alerts.ledger import ALERTS_AT_ONCE, Ledger, Mark
from finding_router.delivery.deliveries import Job
from finding_router.delivery.limits.backoff import backoff_seconds
from finding_router.delivery.limits.deadline import AWS_SECONDS, Deadline
from finding_router.delivery.outcome import DELIVERED, SAID, UNDONE, Outcome
from finding_router.errors import StoreError, WorkflowUpdateError
from finding_router.findings.ending import ending_of
from finding_router.findings.finding import Finding, Severity
from finding_router.findings.ocsf import is_ocsf
from finding_router.isolation import isolated
from finding_router.telemetry import logger

type FindingKey = tuple[str, str]
type WorkflowStatus = Literal["NOTIFIED", "SUPPRESSED"]
type _Groups = dict[FindingKey, list[Job]]

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindingsUnprocessedFinding.html
INVALID_INPUT: Final = "InvalidInput"
PERMANENT_CODES: Final = frozenset({"FindingSizeExceeded", INVALID_INPUT})
NOT_FOUND: Final = "FindingNotFound"
# A finding that is still not there after so many tries was deleted; before, it may be lag.
NOT_FOUND_TRIES: Final = 3
# Not a code of Security Hub's: it was not asked.
OUT_OF_TIME: Final = "out of time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The state that Security Hub holds of a finding now; its event may differ."""

    workflow_status: str
    record_state: str = "ACTIVE"
    compliance_status: str | None = None
    updated_at: str | None = None

    def of(self, finding: Finding) -> Finding:
        """Return *finding* in this state."""
        return replace(
            finding,
            workflow_status=self.workflow_status,
            record_state=self.record_state,
            compliance_status=self.compliance_status,
            updated_at=self.updated_at or finding.updated_at,
        )


class Answers[Value](dict[FindingKey, Value]):
    """Answers of Security Hub by finding; *unread* has the reason for each missing one."""

    def __init__(self, answers: Mapping[FindingKey, Value] | None = None) -> None:
        """Start with *answers*, all of them readable."""
        super().__init__(answers or {})
        self.unread: dict[FindingKey, str] = {}


class Workflow(Protocol):
    """The port of Security Hub's Workflow status; no call starts that may end too late."""

    def mark(
        self, keys: Iterable[FindingKey], status: WorkflowStatus, *, deadline: Deadline
    ) -> Mapping[FindingKey, str]:
        """Set *status*; return the code of each finding that was not updated."""

    def statuses(self, keys: Collection[FindingKey], *, deadline: Deadline) -> Answers[Standing]:
        """Return the state of those of *keys* that are found; raises WorkflowUpdateError."""

    def severities(
        self, keys: Collection[FindingKey], *, deadline: Deadline
    ) -> Answers[Severity | None]:
        """
        Return the severity of those of *keys* that are found, and None for ended ones.

        Raises WorkflowUpdateError.
        """


class Over(NamedTuple):
    """A finding that was found to be over after its *job* was posted, and its present state."""

    job: Job
    finding: Finding


class Marker:
    """Marks the findings of a batch."""

    def __init__(self, *, workflow: Workflow, ledger: Ledger) -> None:
        """Ask and set *workflow*, and remember it in *ledger*."""
        self._workflow = workflow
        self._ledger = ledger

    def run(
        self, jobs: Sequence[Job], deadline: Deadline, *, now: float, elsewhere: bool = False
    ) -> list[Over]:
        """
        Mark each finding whose every channel has its message; return those that are over.

        A job whose mark fails comes back for it. *now* is the Unix second to remember. With
        *elsewhere* other calls may have said a finding in channels that *jobs* do not know.
        """
        over: list[Over] = []
        for status, by_key in _due(jobs).items():
            if by_key:
                over += self._mark(status, by_key, deadline, now=now, elsewhere=elsewhere)
        return over

    def _mark(
        self,
        status: WorkflowStatus,
        by_key: _Groups,
        deadline: Deadline,
        *,
        now: float,
        elsewhere: bool,
    ) -> list[Over]:
        """
        Set *status* of the findings that are still NEW.

        Security Hub has no conditional write, so that it is asked right before, however fresh the
        events are: a rule of the same organisation suppresses findings within seconds. That takes
        one call of GetFindings for 20 findings, of which 3 a second are allowed.
        """
        with isolated("findings not marked", findings=len(by_key)) as trouble:
            try:
                standings = self._workflow.statuses(by_key, deadline=deadline)
                for key, why in standings.unread.items():
                    _fail(by_key[key], why)
                read = {key: by_key[key] for key in by_key if key not in standings.unread}
                new, left, over = _apart(read, standings)
                refused = self._workflow.mark(new, status, deadline=deadline) if new else {}
            except WorkflowUpdateError as error:
                _fail(_all_jobs(by_key), str(error))
                return []
        if trouble.error is not None:
            if len(by_key) == 1:
                _fail(_all_jobs(by_key), trouble.while_("marking it"))
                return []
            # It concerns one finding, most likely: halve until that is alone.
            keys = list(by_key)
            middle = len(keys) // 2
            return [
                each
                for some in (keys[:middle], keys[middle:])
                for each in self._mark(
                    status,
                    {key: by_key[key] for key in some},
                    deadline,
                    now=now,
                    elsewhere=elsewhere,
                )
            ]
        for key, code in refused.items():
            for job in new.pop(key, []):
                _refuse(job, status, code, is_there=key in standings)
        if status == "NOTIFIED":
            self._remember([*left, *_all_jobs(new)], deadline, now=now, elsewhere=elsewhere)
        return over

    def _others(self, jobs: Iterable[Job]) -> Mapping[str, Sequence[AlertKey]]:
        """
        Return the alerts in other channels, by member, that have to remember the mark, too.

        An alert with a claim is left out: its worker would lose the claim, and remembers it itself.
        """
        own = {each.key for job in jobs for each in job.deliveries}
        channels = self._ledger.channels({key.subject for key in own})
        known = {AlertKey(subject, each) for subject, those in channels.items() for each in those}
        others: dict[str, list[AlertKey]] = defaultdict(list)
        for key, alert in self._ledger.read(known - own).items() if known - own else ():
            for member in alert.members:
                if alert.claim is None and alert.is_to_notify(member):
                    others[member].append(key)
        return others

    def _remember(
        self, jobs: Sequence[Job], deadline: Deadline, *, now: float, elsewhere: bool
    ) -> None:
        """
        Record that the findings are NOTIFIED, or have another status that a person set.

        Without it the next episode could not be told from an echo of this one, so that jobs come
        back until it is written.
        """
        problem = ""
        others: Mapping[str, Sequence[AlertKey]] = {}
        if elsewhere and jobs and deadline.leaves(AWS_SECONDS):
            try:
                others = self._others(jobs)
            except StoreError as error:
                problem = str(error)
        for some in batched(jobs, ALERTS_AT_ONCE, strict=False):
            if not problem and not deadline.leaves(AWS_SECONDS):
                problem = OUT_OF_TIME
            if not problem:
                members = [(finding_hash(*job.finding.key), job) for job in some if job.finding]
                own = [Mark(name, each.key) for name, job in members for each in job.deliveries]
                # Their own last: while one of those is open, it comes back for the others, too.
                marks = [Mark(name, key) for name, _ in members for key in others.get(name, ())]
                try:
                    self._ledger.record_notified([*marks, *own], at=now)
                except StoreError as error:
                    problem = str(error)
            if problem:
                _fail(some, problem)


def _apart(
    by_key: _Groups, standings: Mapping[FindingKey, Standing]
) -> tuple[_Groups, list[Job], list[Over]]:
    """Return those of *by_key* that are NEW, those that people took over, and ended ones."""
    new: _Groups = {}
    left: list[Job] = []
    over: list[Over] = []
    for key, jobs in by_key.items():
        standing = standings.get(key)
        if standing is None:
            # One that is not found may be there before long.
            new[key] = jobs
            continue
        now = [Over(job, standing.of(job.finding)) for job in jobs if job.finding]
        if any(ending_of(each.finding) for each in now):
            over += now
        elif standing.workflow_status == "NEW":
            new[key] = jobs
        else:
            left += jobs
    return new, left, over


def _due(jobs: Sequence[Job]) -> dict[WorkflowStatus, _Groups]:
    """Return the jobs to mark by finding; a finding of which one job comes again is not marked."""
    undone = {job.finding.key: job for job in jobs if job.finding and job.outcome in UNDONE}
    by_status: dict[WorkflowStatus, _Groups] = {
        "NOTIFIED": defaultdict(list),
        "SUPPRESSED": defaultdict(list),
    }
    for job in jobs:
        if job.finding is None or not _is_due(job):
            continue
        sibling = undone.get(job.finding.key)
        if sibling is None:
            by_status["SUPPRESSED" if job.suppress else "NOTIFIED"][job.finding.key].append(job)
        else:
            job.come_again_like(sibling, "another event of this finding comes again")
    return by_status


def _is_due(job: Job) -> bool:
    """Return True if the finding of *job* was said; in OCSF there is no NOTIFIED to set."""
    if job.finding is None or is_ocsf(job.finding.raw):
        return False
    is_new = job.finding.workflow_status == "NEW"
    if job.suppress:
        return is_new and job.outcome is Outcome.SUPPRESSED
    if job.is_requested and not is_new:
        return False
    member = finding_hash(*job.finding.key)
    return (
        job.outcome in SAID
        and not job.is_held
        and bool(job.deliveries)
        and all(each.progress in DELIVERED for each in job.deliveries)
        and any(each.alert.is_to_notify(member) for each in job.deliveries)
    )


def _refuse(job: Job, status: WorkflowStatus, code: str, *, is_there: bool) -> None:
    """End *job* by Security Hub's *code*; a final refusal leaves its outcome as it is."""
    is_gone = code == NOT_FOUND and not is_there and job.record.tries >= NOT_FOUND_TRIES
    detail = f"Workflow status not set to {status}: {code}"
    if code in PERMANENT_CODES or is_gone:
        logger.error("finding not marked", finding_id=job.finding and job.finding.id, code=code)
        job.detail = detail
    else:
        _fail([job], detail)


def _fail(jobs: Iterable[Job], why: str) -> None:
    for job in jobs:
        job.fail(why, retry_seconds=backoff_seconds(job.record.tries))


def _all_jobs(by_key: Mapping[FindingKey, Sequence[Job]]) -> list[Job]:
    return [job for jobs in by_key.values() for job in jobs]
