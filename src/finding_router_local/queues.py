"""A view of the local queues that shows more than SQS does."""

import json
import math
import time
from collections.abc import Callable
from typing import Any

from moto.sqs.models import Message, Queue, sqs_backends

from finding_router.aws.queue import FIRST_ID
from finding_router_local.aws import AwsServer


class QueueView:
    """One queue as moto holds it; calls of SQS wait meanwhile."""

    def __init__(self, aws: AwsServer, url: str) -> None:
        """Look at the queue of *aws* with this URL."""
        self._aws = aws
        self._name = url.rpartition("/")[2]

    @property
    def _all(self) -> list[Message]:
        """All messages, also those that are delayed or being worked on."""
        return self._queue._messages  # noqa: SLF001 -- moto shows the visible ones only

    @property
    def _queue(self) -> Queue:
        return sqs_backends[self._aws.account_id][self._aws.region].queues[self._name]

    def ids(self, *, within_seconds: float = math.inf) -> set[str]:
        """
        Return the ids of all messages, visible or not; one that moved has its first id.

        Messages that were never received, and cannot be *within_seconds*, are left out.
        """
        with self._aws.gate.holding("sqs"):
            return {_first_id(message) for message in self._soon(within_seconds)}

    def _soon(self, within_seconds: float) -> list[Message]:
        until = (time.time() + within_seconds) * 1000
        return [
            each
            for each in self._all
            if each.approximate_receive_count or each.delayed_until <= until
        ]

    def events(self) -> list[dict[str, Any]]:
        """Return the visible messages' bodies."""
        with self._aws.gate.holding("sqs"):
            visible = (each for each in self._all if each.visible and not each.delayed)
            return [json.loads(message.body) for message in visible]

    def send(self, body: str) -> str:
        """Put a message into the queue, and return its id."""
        backend = sqs_backends[self._aws.account_id][self._aws.region]
        with self._aws.gate.holding("sqs"):
            message = backend.send_message(self._name, body)
        self._aws.gate.announce()
        return str(message.id)

    def seconds_to_wait(
        self, tries: Callable[[str], int], *, within_seconds: float = math.inf
    ) -> float | None:
        """
        Return the seconds until the next message becomes visible; zero for an empty queue.

        None if there is work before that: a message is visible, or one was received more often than
        the number of *tries* that have ended. Messages are left out as by `ids`.
        """
        with self._aws.gate.holding("sqs"):
            waiting = self._soon(within_seconds)
            if any(each.approximate_receive_count > tries(each.id) for each in waiting):
                return None
            times = [max(each.visible_at, each.delayed_until) / 1000 for each in waiting]
            seconds = min(times, default=time.time()) - time.time()
            return max(seconds, 0.0) if seconds > 0 or not waiting else None

    def advance(self, seconds: float) -> None:
        """Move the times at which messages become visible forward by *seconds*."""
        with self._aws.gate.holding("sqs"):
            for message in self._all:
                message.visible_at -= seconds * 1000
                message.delayed_until -= seconds * 1000

    def clear(self) -> None:
        """Forget all messages."""
        with self._aws.gate.holding("sqs"):
            self._queue.pending_messages.clear()
            # A purge is allowed once a minute only.
            self._all.clear()


def _first_id(message: Message) -> str:
    """Return the id that a message of the backlog had in FindingsQueue."""
    moved = message.message_attributes.get(FIRST_ID, {}).get("StringValue")
    return str(moved or message.id)
