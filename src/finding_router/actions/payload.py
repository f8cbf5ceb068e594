"""
What Slack tells of a press: the payloads of a button and of a submitted modal.

Slack documents its payloads by example and leaves out parts of them, so that each part is optional.
https://docs.slack.dev/reference/interaction-payloads
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from finding_router.actions.press import Presser
from finding_router.slack.kit.buttons import BLOCK_ID

_FIELD: Final = "payload"


@dataclass(frozen=True, slots=True)
class Origin:
    """The app, the workspace and the organization that a payload names; "" where it does not."""

    app: str
    team: str
    enterprise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The message with the button; *response_url* takes answers to who pressed it."""

    channel: str
    ts: str
    thread_ts: str | None
    response_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A button that was pressed, or a finding that was chosen (*picked*) from a digest."""

    action: str
    ref: str
    picked: str | None
    user: Presser
    place: Place
    trigger_id: str
    text: str
    """The message as notifications have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A submitted modal: *values* by block and element, *metadata* as the modal was opened with."""

    action: str
    user: Presser
    values: Mapping[str, Any]
    metadata: str


def read_payload(body: bytes) -> Mapping[str, Any] | None:
    """Return the payload of a request's form; None if it has none."""
    try:
        fields = parse_qs(body.decode(), max_num_fields=10)
        payload = json.loads(fields[_FIELD][0])
    except (ValueError, KeyError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def origin_of(payload: Mapping[str, Any]) -> Origin:
    """Return where *payload* is from."""
    return Origin(
        app=_text(payload, "api_app_id"),
        team=_text(payload, "team", "id"),
        enterprise=_text(payload, "enterprise", "id"),
    )


def presser_of(payload: Mapping[str, Any]) -> Presser:
    """Return the person who pressed."""
    return Presser(
        id=_text(payload, "user", "id"),
        name=_text(payload, "user", "username") or _text(payload, "user", "name"),
        team=_text(payload, "user", "team_id"),
    )


def read_click(payload: Mapping[str, Any]) -> Click | None:
    """Return the first action of a block_actions payload; None if it is none of the router's."""
    match payload:
        case {"type": "block_actions", "actions": [{"action_id": str(action)} as pressed, *_]}:
            pass
        case _:
            return None
    block, _, of_digest = _text(pressed, "block_id").partition(":")
    if block != BLOCK_ID:
        return None
    return Click(
        action=action,
        ref=of_digest or _text(pressed, "value"),
        picked=_text(pressed, "selected_option", "value") or None,
        user=presser_of(payload),
        place=Place(
            channel=_text(payload, "channel", "id") or _text(payload, "container", "channel_id"),
            ts=_text(payload, "container", "message_ts") or _text(payload, "message", "ts"),
            thread_ts=_text(payload, "container", "thread_ts")
            or _text(payload, "message", "thread_ts")
            or None,
            response_url=_text(payload, "response_url"),
        ),
        trigger_id=_text(payload, "trigger_id"),
        text=_text(payload, "message", "text"),
    )


def read_submission(payload: Mapping[str, Any]) -> Submission | None:
    """Return the modal that was submitted; None if *payload* is about something else."""
    match payload:
        case {"type": "view_submission", "view": {"callback_id": str(action)} as view}:
            pass
        case _:
            return None
    values = view.get("state", {}).get("values", {}) if isinstance(view.get("state"), dict) else {}
    return Submission(
        action=action,
        user=presser_of(payload),
        values=values if isinstance(values, dict) else {},
        metadata=_text(view, "private_metadata"),
    )


def _text(value: Any, *path: str) -> str:
    """Return the text at *path* within *value*, or "" where there is none."""
    for name in path:
        if not isinstance(value, dict):
            return ""
        value = value.get(name)
    return value if isinstance(value, str) else ""
