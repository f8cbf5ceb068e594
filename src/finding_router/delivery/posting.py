"""Claim, post, record: one delivery after another, each channel at the pace Slack asks for."""

from collections.abc import Callable, Sequence
from typing import Final

from finding_router.delivery.claims import Claims
from finding_router.delivery.deadline import Deadline
from finding_router.delivery.episodes import Verdict
from finding_router.delivery.job import Delivery, Progress
from finding_router.delivery.notices import Notices
from finding_router.errors import (
    ChannelError,
    CredentialError,
    DeliveryError,
    MessageError,
    RateLimitedError,
    StoreError,
    UnavailableError,
)
from finding_router.slack.client import Posted, SlackClient
from finding_router.telemetry import CREDENTIAL_FAILURES, DELIVERIES_DEGRADED, count, logger

# Two failures in a row are an outage: the rest of the batch would only wait for time-outs.
OUTAGE_FAILURES: Final = 2
FIRST_RETRY_SECONDS: Final = 15.0
LONGEST_RETRY_SECONDS: Final = 900.0
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
        self._failures_in_a_row = 0
        self._stopped = ""

    def run(self, deliveries: Sequence[Delivery]) -> None:
        """Work until each delivery has an end, most severe first; failing ends one, not the run."""
        pending = sorted(deliveries, key=lambda delivery: -delivery.severity.rank)
        try:
            self._claims.load(pending)
        except StoreError as error:
            self._stopped = str(error)
        while pending and not self._stopped:
            delivery = self._next(pending)
            if delivery is None:
                break
            self._advance(delivery)
            if delivery.progress is not Progress.PENDING:
                pending.remove(delivery)
        for delivery in pending:
            self._give_back(delivery)

    def _next(self, pending: Sequence[Delivery]) -> Delivery | None:
        """Give the first delivery whose channel is free, waiting for one if the time allows it."""
        if not self._deadline.allows():
            return None
        wait, delivery = min(
            ((self._wait(delivery), delivery) for delivery in pending), key=lambda each: each[0]
        )
        if wait > 0:
            if not self._deadline.allows(wait):
                return None
            self._sleep(wait)
        return delivery

    def _wait(self, delivery: Delivery) -> float:
        channel = delivery.channel(self._default_channel)
        return max(self._not_before.get(channel, 0.0) - self._clock(), 0.0)

    def _give_back(self, delivery: Delivery) -> None:
        """End a delivery that this batch will not get to."""
        self._claims.release(delivery)
        if self._stopped:
            delivery.end(
                Progress.FAILED,
                self._stopped,
                retry_seconds=backoff_seconds(delivery.job.record.tries),
            )
        else:
            delivery.end(Progress.FAILED, "out of time", retry_seconds=self._wait(delivery))

    def _advance(self, delivery: Delivery) -> None:
        """Take *delivery* one step: to its end, or to where it waits for its channel."""
        try:
            posted = self._claim_and_post(delivery)
            if posted is not None:
                self._record(delivery, posted)
            self._failures_in_a_row = 0
        except StoreError as error:
            self._fail(delivery, error)
        except DeliveryError as error:
            self._refused(delivery, error)

    def _claim_and_post(self, delivery: Delivery) -> Posted | None:
        """Post unless the Ledger, or for a claim left behind the channel, says it is there."""
        if not delivery.is_claimed:
            match self._claims.claim(delivery):
                case Verdict.DUPLICATE:
                    delivery.end(Progress.DUPLICATE)
                    return None
                case Verdict.BUSY:
                    delivery.end(
                        Progress.FAILED,
                        "another worker holds the claim",
                        retry_seconds=FIRST_RETRY_SECONDS,
                    )
                    return None
                case Verdict.RECOVER:
                    delivery.is_doubtful = True
        if delivery.is_doubtful:
            found = self._search(delivery)
            if found is not None:
                return found
            delivery.is_doubtful = False
        return self._post(delivery)

    def _search(self, delivery: Delivery) -> Posted | None:
        """Look for the message that a dead worker may have posted, in both possible channels."""
        entry = delivery.entry
        if entry is None:
            return None
        since = entry.claimed_at - SEARCH_MARGIN_SECONDS
        for channel in dict.fromkeys([delivery.destination.channel, self._default_channel]):
            try:
                found = self._slack.find(channel, entry.delivery_id, since=since)
            except (ChannelError, CredentialError):
                # Without the scope, or outside the channel, nobody can look: then a message that
                # a dying worker did post is posted once more.
                logger.warning("history not searched", channel=channel)
                continue
            if found is not None:
                return found
        return None

    def _post(self, delivery: Delivery) -> Posted:
        channel = delivery.channel(self._default_channel)
        delivery_id = delivery.entry.delivery_id if delivery.entry else None
        try:
            return self._slack.post(
                channel, delivery.card.full(delivery.banner), delivery_id=delivery_id
            )
        except MessageError as error:
            logger.warning("card refused", channel=channel, code=error.code, detail=str(error))
            count(DELIVERIES_DEGRADED)
            return self._slack.post(
                channel, delivery.card.plain(delivery.banner), delivery_id=delivery_id
            )

    def _record(self, delivery: Delivery, posted: Posted) -> None:
        if not self._claims.record(delivery, posted):
            logger.error("posted after the claim was lost", channel=posted.channel, ts=posted.ts)
        delivery.end(Progress.POSTED)

    def _refused(self, delivery: Delivery, error: DeliveryError) -> None:
        """Decide by the kind of refusal whether it waits, moves, comes back, or ends the run."""
        match error:
            case RateLimitedError():
                self._not_before[error.channel] = self._clock() + error.retry_after_seconds
            case ChannelError() if error.channel != self._default_channel:
                self._redirect(delivery, error)
            case CredentialError():
                count(CREDENTIAL_FAILURES)
                logger.error("slack token refused", code=error.code, detail=str(error))
                self._stopped = str(error)
            case UnavailableError(ambiguous=True):
                delivery.is_doubtful = True
                self._fail(delivery, error)
            case _:
                self._fail(delivery, error)

    def _redirect(self, delivery: Delivery, error: ChannelError) -> None:
        """Send it to the default channel, under a banner that names the channel and the error."""
        count(DELIVERIES_DEGRADED)
        delivery.banner = f"meant for {error.channel}: {error.code}"
        logger.warning("channel refused", channel=error.channel, code=error.code)
        self._notices.say(
            f"channel {error.channel}", f"channel {error.channel} takes no messages", [str(error)]
        )

    def _fail(self, delivery: Delivery, error: StoreError | DeliveryError) -> None:
        self._claims.release(delivery)
        delivery.end(
            Progress.FAILED, str(error), retry_seconds=backoff_seconds(delivery.job.record.tries)
        )
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= OUTAGE_FAILURES and error.retryable:
            self._stopped = str(error)


def backoff_seconds(tries: int) -> float:
    """Give how long a record stays away after so many *tries*: 15 s, doubled up to 15 min."""
    return min(FIRST_RETRY_SECONDS * 2.0 ** min(tries - 1, 10), LONGEST_RETRY_SECONDS)
