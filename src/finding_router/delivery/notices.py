"""The router's own troubles, told in the ops channel, each at most once an hour."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from finding_router.delivery.deadline import AWS_SECONDS, SLACK_SECONDS, SPARE_SECONDS, Deadline
from finding_router.delivery.ledger import Ledger
from finding_router.delivery.pace import POST_SECONDS
from finding_router.errors import DeliveryError, StoreError
from finding_router.slack.client import SlackClient
from finding_router.telemetry import logger

EVERY_SECONDS: Final = 3600.0
OUT_OF_TIME: Final = "out of time"
# A worker that wants to tell of something has this long; then another one may.
TELLING_SECONDS: Final = 60.0
# So long a batch waits for slots, which it would share with alerts; the rest is for the next one.
PATIENCE_SECONDS: Final = 10.0


@dataclass(slots=True, kw_only=True)
class _Notice:
    headline: str
    details: list[str]
    every_seconds: float
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    """By which the Ledger knows it again at the next try."""


class Notices:
    """Says what an operator should know, and never fails because of it."""

    def __init__(
        self,
        *,
        slack: SlackClient,
        ledger: Ledger,
        channel: str,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """Speak in *channel*; *clock* gives Unix seconds, *sleep* takes seconds."""
        self._slack = slack
        self._ledger = ledger
        self._channel = channel
        self._clock = clock
        self._sleep = sleep
        self._waiting: dict[str, _Notice] = {}

    def say(
        self,
        topic: str,
        headline: str,
        details: list[str],
        *,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        """
        Keep *headline* and *details* for `flush`; the last word on a *topic* counts.

        Once told, it is not said again for *every_seconds*.
        """
        notice = _Notice(headline=headline, details=details, every_seconds=every_seconds)
        if topic in self._waiting:
            notice.name = self._waiting[topic].name
        self._waiting[topic] = notice

    def flush(self, deadline: Deadline) -> None:
        """
        Post what was kept, but for the topics that were spoken of of late.

        What finds no slot or fails is kept for the next batch, which begins with the others.
        """
        until = self._clock() + PATIENCE_SECONDS
        for topic in list(self._waiting):
            notice = self._waiting.pop(topic)
            try:
                why = self._tell(topic, notice, deadline, until=until)
            except (DeliveryError, StoreError) as error:
                why = str(error)
            if why:
                self._waiting[topic] = notice
                logger.warning("notice put off", topic=topic, reason=why)
                return

    def _tell(self, topic: str, notice: _Notice, deadline: Deadline, *, until: float) -> str:
        """Post it, unless somebody did or is about to; give why it has to wait."""
        from finding_router.slack.notice import notice as laid_out

        if not deadline.leaves(AWS_SECONDS):
            return OUT_OF_TIME
        # Whoever fails over it, or dies, has not told it: that counts for a minute only.
        if not self._may_tell(topic, notice, seconds=TELLING_SECONDS):
            return ""
        if not deadline.leaves(AWS_SECONDS):
            return OUT_OF_TIME
        now = self._clock()
        in_time = now + deadline.remaining() - SPARE_SECONDS - SLACK_SECONDS
        slot = self._ledger.slot(
            self._channel,
            every_seconds=POST_SECONDS,
            now=now,
            latest=max(min(until, in_time), now),
        )
        if not slot.is_taken:
            return "the channel is at Slack's pace"
        if slot.at > now:
            self._sleep(slot.at - now)
        self._slack.post(
            self._channel,
            laid_out(notice.headline, notice.details),
            seconds=deadline.remaining() - SPARE_SECONDS,
        )
        if deadline.leaves(AWS_SECONDS):
            try:
                self._may_tell(topic, notice, seconds=notice.every_seconds)
            except StoreError as error:
                logger.warning("notice may be told again", topic=topic, reason=str(error))
        return ""

    def _may_tell(self, topic: str, notice: _Notice, *, seconds: float) -> bool:
        return self._ledger.once(topic, by=notice.name, every_seconds=seconds, now=self._clock())
