"""A view of the local queues that shows more than SQS does."""

import json
import time
from collections.abc import Callable
from typing import Any

from moto.sqs.models import Queue, sqs_backends

from finding_router_local.aws import AwsServer


class QueueView:
    """One queue as moto holds it; calls of SQS wait meanwhile."""

    def __init__(self, aws: AwsServer, url: str) -> None:
        """Look at the queue of *aws* with this URL."""
        self._aws = aws
        self._name = url.rpartition("/")[2]

    @property
    def _queue(self) -> Queue:
        return sqs_backends[self._aws.account_id][self._aws.region].queues[self._name]

    def ids(self) -> set[str]:
        """Return the ids of all messages, visible or not."""
        with self._aws.gate.holding("sqs"):
            queue = self._queue
            return {message.id for message in (*queue.messages, *queue.pending_messages)}

    def events(self) -> list[dict[str, Any]]:
        """Return the visible messages' bodies."""
        with self._aws.gate.holding("sqs"):
            return [json.loads(message.body) for message in self._queue.messages]

    def send(self, body: str) -> str:
        """Put a message into the queue, and return its id."""
        backend = sqs_backends[self._aws.account_id][self._aws.region]
        with self._aws.gate.holding("sqs"):
            message = backend.send_message(self._name, body)
        self._aws.gate.announce()
        return str(message.id)

    def seconds_to_wait(self, tries: Callable[[str], int]) -> float | None:
        """
        Return the seconds until the next message becomes visible.

        None if there is work before that: a message is visible, or one was received more often than
        the number of *tries* that have ended. None, too, for an empty queue.
        """
        with self._aws.gate.holding("sqs"):
            waiting = list(self._queue.pending_messages)
            if self._queue.messages or not waiting:
                return None
            if any(each.approximate_receive_count > tries(each.id) for each in waiting):
                return None
            return max(min(each.visible_at for each in waiting) / 1000 - time.time(), 0.0)

    def advance(self, seconds: float) -> None:
        """Move the times at which messages become visible forward by *seconds*."""
        with self._aws.gate.holding("sqs"):
            for message in self._queue.pending_messages:
                message.visible_at -= seconds * 1000

    def clear(self) -> None:
        """Forget all messages."""
        with self._aws.gate.holding("sqs"):
            self._queue.pending_messages.clear()
            self._queue._messages.clear()  # noqa: SLF001 -- a purge is allowed once a minute only
