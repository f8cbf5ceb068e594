"""
The event source mapping: from a queue's messages to invocations of the function.

Messages are deleted as https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
describes.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import batched
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from finding_router_local.deployment import Source
from finding_router_local.invocation import Batch, Invocation, Invoke

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
_MESSAGES_PER_CALL: Final = 10
# Lambda takes this much in a synchronous invocation, so that a batch ends there too.
MAX_BATCH_BYTES: Final = 6_000_000
_IDLE_SECONDS: Final = 1
_POLL_SECONDS: Final = 0.02
_GATHER_SECONDS: Final = 0.1

type Message = Mapping[str, Any]


class EventSource:
    """
    One poller of a function's queue; each worker has one.

    Like Lambda's, it gathers a batch until it is full or its window ends, deletes the messages that
    succeeded, and leaves the others to the queue's visibility timeout and redrive policy.
    """

    def __init__(
        self,
        source: Source,
        *,
        sqs: Any,
        region: str,
        invoke: Invoke,
        on_batch: Callable[[Batch], None] = lambda _: None,
        ahead: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """
        Poll with *sqs*, a boto3 client; call *on_batch* with each batch, after its deletions.

        *ahead* returns the seconds by which the function's clock is ahead of this machine's.
        """
        self._ahead = ahead
        self._source = source
        self._sqs = sqs
        self._region = region
        self._invoke = invoke
        self._on_batch = on_batch
        self._stopping = threading.Event()
        self._hurry = threading.Event()
        self._working = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="event-source", daemon=True)

    def start(self) -> None:
        """Poll until `stop`."""
        self._thread.start()

    def stop_soon(self) -> None:
        """Take no further batch."""
        self._stopping.set()
        self._hurry.set()

    def stop(self) -> None:
        """Stop after the batch at hand."""
        self.stop_soon()
        self._thread.join()

    def hurry(self, *, now: bool) -> None:
        """If *now*, do not wait for more messages to fill a batch; if not, wait again."""
        if now:
            self._hurry.set()
        else:
            self._hurry.clear()

    @property
    def is_working(self) -> bool:
        """Return True if a batch is at hand."""
        return self._working.locked()

    def run_once(self) -> Batch | None:
        """Work on one batch; None if the queue has nothing to see."""
        messages = self._receive(_MESSAGES_PER_CALL, wait_seconds=0)
        return self._work(messages) if messages else None

    def _run(self) -> None:
        while not self._stopping.is_set():
            messages = self._receive(self._source.batch_size, wait_seconds=_IDLE_SECONDS)
            if messages:
                self._work(messages)

    def _work(self, messages: list[Message]) -> Batch:
        with self._working:
            self._gather(messages)
            event = {"Records": [self._record(message) for message in messages]}
            invocation = self._invoke(event)
            failed = self._failures(messages, invocation)
            self._delete(message for message in messages if message["MessageId"] not in failed)
            batch = Batch(event=event, invocation=invocation, failed=failed)
            self._on_batch(batch)
            return batch

    def _gather(self, messages: list[Message]) -> None:
        """Add to *messages* until the batch is full or its window is over."""
        end = time.monotonic() + self._source.window_seconds
        while (left := self._source.batch_size - len(messages)) > 0:
            if sum(len(message["Body"].encode()) for message in messages) > MAX_BATCH_BYTES / 2:
                return
            # Messages from before the hurry are in the queue by now, and belong to this batch.
            is_last = self._hurry.is_set() or time.monotonic() >= end
            more = self._receive(left, wait_seconds=0)
            messages += more
            if more:
                continue
            if is_last:
                return
            self._hurry.wait(_GATHER_SECONDS)

    def _receive(self, count: int, *, wait_seconds: int) -> list[Message]:
        try:
            answer = self._sqs.receive_message(
                QueueUrl=self._source.queue_url,
                MaxNumberOfMessages=min(count, _MESSAGES_PER_CALL),
                WaitTimeSeconds=wait_seconds,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
        except (BotoCoreError, ClientError):
            self._stopping.wait(_POLL_SECONDS)
            return []
        return list(answer.get("Messages", []))

    def _record(self, message: Message) -> dict[str, Any]:
        """Name a message as Lambda does: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html."""
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": self._attributes(message),
            "messageAttributes": {
                name: {_lower(key): value for key, value in attribute.items()}
                for name, attribute in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._source.queue_arn,
            "awsRegion": self._region,
        }

    def _attributes(self, message: Message) -> dict[str, Any]:
        """Return the attributes of SQS, with the time of sending on the clock of the function."""
        attributes = dict(message.get("Attributes", {}))
        if "SentTimestamp" in attributes:
            sent = int(attributes["SentTimestamp"]) + int(self._ahead() * 1000)
            attributes["SentTimestamp"] = str(sent)
        return attributes

    def _failures(self, messages: Sequence[Message], invocation: Invocation) -> frozenset[str]:
        """Return the ids of the messages that are to be tried again."""
        everything = frozenset(message["MessageId"] for message in messages)
        if invocation.error is not None:
            return everything
        if not self._source.reports_item_failures or not invocation.answer:
            return frozenset()
        match invocation.answer:
            case {"batchItemFailures": None | []} | {"batchItemFailures": []}:
                return frozenset()
            case {"batchItemFailures": [*failures]}:
                named = {
                    failure.get("itemIdentifier") if isinstance(failure, dict) else None
                    for failure in failures
                }
                # One name that is none of the batch's, and Lambda distrusts the whole answer.
                return frozenset(named) if named <= everything else everything  # type: ignore[arg-type]  # a subset of strings
            case dict():
                return frozenset()
        return everything

    def _delete(self, messages: Iterable[Message]) -> None:
        for some in batched(messages, _MESSAGES_PER_CALL, strict=False):
            # A message that cannot be deleted comes again, as from a real queue.
            with suppress(BotoCoreError, ClientError):
                self._sqs.delete_message_batch(
                    QueueUrl=self._source.queue_url,
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                        for number, message in enumerate(some)
                    ],
                )


def _lower(key: str) -> str:
    return key[:1].lower() + key[1:]
