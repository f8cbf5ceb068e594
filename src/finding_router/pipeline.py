"""
The order of a batch: read, screen, plan, deliver, mark, report.

Most events say nothing. The modules that decide and post take a fifth of a cold start, and are
imported once there is something to say.
"""

import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from finding_router.delivery.backlog import (
    PATIENCE_SECONDS,
    Source,
    is_urgent,
    put_off_a_flood,
)
from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.hubs import Hubs
from finding_router.delivery.intake import complete, read_jobs
from finding_router.delivery.limits.backoff import backoff_seconds
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.outcome import FOLLOWED, NEWS, Outcome
from finding_router.delivery.report import conclude, report, report_reasons
from finding_router.delivery.stores import Stores
from finding_router.delivery.subjects import Subjects
from finding_router.errors import AlarmUntoldError, StoreError
from finding_router.isolation import isolated
from finding_router.routing.cache import RouteCache
from finding_router.settings import Settings
from finding_router.telemetry import FINDINGS_FAILED, INVALID_ROUTES, count, logger

if TYPE_CHECKING:
    from finding_router.delivery.account_names import AccountNames
    from finding_router.delivery.alarms import Alarm
    from finding_router.delivery.alerts.identity import AlertKey
    from finding_router.delivery.held.lookout import Lookout
    from finding_router.delivery.notices import Notice, Notices
    from finding_router.delivery.organization import OrganizationCache
    from finding_router.delivery.organization_reading import OrganizationReading, Organizations
    from finding_router.delivery.session import Session
    from finding_router.findings.finding import Finding
    from finding_router.routing.table import RoutingTable
    from finding_router.slack.api.client import Messenger


