"""The two queues of the router: records that come again, and records that go to the backlog."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import batched
from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple

from finding_router.aws.clients import AWS_ERRORS, error_code, make_client
from finding_router.delivery.backlog import Source, returns
from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.limits.backoff import FIRST_SECONDS
from finding_router.delivery.limits.deadline import AWS_SECONDS, Deadline
from finding_router.errors import StoreError
from finding_router.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
RECORDS_PER_CALL: Final = 10
# A call may have 1 MiB, of which attributes and names take some.
BYTES_PER_CALL: Final = 1_000_000
CALLS_AT_ONCE: Final = 8
# The longest delay of a message.
MAX_DELAY_SECONDS: Final = 900
# Twelve hours, counted from when the record was received: a quarter of an hour ago at most.
MAX_SECONDS: Final = 43_200 - 900
# Attributes of a message of the backlog: the record's first id, and channels with a line break.
FIRST_ID: Final = "FirstId"
DIGESTS: Final = "Digests"


class Sending(NamedTuple):
    """A record for the backlog, visible there after its seconds, for the *digests* of channels."""

    record: Record
    seconds: float
    digests: frozenset[str] = frozenset()


class Queue:
    """A queue that feeds the router."""

    def __init__(self, url: str) -> None:
        """Use the queue at *url*; the client is made at the first call."""
        self._url = url

    @property
    def name(self) -> str:
        """Return the name, the last part of URL and ARN."""
        return self._url.rpartition("/")[2]

    @cached_property
    def _client(self) -> "SQSClient":
        client: SQSClient = make_client("sqs")
        return client

    def delay(self, seconds_by_receipt: Mapping[str, float], deadline: Deadline) -> None:
        """
        Make each record (by receipt handle) visible again after its seconds.

        It is a courtesy: if it fails or there is no time, the queue's own time-out holds.
        """
        for some in batched(seconds_by_receipt.items(), RECORDS_PER_CALL, strict=False):
            if not deadline.leaves(AWS_SECONDS):
                return
            entries = [
                {
                    "Id": str(number),
                    "ReceiptHandle": receipt,
                    "VisibilityTimeout": min(max(ceil(seconds), 0), MAX_SECONDS),
                }
                for number, (receipt, seconds) in enumerate(some)
            ]
            try:
                self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type]  # the stubs want TypedDicts
            except AWS_ERRORS as error:
                logger.warning("visibility not changed", code=error_code(error))

    def send(self, sendings: Iterable[Sending], deadline: Deadline) -> set[Record]:
        """Send records into this queue, ten a call; return those that it did not take."""
        calls = list(_calls(sendings))
        if len(calls) <= 1:
            refused = [self._send(call, deadline) for call in calls]
        else:
            # A flood is handed over in as little time as may be: an urgent finding waits for it.
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 -- most runs have none

            _ = self._client
            with ThreadPoolExecutor(min(len(calls), CALLS_AT_ONCE)) as pool:
                refused = list(pool.map(lambda call: self._send(call, deadline), calls))
        return set().union(*refused)

    def send_later(self, body: str, *, seconds: float, deadline: Deadline) -> None:
        """
        Put a message with *body* into this queue, to be seen in *seconds*, 900 at most.

        Raises:
            StoreError: The queue did not take it.

        """
        if self.send([Sending(Record(body=body), seconds)], deadline):
            message = f"queue {self.name} takes no message; it is tried again"
            raise StoreError(message)

    def _send(self, call: list[Sending], deadline: Deadline) -> set[Record]:
        if not deadline.leaves(AWS_SECONDS):
            return {each.record for each in call}
        entries = [
            {
                "Id": str(number),
                "MessageBody": each.record.body,
                "DelaySeconds": min(max(ceil(each.seconds), 0), MAX_DELAY_SECONDS),
                "MessageAttributes": _attributes(each),
            }
            for number, each in enumerate(call)
        ]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type]  # the stubs want TypedDicts
        except AWS_ERRORS as error:
            logger.warning("records not sent", queue=self.name, code=error_code(error))
            return {each.record for each in call}
        sent = {each["Id"] for each in answer.get("Successful", [])}
        return {each.record for number, each in enumerate(call) if str(number) not in sent}


@dataclass(frozen=True, slots=True)
class Queues:
    """The queues that feed the router; None where the environment names none."""

    findings: Queue | None = None
    backlog: Queue | None = None

    def source(self, arn: str) -> Source:
        """Return the source of a batch from the queue of this *arn*."""
        if self.backlog is None:
            return Source.ALONE
        is_backlog = arn.rpartition(":")[2] == self.backlog.name
        return Source.BACKLOG if is_backlog else Source.FINDINGS

    def put_back(
        self, jobs: Sequence[Job], source: Source, deadline: Deadline
    ) -> Collection[Record]:
        """
        Send undone *jobs* back for another try, and return the failures of the batch.

        A record that the backlog does not take comes again from its own queue.
        """
        again, over, digests = returns(jobs, source)
        if over and self.backlog is not None:
            sendings = [
                Sending(each, seconds, frozenset(digests[each])) for each, seconds in over.items()
            ]
            refused = self.backlog.send(sendings, deadline)
            again |= {each: max(over[each], FIRST_SECONDS) for each in refused}
        own = self.backlog if source is Source.BACKLOG else self.findings
        if own is not None:
            receipts = {each.receipt: seconds for each, seconds in again.items() if each.receipt}
            own.delay(receipts, deadline)
        return again


def _calls(sendings: Iterable[Sending]) -> Iterable[list[Sending]]:
    """Yield *sendings* in parts that a call may have."""
    part: list[Sending] = []
    size = 0
    for each in sendings:
        own = len(str(each.record.body).encode())
        if part and (len(part) == RECORDS_PER_CALL or size + own > BYTES_PER_CALL):
            yield part
            part, size = [], 0
        part.append(each)
        size += own
    if part:
        yield part


def _attributes(sending: Sending) -> dict[str, dict[str, str]]:
    values = {FIRST_ID: sending.record.first_id, DIGESTS: "\n".join(sorted(sending.digests))}
    return {
        name: {"DataType": "String", "StringValue": value}
        for name, value in values.items()
        if value
    }
