"""The entry of the function: a batch of EventBridge events, a bare one, a wake-up, or an alarm."""

import gc
import json
import re
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from finding_router.settings import Settings, is_in_lambda

if is_in_lambda():
    # Imported modules stay, and looking for garbage among them takes a tenth of the start.
    gc.disable()

from finding_router.aws.queue import DIGESTS, FIRST_ID
from finding_router.bootstrap import make_pipeline, make_queues
from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.limits.backoff import backoff_seconds
from finding_router.delivery.limits.deadline import Deadline, RemainingTime
from finding_router.delivery.outcome import UNDONE
from finding_router.errors import AlarmUntoldError, EventError, RouterError
from finding_router.telemetry import logger, metrics, traced

if TYPE_CHECKING:
    from finding_router.delivery.alarms import Alarm

# The event of the schedule in template.yaml: {"finding-router": "wake"}.
WAKE_KEY: Final = "finding-router"
WAKE: Final = "wake"
# The key of a dead letter for a batch of a stream:
# https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
_STREAM_BATCH: Final = "DDBStreamBatchInfo"
# A call of a schedule, however the body of a dead letter quotes it: a wake-up, or of the worker.
_DEAD_CALL: Final = re.compile(rf'"({WAKE_KEY}\W+{WAKE}|source\W+{WAKE_KEY}\.actions-schedule)\W')


class BatchFailedError(RouterError):
    """Findings of a bare event failed: raised so that the caller invokes the function again."""


@cache
def _parts() -> tuple[Any, Any]:
    settings = Settings.from_environment()
    return make_pipeline(settings), make_queues(settings)


@logger.inject_lambda_context
@traced
@metrics.log_metrics
def lambda_handler(event: Mapping[str, Any], context: RemainingTime) -> dict[str, Any]:
    """
    Route the findings of *event*.

    Returns:
        For a batch `{"batchItemFailures": [{"itemIdentifier": id}]}` with the records that need
        another try; for a bare event, and for the schedule's call,
        `{"outcomes": [{"finding_id", "outcome", "detail"}]}`; for alarms
        `{"outcomes": [{"alarm", "state", "outcome"}]}`.

    Raises:
        EventError: *event* is none of these.
        AlarmUntoldError: an alarm needs another try.
        BatchFailedError: a finding of a bare event needs another try.
        StoreError: the schedule calls, and the held findings cannot be read.

    """
    try:
        return _handle(event, context)
    finally:
        _collect_garbage()


def _handle(event: Mapping[str, Any], context: RemainingTime) -> dict[str, Any]:
    pipeline, queues = _parts()
    deadline = Deadline.of(context)
    if is_wake(event):
        # A finding that failed stays held until the next call: this one worked.
        return _outcomes(pipeline.wake(deadline))
    if alarms := read_alarms(event):
        pipeline.tell(alarms, deadline)
        return _told(alarms)
    records = read_records(event)
    if "detail-type" in event:
        return _answer(pipeline.run(records, deadline))
    source = queues.source(_queue_arn(event))
    calls = {record: each for record in records if (each := read_call(record.body)) is not None}
    events = [record for record in records if record not in calls]
    jobs = [*pipeline.run(events, deadline, source), *_untold(pipeline, calls, deadline)]
    failures = queues.put_back(jobs, source, deadline)
    return {"batchItemFailures": [{"itemIdentifier": record.id} for record in failures]}


def _collect_garbage() -> None:
    """Enable garbage collection, except for the objects made so far."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def is_wake(event: object) -> bool:
    """Return True if the schedule calls, to release held findings."""
    return isinstance(event, Mapping) and event.get(WAKE_KEY) == WAKE


def read_alarms(event: object) -> "list[Alarm]":
    """Return the alarms that the alarm topic hands over; none if *event* is anything else."""
    match event:
        case {"Records": [{"EventSource": "aws:sns"}, *_]}:
            # Imported late: it imports the layout of messages.
            from finding_router.delivery.alarms import read_alarms as read  # noqa: PLC0415

            return read(event)
    return []


def read_call(body: object) -> "list[Alarm] | None":
    """
    Return the alarms of a call of the function that became a dead letter, and was moved here.

    A schedule's has none, and is made up for by the next; nor has a batch of edits that was not
    answered, which are in force all the same. None if *body* is anything else.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    if not isinstance(body, str) or '"detail-type"' in body:
        return None
    if _DEAD_CALL.search(body):
        return []
    try:
        call = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(call, dict) and _STREAM_BATCH in call:
        return []
    payload = call.get("requestPayload", call) if isinstance(call, dict) else None
    return read_alarms(payload) or None


def read_records(event: object) -> list[Record]:
    """
    Return the records of a batch, or a bare event as one record.

    Raises:
        EventError: it is neither; the message names its kind.

    """
    match event:
        case {"detail-type": _}:
            return [Record(body=event)]
        case {"Records": [*records]} if all(map(_is_sqs_record, records)):
            return [_record(record) for record in records]
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


def _record(record: Mapping[str, Any]) -> Record:
    attributes, own = record.get("attributes") or {}, record.get("messageAttributes") or {}
    sent_at = _whole(attributes.get("SentTimestamp"), or_else=0) / 1000
    return Record(
        body=record.get("body"),
        id=record["messageId"],
        receipt=record.get("receiptHandle"),
        tries=_whole(attributes.get("ApproximateReceiveCount"), or_else=1),
        first_id=_text(own.get(FIRST_ID)) or record["messageId"],
        age_seconds=max(time.time() - sent_at, 0.0) if sent_at else 0.0,
        digests=frozenset(filter(None, _text(own.get(DIGESTS)).split("\n"))),
    )


def _whole(written: object, *, or_else: int) -> int:
    return int(str(written)) if str(written).isdecimal() else or_else


def _text(attribute: object) -> str:
    match attribute:
        case {"stringValue": str(text)}:
            return text
    return ""


def _queue_arn(event: Mapping[str, Any]) -> str:
    """Return the queue that a batch is from; Lambda takes a batch from one queue."""
    match event:
        case {"Records": [{"eventSourceARN": str(arn)}, *_]}:
            return arn
    return ""


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


def _untold(pipeline: Any, calls: Mapping[Record, "list[Alarm]"], deadline: Deadline) -> list[Job]:
    """Post the alarms of *calls*; return a failed job for each record that needs another try."""
    alarms = {record: several for record, several in calls.items() if several}
    if not alarms:
        return []
    try:
        pipeline.tell([alarm for several in alarms.values() for alarm in several], deadline)
    except AlarmUntoldError as error:
        logger.warning("alarms untold", detail=str(error))
        jobs = [Job(record=record) for record in alarms]
        for job in jobs:
            job.fail(str(error), retry_seconds=backoff_seconds(job.record.tries))
        return jobs
    return []


def _told(alarms: "Sequence[Alarm]") -> dict[str, Any]:
    return {
        "outcomes": [
            {"alarm": alarm.name, "state": alarm.state, "outcome": "told"} for alarm in alarms
        ]
    }


def _answer(jobs: Sequence[Job]) -> dict[str, Any]:
    failed = [job for job in jobs if job.outcome in UNDONE]
    if failed:
        message = f"{len(failed)} of {len(jobs)} findings failed; first: {failed[0].detail}"
        raise BatchFailedError(message)
    return _outcomes(jobs)


def _outcomes(jobs: Sequence[Job]) -> dict[str, Any]:
    return {
        "outcomes": [
            {
                "finding_id": job.about and job.about.id,
                "outcome": job.outcome,
                "detail": job.detail,
            }
            for job in jobs
        ]
    }
