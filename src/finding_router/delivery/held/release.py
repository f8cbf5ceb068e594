"""Releases held findings: the digests of schedules, active hours and silences that are due."""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import replace
from dataclasses import dataclass, field
from datetime import UTC, datetime

from finding_router.counts import counted
from finding_router.delivery.alerts.advance import Verdict
from finding_router.delivery.deliveries import Delivery, Job
from finding_router.delivery.digests.grouping import Group, united
from finding_router.delivery.digests.store import DigestState
from finding_router.delivery.held.store import Bin, HeldFinding, HeldStore
from finding_router.delivery.held.take import OVERDUE_SECONDS, DueBin, Taking, overdue_topic
from finding_router.delivery.hubs import Hub, Hubs
from finding_router.delivery.limits.deadline import AWS_SECONDS
from finding_router.delivery.outcome import UNDONE, Outcome, Progress
from finding_router.delivery.plan import Addressed
from finding_router.delivery.posting.card import CardTask
from finding_router.delivery.posting.digest import DigestTask
from finding_router.delivery.report import conclude
from finding_router.delivery.session import Session
from finding_router.delivery.workflow import OUT_OF_TIME, FindingKey
from finding_router.errors import StoreError, UnreadableError, WorkflowUpdateError
from finding_router.findings.digest import Totals
from finding_router.findings.finding import Severity
from finding_router.isolation import isolated
from finding_router.routing.hold import Hold, HoldKind
from finding_router.routing.items.silence import OnExpiry
from finding_router.routing.table import Destination, RoutingTable
from finding_router.routing.waiting import held_by_silence
from finding_router.slack.kit.text import Mrkdwn
from finding_router.slack.messages.notice import CLOCK, Words
from finding_router.telemetry import logger


@dataclass(slots=True, kw_only=True)
class _Emptying:
    """A bin that is being emptied; *parts* are those of its due findings that are left to post."""

    due: DueBin
    parts: Iterator[list[HeldFinding]]
    digest: str | None = None
    trouble: str
    """Why some findings stay until the next call; "" while all went well."""
    is_empty: bool = False


@dataclass(slots=True, kw_only=True)
class _Part:
    """Some of the due findings of a bin, the job of each by name, and their deliveries."""

    held: Sequence[HeldFinding]
    jobs: Mapping[str, Job]
    over: frozenset[str]
    """Names of those that ended while they were held."""
    again: list[Delivery] = field(default_factory=list)
    """Held again, for something else."""
    due: list[Delivery] = field(default_factory=list)
    ended: list[Delivery] = field(default_factory=list)
    """Alerts of which nothing is open any more."""


