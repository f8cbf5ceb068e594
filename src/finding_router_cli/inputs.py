"""
Read findings in various formats, and return them as EventBridge events.

Accepted are EventBridge events, SQS batches (in the format of Lambda or of the AWS CLI), bare
findings, the output of GetFindings, lists of these, and JSON lines.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from finding_router.findings.events import IMPORTED, IMPORTED_V2, SOURCE
from finding_router.findings.ocsf import is_ocsf
from finding_router.findings.ocsf.view import as_asff
from finding_router.findings.reading import text_at
from finding_router_cli.documents import (
    BLANKS,
    UnreadableError,
    documents,
    open_text,
    read_text,
)

_WANTED: Final = (
    "write an EventBridge event, an SQS batch, a finding, a list of these, "
    "the output of get-findings, or JSON lines"
)
# Even a malformed finding has at least one of these fields (ASFF).
_OF_A_FINDING: Final = frozenset(
    {"SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "Title", "Resources"}
)


def read_events(text: str, source: str) -> list[dict[str, Any]]:
    """
    Return the EventBridge events in *text*; *source* is its file name, for errors.

    A bare finding, in ASFF or OCSF, is wrapped in an Imported event. The messages of an SQS batch
    are returned even if they are no Security Hub events, since a queue may contain anything.

    Raises:
        UnreadableError: The text is empty or has a document of another format.

    """
    try:
        events = list(_events_in_text(text, source))
    except RecursionError as error:
        problem = "is nested too deeply"
        raise UnreadableError(source, problem, _WANTED) from error
    if not events:
        problem = "holds no event and no finding"
        raise UnreadableError(source, problem, _WANTED)
    return events


def each_event(path: str) -> Iterator[dict[str, Any]]:
    """
    Yield the events of the file at *path* as `read_events` returns them.

    Where each line is a document, only one line is in memory at a time.

    Raises:
        UnreadableError: The file cannot be read, or has a document of another format.

    """
    if path == "-" or not _has_document_in_first_line(path):
        yield from read_events(read_text(path), path)
        return
    with open_text(path) as file:
        for number, line in enumerate(file, 1):
            if line.strip(BLANKS):
                yield from read_events(line, f"{path}, line {number}")


def _has_document_in_first_line(path: str) -> bool:
    with open_text(path) as file:
        first = next((line for line in file if line.strip(BLANKS)), "")
    try:
        return isinstance(json.loads(first.strip(BLANKS)), dict)
    except (ValueError, RecursionError):
        return False


def envelope_of(finding: object) -> dict[str, Any]:
    """Return an Imported event with *finding*, as the Security Hub of its format sends it."""
    fields = finding if isinstance(finding, Mapping) else {}
    kind, resource = IMPORTED, fields.get("Id")
    if is_ocsf(finding):
        fields, kind = as_asff(finding), IMPORTED_V2
        # Security Hub's own id of the finding, which is no ARN.
        resource = text_at(finding, "metadata", "uid") or fields.get("Id")
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": kind,
        "source": SOURCE,
        "account": str(fields.get("AwsAccountId", "000000000000")),
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": str(fields.get("Region", "us-east-1")),
        "resources": [str(resource)] if resource is not None else [],
        "detail": {"findings": [finding]},
    }


def renewed(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return *event* with an Id for each finding that no finding had before."""
    return with_findings(event, _renewed)


def with_findings(event: Mapping[str, Any], change: Callable[[object], object]) -> dict[str, Any]:
    """Return *event* with each of its findings as *change* returns it."""
    match event:
        case {"detail": {"findings": [*findings]} as detail}:
            return {**event, "detail": {**detail, "findings": list(map(change, findings))}}
    return dict(event)


def _renewed(finding: object) -> object:
    match finding:
        case {"finding_info": {"uid": str() as id_} as info, **others}:
            own = f"{uuid4().hex}{uuid4().hex}"
            metadata = others.get("metadata")
            if isinstance(metadata, Mapping) and "uid" in metadata:
                others["metadata"] = {**metadata, "uid": own}
            return {**others, "finding_info": {**info, "uid": f"{id_}-{uuid4()}"}}
        case {"Id": str() as id_, **others}:
            return {**others, "Id": f"{id_}-{uuid4()}"}
    return finding


def _events_in_text(text: str, source: str) -> Iterator[dict[str, Any]]:
    for place, document in documents(text, source):
        yield from _events(document, place)


def _events(document: object, place: str) -> Iterator[dict[str, Any]]:
    """Yield the events in *document*, without lists and batches around them."""
    match document:
        case list():
            yield from _events_of_each(document, place, "item")
        case {"Records": list() as records}:
            yield from _events_of_each(records, place, "record")
        case {"Messages": list() as messages}:
            yield from _events_of_each(messages, place, "message")
        case {"Findings": list() as findings}:
            yield from map(envelope_of, findings)
        case {"body": str() as body} | {"Body": str() as body}:
            yield _event_of_body(body)
        case dict():
            yield _event(document, place)
        case _:
            problem = "is no event and no finding"
            raise UnreadableError(place, problem, _WANTED)


def _events_of_each(documents: list[object], place: str, word: str) -> Iterator[dict[str, Any]]:
    for number, document in enumerate(documents, 1):
        yield from _events(document, f"{place}, {word} {number}")


def _event_of_body(body: str) -> dict[str, Any]:
    """
    Return the body of a queue message unchecked; the router validates it.

    A body that is no JSON object, and so no event, is returned as the value of "body".
    """
    try:
        event = json.loads(body)
    except ValueError:
        event = body
    return event if isinstance(event, dict) else {"body": event}


def _event(document: dict[str, Any], place: str) -> dict[str, Any]:
    match document:
        case {"detail-type": _} | {"detail": {}}:
            return document
        case {"event": {"detail": {}} as event}:  # beside a note on its origin, as in samples
            return dict(event)
        case {"finding": {} as finding}:
            return envelope_of(finding)
    if _OF_A_FINDING.isdisjoint(document) and not is_ocsf(document):
        problem = f"is no event and no finding (it has {', '.join(document)[:80] or 'no fields'})"
        raise UnreadableError(place, problem, _WANTED)
    return envelope_of(document)
