"""The Ledger as one batch sees it: what is in it, what is claimed, and what is written after."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from finding_router.delivery.deadline import AWS_SECONDS, Deadline
from finding_router.delivery.episodes import Verdict, has_risen, judge
from finding_router.delivery.job import Delivery
from finding_router.delivery.ledger import Entry, EntryKey, Ledger, Saying, State
from finding_router.delivery.transitions import claimed, noted
from finding_router.errors import StoreError
from finding_router.slack.client import Posted
from finding_router.telemetry import logger

# A claim outlives its invocation by this much, for the difference between two clocks.
LEASE_MARGIN_SECONDS: Final = 5.0
# Where several findings of one thing come together, the verdict that asks for most decides.
_MOST_FIRST: Final = list(Verdict)
# What these say was claimed before.
_AGAIN: Final = frozenset({Verdict.RESUME, Verdict.RECOVER})


class Claims:
    """Reads once for the batch, then writes delivery by delivery."""

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
        self.worker = uuid.uuid4().hex
        self._entries: dict[EntryKey, Entry] = {}

    def load(self, deliveries: Sequence[Delivery]) -> None:
        """Read the entries of *deliveries*; raises StoreError."""
        self._entries.update(self._ledger.read(delivery.key for delivery in deliveries))

    def version(self, key: EntryKey) -> int:
        """Give the version of the entry of *key* that this batch knows; zero without one."""
        entry = self._entries.get(key)
        return entry.version if entry else 0

    def judge(self, delivery: Delivery) -> Verdict:
        """Judge *delivery* by what is known of the Ledger."""
        entry = self._entries.get(delivery.key)
        delivery.entry = entry
        if entry is None and delivery.is_for_a_rise and self._has_risen(delivery):
            return Verdict.POST
        now = self._clock()
        if entry is not None and _is_left(entry, now) and not delivery.is_routed():
            # It was to be said there, and no route leads there any more.
            return Verdict.UNKNOWN
        verdicts = {
            judge(entry, news, now=now, settle_seconds=self._settle_seconds)
            for news in delivery.news.values()
        }
        return min(verdicts, key=_MOST_FIRST.index)

    def _has_risen(self, delivery: Delivery) -> bool:
        """Tell whether it is worse than another channel was told."""
        return any(
            has_risen(entry, news)
            for key, entry in self._entries.items()
            if key.finding == delivery.key.finding
            for news in delivery.news.values()
        )

    def claim(self, delivery: Delivery, verdict: Verdict, *, digest: str | None = None) -> bool:
        """
        Claim *delivery* to say what *verdict* asks for; tell whether no other worker was first.

        With *digest*, it is to be listed there instead of having a card.

        Raises:
            StoreError: the Ledger does not answer.

        """
        before = self._entries.get(delivery.key)
        # Also for more about the same: what leads to an entry has to live as long as that does.
        if not delivery.is_requested and verdict not in _AGAIN:
            self._ledger.note_channel(delivery.key)
        now = self._clock()
        entry = claimed(
            delivery.key,
            before,
            verdict,
            list(delivery.news.values()),
            now=now,
            lease_until=now + self._deadline.remaining() + LEASE_MARGIN_SECONDS,
            worker=self.worker,
        )
        if digest is not None:
            entry = replace(entry, digest=digest)
        delivery.is_claimed = self._write(delivery, entry)
        return delivery.is_claimed

    def forget(self, delivery: Delivery, verdict: Verdict) -> bool:
        """
        Write *delivery* as if it had been said: nobody is to hear of it, nor of it again.

        Tell whether no other worker was first.
        """
        before = self._entries.get(delivery.key)
        if before is None:
            self._ledger.note_channel(delivery.key)
        news, now = list(delivery.news.values()), self._clock()
        entry = claimed(
            delivery.key, before, verdict, news, now=now, lease_until=now, worker=self.worker
        )
        return self._write(delivery, entry.forgotten())

    def note(self, delivery: Delivery, verdict: Verdict) -> bool:
        """Write what *verdict* leaves to remember; tell whether no other worker was first."""
        return self._write(delivery, self.refreshed(delivery, verdict))

    def refreshed(self, delivery: Delivery, verdict: Verdict) -> Entry:
        """Give the entry as `note` would write it."""
        before = self._entries[delivery.key]
        return noted(before, verdict, list(delivery.news.values()))

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
            self._write(delivery, entry.abandoned() if delivery.is_doubtful else entry.released())
        except StoreError as error:
            logger.warning("claim not released", reason=str(error))

    def record(self, delivery: Delivery, posted: Posted) -> bool:
        """Write where the message stands; tell whether the claim was still ours. StoreError."""
        if delivery.entry is None:
            return False
        if delivery.entry.ts is not None and not posted.is_in_thread:
            # The thread was gone: Slack then posts into the channel, and says nothing of it.
            self.detach(delivery)
        entry = delivery.entry.posted(channel=posted.channel, ts=posted.ts, at=self._clock())
        recorded = self._write(delivery, entry)
        delivery.entry = entry
        return recorded

    def detach(self, delivery: Delivery) -> None:
        """Forget the card that is gone: what is said next stands by itself."""
        if delivery.entry is not None:
            delivery.entry = replace(delivery.entry, ts=None, posted_to=None)

    def _write(self, delivery: Delivery, entry: Entry) -> bool:
        if not self._ledger.write(entry):
            return False
        delivery.entry = entry
        self._entries[delivery.key] = entry
        return True


def _is_left(entry: Entry, now: float) -> bool:
    """Tell whether *entry* was claimed to be said for the first time, and nobody is at it."""
    is_free = entry.state is not State.POSTED and not entry.is_being_said(now)
    return is_free and entry.saying is Saying.CARD and entry.ts is None
