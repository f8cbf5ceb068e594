"""Claiming a delivery in the Ledger before it is posted, and what is written after."""

import uuid
from collections.abc import Callable, Sequence
from typing import Final

from finding_router.delivery.deadline import AWS_SECONDS, Deadline
from finding_router.delivery.episodes import Verdict, judge
from finding_router.delivery.job import Delivery
from finding_router.delivery.ledger import Entry, EntryKey, Ledger, State
from finding_router.errors import StoreError
from finding_router.slack.client import Posted
from finding_router.telemetry import logger

# A claim outlives its invocation by this much, for the difference between two clocks.
LEASE_MARGIN_SECONDS: Final = 5.0


class Claims:
    """The Ledger as one batch sees it: read once, then written delivery by delivery."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        settle_seconds: float,
        deadline: Deadline,
        clock: Callable[[], float],
    ) -> None:
        """Claim until *deadline*; *clock* gives Unix seconds."""
        self._ledger = ledger
        self._settle_seconds = settle_seconds
        self._deadline = deadline
        self._clock = clock
        self._worker = uuid.uuid4().hex
        self._entries: dict[EntryKey, Entry] = {}

    def load(self, deliveries: Sequence[Delivery]) -> None:
        """Read the entries of *deliveries*; raises StoreError."""
        self._entries.update(self._ledger.read(delivery.key for delivery in deliveries))

    def claim(self, delivery: Delivery) -> Verdict:
        """
        Judge *delivery* and claim it where it is to be posted; BUSY where another worker won.

        Raises:
            StoreError: the Ledger does not answer.

        """
        before = self._entries.get(delivery.key)
        updated_at = delivery.job.finding.updated_at if delivery.job.finding else None
        now = self._clock()
        verdict = judge(
            before,
            updated_at=updated_at,
            now=now,
            settle_seconds=self._settle_seconds,
        )
        delivery.entry = before
        if verdict in {Verdict.DUPLICATE, Verdict.BUSY}:
            return verdict
        claimed = Entry(
            key=delivery.key,
            state=State.CLAIMED,
            episode=_episode(before, verdict),
            version=before.version + 1 if before else 1,
            # A recovered claim keeps its time: that is since when its message may be there.
            claimed_at=before.claimed_at if before and verdict is Verdict.RECOVER else now,
            lease_until=now + self._deadline.remaining() + LEASE_MARGIN_SECONDS,
            claimed_by=self._worker,
            severity=delivery.severity,
            updated_at=updated_at,
        )
        if not self._ledger.write(claimed):
            return Verdict.BUSY
        delivery.entry = claimed
        delivery.is_claimed = True
        return verdict

    def release(self, delivery: Delivery) -> None:
        """
        Give a claim back; where the Ledger does not answer in time, its lease runs out.

        What was posted and not recorded is not given back: the next try has to look for it.
        """
        if delivery.entry is None or not delivery.is_claimed or delivery.posted is not None:
            return
        if not self._deadline.leaves(AWS_SECONDS):
            return
        delivery.is_claimed = False
        entry = delivery.entry
        try:
            self._ledger.write(entry.abandoned() if delivery.is_doubtful else entry.released())
        except StoreError as error:
            logger.warning("claim not released", reason=str(error))

    def record(self, delivery: Delivery, posted: Posted) -> bool:
        """Write where the message stands; tell whether the claim was still ours. StoreError."""
        if delivery.entry is None:
            return False
        entry = delivery.entry.posted(channel=posted.channel, ts=posted.ts, at=self._clock())
        recorded = self._ledger.write(entry)
        delivery.entry = entry
        return recorded


def _episode(before: Entry | None, verdict: Verdict) -> int:
    if before is None:
        return 1
    return before.episode + 1 if verdict is Verdict.REOPEN else before.episode
