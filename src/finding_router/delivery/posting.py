"""The loop over one batch: who may go next, and what a failure means for the others."""

from collections.abc import Sequence
from typing import Final, Protocol

from finding_router.delivery.backoff import backoff_seconds
from finding_router.delivery.batch import Batch
from finding_router.delivery.deadline import AWS_SECONDS
from finding_router.delivery.job import Delivery, DigestWork, Progress, Work
from finding_router.delivery.outage import LEDGER, Outage
from finding_router.delivery.pace import UPDATES, Pause
from finding_router.errors import (
    ChannelError,
    CredentialError,
    DeliveryError,
    GoneError,
    MessageError,
    RateLimitedError,
    SearchLimitedError,
    StoreError,
    UnavailableError,
)
from finding_router.telemetry import CREDENTIAL_FAILURES, DELIVERIES_DEGRADED, count, logger

# "Retry-After: 0" would make a busy loop of waiting.
SHORTEST_WAIT_SECONDS: Final = 1.0


class Teller[Kind: Work](Protocol):
    """Knows the steps of one kind of work; errors of Slack and the Ledger go up to the loop."""

    def step(self, work: Kind) -> None:
        """Take *work* one step: to its end, to something posted, or to where it waits."""

    def record(self, work: Kind) -> None:
        """Write down what was posted; the work ends, or is ready for the next step."""

    def detach(self, work: Kind) -> None:
        """Let go of the message that is gone, or in a channel that is."""

    def release(self, work: Kind) -> None:
        """Give back what was claimed; never fails."""

    def is_saying(self, work: Kind) -> bool:
        """Tell whether the step at hand says something, as opposed to changing what was said."""