class Releaser:
    """Releases due findings, each bin as one digest; failed ones stay held until the next call."""

    def __init__(
        self,
        store: HeldStore,
        session: Session,
        *,
        hubs: Hubs,
        clock: Callable[[], float],
    ) -> None:
        """Release from *store* within *session*, as *hubs* know it; *clock* gives Unix seconds."""
        self._session = session
        self._run = session.run
        self._hubs = hubs
        self._clock = clock
        self._taking = Taking(store, clock=clock)
        self._in_memory: Collection[Job] = ()
        """Jobs of the last part, with their events."""

    @property
    def _table(self) -> RoutingTable:
        return self._session.planner.table

    def run(self) -> list[Job]:
        """
        Release due findings, a part of each bin in turn; every returned job has an outcome.

        Raises:
            StoreError: the Ledger does not answer.

        """
        jobs: list[Job] = []
        bins = [
            _Emptying(due=due, parts=due.parts(), trouble=due.trouble)
            for due in self._taking.due(self._table)
        ]
        turns = deque(bins)
        while turns and self._run.deadline.allows():
            each = turns.popleft()
            with isolated("bin not emptied", bin=each.due.bin.name) as trouble:
                try:
                    if (part := next(each.parts, None)) is not None:
                        jobs += self._say(each, part)
                        turns.append(each)
                    else:
                        self._end(each)
                except (StoreError, WorkflowUpdateError) as error:
                    each.trouble = str(error)
            if trouble.error is not None:
                each.trouble = trouble.while_("emptying it")
        for each in bins:
            if not each.is_empty:
                self._tell(each)
        return jobs

    def _end(self, emptying: _Emptying) -> None:
        """Close a bin whose findings were all posted, or keep it due for the others."""
        due = emptying.due
        if not emptying.trouble:
            self._taking.close(due, digest=emptying.digest or self._said(due))
            emptying.is_empty = True
        elif emptying.digest is not None:
            self._taking.keep(due, digest=emptying.digest)

    def _say(self, emptying: _Emptying, held: Sequence[HeldFinding]) -> list[Job]:
        """Post a part of a bin, or hold it for another reason; then mark and release it."""
        # The events of one part at a time are enough.
        for job in self._in_memory:
            job.drop_event()
        jobs_by_name, why = self._taking.take(emptying.due.bin, held)
        emptying.trouble = emptying.trouble or why
        part = self._planned(emptying.due.bin, held, jobs_by_name)
        if part.again:
            self._session.deliver(part.again)
        if part.due or part.ended:
            self._digest(emptying, part)
        self._settle(emptying, part)
        self._in_memory = part.jobs.values()
        jobs = part.jobs.values()
        failed = [job.detail for job in jobs if job.outcome in UNDONE]
        emptying.trouble = emptying.trouble or next(iter(failed), "")
        # A finding that stays held was reported when it was first put aside.
        return [job for job in jobs if job.outcome not in {Outcome.HELD, Outcome.SILENCED}]

    def _planned(self, bin_: Bin, held: Sequence[HeldFinding], jobs: Mapping[str, Job]) -> _Part:
        """Plan a part of the due findings by the table as it is now."""
        over = self._over(jobs)
        self._session.settle_names(jobs.values())
        part = _Part(held=held, jobs=jobs, over=over)
        by_subject: dict[str, list[HeldFinding]] = defaultdict(list)
        for each in held:
            if each.name in jobs and jobs[each.name].outcome is None:
                # As it was put aside, maybe by a version that named it otherwise.
                jobs[each.name].known_as = each.subject
                by_subject[each.subject if jobs[each.name].finding else each.name].append(each)
        forget = _forget(bin_, self._table)
        addressed = Addressed()
        ended = set()
        for those in by_subject.values():
            left = [each for each in those if each.name not in over]
            if forget is not None and not left:
                continue
            destination = Destination(
                channel=bin_.channel,
                routes=united(*(each.routes for each in left or those)),
                mention=united(*(each.mention for each in left or those)),
                hold=forget,
            )
            about = [jobs[each.name] for each in left or those]
            one = self._session.planner.address_due(about, destination, bin_.kind)
            addressed.destinations |= one.destinations
            addressed.jobs |= one.jobs
            if not left:
                ended.update(one.keys)
        for delivery in self._session.plan(addressed):
            if delivery.destination.hold is not None:
                part.again.append(delivery)
            elif delivery.key in ended:
                part.ended.append(delivery)
            else:
                part.due.append(delivery)
        return part

    def _over(self, jobs: Mapping[str, Job]) -> frozenset[str]:
        """
        Bring *jobs* up to date with Security Hub; return the names of those that are over.

        One whose state is unknown fails, and stays held.

        Raises:
            WorkflowUpdateError: No Security Hub answers.

        """
        by_hub: dict[Hub, dict[FindingKey, str]] = defaultdict(dict)
        for name, job in jobs.items():
            if job.finding is not None:
                hub = self._hubs.of(job.finding)
                key = hub.key_of(job.finding)
                if key is not None:
                    by_hub[hub][key] = name
        over: set[str] = set()
        silent: list[WorkflowUpdateError] = []
        for hub, keys in by_hub.items():
            try:
                over |= self._over_in(hub, keys, jobs)
            except WorkflowUpdateError as error:
                silent.append(error)
                for name in keys.values():
                    jobs[name].fail(str(error))
        if silent and len(silent) == len(by_hub):
            raise silent[0]
        return frozenset(over)

    def _over_in(
        self, hub: Hub, keys: Mapping[FindingKey, str], jobs: Mapping[str, Job]
    ) -> set[str]:
        now = hub.workflow.severities(keys, deadline=self._run.deadline)
        for key, why in now.unread.items():
            jobs[keys[key]].fail(why)
        for key, severity in now.items():
            _bring_up_to_date(jobs[keys[key]], severity)
        return {keys[key] for key, severity in now.items() if severity is None}

    def _digest(self, emptying: _Emptying, part: _Part) -> None:
        """List new findings in one digest; the others are posted where their alerts stand."""
        due, run = emptying.due, self._run
        new, alone, over = self._apart(part)
        tasks: list[CardTask | DigestTask] = [CardTask(run, each) for each in alone]
        task = None
        if new or over:
            task = DigestTask(run, self._group(due, new, over))
            tasks.append(task)
        self._session.loop.run(tasks)
        if task is None:
            return
        name = task.group.name
        digest = run.digests.open_digests([name]).get(name)
        if digest is not None and digest.state is DigestState.POSTED:
            emptying.digest = digest.digest_id

    def _apart(self, part: _Part) -> tuple[list[Delivery], list[Delivery], list[Delivery]]:
        """
        Return findings that are new to their channel, those posted there before, and ended ones.

        An alert that is over is not posted again. One that a worker which died had begun to
        say is listed as if it were not over: the Ledger knows better later.
        """
        new: list[Delivery] = []
        alone: list[Delivery] = []
        over: list[Delivery] = []
        now = self._clock()
        for each in part.due:
            is_new = each.job.finding is not None and each.step.verdict is Verdict.POST
            (new if is_new and not each.alert.is_leased(now) else alone).append(each)
        for each in part.ended:
            if each.alert.is_leased(now):
                alone.append(each)
            elif each.step.verdict is Verdict.POST:
                (over if each.alert.claim is None else new).append(each)
            else:
                each.end(Progress.DUPLICATE, each.step.why)
        return new, alone, over

    def _group(self, due: DueBin, new: list[Delivery], over: list[Delivery]) -> Group:
        run, bin_ = self._run, due.bin
        last = self._taking.last_digest(bin_) if bin_.kind is HoldKind.SCHEDULE else None
        compared_with = None if last is None else Totals.of(run.digests.lines(last))
        name = self._begun(new) or due.occasion
        return Group(
            name=name,
            channel=bin_.channel,
            destination=Destination(channel=bin_.channel, routes=due.routes, mention=due.mention),
            severity=max((each.severity for each in (*new, *over)), key=lambda each: each.rank),
            deliveries=new,
            also=over,
            over=frozenset(each.key.subject for each in over),
            heading=due.heading,
            why=due.why,
            before=run.digests.open_digests([name]).get(name),
            compared_with=compared_with,
        )

    def _begun(self, deliveries: Sequence[Delivery]) -> str | None:
        """Return the digest that a worker had begun for some of *deliveries*: edits rename it."""
        claims = (each.alert.claim for each in deliveries)
        begun = {claim.digest for claim in claims if claim is not None and claim.digest}
        for digest_id in sorted(begun):
            # One that cannot be read fails those that it was begun for, and no others.
            with suppress(UnreadableError):
                digest = self._run.digests.about(digest_id)
                if digest is not None:
                    return digest.name
        return None

    def _said(self, due: DueBin) -> str | None:
        """Return the digest that an earlier call has said without closing the bin."""
        digest = self._run.digests.open_digests([due.occasion]).get(due.occasion)
        return digest.digest_id if digest and digest.state is DigestState.POSTED else None

    def _settle(self, emptying: _Emptying, part: _Part) -> None:
        """Mark and release posted findings; one that is held elsewhere, too, is marked there."""
        jobs, bin_ = part.jobs, emptying.due.bin
        deadline = self._run.deadline
        for job in jobs.values():
            conclude(job)
        said = [name for name, job in jobs.items() if job.outcome not in UNDONE]
        if not deadline.leaves(AWS_SECONDS):
            # A finding may be held elsewhere, too: it is marked by the next call, which can ask.
            emptying.trouble = OUT_OF_TIME
            for name in said:
                jobs[name].fail(OUT_OF_TIME)
            return
        still_held = self._taking.still_held(said, except_in=bin_.name)
        for name, job in jobs.items():
            job.is_held = name in still_held or name in part.over or job.is_owed
        self._session.mark(list(jobs.values()), elsewhere=True)
        done = {name for name, job in jobs.items() if job.outcome not in UNDONE}
        for each in part.held:
            if not deadline.leaves(AWS_SECONDS):
                emptying.trouble = OUT_OF_TIME
                return
            if each.name in done:
                self._taking.let_go(bin_, each)

    def _tell(self, emptying: _Emptying) -> None:
        """Log findings that stay held; post a notice if they are overdue."""
        due, trouble = emptying.due, emptying.trouble or "there is no time for more"
        logger.warning("digest stays held", bin=due.bin.name, detail=trouble)
        if self._clock() - due.since > OVERDUE_SECONDS:
            number = counted(len(due.held) + due.unreadable, "finding")
            since = f"due since {datetime.fromtimestamp(due.since, UTC):%Y-%m-%d %H:%M} UTC"
            self._run.notices.say(
                overdue_topic(due.bin),
                Words(
                    f"Held findings for {due.bin.channel} cannot be said",
                    [f"{due.why}, {due.bin.reason}: {number}, {since}", trouble],
                    icon=CLOCK,
                    consequence="They stay held, NEW in Security Hub, and are tried again.",
                    remedy=Mrkdwn("See `docs/operations.md`, Held findings"),
                ),
            )


def _bring_up_to_date(job: Job, severity: Severity | None) -> None:
    """Set the severity that the finding has now: it may have fallen while it was held."""
    if job.finding is not None and severity is not None:
        job.finding = replace(job.finding, severity=severity)


def _forget(bin_: Bin, table: RoutingTable) -> Hold | None:
    """Return the silence that held the bin, if its findings are to be forgotten."""
    silence = table.silence(bin_.reason) if bin_.kind is HoldKind.SILENCE else None
    is_to_forget = silence is not None and silence.on_expiry is OnExpiry.FORGET
    return held_by_silence(silence) if silence is not None and is_to_forget else None
