"""The entry of the function: an SQS batch of EventBridge events, or one bare event."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from finding_router.bootstrap import make_pipeline, make_queue
from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.limits.deadline import Deadline, RemainingTime
from finding_router.delivery.outcome import Outcome
from finding_router.errors import EventError, RouterError
from finding_router.settings import Settings
from finding_router.telemetry import logger, metrics, traced

# What the schedule in template.yaml sends: {"finding-router": "wake"}.
WAKE_KEY: Final = "finding-router"
WAKE: Final = "wake"


class BatchFailedError(RouterError):
    """Findings of a bare event failed: raised so that the caller invokes the function again."""


@cache
def _parts() -> tuple[Any, Any]:
    settings = Settings.from_environment()
    return make_pipeline(settings), make_queue(settings)


@logger.inject_lambda_context
@traced
@metrics.log_metrics
def lambda_handler(event: Mapping[str, Any], context: RemainingTime) -> dict[str, Any]:
    """
    Route the findings of *event*.

    Returns:
        For a batch `{"batchItemFailures": [{"itemIdentifier": id}]}` with the records that need
        another try; for a bare event, and for the schedule's call,
        `{"outcomes": [{"finding_id", "outcome", "detail"}]}`.

    Raises:
        EventError: *event* is neither.
        BatchFailedError: a finding of a bare event needs another try.
        StoreError: the schedule calls, and the held findings cannot be read.

    """
    pipeline, queue = _parts()
    deadline = Deadline.of(context)
    if is_wake(event):
        # A finding that failed stays held until the next call: this one worked.
        return _outcomes(pipeline.wake(deadline))
    jobs = pipeline.run(read_records(event), deadline)
    if "detail-type" in event:
        return _answer(jobs)
    delays = _delays(jobs)
    if queue is not None:
        receipts = {record.receipt: after for record, after in delays.items() if record.receipt}
        queue.delay(receipts, deadline)
    return {"batchItemFailures": [{"itemIdentifier": record.id} for record in delays]}


def is_wake(event: object) -> bool:
    """Return True if the schedule calls, to release held findings."""
    return isinstance(event, Mapping) and event.get(WAKE_KEY) == WAKE


def read_records(event: object) -> list[Record]:
    """
    Return the records of a batch, or a bare event as one record.

    Raises:
        EventError: it is neither; the message names what came.

    """
    match event:
        case {"detail-type": _}:
            return [Record(body=event)]
        case {"Records": [*records]} if all(map(_is_sqs_record, records)):
            return [
                Record(
                    body=record.get("body"),
                    id=record["messageId"],
                    receipt=record.get("receiptHandle"),
                    tries=_tries(record),
                )
                for record in records
            ]
    message = (
        f"{_name(event)}: not taken; send an SQS batch of EventBridge events, "
        "or one EventBridge event from aws.securityhub"
    )
    raise EventError(message)


def _is_sqs_record(record: object) -> bool:
    match record:
        case {"eventSource": "aws:sqs", "messageId": str()}:
            return True
    return False


def _tries(record: Mapping[str, Any]) -> int:
    count = (record.get("attributes") or {}).get("ApproximateReceiveCount", "1")
    return int(count) if str(count).isdecimal() else 1


def _name(event: object) -> str:
    """Return a name for an event that is not taken."""
    match event:
        case {"Records": [{"eventSource": source}, *_]} | {
            "Records": [{"EventSource": source}, *_]
        }:
            return f"records of {source}"
        case {"source": source}:
            return f"event of {source} without detail-type"
        case Mapping():
            return f"object with the keys {', '.join(map(str, list(event)[:5])) or '(none)'}"
    return type(event).__name__


def _delays(jobs: Sequence[Job]) -> dict[Record, float]:
    """Return the records that need another try, with the seconds until then."""
    delays: dict[Record, float] = {}
    for job in jobs:
        if job.outcome is Outcome.FAILED:
            delays[job.record] = max(delays.get(job.record, 0.0), job.retry_seconds)
    return delays


def _answer(jobs: Sequence[Job]) -> dict[str, Any]:
    failed = [job for job in jobs if job.outcome is Outcome.FAILED]
    if failed:
        message = f"{len(failed)} of {len(jobs)} findings failed; first: {failed[0].detail}"
        raise BatchFailedError(message)
    return _outcomes(jobs)


def _outcomes(jobs: Sequence[Job]) -> dict[str, Any]:
    return {
        "outcomes": [
            {
                "finding_id": job.finding and job.finding.id,
                "outcome": job.outcome,
                "detail": job.detail,
            }
            for job in jobs
        ]
    }
