"""Reads the findings of a record, each alone."""

import json
from collections.abc import Mapping
from typing import Any

from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.outcome import Outcome
from finding_router.errors import EventError, FindingError
from finding_router.findings.asff import read_finding
from finding_router.findings.events import EventKind, read_event
from finding_router.findings.screening import screen
from finding_router.findings.timestamps import parse_timestamp
from finding_router.isolation import isolated


def read_jobs(record: Record) -> list[Job]:
    """
    Return a job for each finding of *record*; one that is not to be posted has its outcome.

    A record that cannot be read becomes one job with the outcome `refused` and the reason.
    """
    try:
        event = _event(record.body)
        intake = read_event(event)
    except EventError as error:
        refused = Job(record=record, raw=record.body)
        refused.end(Outcome.REFUSED, str(error))
        return [refused]
    sent_at = parse_timestamp(intake.time)
    jobs = [
        Job(
            record=record,
            kind=intake.kind,
            event_id=intake.event_id,
            action_name=intake.action_name,
            event=event,
            sent_at=sent_at.timestamp() if sent_at else None,
            raw=raw,
        )
        for raw in intake.findings
    ]
    for job in jobs:
        _read(job, intake.kind)
    return jobs


def _read(job: Job, kind: EventKind) -> None:
    """Read the finding of *job*; a job without one is posted raw."""
    with isolated("finding not read", event_id=job.event_id) as trouble:
        try:
            job.finding = read_finding(job.raw)
        except FindingError as error:
            job.detail = str(error)
    if trouble.error is not None:
        job.detail = trouble.while_("reading it")
    if job.finding is not None and (not_posted := screen(job.finding, kind)) is not None:
        job.end(Outcome(not_posted.value))


def _event(body: object) -> Mapping[str, Any]:
    """Return the event in a record's body: JSON text in the queue, an object when bare."""
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError) as error:
            message = (
                f"record body: no JSON ({error}); send EventBridge events to the queue as they are"
            )
            raise EventError(message) from error
    if not isinstance(body, Mapping):
        message = f"record body: {type(body).__name__}; an EventBridge event is a JSON object"
        raise EventError(message)
    return body
