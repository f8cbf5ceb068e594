"""Changing what was posted."""

from finding_router.delivery.batch import Batch
from finding_router.errors import MessageError
from finding_router.slack.client import Posted
from finding_router.slack.message import Message
from finding_router.telemetry import DELIVERIES_DEGRADED, count, logger


class Changer:
    """Changes messages, plainly where Slack refuses the full ones; errors of Slack go up."""

    def __init__(self, batch: Batch) -> None:
        """Work as long as the deadline of *batch* allows."""
        self._slack = batch.slack
        self._slots = batch.slots
        self._deadline = batch.deadline

    def change(self, where: Posted, message: Message, *, plain: Message) -> None:
        """Let the message at *where* be *message*, for which a slot is taken already."""
        try:
            self._update(where, message)
        except MessageError as error:
            count(DELIVERIES_DEGRADED)
            logger.warning("change refused", code=error.code, detail=str(error))
            self._slots.wait_for_change(where.channel)
            self._update(where, plain)

    def _update(self, where: Posted, message: Message) -> None:
        seconds = self._deadline.for_slack()
        self._slack.update(where.channel, where.ts, message, seconds=seconds)
