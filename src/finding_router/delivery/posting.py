"""Claim, post, record: one delivery after another, each channel at Slack's pace."""

from collections.abc import Callable, Sequence
from typing import Final

from finding_router.delivery.backoff import FIRST_SECONDS, backoff_seconds
from finding_router.delivery.claims import Claims
from finding_router.delivery.deadline import AWS_SECONDS, Deadline
from finding_router.delivery.episodes import Phase, Verdict
from finding_router.delivery.job import Delivery, Progress
from finding_router.delivery.ledger import Entry, Saying
from finding_router.delivery.notices import Notices
from finding_router.delivery.outage import LEDGER, Outage
from finding_router.delivery.pace import UPDATES, Pace
from finding_router.errors import (
    ChannelError,
    CredentialError,
    DeliveryError,
    GoneError,
    MessageError,
    RateLimitedError,
    StoreError,
    UnavailableError,
)
from finding_router.slack.client import MISSING_SCOPE, Posted, SlackClient
from finding_router.slack.message import Message
from finding_router.telemetry import CREDENTIAL_FAILURES, DELIVERIES_DEGRADED, count, logger

# "Retry-After: 0" would make a busy loop of waiting.
SHORTEST_WAIT_SECONDS: Final = 1.0
# Searching a channel starts this long before the claim, for the difference between two clocks.
SEARCH_MARGIN_SECONDS: Final = 60.0
_SAY: Final = frozenset(
    {Verdict.RECOVER, Verdict.RESUME, Verdict.POST, Verdict.REOPEN, Verdict.RISE}
)
_ENDS: Final = {
    Verdict.DUPLICATE: Progress.DUPLICATE,
    Verdict.UNKNOWN: Progress.UNKNOWN,
}


