"""Reads the findings of a record, each alone."""

import json
from collections.abc import Mapping
from typing import Any

from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.outcome import Outcome
from finding_router.errors import EventError, FindingError, UnreadableEventError
from finding_router.findings.events import EventKind, is_from_security_hub, read_event
from finding_router.findings.finding import Finding
from finding_router.findings.ocsf import in_asff
from finding_router.findings.outline import Outline, read_outline
from finding_router.findings.reading import text_at
from finding_router.findings.screening import screen
from finding_router.findings.timestamps import parse_timestamp
from finding_router.isolation import isolated


def read_jobs(record: Record, *, is_silent_in_full: bool = True) -> list[Job]:
    """
    Return a job for each finding of *record*; one that is not to be posted has its outcome.

    Unless *is_silent_in_full*, of such a one only the outline is read, which `complete` makes up
    for: most events are about findings that were never posted.

    A record that cannot be read becomes one job: without a finding, to be posted raw, if it came
    from Security Hub, else with the outcome `refused` and the reason.
    """
    event: Mapping[str, Any] = {}
    intake, problem, is_from_hub = None, "", False
    with isolated("event not read", record_id=record.id) as trouble:
        try:
            event = _event(record.body)
            intake = read_event(event)
        except UnreadableEventError as error:
            problem, is_from_hub = str(error), True
        except EventError as error:
            # Whoever knows its source has refused it by its type.
            is_from_hub = text_at(event, "source") is None and is_from_security_hub(record.body)
            problem = str(error)
    if trouble.error is not None:
        problem, is_from_hub = (
            trouble.while_("reading it"),
            is_from_security_hub(event or record.body),
        )
    if intake is None:
        return [_unread(record, event, problem, is_from_hub=is_from_hub)]
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
        _read(job, intake.kind, is_silent_in_full=is_silent_in_full)
    return jobs


def _unread(record: Record, event: Mapping[str, Any], problem: str, *, is_from_hub: bool) -> Job:
    job = Job(
        record=record,
        # Of an event nested too deeply to be written down again, its name in raw_hash.
        event_id=text_at(event, "id") or record.id or "",
        raw=event or record.body,
        detail=problem,
        is_unread_event=is_from_hub,
    )
    if not is_from_hub:
        job.end(Outcome.REFUSED, problem)
    return job


def complete(job: Job) -> bool:
    """Read the finding of *job* in full; if that fails, return False: it is to be posted raw."""
    with isolated("finding not read", event_id=job.event_id) as trouble:
        try:
            job.finding = read_finding(job.raw, job.outline)
        except FindingError as error:
            job.detail = str(error)
    if trouble.error is not None:
        job.detail = trouble.while_("reading it")
    if job.finding is None:
        job.outline = job.outcome = None
    return job.finding is not None


def read_finding(raw: object, outline: Outline | None = None) -> Finding:
    """Return the finding in *raw*, perhaps of known *outline*; the parser is imported now."""
    from finding_router.findings import asff

    return asff.read_finding(raw, outline)


def _read(job: Job, kind: EventKind, *, is_silent_in_full: bool) -> None:
    """Read as much of the finding of *job* as is needed; a job without one is posted raw."""
    with isolated("finding not read", event_id=job.event_id) as trouble:
        try:
            job.raw = in_asff(job.raw)
            job.outline = read_outline(job.raw)
            not_posted = screen(job.outline, kind)
        except FindingError as error:
            job.detail = str(error)
            return
    if trouble.error is not None:
        job.outline = None
        job.detail = trouble.while_("reading it")
    elif not_posted is None:
        complete(job)
    elif not is_silent_in_full or complete(job):
        job.end(Outcome(not_posted.value))


def _parsed(text: str) -> object:
    """Return the JSON in *text*; a whole number that Python does not convert stays as written."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(text, parse_int=_whole)


def _whole(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:
        return digits


def _event(body: object) -> Mapping[str, Any]:
    """Return the event in a record's body: JSON text in the queue, an object when bare."""
    if isinstance(body, str):
        try:
            body = _parsed(body)
        except (ValueError, RecursionError) as error:
            message = (
                f"record body: no JSON ({error}); send EventBridge events to the queue as they are"
            )
            raise EventError(message) from error
    if not isinstance(body, Mapping):
        message = f"record body: {type(body).__name__}; an EventBridge event is a JSON object"
        raise EventError(message)
    return body
