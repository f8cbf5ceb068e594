"""The event bus: the template's one rule between Security Hub and the queue."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from finding_router.routing.pattern import compile_pattern
from finding_router_local.deployment import Rule

# EventBridge tries for a day before the event goes to the rule's dead letters.
_TRIES: Final = 3


class EventBus:
    """
    Sends what the rule lets through to its queue.

    The rule's pattern is matched by the router's own engine, since moto's does not look into
    arrays, and every finding stands in one.
    """

    def __init__(self, rule: Rule, sqs: Any) -> None:
        """Send by *sqs*, a boto3 client."""
        self._rule = rule
        self._pattern = compile_pattern(dict(rule.pattern))
        self._sqs = sqs
        self.filtered = 0

    def put(self, event: Mapping[str, Any]) -> str | None:
        """Send *event* on; give the message's id, or None where the rule does not match."""
        if not self._pattern.matches(dict(event)):
            self.filtered += 1
            return None
        body = json.dumps(event, ensure_ascii=False)
        for _ in range(_TRIES):
            with suppress(BotoCoreError, ClientError):
                return self._send(self._rule.queue_url, body)
        return self._send(self._rule.undelivered_url or self._rule.queue_url, body)

    def _send(self, url: str, body: str) -> str:
        return str(self._sqs.send_message(QueueUrl=url, MessageBody=body)["MessageId"])
