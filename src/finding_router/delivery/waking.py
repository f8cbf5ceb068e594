"""Saying what waited: the digests of schedules, active hours and silences that are due."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from finding_router.counts import counted
from finding_router.delivery.conclusion import conclude
from finding_router.delivery.deadline import AWS_SECONDS, Deadline
from finding_router.delivery.hold_book import Bin, Waiting
from finding_router.delivery.holding import Holding
from finding_router.delivery.job import Delivery, DigestWork, Job, Progress
from finding_router.delivery.ledger import State
from finding_router.delivery.marking import OUT_OF_TIME, Marker, Workflow
from finding_router.delivery.notices import Notices
from finding_router.delivery.outbox import Outbox
from finding_router.delivery.outcome import Outcome
from finding_router.delivery.planning import Planner
from finding_router.delivery.stores import Stores
from finding_router.delivery.taking import DueBin, Taking, mention_of, routes_of
from finding_router.errors import StoreError, WorkflowUpdateError
from finding_router.findings.digest import Totals
from finding_router.findings.finding import Severity
from finding_router.routing.hold import Hold, HoldKind
from finding_router.routing.silence import OnExpiry
from finding_router.routing.table import Destination, RoutingTable
from finding_router.routing.waiting import held_by_silence
from finding_router.telemetry import logger

# What is due is said within minutes; after so long something keeps it from being said.
OVERDUE_SECONDS: Final = 900.0


@dataclass(slots=True, kw_only=True)
class _Emptying:
    """A bin that is being emptied, *parts* being what is left to say of it."""

    due: DueBin
    parts: Iterator[list[Waiting]]
    digest: str | None = None
    trouble: str = ""
    """Why some of it has to wait for the next call."""
    is_empty: bool = False


@dataclass(slots=True, kw_only=True)
class _Part:
    """Some of what is due in a bin, the job of each by name, and what there is to say of it."""

    waiting: Sequence[Waiting]
    jobs: Mapping[str, Job]
    over: frozenset[str]
    """Names of those that ended while they waited."""
    deliveries: list[Delivery] = field(default_factory=list)
    ended: list[Delivery] = field(default_factory=list)
    """About things of which nothing is left."""


class Waker:
    """Says what is due, each bin as one digest; what fails waits for the next call."""

    def __init__(
        self,
        stores: Stores,
        *,
        outbox: Outbox,
        notices: Notices,
        marker: Marker,
        workflow: Workflow,
        clock: Callable[[], float],
    ) -> None:
        """*clock* gives Unix seconds."""
        self._digests = stores.digests
        self._outbox = outbox
        self._notices = notices
        self._marker = marker
        self._workflow = workflow
        self._clock = clock
        self._holding = Holding(stores.holds, clock=clock)
        self._taking = Taking(stores.holds, clock=clock)

    def run(self, table: RoutingTable, planner: Planner, deadline: Deadline) -> list[Job]:
        """
        Say what is due, some of each bin in turn; every job of the answer has an outcome.

        Raises:
            StoreError: the Ledger does not answer.

        """
        jobs: list[Job] = []
        bins = [_Emptying(due=due, parts=due.parts()) for due in self._taking.due(table)]
        turns = deque(bins)
        while turns and deadline.allows():
            each = turns.popleft()
            try:
                part = next(each.parts, None)
                if part is not None:
                    jobs += self._say(each, part, table, planner, deadline)
                    turns.append(each)
                elif not each.trouble:
                    self._taking.close(each.due, digest=each.digest or self._said(each.due))
                    each.is_empty = True
                elif each.digest is not None:
                    self._taking.keep(each.due, digest=each.digest)
            except (StoreError, WorkflowUpdateError) as error:
                each.trouble = str(error)
        for each in bins:
            if not each.is_empty:
                self._tell(each)
        return jobs

    def _say(
        self,
        emptying: _Emptying,
        waiting: Sequence[Waiting],
        table: RoutingTable,
        planner: Planner,
        deadline: Deadline,
    ) -> list[Job]:
        """Say a part of a bin, or let it wait on for something else; then mark it, and forget."""
        due = emptying.due
        part = self._take(due.bin, waiting, table, planner, deadline)
        held = [each for each in part.deliveries if each.destination.hold is not None]
        if held:
            self._outbox.send(held, default_channel=table.default_channel, deadline=deadline)
            self._holding.put_aside(held, deadline, decided_at=planner.now)
        if len(held) < len(part.deliveries) or part.ended:
            work = self._digest(due, part)
            self._outbox.send_digest(work, default_channel=table.default_channel, deadline=deadline)
            if work.progress is Progress.FAILED:
                for each in part.ended:
                    each.end(Progress.FAILED, work.detail)
            emptying.digest = work.digest.digest_id if work.digest else emptying.digest
        self._settle(emptying, part, deadline)
        jobs = part.jobs.values()
        failed = [job.detail for job in jobs if job.outcome is Outcome.FAILED]
        emptying.trouble = emptying.trouble or next(iter(failed), "")
        # What waits on was told of when it was first put aside.
        return [job for job in jobs if job.outcome not in {Outcome.HELD, Outcome.SILENCED}]

    def _take(
        self,
        bin_: Bin,
        waiting: Sequence[Waiting],
        table: RoutingTable,
        planner: Planner,
        deadline: Deadline,
    ) -> _Part:
        """Read a part of what is due, and plan it by the table as it is now."""
        jobs = self._taking.take(bin_, waiting)
        keys = {job.finding.key: name for name, job in jobs.items() if job.finding}
        now = self._workflow.severities(keys, deadline=deadline) if keys else {}
        for key, severity in now.items():
            _bring_up_to_date(jobs[keys[key]], severity)
        over = frozenset(keys[key] for key, severity in now.items() if severity is None)
        part = _Part(waiting=waiting, jobs=jobs, over=over)
        by_subject: dict[str, list[Waiting]] = defaultdict(list)
        for each in waiting:
            if each.name in jobs:
                by_subject[each.subject if jobs[each.name].finding else each.name].append(each)
        forget = _forget(bin_, table)
        for those in by_subject.values():
            left = [each for each in those if each.name not in part.over]
            if forget is not None and not left:
                continue
            destination = Destination(
                channel=bin_.channel,
                routes=routes_of(left or those),
                mention=mention_of(left or those),
                hold=forget,
            )
            about = [jobs[each.name] for each in left or those]
            planned = planner.due(about, destination, bin_.kind)
            is_over = not left and all(each.destination.hold is None for each in planned)
            (part.ended if is_over else part.deliveries).extend(planned)
        return part

    def _digest(self, due: DueBin, part: _Part) -> DigestWork:
        bin_ = due.bin
        compared_with = None
        if bin_.digest is not None and bin_.kind is HoldKind.SCHEDULE:
            compared_with = Totals.of(self._digests.lines(bin_.digest))
        new = [each for each in part.deliveries if each.destination.hold is None]
        listed = [*new, *part.ended]
        name = self._begun(new) or due.occasion
        return DigestWork(
            destination=Destination(channel=bin_.channel, routes=due.routes, mention=due.mention),
            severity=max((each.severity for each in listed), key=lambda severity: severity.rank),
            jobs=[job for each in listed for job in each.jobs],
            name=name,
            deliveries=new,
            also=list(part.ended),
            over=frozenset(each.key.finding for each in part.ended),
            heading=due.heading,
            why=due.why,
            before=self._digests.open_digests([name]).get(name),
            compared_with=compared_with,
        )

    def _begun(self, deliveries: Sequence[Delivery]) -> str | None:
        """Name the digest that lists some of *deliveries*, maybe: what is due was edited since."""
        found = map(self._digests.about, sorted(self._outbox.begun(deliveries)))
        return next((each.name for each in found if each is not None), None)

    def _said(self, due: DueBin) -> str | None:
        """Give the digest that an earlier call has said, and could not close the bin with."""
        digest = self._digests.open_digests([due.occasion]).get(due.occasion)
        return digest.digest_id if digest and digest.state is State.POSTED else None

    def _settle(self, emptying: _Emptying, part: _Part, deadline: Deadline) -> None:
        """Mark what was said and let go of it; what also waits elsewhere is marked there."""
        jobs, bin_ = part.jobs, emptying.due.bin
        for job in jobs.values():
            conclude(job)
        said = [name for name, job in jobs.items() if job.outcome is not Outcome.FAILED]
        if not deadline.leaves(AWS_SECONDS):
            # What may wait elsewhere is not marked unasked: the next call finds it said.
            emptying.trouble = OUT_OF_TIME
            for name in said:
                jobs[name].fail(OUT_OF_TIME)
            return
        still_held = self._taking.still_held(said, except_in=bin_.name)
        for name, job in jobs.items():
            job.is_held = name in still_held or name in part.over or job.is_owed
        self._marker.run(list(jobs.values()), deadline, elsewhere=True)
        done = {name for name, job in jobs.items() if job.outcome is not Outcome.FAILED}
        for each in part.waiting:
            if not deadline.leaves(AWS_SECONDS):
                emptying.trouble = OUT_OF_TIME
                return
            if each.name in done:
                self._taking.let_go(bin_, each)

    def _tell(self, emptying: _Emptying) -> None:
        """Log what waits on; where it has been due for long, operators have to know."""
        due, trouble = emptying.due, emptying.trouble or "there is no time for more"
        logger.warning("digest waits on", bin=due.bin.name, detail=trouble)
        if self._clock() - due.since > OVERDUE_SECONDS:
            number = counted(len(due.waiting), "finding")
            since = f"due since {datetime.fromtimestamp(due.since, UTC):%Y-%m-%d %H:%M} UTC"
            self._notices.say(
                f"overdue {due.bin.name}",
                f"what waits for {due.bin.channel} cannot be said",
                [f"{due.why}, {due.bin.reason}: {number}, {since}", trouble],
            )


def _bring_up_to_date(job: Job, severity: Severity | None) -> None:
    """Let *job* be as severe as its finding is now: it may have fallen while it waited."""
    if job.finding is not None and severity is not None:
        job.finding = replace(job.finding, severity=severity)


def _forget(bin_: Bin, table: RoutingTable) -> Hold | None:
    """Give the silence that made it wait, if it says that what it kept is to be forgotten."""
    silence = table.silence(bin_.reason) if bin_.kind is HoldKind.SILENCE else None
    is_to_forget = silence is not None and silence.on_expiry is OnExpiry.FORGET
    return held_by_silence(silence) if silence is not None and is_to_forget else None
