"""The router's own troubles, told in the ops channel, each at most once an hour."""

import uuid
from collections.abc import Callable
from typing import Final

from finding_router.delivery.deadline import AWS_SECONDS, SLACK_SECONDS, SPARE_SECONDS, Deadline
from finding_router.delivery.ledger import Ledger
from finding_router.errors import DeliveryError, StoreError
from finding_router.slack.client import SlackClient
from finding_router.telemetry import logger

EVERY_SECONDS: Final = 3600.0


class Notices:
    """Says what an operator should know, and never fails because of it."""

    def __init__(
        self, *, slack: SlackClient, ledger: Ledger, channel: str, clock: Callable[[], float]
    ) -> None:
        """Speak in *channel*; *clock* gives Unix seconds."""
        self._slack = slack
        self._ledger = ledger
        self._channel = channel
        self._clock = clock
        self._waiting: dict[str, tuple[str, list[str], float]] = {}

    def say(
        self,
        topic: str,
        headline: str,
        details: list[str],
        *,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        """
        Keep *headline* and *details* for `flush`; the first word on a *topic* counts.

        It is not said again for *every_seconds*.
        """
        self._waiting.setdefault(topic, (headline, details, every_seconds))

    def flush(self, deadline: Deadline) -> None:
        """Post what was kept, but for the topics that were spoken of of late."""
        if not self._waiting:
            return
        from finding_router.slack.notice import notice

        waiting, self._waiting = self._waiting, {}
        for topic, (headline, details, every_seconds) in waiting.items():
            if not deadline.leaves(AWS_SECONDS + SLACK_SECONDS):
                logger.warning("notice not posted", topic=topic, reason="out of time")
                continue
            try:
                if self._ledger.once(
                    topic, by=uuid.uuid4().hex, every_seconds=every_seconds, now=self._clock()
                ):
                    self._slack.post(
                        self._channel,
                        notice(headline, details),
                        seconds=deadline.remaining() - SPARE_SECONDS,
                    )
            except (DeliveryError, StoreError) as error:
                logger.warning("notice not posted", topic=topic, reason=str(error))