class Pipeline:
    """The steps of every batch; the collaborators come from bootstrap."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        *,
        routes: RouteCache,
        slack: "Messenger",
        hubs: Hubs,
        organizations: "Organizations | None" = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """*clock* gives Unix seconds, *sleep* takes seconds."""
        self._settings = settings
        self._stores = stores
        self._routes = routes
        self._slack = slack
        self._hubs = hubs
        self._organizations = organizations
        self._clock = clock
        self._sleep = sleep
        self._notices: Notices | None = None
        self._names: AccountNames | None = None
        self._organization: OrganizationCache | None = None
        self._reading: OrganizationReading | None = None
        self._slowed: set[str] = set()
        self._lookout: Lookout | None = None

    def run(
        self, records: Sequence[Record], deadline: Deadline, source: Source = Source.ALONE
    ) -> list[Job]:
        """Route the findings of *records*; every job of the answer has an outcome."""
        jobs = [job for record in records for job in read_jobs(record, is_silent_in_full=False)]
        for job in jobs:
            job.is_urgent = is_urgent(job, self._settings.urgent_severity)
        if source is Source.FINDINGS:
            put_off_a_flood(jobs)
        session = None
        try:
            subjects = Subjects(self._stores.ledger)
            followed, channels = self._followed(jobs, subjects)
            # With those that turned out to be unreadable.
            new = [job for job in jobs if job.outcome is None]
            if new or followed or self._stores.unreadable:
                session = self._session(self._routes.table(), deadline, source)
                self._tell_troubles(session)
                self._deliver(session, new, followed, channels, subjects)
        except StoreError as error:
            # Together, so that a burst comes back as one.
            wait = backoff_seconds(max((record.tries for record in records), default=1))
            for job in jobs:
                if job.outcome is None or job.is_followed:
                    job.fail(str(error), retry_seconds=wait)
        if session is not None:
            session.mark(jobs)
            self._look_for_overdue(session)
            self._note_decided(jobs)
            self._note_tally(session, jobs)
        return self._finish(jobs, session)

    def wake(self, deadline: Deadline) -> list[Job]:
        """
        Release held findings that are due; failed ones stay held until the next call.

        Raises:
            StoreError: the Ledger does not answer, or no routing table could ever be read.

        """
        from finding_router.delivery.held.release import Releaser

        session = self._session(self._routes.table(), deadline, is_patient=True)
        self._tell_troubles(session)
        releaser = Releaser(self._stores.held, session, hubs=self._hubs, clock=self._clock)
        jobs = releaser.run()
        self._note_tally(session, jobs)
        self._remind(session)
        # The heartbeat: batches never count a zero, so that its absence shows that no wake-up came.
        count(FINDINGS_FAILED, 0)
        self._remember_routes()
        finished = self._finish(jobs, session)
        self._read_organization(session, deadline)
        return finished

    def _remind(self, session: "Session") -> None:
        """Post the reminders that are due; one that fails is due at the next call."""
        store = self._stores.reminders
        has_reminders = session.planner.table.has_reminders or self._settings.actions
        if store is None or not has_reminders:
            return
        from finding_router.delivery.reminders.remind import Reminders
        from finding_router.findings.events import event_about
        from finding_router.findings.ocsf import is_ocsf

        def show(finding: "Finding", key: "AlertKey") -> None:
            is_v2 = is_ocsf(finding.raw)
            record = Record(body=event_about([finding.raw], is_v2=is_v2, at=self._clock()))
            self._show(session, [record], key.subject, [key.channel])

        Reminders(
            store,
            session,
            held=self._stores.held,
            hubs=self._hubs,
            show=show,
            clock=self._clock,
        ).run()

    def tell(self, alarms: Sequence["Alarm"], deadline: Deadline) -> None:
        """
        Post *alarms* to the ops channel, each change of state once.

        Raises:
            AlarmUntoldError: one of them could not be told, and is to be tried again.

        """
        untold = self.post([alarm.notice() for alarm in alarms], deadline)
        if untold:
            message = f"{len(untold)} of {len(alarms)} alarms untold; first: {untold[0]}"
            raise AlarmUntoldError(message)

    def post(self, kept: Sequence["Notice"], deadline: Deadline) -> list[str]:
        """Post the notices *kept* to the ops channel; return the headlines of those left."""
        from finding_router.routing.table import RoutingTable

        try:
            table = self._routes.table()
        except StoreError as error:
            # A notice may well be about that.
            logger.warning("notices posted without routes", detail=str(error))
            table = RoutingTable((), default_channel=self._settings.default_channel)
        session = self._session(table, deadline)
        for notice in kept:
            session.run.notices.keep(notice)
        # There is nothing else to do: it waits for as long as the run lasts.
        session.tell_operators(patience_seconds=deadline.remaining())
        return [each.words.headline for each in kept if session.run.notices.waits(each.topic)]

    def show(
        self,
        records: Sequence[Record],
        subject: str,
        channels: Collection[str],
        deadline: Deadline,
    ) -> list[Job]:
        """
        Show the findings of *records*, as they are now, in the alerts about *subject*.

        Its *channels* are known. Nothing is marked, and no route is asked for further channels but
        for a severity that rose. Every job of the answer has an outcome.

        Raises:
            StoreError: the Ledger does not answer, or no routing table could ever be read.

        """
        session = self._session(self._routes.table(), deadline)
        jobs = self._show(session, records, subject, channels)
        # A press that changes the card is no end of a finding.
        self._note_tally(session, [job for job in jobs if job.outcome in NEWS])
        self._tell_unreadable(session)
        session.tell_operators()
        return jobs

    def _show(
        self,
        session: "Session",
        records: Sequence[Record],
        subject: str,
        channels: Collection[str],
    ) -> list[Job]:
        """Show the findings of *records* in the alerts; return the jobs, each with its outcome."""
        jobs = [job for record in records for job in read_jobs(record) if job.finding is not None]
        for job in jobs:
            job.known_as = subject
            job.is_followed = True
            job.end(job.outcome or Outcome.NOT_NEW)
        if jobs:
            subjects = Subjects(self._stores.ledger)
            self._deliver(session, (), jobs, {subject: channels}, subjects)
        return jobs

    def recount(self, digest_id: str, deadline: Deadline) -> None:
        """
        Show the totals of a digest, and who takes care of it, if they changed.

        Raises:
            StoreError: the Ledger does not answer, or no routing table could ever be read.

        """
        session = self._session(self._routes.table(), deadline)
        session.run.touch(digest_id)
        session.deliver(())

    def _note_decided(self, jobs: Sequence[Job]) -> None:
        """Store the summaries of the findings that were news, to tell the effect of edits by."""
        if self._stores.decided is None:
            return
        from finding_router.findings.summary import summarise

        summaries = [
            summarise(job.finding)
            for job in jobs
            if job.finding and job.outcome in NEWS and not job.is_requested
        ]
        try:
            self._stores.decided.add(summaries, at=self._clock())
        except StoreError as error:
            logger.warning("decided findings not stored", reason=str(error))

    def _note_tally(self, session: "Session", jobs: Sequence[Job]) -> None:
        """
        Store the numbers of a run that has some; nothing else depends on them.

        They miss the messages of a run that dies before it is here.
        """
        if self._stores.tallies is None:
            return
        from finding_router.delivery.tally import tally_of

        with isolated("run not counted"):
            tally = tally_of(jobs, session.planner, session.run.digest_messages)
            try:
                if tally is not None:
                    self._stores.tallies.add(tally)
            except StoreError as error:
                logger.warning("numbers of a run not stored", reason=str(error))

    def _remember_routes(self) -> None:
        """Store the last valid versions of the routing table; the next wake-up tries again."""
        try:
            self._routes.remember()
        except StoreError as error:
            logger.warning("valid routes not stored", reason=str(error))

    def _deliver(
        self,
        session: "Session",
        new: Sequence[Job],
        followed: Sequence[Job],
        channels: Mapping[str, Collection[str]],
        subjects: Subjects,
    ) -> None:
        """Plan by the routing table and the Ledger, and bring it to the channels."""
        session.settle_names([*new, *followed])
        addressed = subjects.settled(lambda: session.planner.address(new, followed, channels))
        for job, shadowed in addressed.shadowed.items():
            job.shadowed = shadowed
        for job, outcome, route in addressed.quiet:
            job.end(outcome, f"route {route}")
            job.dropped_by = route
            job.suppress = outcome is Outcome.SUPPRESSED
        session.deliver(session.plan(addressed), to_mark=[*new, *followed])
        for job in (*new, *followed):
            if job.deliveries:
                conclude(job)

    def _read_organization(self, session: "Session", deadline: Deadline) -> None:
        """Read AWS Organizations in the time that is left, if it is due and the stack may."""
        if self._organization is None or self._organizations is None:
            return
        from finding_router.delivery.organization_reading import OrganizationReading
        from finding_router.routing.organization import needs_tags

        if self._reading is None:
            self._reading = OrganizationReading(
                self._organizations,
                self._organization,
                locks=self._stores.locks,
                clock=self._clock,
                sleep=self._sleep,
            )
        with isolated("AWS Organizations not read"):
            wants_tags = needs_tags(session.planner.table)
            self._reading.run(deadline, session.run.notices, wants_tags=wants_tags)
            session.tell_operators()

    def _look_for_overdue(self, session: "Session") -> None:
        """Post a notice of overdue held findings, once in a while."""
        from finding_router.delivery.held.lookout import Lookout

        if self._lookout is None:
            self._lookout = Lookout(self._stores.held, clock=self._clock)
        self._lookout.look(session)

    def _followed(
        self, jobs: Sequence[Job], subjects: Subjects
    ) -> tuple[list[Job], Mapping[str, Collection[str]]]:
        """
        Return the jobs that may change an alert, and the channels that have one, by subject.

        The subjects that this batch is about to say count as said.
        """
        tracks = self._settings.track_lifecycle
        candidates = [job for job in jobs if tracks and job.outcome in FOLLOWED]
        new = [job for job in jobs if job.outcome is None]
        for job in candidates:
            # Until the Ledger has said otherwise.
            job.is_followed = True
        # The only cost of events about findings that were never posted.
        channels = subjects.find(new, candidates)
        told = _subjects(new)
        for job in candidates:
            is_known = not _subjects([job]).isdisjoint({*channels, *told})
            job.is_followed = is_known and complete(job)
        return [job for job in candidates if job.is_followed], channels

    def _session(
        self,
        table: "RoutingTable",
        deadline: Deadline,
        source: Source = Source.ALONE,
        *,
        is_patient: bool = False,
    ) -> "Session":
        """Return a session with the parts of one run."""
        from finding_router.delivery.account_names import AccountNames
        from finding_router.delivery.digests.grouping import Rules
        from finding_router.delivery.held.keep import Keeper
        from finding_router.delivery.limits.circuit import Circuit
        from finding_router.delivery.limits.rate import RateLimit
        from finding_router.delivery.marking import Marker
        from finding_router.delivery.notices import Notices
        from finding_router.delivery.plan import Planner
        from finding_router.delivery.posting.run import Run
        from finding_router.delivery.session import Session
        from finding_router.slack.kit.links import AccessPortal, table_url

        settings, stores = self._settings, self._stores
        if self._notices is None:
            self._notices = Notices(
                locks=stores.locks,
                channel=settings.trouble_channel,
                table=table_url(settings.aws_region, settings.routing_table) or "",
            )
        if self._names is None:
            if stores.organization is not None:
                from finding_router.delivery.organization import OrganizationCache

                self._organization = OrganizationCache(stores.organization, clock=self._clock)
            self._names = AccountNames(
                stores.names, clock=self._clock, organization=self._organization
            )
        settle_seconds = settings.settle_minutes * 60
        run = Run(
            slack=self._slack,
            ledger=stores.ledger,
            digests=stores.digests,
            rate=RateLimit(
                stores.rates,
                stores.locks,
                deadline=deadline,
                clock=self._clock,
                sleep=self._sleep,
                slowed=self._slowed,
                patience_seconds=PATIENCE_SECONDS[source],
            ),
            circuit=Circuit(),
            notices=self._notices,
            rules=Rules(
                threshold=settings.burst_threshold,
                quiet_seconds=settings.burst_quiet_minutes * 60,
                critical_cards=settings.burst_critical_cards,
            ),
            default_channel=table.default_channel,
            settle_seconds=settle_seconds,
            deadline=deadline,
            clock=self._clock,
            sleep=self._sleep,
            worker=uuid.uuid4().hex,
            is_patient=is_patient,
            puts_off_digests=source is Source.FINDINGS,
            has_actions=settings.actions,
            reminders=stores.reminders,
            tickets=stores.tickets,
        )
        portal = (
            AccessPortal(settings.access_portal_url, settings.access_portal_role)
            if settings.access_portal_url
            else None
        )
        planner = Planner(
            table=table,
            portal=portal,
            now=datetime.fromtimestamp(self._clock(), UTC),
            settle_seconds=settle_seconds,
            show_tags=settings.show_tags,
            has_actions=settings.actions,
        )
        return Session(
            run,
            planner,
            names=self._names,
            marker=Marker(
                hubs=self._hubs,
                ledger=stores.ledger,
                has_actions=settings.actions,
                tracks=settings.track_lifecycle,
            ),
            keeper=Keeper(stores.held, clock=self._clock),
            tracks=settings.track_lifecycle,
        )

    def _finish(self, jobs: list[Job], session: "Session | None") -> list[Job]:
        """Report each job, and post the notices last: no alert waits for the router's troubles."""
        for job in jobs:
            report(job)
        report_reasons(jobs)
        if session is not None:
            self._tell_unreadable(session)
            session.tell_operators()
        return jobs

    def _tell_unreadable(self, session: "Session") -> None:
        """Keep a notice of the items of the Ledger that could not be read."""
        if items := self._stores.unreadable.take():
            from finding_router.delivery.troubles import unreadable

            session.run.notices.say("unreadable items", unreadable(items))

    def _tell_troubles(self, session: "Session") -> None:
        """Keep a notice of each mistake in the routing table, and of silences that are over."""
        from finding_router.delivery import troubles

        table, notices = session.planner.table, session.run.notices
        page = notices.table
        if table.problems:
            count(INVALID_ROUTES, table.skipped)
            for problem in table.problems:
                logger.warning(
                    "item not valid",
                    in_force=(problem.kind, problem.name) in table.kept_labels,
                    kind=problem.kind,
                    item=problem.name,
                    field=problem.field,
                    problem=problem.problem,
                    remedy=problem.remedy,
                )
            notices.say("invalid routes", troubles.skipped(table.problems, page, table.kept_labels))
        if table.unmet:
            notices.say("unknown tickets", troubles.unmet(table.unmet, page))
        for problem in table.over(session.planner.now):
            silence = table.silence(problem.name)
            if silence is not None and silence.is_snooze and self._settings.actions:
                continue
            # With its moment: a name may be used again, and mistyped again.
            topic = f"silence {problem.name} {problem.problem}"
            notices.say(topic, troubles.silence_over(problem, page, silence))
        if self._routes.stale_because is not None:
            logger.warning("routes not read again", reason=str(self._routes.stale_because))
            notices.say("stale routes", troubles.stale(self._routes.stale_because, page))


def _subjects(jobs: Iterable[Job]) -> set[str]:
    return {job.subject for job in jobs if job.about is not None}