class Poster:
    """Brings the deliveries of one batch into their channels; make one for each batch."""

    def __init__(
        self,
        *,
        slack: SlackClient,
        claims: Claims,
        pace: Pace,
        notices: Notices,
        default_channel: str,
        deadline: Deadline,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """Stop taking new work when *deadline* is near; *clock* and *sleep* are in seconds."""
        self._slack = slack
        self._claims = claims
        self._pace = pace
        self._notices = notices
        self._default_channel = default_channel
        self._deadline = deadline
        self._clock = clock
        self._sleep = sleep
        self._slots: dict[str, float] = {}
        self._full: dict[str, float] = {}
        self._outage = Outage()

    def run(self, deliveries: Sequence[Delivery]) -> None:
        """
        Work until each delivery has an end; failing ends one, not the run.

        What is said comes first, most severe first; cards are changed after that.
        """
        pending = sorted(deliveries, key=_urgency)
        try:
            self._claims.load(pending)
        except StoreError as error:
            self._outage.stop(str(error))
        while delivery := self._next(pending):
            self._advance(delivery)
            if delivery.progress is not Progress.PENDING:
                pending.remove(delivery)
            elif delivery.posted is not None:
                # It stands in Slack, and is recorded after the others have been posted.
                pending.append(pending.pop(pending.index(delivery)))
        for delivery in pending:
            self._give_back(delivery)

    def _next(self, pending: Sequence[Delivery]) -> Delivery | None:
        """Give the first delivery whose channel is free, waiting for one if the time allows it."""
        if not self._deadline.allows():
            return None
        waits = [(self._wait(delivery), delivery) for delivery in pending if self._may_go(delivery)]
        if not waits:
            return None
        wait, delivery = min(waits, key=lambda each: each[0])
        if wait > 0:
            if not self._deadline.allows(wait):
                return None
            self._sleep(wait)
        return delivery

    def _may_go(self, delivery: Delivery) -> bool:
        """Tell whether nothing but its slot keeps *delivery* back."""
        before = delivery.after
        if before is not None and before.progress is Progress.PENDING:
            return False
        channel = self._channel(delivery)
        return channel not in self._full and not self._outage.reason(channel)

    def _channel(self, delivery: Delivery) -> str:
        """Give what slots and outages go by: the channel as the route names it."""
        return delivery.destination.channel if delivery.banner is None else self._default_channel

    def _wait(self, delivery: Delivery) -> float:
        if delivery.posted is not None:
            return 0.0
        return max(self._slots.get(self._channel(delivery), 0.0) - self._clock(), 0.0)

    def _give_back(self, delivery: Delivery) -> None:
        """End a delivery that this batch will not get to."""
        if delivery.posted is not None and self._deadline.leaves(AWS_SECONDS):
            self._advance(delivery)
        if delivery.progress is not Progress.PENDING:
            return
        self._claims.release(delivery)
        channel = self._channel(delivery)
        reason = self._outage.reason(channel)
        if reason:
            delivery.end(Progress.FAILED, reason, retry_seconds=_backoff(delivery))
            return
        free_at = self._full.get(channel)
        if free_at is None:
            delivery.end(Progress.FAILED, "out of time", retry_seconds=self._wait(delivery))
            return
        # One after the other, so that they do not all come back for the same slot.
        self._full[channel] = free_at + 1.0
        wait = max(free_at - self._clock(), 0.0)
        delivery.end(Progress.FAILED, "the channel is at Slack's pace", retry_seconds=wait)

    def _advance(self, delivery: Delivery) -> None:
        """Take *delivery* one step: to its end, or to where it waits for its channel."""
        was_posted = delivery.posted is not None
        try:
            if not was_posted:
                self._step(delivery)
            if delivery.posted is not None:
                self._record(delivery, delivery.posted)
                self._outage.over()
        except StoreError as error:
            self._outage.failed(LEDGER, str(error))
            if was_posted or delivery.posted is None:
                self._fail(delivery, error)
        except DeliveryError as error:
            self._refused(delivery, error)
        # What nobody foresaw in one message must not take the others of the batch along.
        except Exception as error:  # noqa: BLE001 -- see above
            logger.exception("delivery failed", channel=self._channel(delivery))
            delivery.is_doubtful = True
            self._fail(delivery, error)

    def _step(self, delivery: Delivery) -> None:
        """Do what the Ledger's verdict asks for."""
        if delivery.after is not None and delivery.after.progress is Progress.FAILED:
            why = "what came before it has to be tried again"
            delivery.end(Progress.FAILED, why, retry_seconds=delivery.after.retry_seconds)
            return
        if delivery.is_claimed:
            self._say(delivery)
            return
        verdict = self._claims.judge(delivery)
        if verdict in _ENDS:
            delivery.end(_ENDS[verdict])
        elif verdict is Verdict.BUSY:
            why = "another worker is at it"
            delivery.end(Progress.FAILED, why, retry_seconds=FIRST_SECONDS)
        elif verdict in _SAY:
            delivery.is_doubtful = verdict is Verdict.RECOVER
            if self._has_slot(delivery) and self._claim(delivery, verdict):
                self._say(delivery)
        else:
            self._change(delivery, verdict)

    def _claim(self, delivery: Delivery, verdict: Verdict) -> bool:
        if self._claims.claim(delivery, verdict):
            return True
        delivery.end(Progress.FAILED, "another worker was first", retry_seconds=FIRST_SECONDS)
        return False

    def _has_slot(self, delivery: Delivery) -> bool:
        """Tell whether the channel's slot is now; a later one is taken, if there is one in time."""
        channel = self._channel(delivery)
        now = self._clock()
        if channel not in self._slots:
            patience = max(self._deadline.remaining() - self._deadline.margin_seconds, 0.0)
            slot = self._pace.post(channel, patience_seconds=patience)
            if not slot.is_taken:
                self._full[channel] = slot.at
                return False
            self._slots[channel] = slot.at
        return self._slots[channel] <= now

    def _say(self, delivery: Delivery) -> None:
        """Post what was claimed, unless an earlier try may have, and it is found."""
        entry = delivery.entry
        if entry is None or not self._has_slot(delivery):
            return
        if delivery.is_doubtful:
            delivery.posted = self._search(delivery, entry)
            if delivery.posted is not None:
                return
        if not self._deadline.allows():
            return
        del self._slots[self._channel(delivery)]
        is_reply = entry.ts is not None and delivery.banner is None
        delivery.posted = self._slack.post(
            delivery.channel(self._default_channel),
            self._message(delivery, entry),
            delivery_id=entry.delivery_id,
            thread_ts=entry.ts if is_reply else None,
            broadcast=is_reply and entry.saying is not Saying.END,
            seconds=self._deadline.for_slack(),
        )
        self._pace.worked(self._channel(delivery))

    def _message(self, delivery: Delivery, entry: Entry) -> Message:
        if delivery.is_plain:
            return delivery.card.plain(entry, delivery.banner)
        return delivery.card.said(
            entry.saying,
            entry,
            before=delivery.said_before or entry.severity,
            now=self._clock(),
            banner=delivery.banner,
        )

    def _change(self, delivery: Delivery, verdict: Verdict) -> None:
        """Change the card to what is true now; where it is gone, an end is said in its thread."""
        entry = delivery.entry
        if entry is None or entry.ts is None or entry.posted_to is None:
            delivery.end(Progress.DUPLICATE)
            return
        if verdict is not Verdict.NOTE:
            slot = self._pace.update()
            if not slot.is_taken:
                wait = max(slot.at - self._clock(), SHORTEST_WAIT_SECONDS)
                delivery.end(Progress.FAILED, "cards change at Slack's pace", retry_seconds=wait)
                return
            try:
                self._slack.update(
                    entry.posted_to,
                    entry.ts,
                    self._changed(delivery, entry, verdict),
                    seconds=self._deadline.for_slack(),
                )
            except GoneError:
                if verdict is Verdict.CLOSE:
                    if self._claim(delivery, verdict):
                        self._say(delivery)
                    return
            except ChannelError as error:
                # Nobody sees a card in a channel that is gone.
                logger.warning("card not changed", channel=error.channel, code=error.code)
        if self._claims.note(delivery, verdict):
            delivery.end(Progress.DUPLICATE if verdict is Verdict.NOTE else Progress.UPDATED)
        else:
            delivery.end(Progress.FAILED, "another worker was first", retry_seconds=FIRST_SECONDS)

    def _changed(self, delivery: Delivery, entry: Entry, verdict: Verdict) -> Message:
        if delivery.is_plain:
            return delivery.card.plain(entry, None)
        if verdict is Verdict.CLOSE:
            return delivery.card.ended(entry, self._clock())
        return delivery.card.full(entry, None)

    def _search(self, delivery: Delivery, entry: Entry) -> Posted | None:
        """Look for the message that an earlier try may have posted, in both possible channels."""
        since = entry.claimed_at - SEARCH_MARGIN_SECONDS
        was_hindered = False
        own = entry.posted_to or delivery.destination.channel
        for channel in dict.fromkeys([own, self._default_channel]):
            try:
                found = self._slack.find(
                    channel,
                    entry.delivery_id,
                    since=since,
                    thread_ts=entry.ts if channel == entry.posted_to else None,
                    seconds=self._deadline.for_slack(),
                )
            except (ChannelError, CredentialError) as error:
                if isinstance(error, CredentialError) and error.code != MISSING_SCOPE:
                    raise
                # Without the scope, or outside the channel, nobody can look: then a message that
                # a dying worker did post is posted once more.
                was_hindered = True
                logger.warning("history not searched", channel=channel, code=error.code)
                continue
            if found is not None:
                return found
        delivery.is_doubtful = was_hindered
        return None

    def _record(self, delivery: Delivery, posted: Posted) -> None:
        if not self._claims.record(delivery, posted):
            logger.error("posted after the claim was lost", channel=posted.channel, ts=posted.ts)
        entry = delivery.entry
        if entry is not None and entry.saying is Saying.END:
            delivery.end(Progress.UPDATED)
            return
        delivery.end(Progress.POSTED)
        if entry is not None and entry.saying is not Saying.CARD and entry.ts != posted.ts:
            self._revive(delivery, entry)

    def _revive(self, delivery: Delivery, entry: Entry) -> None:
        """Let the card of what is said in its thread be up to date again, as far as that goes."""
        if entry.digest is not None or entry.posted_to is None or entry.ts is None:
            return
        try:
            if self._deadline.allows() and self._pace.update().is_taken:
                message = delivery.card.full(entry, None)
                seconds = self._deadline.for_slack()
                self._slack.update(entry.posted_to, entry.ts, message, seconds=seconds)
        except (DeliveryError, StoreError) as error:
            # What is new was said: the card above it is only as it was before.
            logger.warning("card not changed", channel=entry.posted_to, detail=str(error))

    def _refused(self, delivery: Delivery, error: DeliveryError) -> None:
        """Decide by the kind of refusal whether it waits, moves, comes back, or ends the run."""
        match error:
            case RateLimitedError():
                self._slow_down(delivery, error)
            case MessageError() if not delivery.is_plain:
                delivery.is_plain = True
                count(DELIVERIES_DEGRADED)
                logger.warning(
                    "card refused", channel=error.channel, code=error.code, detail=str(error)
                )
            case GoneError():
                self._stand_alone(delivery)
            case ChannelError():
                self._redirect(delivery, error)
            case CredentialError():
                count(CREDENTIAL_FAILURES)
                logger.error("slack token refused", code=error.code, detail=str(error))
                self._outage.stop(str(error))
            case UnavailableError():
                delivery.is_doubtful = delivery.is_doubtful or error.ambiguous
                self._outage.failed(error.channel, str(error))
                self._fail(delivery, error)
            case _:
                self._fail(delivery, error)

    def _slow_down(self, delivery: Delivery, error: RateLimitedError) -> None:
        """Wait for as long as Slack asks, and let the other workers wait as well."""
        is_change = not delivery.is_claimed
        channel = UPDATES if is_change else self._channel(delivery)
        wait = max(error.retry_after_seconds, SHORTEST_WAIT_SECONDS)
        try:
            wait = self._pace.refused(channel, wait)
        except StoreError as trouble:
            logger.warning("pace not shared", channel=channel, detail=str(trouble))
        if is_change:
            delivery.end(Progress.FAILED, str(error), retry_seconds=wait)
        else:
            self._slots[channel] = self._clock() + wait

    def _stand_alone(self, delivery: Delivery) -> None:
        """Say without a thread what was to be said in one that is gone; an end is then no news."""
        entry = delivery.entry
        if entry is not None and entry.saying is Saying.END:
            delivery.posted = Posted(entry.posted_to or "", entry.ts or "")
        else:
            self._claims.detach(delivery)

    def _redirect(self, delivery: Delivery, error: ChannelError) -> None:
        """Send it to the default channel, under a banner that names the channel and the error."""
        count(DELIVERIES_DEGRADED)
        logger.warning("channel refused", channel=error.channel, code=error.code)
        self._notices.say(
            f"channel {error.channel}", f"channel {error.channel} takes no messages", [str(error)]
        )
        if self._channel(delivery) == self._default_channel:
            self._outage.close(self._default_channel, str(error))
            self._fail(delivery, error)
        else:
            self._stand_alone(delivery)
            delivery.banner = f"meant for {delivery.destination.channel}: {error.code}"

    def _fail(self, delivery: Delivery, error: Exception) -> None:
        self._claims.release(delivery)
        delivery.end(Progress.FAILED, str(error), retry_seconds=_backoff(delivery))


def _backoff(delivery: Delivery) -> float:
    return backoff_seconds(delivery.job.record.tries)


def _urgency(delivery: Delivery) -> tuple[bool, int]:
    """Order what calls people before what only changes a card, the most severe first."""
    is_change = all(news.phase is not Phase.NEW for news in delivery.news.values())
    return is_change, -delivery.severity.rank
