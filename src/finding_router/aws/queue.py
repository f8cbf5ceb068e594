"""Sets the time for which a record that goes back to the queue stays invisible."""

from collections.abc import Mapping
from functools import cached_property
from itertools import batched
from math import ceil
from typing import TYPE_CHECKING, Final

import boto3

from finding_router.aws.clients import AWS_ERRORS, CONFIG, error_code
from finding_router.delivery.limits.deadline import AWS_SECONDS, Deadline
from finding_router.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html
RECORDS_PER_CALL: Final = 10
# Twelve hours, counted from when the record was received: a quarter of an hour ago at most.
MAX_SECONDS: Final = 43_200 - 900


class FindingsQueue:
    """The queue that feeds the router."""

    def __init__(self, url: str) -> None:
        """Use the queue at *url*; the client is made at the first call."""
        self._url = url

    @cached_property
    def _client(self) -> "SQSClient":
        return boto3.client("sqs", config=CONFIG)

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
