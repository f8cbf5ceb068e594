"""The task that updates the totals in the parent of a digest."""

from collections.abc import Sequence

from finding_router.delivery.deliveries import Delivery
from finding_router.delivery.digests.store import Count, DigestState, OpenDigest
from finding_router.delivery.digests.totals import parent
from finding_router.delivery.limits.deadline import AWS_SECONDS
from finding_router.delivery.limits.rate import AT_SLACKS_PACE
from finding_router.delivery.posting.recovery import look
from finding_router.delivery.posting.run import ANOTHER_IS_AT_IT, Run
from finding_router.delivery.posting.task import Rank, Task
from finding_router.errors import StoreError
from finding_router.telemetry import logger

# Another worker counts within so many seconds, most likely.
COUNT_SECONDS = 5.0
MOST_COUNT_SECONDS = 30.0
ANOTHER_COUNTS = "another worker counts the totals"
# A long list was counted a moment ago.
STILL_GROWS = "the totals are counted once there is more"
MOST_SECONDS = 900.0


class TotalsTask(Task):
    """
    Counts the lines of a digest once in a run, or leaves it to another worker that is listing.

    If it has to be tried again, the least severe of the *concerned* deliveries comes back for it.
    """

    def __init__(self, run: Run, digest_id: str, concerned: Sequence[Delivery]) -> None:
        """Update the parent of *digest_id* within *run*."""
        # Its channel is known once the digest is read: no other limit holds it up.
        tries = max((each.job.record.tries for each in concerned), default=1)
        super().__init__(run, channel="", tries=tries)
        self.digest_id = digest_id
        self._concerned = concerned
        self._count = Count()
        self._has_lease = False

    @property
    def rank(self) -> Rank:
        """Return the rank of a change without a mention."""
        return Rank.REFRESH

    @property
    def is_change(self) -> bool:
        """Return True: the parent is changed."""
        return True

    def step(self) -> None:
        """Count the lines and change the parent, if its totals are outdated."""
        run = self.run
        self._count = run.digests.count(self.digest_id)
        digest = run.digests.about(self.digest_id)
        if self._count.is_outdated and digest is not None:
            self.channel = digest.channel
            if digest.ts is None:
                digest = self._found(digest)
        if not self._count.is_outdated or digest is None or digest.ts is None:
            self.is_done = True
            return
        now = run.clock()
        if not run.is_patient and (seconds := min(self._count.again_at - now, MOST_SECONDS)) > 0:
            if run.digests.count_later(self.digest_id, at=now + seconds, now=now):
                self.put_off(STILL_GROWS, retry_seconds=seconds)
            self.is_done = True
            return
        if run.is_patient:
            run.rate.wait_for_change(digest.channel)
        elif seconds := run.rate.seconds_to_change():
            self._come_back(now, seconds, AT_SLACKS_PACE)
            return
        if not self._has_lease and not run.digests.begin_count(
            self.digest_id, now=now, until=run.lease_until()
        ):
            # Unless that worker died, and its lease has to run out.
            seconds = min(COUNT_SECONDS * self.tries, MOST_COUNT_SECONDS)
            self._come_back(now, seconds, ANOTHER_COUNTS)
            return
        self._has_lease = True
        message = parent(
            digest,
            run.digests.lines(self.digest_id),
            is_plain=self.is_plain,
            has_actions=run.has_actions,
            owner=self._count.owner,
        )
        run.slack.update(
            digest.posted_to or "", digest.ts, message, seconds=run.deadline.for_slack()
        )
        self._settle()

    def _found(self, kept: OpenDigest) -> OpenDigest | None:
        """
        Search for the parent of *kept*, and record it: the worker that posted it may have died.

        Return None if there is none, or if another worker is posting it: that one counts, too.
        """
        run = self.run
        digest = run.digests.open_digests([kept.name]).get(kept.name, kept)
        if digest.digest_id != kept.digest_id:
            digest = kept
        if digest.is_leased(run.clock()):
            if digest.claimed_by != run.worker:
                self.fail(ANOTHER_IS_AT_IT, retry_seconds=COUNT_SECONDS)
            return None
        if digest.state is not DigestState.CLAIMED:
            return None
        places = dict.fromkeys((digest.channel, run.default_channel))
        looked = look(run, [digest.digest_id], places, claimed_at=digest.claimed_at)
        found = looked.posted.get(digest.digest_id)
        if found is None:
            return None
        posted = digest.posted(channel=found.channel, ts=found.ts)
        run.digests.keep_about(posted)
        # If another worker goes on with it by now, that one finds it, too.
        run.digests.write_digest(posted)
        return posted

    def stand_alone(self) -> None:
        """End the count: the parent is gone."""
        self.give_up()

    def give_up(self) -> None:
        """End the count, and record the lines as shown: the parent is gone."""
        try:
            self._settle()
        except StoreError as error:
            logger.warning("totals not settled", digest=self.digest_id, detail=str(error))
            self.release()
            self.is_done = True

    def release(self) -> None:
        """Release the lease of the totals; without an answer of the Ledger it expires."""
        if not self._has_lease or not self.run.deadline.leaves(AWS_SECONDS):
            return
        self._has_lease = False
        try:
            self.run.digests.end_count(self.digest_id, shown=None)
        except StoreError as error:
            logger.warning("lease of the totals not released", detail=str(error))

    def fail(self, why: str, *, retry_seconds: float) -> None:
        """Send the least severe of those concerned back to the queue."""
        self.is_done = True
        for each in self._least():
            each.fail(why, retry_seconds=retry_seconds)

    def put_off(self, why: str, *, retry_seconds: float) -> None:
        """Put off the least severe of those concerned."""
        self.is_done = True
        for each in self._least():
            each.wait(why, retry_seconds=retry_seconds)

    def _least(self) -> list[Delivery]:
        """Return the least severe of the deliveries that need not come back as it is, if any."""
        settled = [each for each in self._concerned if not each.is_undone]
        return sorted(settled, key=lambda each: each.severity.rank)[:1]

    def _settle(self) -> None:
        run = self.run
        run.digests.end_count(self.digest_id, shown=self._count.put, at=run.clock())
        self._has_lease = False
        self.is_done = True

    def _come_back(self, now: float, seconds: float, why: str) -> None:
        """Come back after *seconds*, unless another worker is to count by then."""
        if self.run.digests.count_later(self.digest_id, at=now + seconds, now=now):
            self.fail(why, retry_seconds=seconds)
        self.is_done = True
