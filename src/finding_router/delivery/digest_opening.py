"""Which digest a burst, or what waited, is listed in: the one that is open, or the next."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from finding_router.delivery.backoff import FIRST_SECONDS, backoff_seconds
from finding_router.delivery.batch import Batch
from finding_router.delivery.claims import LEASE_MARGIN_SECONDS
from finding_router.delivery.digest_book import OpenDigest
from finding_router.delivery.digests import Digests, united
from finding_router.delivery.job import Delivery, DigestWork, Progress
from finding_router.delivery.ledger import State

# Another worker posts the parent in so many seconds, most likely.
PARENT_SECONDS: Final = 3.0


class Opener:
    """Opens digests, or goes on with what this or another worker has opened."""

    def __init__(self, batch: Batch, digests: Digests) -> None:
        """Work on *batch*; *digests* keeps the totals."""
        self._digests = digests
        self._book = batch.book
        self._claims = batch.claims
        self._default_channel = batch.default_channel
        self._deadline = batch.deadline
        self._clock = batch.clock

    def open(self, work: DigestWork) -> OpenDigest | None:
        """Claim the digest of the burst, or the next one; None where that cannot be, yet."""
        before, now = work.before, self._clock()
        if before is not None and before.is_being_said(now):
            # Unless that died over it, and its lease has to run out.
            tries = work.job.record.tries
            wait = backoff_seconds(tries, first=PARENT_SECONDS, longest=2 * FIRST_SECONDS)
            work.end(Progress.FAILED, "another worker is at it", retry_seconds=wait)
            return None
        digest = self._claimed(work, now)
        for left in self._left(work, digest):
            if later := self._digests.correct(left):
                work.end(Progress.FAILED, later.why, retry_seconds=FIRST_SECONDS)
                return None
        if not self._book.write_digest(digest):
            # Another worker was first: the next step goes on with what that has left.
            work.before = self._book.open_digests([work.name]).get(work.name)
            work.is_forced = work.is_forced and before == work.before
            return None
        work.digest = digest
        if digest.state is State.POSTED:
            # Where its channel was dead, it stands in the default channel, and so do its replies.
            work.banner = digest.banner
            # The time that it took so far.
            self._book.keep_about(digest)
            work.also = self._unlisted(work.also, digest)
            work.put_so_far = self._book.put_so_far(digest.digest_id)
        return digest

    def _claimed(self, work: DigestWork, now: float) -> OpenDigest:
        """Give the digest to list in, as this worker claims it."""
        before = work.before
        lease_until = now + self._deadline.remaining() + LEASE_MARGIN_SECONDS
        if before is not None and self._goes_on(work, before):
            work.is_doubtful = before.state is State.CLAIMED
            again = before.again(now=now, lease_until=lease_until, worker=self._claims.worker)
            return replace(
                again,
                routes=united(again.routes, work.destination.routes),
                mention=united(again.mention, work.destination.mention),
            )
        return OpenDigest(
            name=work.name,
            channel=work.channel(self._default_channel),
            number=before.number + 1 if before else 1,
            state=State.CLAIMED,
            version=before.version + 1 if before else 1,
            claimed_at=now,
            lease_until=lease_until,
            claimed_by=self._claims.worker,
            started_at=now,
            last_at=now,
            heading=work.heading or "",
            why=work.why,
            routes=work.destination.routes,
            mention=work.destination.mention,
            banner=work.banner,
            before=work.compared_with,
        )

    def _goes_on(self, work: DigestWork, before: OpenDigest) -> bool:
        """Tell whether the digest *before* is the one to list in."""
        if before.state is not State.POSTED:
            return True
        # Only a burst ends; one that was waited for is begun once.
        is_on = work.heading is not None or self._digests.is_on(before)
        is_begun = any(
            each.entry is not None and each.entry.digest == before.digest_id
            for each in work.deliveries
        )
        return (is_on or is_begun) and not work.is_forced

    def _left(self, work: DigestWork, digest: OpenDigest) -> set[str]:
        """Name the digests that counted on what is listed in *digest* now."""
        left = {each.entry.digest for each in work.deliveries if each.entry is not None}
        if work.is_forced and work.before is not None:
            left.add(work.before.digest_id)
        return {each for each in left if each is not None} - {digest.digest_id}

    def _unlisted(self, also: Sequence[Delivery], digest: OpenDigest) -> list[Delivery]:
        """Leave out those that an earlier try has listed; one that it may have is doubtful."""
        if not also:
            return []
        listed = {line.subject for line in self._book.lines(digest.digest_id)}
        left = [each for each in also if each.key.finding not in listed]
        for each in left:
            each.is_listing_doubtful = True
        return left
