"""The event bus: the template's one rule between Security Hub and the queue."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from finding_router.routing.pattern import compile_pattern
from finding_router_local.deployment import Rule


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
        try:
            answer = self._sqs.send_message(QueueUrl=self._rule.queue_url, MessageBody=body)
        except (BotoCoreError, ClientError):
            if self._rule.undelivered_url is None:
                raise
            answer = self._sqs.send_message(QueueUrl=self._rule.undelivered_url, MessageBody=body)
        return str(answer["MessageId"])
