"""The event bus: the template's one rule between Security Hub and the queue."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from finding_router.routing.patterns.pattern import compile_pattern
from finding_router_local.aws import AwsServer
from finding_router_local.deployment import Rule
from finding_router_local.faults import Effect
from finding_router_local.queues import QueueView

# EventBridge tries for a day before the event goes to the rule's dead letters.
_TRIES: Final = 3


class EventBus:
    """
    Sends the events that match the rule to its queue.

    The router's own engine matches the pattern, since moto's does not look into arrays, and every
    finding is in one. Events go into the queue without HTTP, which would take most of the time of a
    flood; faults of SQS apply all the same.
    """

    def __init__(self, rule: Rule, aws: AwsServer) -> None:
        """Send to the queues of *aws*."""
        self._rule = rule
        self._aws = aws
        self.is_enabled = True
        self.filtered = 0
        self.use(rule.pattern)

    def use(self, pattern: Mapping[str, Any]) -> None:
        """Match events with *pattern* from now on."""
        self.pattern = pattern
        self._pattern = compile_pattern(dict(pattern))

    def put(self, event: Mapping[str, Any]) -> str | None:
        """Send *event* on; return the id of its message, or None if the rule does not match."""
        if not self.is_enabled or not self._pattern.matches(dict(event)):
            self.filtered += 1
            return None
        body = json.dumps(event, ensure_ascii=False)
        for _ in range(_TRIES):
            with suppress(ConnectionError):
                return self._send(self._rule.queue_url, body)
        return self._send(self._rule.undelivered_url or self._rule.queue_url, body)

    def _send(self, url: str, body: str) -> str:
        """Send *body*, or fail as SQS would; a fault that only delays the answer is ignored."""
        call = json.dumps({"QueueUrl": url, "MessageBody": body}).encode()
        fault = self._aws.faults.strike("sqs", "SendMessage", call)
        is_lost = fault is not None and fault.effect is not Effect.DELAY
        if not is_lost or (fault is not None and fault.effect is Effect.LOSE_ANSWER):
            sent = QueueView(self._aws, url).send(body)
        if is_lost:
            raise ConnectionError(f"{url} cannot be reached because a fault was asked for")
        return sent
