"""
Parse the EventBridge events that Security Hub sends.

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-integration-types.html
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from finding_router.errors import EventError, UnreadableEventError
from finding_router.findings.reading import text_at

SOURCE: Final = "aws.securityhub"
IMPORTED: Final = "Security Hub Findings - Imported"
CUSTOM_ACTION: Final = "Security Hub Findings - Custom Action"
# Of "AWS Security Hub", whose findings are in OCSF; the others are Security Hub CSPM's.
IMPORTED_V2: Final = "Findings Imported V2"
# The start of the path to a field of a finding, in the event around it.
AROUND_FINDING: Final = "detail.findings."

_SHOWN_CHARS = 80
# Marks of Security Hub in an event without a readable source: its name, and its ARNs.
_MARK: Final = re.compile(r"aws\.securityhub\b|arn:aws[a-z-]*:securityhub:")


class EventKind(StrEnum):
    """How a finding was sent: by Security Hub on import, or by a person with a custom action."""

    IMPORTED = "imported"
    CUSTOM_ACTION = "custom action"


class Intake(NamedTuple):
    """
    The content of one event; each of *findings* is unparsed JSON, to be parsed separately.

    The envelope's account and Region are dropped, since with aggregation they are those of the
    administrator account. Routing uses the account and Region of each finding.
    """

    kind: EventKind
    event_id: str
    """The envelope's id; for an event without an id, the SHA-256 of the event in hex."""
    action_name: str | None
    action_description: str | None
    findings: tuple[object, ...]
    time: str | None


_KINDS: Final = {
    IMPORTED: EventKind.IMPORTED,
    IMPORTED_V2: EventKind.IMPORTED,
    CUSTOM_ACTION: EventKind.CUSTOM_ACTION,
}

_REFUSED: Final = {
    "Security Hub Insight Results": (
        "holds the results of an insight and no findings; "
        "select the findings themselves and send them with a custom action"
    ),
}
_TAKEN: Final = f'the router takes "{IMPORTED}", "{IMPORTED_V2}" and "{CUSTOM_ACTION}" of {SOURCE}'


def read_event(event: object) -> Intake:
    """
    Return the content of an EventBridge event.

    Raises
    ------
    UnreadableEventError
        If Security Hub sent it in a form that is unknown here.
    EventError
        If the event has another source, or one of Security Hub's types without findings in ASFF, or
        an empty list of findings; the message says which.
    """
    if not isinstance(event, Mapping):
        msg = f"an event is a JSON object, not {type(event).__name__}; {_TAKEN}"
        raise EventError(msg)
    kind = _kind(event)
    findings = _findings(event)
    return Intake(
        kind=kind,
        event_id=text_at(event, "id") or _fingerprint(event),
        action_name=text_at(event, "detail", "actionName"),
        action_description=text_at(event, "detail", "actionDescription"),
        findings=findings,
        time=text_at(event, "time"),
    )


def event_about(findings: Sequence[Mapping[str, Any]], *, is_v2: bool, at: float) -> str:
    """Return an event of *findings* as they are at Unix second *at*, in JSON."""
    event = {
        "source": SOURCE,
        "detail-type": IMPORTED_V2 if is_v2 else IMPORTED,
        "time": datetime.fromtimestamp(int(at), UTC).isoformat(),
        "detail": {"findings": list(findings)},
    }
    return json.dumps(event, default=str)


def is_from_security_hub(event: object) -> bool:
    """
    Return True if *event*, as text or parsed, came from Security Hub, even if it is damaged.

    Its source says so; if it has none, a mark of Security Hub anywhere in it does.
    """
    source = text_at(event, "source")
    if source is not None:
        return source == SOURCE
    if not isinstance(event, str):
        try:
            event = json.dumps(event)
        except (RecursionError, TypeError, ValueError):
            return False
    return _MARK.search(event) is not None


def _kind(event: Mapping[str, Any]) -> EventKind:
    source, detail_type = text_at(event, "source"), text_at(event, "detail-type")
    if source is None or detail_type is None:
        missing = "source" if source is None else "detail-type"
        msg = f"{missing} is missing, so this is no event of EventBridge; {_TAKEN}"
    elif source != SOURCE:
        msg = (
            f"source {_shown(source)} with detail-type {_shown(detail_type)} is not ours; {_TAKEN}"
        )
    elif detail_type in _REFUSED:
        msg = f"detail-type {_shown(detail_type)} {_REFUSED[detail_type]}"
    elif detail_type not in _KINDS:
        msg = f"detail-type {_shown(detail_type)} is unknown; {_TAKEN}"
        raise UnreadableEventError(msg)
    else:
        return _KINDS[detail_type]
    raise EventError(msg)


def _findings(event: Mapping[str, Any]) -> tuple[object, ...]:
    """Return the findings of *event*; the error names the field, without its value."""
    detail = event.get("detail")
    findings = detail.get("findings") if isinstance(detail, Mapping) else None
    if isinstance(findings, list) and findings:
        return tuple(findings)
    where = "an event holds its findings in the array detail.findings"
    if findings == []:
        msg = f"detail.findings is empty; {where}"
        raise EventError(msg)
    if not isinstance(detail, Mapping):
        problem = "detail is no object" if "detail" in event else "detail is missing"
    else:
        is_there = "findings" in detail
        problem = "detail.findings is no array" if is_there else "detail.findings is missing"
    msg = f"{problem}; {where}"
    raise UnreadableEventError(msg)


def _fingerprint(event: Mapping[str, Any]) -> str:
    """Return the SHA-256 of *event* in hex, independent of the order of its keys."""
    try:
        text = json.dumps(event, sort_keys=True)
    except (RecursionError, TypeError, ValueError) as exc:
        msg = "id is missing, and the event cannot be hashed instead; give the event an id"
        raise UnreadableEventError(msg) from exc
    return hashlib.sha256(text.encode()).hexdigest()


def _shown(text: str) -> str:
    """Return *text* from outside, quoted, escaped and cut, so that a log entry stays one line."""
    cut = text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"
    return json.dumps(cut, ensure_ascii=False)
