"""Marking: moves findings from NEW to NOTIFIED, and decides about Security Hub's refusals."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import batched
from typing import Final, NamedTuple

from finding_router.delivery.alerts.advance import Verdict
from finding_router.delivery.alerts.identity import AlertKey, finding_hash
from finding_router.delivery.alerts.ledger import ALERTS_AT_ONCE, Ledger, Mark
from finding_router.delivery.deliveries import Job
from finding_router.delivery.hubs import Hub, Hubs
from finding_router.delivery.limits.backoff import backoff_seconds
from finding_router.delivery.limits.deadline import AWS_SECONDS, Deadline
from finding_router.delivery.outcome import DELIVERED, SAID, UNDONE, Outcome, Progress
from finding_router.delivery.posting.run import ANOTHER_WAS_FIRST, LEASE_MARGIN_SECONDS
from finding_router.delivery.workflow import (
    NOT_FOUND,
    NOT_FOUND_TRIES,
    OUT_OF_TIME,
    PERMANENT_CODES,
    FindingKey,
    Standing,
    WorkflowStatus,
)
from finding_router.errors import HubDeniedError, StoreError, WorkflowUpdateError
from finding_router.findings.ending import ending_of
from finding_router.findings.finding import Finding
from finding_router.isolation import isolated
from finding_router.telemetry import logger

NAMELESS: Final = "no mark: AWS Security Hub needs product, account and id to name a finding"

# The messages before which an end was about nothing that had been said.
_OPENINGS: Final = frozenset({Verdict.POST, Verdict.REOPEN})

type _Groups = dict[FindingKey, list[Job]]
type _Wish = WorkflowStatus | None
"""The status to set; None only asks whether the finding is over."""


class Over(NamedTuple):
    """A finding that was found to be over after its *job* was posted, and its present state."""

    job: Job
    finding: Finding


class Marker:
    """Marks the findings of a batch."""

    def __init__(
        self, *, hubs: Hubs, ledger: Ledger, has_actions: bool = False, tracks: bool = True
    ) -> None:
        """
        Ask and set the state that *hubs* hold, and remember it in *ledger*.

        With *has_actions* people may set a status from the messages meanwhile. Without *tracks*
        cards stay as they were posted: a finding that gets no mark is not asked about.
        """
        self._hubs = hubs
        self._ledger = ledger
        self._has_actions = has_actions
        self._tracks = tracks

    def run(
        self, jobs: Sequence[Job], deadline: Deadline, *, now: float, elsewhere: bool = False
    ) -> list[Over]:
        """
        Mark each finding whose every channel has its message; return those that are over.

        One that gets no mark now is asked about once it was said. A job whose mark or question
        fails comes back for it. *now* is the Unix second to remember. With *elsewhere* other calls
        may have said a finding in channels that *jobs* do not know.
        """
        over: list[Over] = []
        for (hub, status), by_key in self._due(jobs, now=now).items():
            over += self._mark(hub, status, by_key, deadline, now=now, elsewhere=elsewhere)
        return over

    def _due(self, jobs: Sequence[Job], *, now: float) -> dict[tuple[Hub, _Wish], _Groups]:
        """Return the jobs to mark by finding; one of which a job comes again is not marked."""
        undone = {job.finding.key: job for job in jobs if job.finding and job.outcome in UNDONE}
        due: dict[tuple[Hub, _Wish], _Groups] = {}
        for job in jobs:
            if job.finding is None:
                continue
            hub = self._hubs.of(job.finding)
            key = hub.key_of(job.finding)
            wish: _Wish
            if _is_due(job, hub):
                wish = "SUPPRESSED" if job.suppress else "NOTIFIED"
            elif key is not None and self._tracks and _is_to_ask(job, now=now):
                wish = None
            else:
                continue
            if key is None:
                logger.warning("finding not marked", finding_id=job.finding.id, why=NAMELESS)
                job.detail = f"{job.detail}; {NAMELESS}" if job.detail else NAMELESS
                continue
            sibling = undone.get(job.finding.key)
            if sibling is None:
                due.setdefault((hub, wish), defaultdict(list))[key].append(job)
            else:
                job.come_again_like(sibling, "another event of this finding comes again")
        return due

    def _mark(
        self,
        hub: Hub,
        status: _Wish,
        by_key: _Groups,
        deadline: Deadline,
        *,
        now: float,
        elsewhere: bool,
    ) -> list[Over]:
        """
        Set *status*, if there is one to set, of the findings that are still NEW.

        Security Hub has no conditional write, so that it is asked right before, however fresh the
        events are: a rule of the same organisation suppresses findings within seconds. That takes
        one call of GetFindings for 20 findings, of which 3 a second are allowed.
        """
        with isolated("findings not marked", findings=len(by_key)) as trouble:
            try:
                by_key, asked = self._leased(by_key, status, deadline, now=now)
                if not by_key:
                    return []
                standings = hub.workflow.statuses(by_key, deadline=deadline)
                for key, why in standings.unread.items():
                    _fail(by_key[key], why)
                read = {key: by_key[key] for key in by_key if key not in standings.unread}
                new, left, over = _apart(read, standings, status)
                for key in asked & new.keys():
                    del new[key]
                refused = (
                    hub.workflow.mark(new, status, deadline=deadline) if new and status else {}
                )
            except (WorkflowUpdateError, StoreError) as error:
                _give_up(by_key, status, error)
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
                    hub,
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
        if status == "NOTIFIED" and hub.knows_notified:
            self._remember([*left, *_all_jobs(new)], deadline, now=now, elsewhere=elsewhere)
        return over

    def _leased(
        self, by_key: _Groups, status: _Wish, deadline: Deadline, *, now: float
    ) -> tuple[_Groups, set[FindingKey]]:
        """
        Return those of *by_key* that this run may ask about, as the Ledger decides.

        A person's status waits for the lease, which a run has from its post. A later run writes one
        first, so that of it and the person one is first. What a person has set is never marked: the
        keys of those come second. A question without a *status* to set needs no lease. Raises
        StoreError.
        """
        if not self._has_actions or status is None:
            return by_key, set()
        until = now + deadline.remaining() + LEASE_MARGIN_SECONDS
        free = {
            key: jobs
            for key, jobs in by_key.items()
            if all(each.alert.care.asked is None for job in jobs for each in job.deliveries)
        }
        deliveries = {each.key: each for job in _all_jobs(free) for each in job.deliveries}
        late = [
            each
            for each in deliveries.values()
            if each.alert.version > 0 and (each.alert.marks_until or 0.0) < now + AWS_SECONDS
        ]
        lost: set[AlertKey] = set()
        for some in batched(late, ALERTS_AT_ONCE, strict=False):
            alerts = [each.alert.marking(until) for each in some]
            written = self._ledger.write_all(alerts)
            for each, alert in zip(some, alerts, strict=True):
                if each.key in written:
                    each.alert = alert
                else:
                    lost.add(each.key)
        asked = by_key.keys() - free.keys()
        leased: _Groups = {key: by_key[key] for key in by_key if key in asked}
        for key, jobs in free.items():
            if any(each.key in lost for job in jobs for each in job.deliveries):
                _fail(jobs, ANOTHER_WAS_FIRST)
            else:
                leased[key] = jobs
        return leased, asked

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
    by_key: _Groups, standings: Mapping[FindingKey, Standing], status: _Wish
) -> tuple[_Groups, list[Job], list[Over]]:
    """Return those of *by_key* to set *status* of, those that people took over, and ended ones."""
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
        elif standing.workflow_status == "NEW" and not (status == "NOTIFIED" and standing.has_mark):
            new[key] = jobs
        else:
            left += jobs
    return new, left, over


def _is_due(job: Job, hub: Hub) -> bool:
    """Return True if the finding of *job*, which *hub* sent, was said and has no mark yet."""
    if job.finding is None:
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
        and hub.is_to_notify(job.finding)
        # A mark of one Security Hub says nothing about the other's.
        and (
            not hub.knows_notified
            or any(each.alert.is_to_notify(member) for each in job.deliveries)
        )
    )


def _is_to_ask(job: Job, *, now: float) -> bool:
    """
    Return True if *job*, which gets no mark now, was said for the first time in this episode.

    An event of its end that came before was about nothing that had been said. That may be a finding
    which no mark is for, or one that is held for another channel. A try that comes again asks, too:
    the one before may have died before it did.
    """
    if job.finding is None or job.is_requested or job.is_held or job.outcome in UNDONE:
        return False
    said = [each for each in job.deliveries if each.progress in DELIVERED and each.alert.is_there]
    is_held_elsewhere = any(each.progress is Progress.HELD for each in job.deliveries)
    return (
        bool(said)
        and job.finding.workflow_status == "NEW"
        and (job.is_unmarked or is_held_elsewhere)
        and (any(each.step.verdict in _OPENINGS for each in said) or job.may_have_been_tried(now))
    )


def _refuse(job: Job, status: _Wish, code: str, *, is_there: bool) -> None:
    """End *job* by Security Hub's *code*; a final refusal leaves its outcome as it is."""
    is_gone = code == NOT_FOUND and not is_there and job.record.tries >= NOT_FOUND_TRIES
    detail = f"Workflow status not set to {status}: {code}"
    if code in PERMANENT_CODES or is_gone:
        logger.error("finding not marked", finding_id=job.finding and job.finding.id, code=code)
        job.detail = detail
    else:
        _fail([job], detail)


def _give_up(by_key: _Groups, status: _Wish, error: WorkflowUpdateError | StoreError) -> None:
    """Fail the jobs of *by_key*, unless the role may not ask: no other try could close a card."""
    if status is None and isinstance(error, HubDeniedError):
        logger.error("findings not asked about", findings=len(by_key), why=str(error))
    else:
        _fail(_all_jobs(by_key), str(error))


def _fail(jobs: Iterable[Job], why: str) -> None:
    for job in jobs:
        job.fail(why, retry_seconds=backoff_seconds(job.record.tries))


def _all_jobs(by_key: Mapping[FindingKey, Sequence[Job]]) -> list[Job]:
    return [job for jobs in by_key.values() for job in jobs]
