"""Claim, post, record: one delivery after another, each channel at the pace Slack asks for."""

from collections.abc import Callable, Sequence
from typing import Final

from finding_router.delivery.backoff import FIRST_SECONDS, backoff_seconds
from finding_router.delivery.claims import Claims
from finding_router.delivery.deadline import AWS_SECONDS, Deadline
from finding_router.delivery.episodes import Verdict
from finding_router.delivery.job import Delivery, Progress
from finding_router.delivery.ledger import Entry
from finding_router.delivery.notices import Notices
from finding_router.delivery.outage import LEDGER, Outage
from finding_router.errors import (
    ChannelError,
    CredentialError,
    DeliveryError,
    MessageError,
    RateLimitedError,
    StoreError,
    UnavailableError,
)
from finding_router.slack.client import MISSING_SCOPE, Posted, SlackClient
from finding_router.telemetry import CREDENTIAL_FAILURES, DELIVERIES_DEGRADED, count, logger

# "Retry-After: 0" would make a busy loop of waiting.
SHORTEST_WAIT_SECONDS: Final = 1.0
# Searching a channel starts this long before the claim, for the difference between two clocks.
SEARCH_MARGIN_SECONDS: Final = 60.0


class Poster:
    """Brings the deliveries of one batch into their channels; make one for each batch."""

    def __init__(
        self,
        *,
        slack: SlackClient,
        claims: Claims,
        notices: Notices,
        default_channel: str,
        deadline: Deadline,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """Stop taking new work when *deadline* is near; *clock* and *sleep* are in seconds."""
        self._slack = slack
        self._claims = claims
        self._notices = notices
        self._default_channel = default_channel
        self._deadline = deadline
        self._clock = clock
        self._sleep = sleep
        self._not_before: dict[str, float] = {}
        self._outage = Outage()

    def run(self, deliveries: Sequence[Delivery]) -> None:
        """Work until each delivery has an end, most severe first; failing ends one, not the run."""
        pending = sorted(deliveries, key=lambda delivery: -delivery.severity.rank)
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
        waits = [
            (self._wait(delivery), delivery)
            for delivery in pending
            if not self._outage.reason(self._channel(delivery))
        ]
        if not waits:
            return None
        wait, delivery = min(waits, key=lambda each: each[0])
        if wait > 0:
            if not self._deadline.allows(wait):
                return None
            self._sleep(wait)
        return delivery

    def _channel(self, delivery: Delivery) -> str:
        return delivery.channel(self._default_channel)

    def _wait(self, delivery: Delivery) -> float:
        if delivery.posted is not None:
            return 0.0
        return max(self._not_before.get(self._channel(delivery), 0.0) - self._clock(), 0.0)

    def _give_back(self, delivery: Delivery) -> None:
        """End a delivery that this batch will not get to."""
        if delivery.posted is not None and self._deadline.leaves(AWS_SECONDS):
            self._advance(delivery)
        if delivery.progress is not Progress.PENDING:
            return
        self._claims.release(delivery)
        reason = self._outage.reason(self._channel(delivery))
        if reason:
            delivery.end(Progress.FAILED, reason, retry_seconds=_backoff(delivery))
        else:
            delivery.end(Progress.FAILED, "out of time", retry_seconds=self._wait(delivery))

    def _advance(self, delivery: Delivery) -> None:
        """Take *delivery* one step: to its end, or to where it waits for its channel."""
        was_posted = delivery.posted is not None
        try:
            if not was_posted:
                delivery.posted = self._claim_and_post(delivery)
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

    def _claim_and_post(self, delivery: Delivery) -> Posted | None:
        """Post unless the Ledger, or for a claim left behind the channel, says it is there."""
        if not delivery.is_claimed:
            match self._claims.claim(delivery):
                case Verdict.DUPLICATE:
                    delivery.end(Progress.DUPLICATE)
                    return None
                case Verdict.BUSY:
                    why = "another worker holds the claim"
                    delivery.end(Progress.FAILED, why, retry_seconds=FIRST_SECONDS)
                    return None
                case Verdict.RECOVER:
                    delivery.is_doubtful = True
        found = None
        if delivery.is_doubtful and delivery.entry is not None:
            found = self._search(delivery, delivery.entry)
        if found is not None or not self._deadline.allows():
            return found
        return self._slack.post(
            self._channel(delivery),
            delivery.message(),
            delivery_id=delivery.entry.delivery_id if delivery.entry else None,
            seconds=self._deadline.for_slack(),
        )

    def _search(self, delivery: Delivery, entry: Entry) -> Posted | None:
        """Look for the message that an earlier try may have posted, in both possible channels."""
        since = entry.claimed_at - SEARCH_MARGIN_SECONDS
        was_hindered = False
        for channel in dict.fromkeys([delivery.destination.channel, self._default_channel]):
            try:
                found = self._slack.find(
                    channel, entry.delivery_id, since=since, seconds=self._deadline.for_slack()
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
        delivery.end(Progress.POSTED)

    def _refused(self, delivery: Delivery, error: DeliveryError) -> None:
        """Decide by the kind of refusal whether it waits, moves, comes back, or ends the run."""
        match error:
            case RateLimitedError():
                wait = max(error.retry_after_seconds, SHORTEST_WAIT_SECONDS)
                self._not_before[self._channel(delivery)] = self._clock() + wait
            case MessageError() if not delivery.is_plain:
                delivery.is_plain = True
                count(DELIVERIES_DEGRADED)
                logger.warning(
                    "card refused", channel=error.channel, code=error.code, detail=str(error)
                )
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
            delivery.banner = f"meant for {error.channel}: {error.code}"

    def _fail(self, delivery: Delivery, error: Exception) -> None:
        self._claims.release(delivery)
        delivery.end(Progress.FAILED, str(error), retry_seconds=_backoff(delivery))


def _backoff(delivery: Delivery) -> float:
    return backoff_seconds(delivery.job.record.tries)
