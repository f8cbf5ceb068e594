"""One run over findings: plan, deliver, hold, mark, and close cards of ended findings."""

from collections.abc import Collection, Sequence

from finding_router.delivery.account_names import AccountNames
from finding_router.delivery.alerts.ledger import Alerts
from finding_router.delivery.deliveries import Delivery, Job
from finding_router.delivery.held.keep import Keeper
from finding_router.delivery.limits.backoff import backoff_seconds
from finding_router.delivery.marking import Marker, Over
from finding_router.delivery.outcome import UNDONE
from finding_router.delivery.plan import Addressed, Planner
from finding_router.delivery.posting.loop import Loop
from finding_router.delivery.posting.notice import PATIENCE_SECONDS, NoticeTask
from finding_router.delivery.posting.run import Run
from finding_router.delivery.report import conclude
from finding_router.errors import StoreError


class Session:
    """The steps of one run, for a batch of the queue and for released findings."""

    def __init__(
        self,
        run: Run,
        planner: Planner,
        *,
        names: AccountNames,
        marker: Marker,
        keeper: Keeper,
        tracks: bool,
    ) -> None:
        """Plan by *planner*; without *tracks* cards stay as they were posted."""
        self.run = run
        self.planner = planner
        self.loop = Loop(run)
        self._names = names
        self._marker = marker
        self._keeper = keeper
        self._tracks = tracks

    def settle_names(self, jobs: Collection[Job]) -> None:
        """Set the accounts of *jobs*, and drop names that two accounts claim; raises StoreError."""
        self._names.settle(jobs, self.run.notices)

    def plan(self, addressed: Addressed) -> list[Delivery]:
        """Read the alerts of *addressed*, and return their deliveries; raises StoreError."""
        return self.planned(addressed, self.run.ledger.read(addressed.keys))

    def planned(self, addressed: Addressed, alerts: Alerts) -> list[Delivery]:
        """Return the deliveries of *addressed*, given the *alerts* that the Ledger holds."""
        deliveries, broken = self.planner.deliveries(addressed, alerts, alerts.unreadable)
        for delivery in deliveries:
            for job in delivery.jobs:
                job.deliveries.append(delivery)
        for job, why in broken:
            job.fail(why, retry_seconds=backoff_seconds(job.record.tries))
        return deliveries

    def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Post *deliveries*, or hold them; raises StoreError."""
        self.loop.deliver(deliveries)
        self._keeper.put_aside(deliveries, self.run.deadline, decided_at=self.planner.now)

    def mark(self, jobs: Sequence[Job], *, elsewhere: bool = False) -> None:
        """Mark findings that every channel has, and close the cards of those over by now."""
        now = self.run.clock()
        over = self._marker.run(jobs, self.run.deadline, now=now, elsewhere=elsewhere)
        if over and self._tracks:
            self._close(over)

    def tell_operators(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Post the notices that wait, in slots within *patience_seconds*."""
        run = self.run
        until = run.clock() + patience_seconds
        self.loop.run(
            NoticeTask(run, run.notices, each, until=until) for each in run.notices.waiting()
        )

    def _close(self, over: Sequence[Over]) -> None:
        """
        Close the alerts of each job by the present state of its finding.

        Its end came before the finding was said, as an event about nothing: there is no other.
        """
        # To the second, as events are dated: a return within this one is later all the same.
        at = float(int(self.run.clock()))
        ends = [(each.job, each.job.ended(each.finding, at=at)) for each in over]
        addressed = Addressed()
        for job, end in ends:
            for delivery in job.deliveries:
                if not delivery.is_requested:
                    addressed.jobs[delivery.key].append(end)
        try:
            # Security Hub's answer has the name that the finding states.
            self.settle_names([end for _, end in ends])
            self.deliver(self.plan(addressed))
        except StoreError as error:
            for job, _ in ends:
                job.fail(str(error), retry_seconds=backoff_seconds(job.record.tries))
            return
        for job, end in ends:
            conclude(end)
            if end.outcome in UNDONE:
                job.come_again_like(end, end.detail)