class Poster:
    """Brings the work of one batch into its channels; make one for each batch."""

    def __init__(
        self, batch: Batch, *, deliveries: Teller[Delivery], digests: Teller[DigestWork]
    ) -> None:
        """Stop taking new work when the deadline of *batch* is near."""
        self._deliveries = deliveries
        self._digests = digests
        self._slots = batch.slots
        self._pace = batch.pace
        self._notices = batch.notices
        self._default_channel = batch.default_channel
        self._deadline = batch.deadline
        self._sleep = batch.sleep
        self._outage = Outage()
        self._detached: set[int] = set()

    def run(self, work: Sequence[Work]) -> None:
        """
        Go on until each of *work* has an end; failing ends one, not the run.

        What is said comes first, most severe first; cards are changed after that.
        """
        pending = sorted(work, key=_urgency)
        while each := self._next(pending):
            self._advance(each)
            if each.progress is not Progress.PENDING:
                pending.remove(each)
            elif each.posted is not None:
                # It stands in Slack, and is recorded after the others have been posted.
                pending.append(pending.pop(pending.index(each)))
        for each in pending:
            self._give_back(each)
        for each in work:
            if isinstance(each, DigestWork):
                each.settle()

    def _teller(self, work: Work) -> Teller[Work]:
        # Each kind of work meets its own teller.
        return self._digests if isinstance(work, DigestWork) else self._deliveries  # type: ignore[return-value]

    def _next(self, pending: Sequence[Work]) -> Work | None:
        """Give the first whose channel is free, waiting for one if the time allows it."""
        if not self._deadline.allows():
            return None
        waits = [(self._wait(each), each) for each in pending if self._may_go(each)]
        if not waits:
            return None
        wait, first = min(waits, key=lambda each: each[0])
        if wait > 0:
            if not self._deadline.allows(wait):
                return None
            self._sleep(wait)
        return first

    def _may_go(self, work: Work) -> bool:
        """Tell whether nothing but its slot keeps *work* back."""
        if work.after is not None and work.after.progress is Progress.PENDING:
            return False
        channel = work.channel(self._default_channel)
        return not self._slots.is_full(channel) and not self._outage.reason(channel)

    def _wait(self, work: Work) -> float:
        if work.posted is not None:
            return 0.0
        return self._slots.wait(work.channel(self._default_channel))

    def _give_back(self, work: Work) -> None:
        """End what this batch will not get to."""
        if work.posted is not None and self._deadline.leaves(AWS_SECONDS):
            self._advance(work)
        if work.progress is not Progress.PENDING:
            return
        self._teller(work).release(work)
        channel = work.channel(self._default_channel)
        reason = self._outage.reason(channel)
        if reason:
            work.end(Progress.FAILED, reason, retry_seconds=_backoff(work))
        elif self._slots.is_full(channel):
            wait = self._slots.come_back(channel)
            work.end(Progress.FAILED, "the channel is at Slack's pace", retry_seconds=wait)
        else:
            work.end(Progress.FAILED, "out of time", retry_seconds=self._wait(work))

    def _advance(self, work: Work) -> None:
        """Take *work* one step: to its end, or to where it waits for its channel."""
        teller = self._teller(work)
        was_posted = work.posted is not None
        try:
            if work.after is not None and work.after.progress is Progress.FAILED:
                _follow(work, work.after)
                return
            if not was_posted:
                teller.step(work)
            if work.posted is not None:
                teller.record(work)
                self._outage.over(work.channel(self._default_channel))
        except StoreError as error:
            self._outage.failed(LEDGER, str(error))
            if was_posted or work.posted is None:
                self._fail(work, error)
        except DeliveryError as error:
            self._refused(work, error)
        # What nobody foresaw in one message must not take the others of the batch along.
        except Exception as error:  # noqa: BLE001 -- see above
            logger.exception("delivery failed", channel=work.channel(self._default_channel))
            work.is_doubtful = True
            self._fail(work, error)

    def _refused(self, work: Work, error: DeliveryError) -> None:
        """Decide by the kind of refusal whether it waits, moves, comes back, or ends the run."""
        match error:
            case RateLimitedError():
                self._slow_down(work, error)
            case SearchLimitedError():
                self._fail(work, error)
                work.retry_seconds = max(work.retry_seconds, error.retry_after_seconds)
            case MessageError() if not work.is_plain:
                work.is_plain = True
                count(DELIVERIES_DEGRADED)
                logger.warning(
                    "card refused", channel=error.channel, code=error.code, detail=str(error)
                )
            case GoneError() if id(work) not in self._detached:
                # What still is "gone" when it stands by itself is tried again later.
                self._detached.add(id(work))
                self._teller(work).detach(work)
            case ChannelError():
                self._redirect(work, error)
            case CredentialError():
                count(CREDENTIAL_FAILURES)
                logger.error("slack token refused", code=error.code, detail=str(error))
                self._outage.stop(str(error))
            case UnavailableError():
                work.is_doubtful = work.is_doubtful or error.ambiguous
                self._outage.failed(work.channel(self._default_channel), str(error))
                self._fail(work, error)
            case _:
                self._fail(work, error)

    def _slow_down(self, work: Work, error: RateLimitedError) -> None:
        """Wait for as long as Slack asks, and let the other workers wait as well."""
        is_saying = self._teller(work).is_saying(work)
        channel = work.channel(self._default_channel) if is_saying else UPDATES
        wait = max(error.retry_after_seconds, SHORTEST_WAIT_SECONDS)
        try:
            pause = self._pace.refused(channel, wait)
            self._slots.give_up(channel)
        except StoreError as trouble:
            logger.warning("pace not shared", channel=channel, detail=str(trouble))
            self._slots.hold(channel, wait)
        else:
            wait = pause.seconds
            if pause.is_rest:
                self._tell_of_rest(channel, pause)
        if not is_saying:
            self._teller(work).release(work)
            work.end(Progress.FAILED, str(error), retry_seconds=wait)

    def _tell_of_rest(self, channel: str, pause: Pause) -> None:
        self._notices.say(
            f"pace of {channel}",
            f"channel {channel} rests for {pause.seconds / 60:.0f} min",
            [f"Slack refused {pause.refusals} messages in a row; others may post there too often"],
        )

    def _redirect(self, work: Work, error: ChannelError) -> None:
        """Send it to the default channel, under a banner that names the channel and the error."""
        count(DELIVERIES_DEGRADED)
        logger.warning("channel refused", channel=error.channel, code=error.code)
        self._notices.say(
            f"channel {error.channel}", f"channel {error.channel} takes no messages", [str(error)]
        )
        channel = work.channel(self._default_channel)
        if channel == self._default_channel:
            self._outage.close(self._default_channel, str(error))
            self._fail(work, error)
        else:
            self._teller(work).detach(work)
            work.banner = f"meant for {channel}: {error.code}"

    def _fail(self, work: Work, error: Exception) -> None:
        self._teller(work).release(work)
        work.end(Progress.FAILED, str(error), retry_seconds=_backoff(work))


def _follow(work: Work, before: Work) -> None:
    why = "what came before it has to be tried again"
    work.end(Progress.FAILED, why, retry_seconds=before.retry_seconds)


def _backoff(work: Work) -> float:
    return backoff_seconds(work.job.record.tries)


def _urgency(work: Work) -> tuple[bool, int]:
    is_change = isinstance(work, Delivery) and not work.is_new
    return is_change, -work.severity.rank
