"""
The calls by which event sources take from queues, past HTTP.

In a flood these calls, with boto3 and moto, are half of the machine's work. They
are recorded like all others. While faults are planned, they take the ordinary way.
"""

import json
import time
from typing import Any, Final

from moto.sqs.models import Message, SQSBackend, sqs_backends

from finding_router_local.aws import AwsServer
from finding_router_local.gate import Call

_POLL_SECONDS: Final = 0.25
_SERVICE: Final = "sqs"


class QueueCalls:
    """ReceiveMessage and DeleteMessageBatch, as boto3's client of SQS has them."""

    def __init__(self, aws: AwsServer) -> None:
        """Take from the queues of *aws*."""
        self._aws = aws
        self._client = aws.client(_SERVICE)

    def receive_message(self, **request: Any) -> dict[str, Any]:
        """Return the messages that are visible, or will be within `WaitTimeSeconds`."""
        if self._aws.faults.are_planned:
            answer: dict[str, Any] = self._client.receive_message(**request)
            return answer
        gate = self._aws.gate
        gate.record(Call(_SERVICE, "ReceiveMessage", json.dumps(request).encode(), None))
        until = time.monotonic() + request["WaitTimeSeconds"]
        name = _name(request)
        while True:
            announced = gate.announced
            with gate.holding(_SERVICE):
                found = self._backend.receive_message(
                    name,
                    request["MaxNumberOfMessages"],
                    0,
                    self._backend.get_queue(name).visibility_timeout,  # type: ignore[attr-defined]  # set from a name
                    request["MessageAttributeNames"],
                )
                messages = [_shown(message) for message in found]
            left = 0.0 if gate.is_closing else until - time.monotonic()
            if messages or left <= 0:
                return {"Messages": messages}
            # A message may also become visible by time alone, without a call of announce.
            gate.wait(announced, min(left, _POLL_SECONDS))

    def delete_message_batch(self, **request: Any) -> None:
        """Delete the messages of the `Entries`."""
        if self._aws.faults.are_planned:
            self._client.delete_message_batch(**request)
            return
        gate = self._aws.gate
        gate.record(Call(_SERVICE, "DeleteMessageBatch", json.dumps(request).encode(), None))
        with gate.holding(_SERVICE):
            self._backend.delete_message_batch(_name(request), request["Entries"])
        gate.announce()

    @property
    def _backend(self) -> SQSBackend:
        backend: SQSBackend = sqs_backends[self._aws.account_id][self._aws.region]
        return backend


def _name(request: dict[str, Any]) -> str:
    return str(request["QueueUrl"]).rpartition("/")[2]


def _shown(message: Message) -> dict[str, Any]:
    """Return *message* as SQS shows it to a poller."""
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt_handle,
        "MD5OfBody": message.body_md5,
        "Body": message.body,
        "Attributes": {
            "SenderId": message.sender_id,
            "SentTimestamp": str(message.sent_timestamp),
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        },
        "MessageAttributes": message.message_attributes,
    }
