"""Presses of buttons, as Slack sends them, signed."""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from finding_router.actions.signature import SIGNATURE, TIMESTAMP, sign
from finding_router.slack.kit.reference import alert_reference

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TEAM = "T0LOCALTEAM"
APP = "A0ROUTER"
SUBJECT = "5f0c" * 10
CHANNEL = "C0ALERTS"
RESPONSE_URL = "https://hooks.slack.com/actions/T0LOCALTEAM/1/abc"
REFERENCE = alert_reference(SUBJECT, "#alerts")


def click(action: str = "acknowledge", **change: Any) -> dict[str, Any]:
    """Return the payload of a button that was pressed, with members of it changed."""
    return {
        "type": "block_actions",
        "api_app_id": APP,
        "team": {"id": TEAM, "domain": "example"},
        "enterprise": None,
        "user": {"id": "U1JANE", "username": "jane", "name": "jane", "team_id": TEAM},
        "channel": {"id": CHANNEL, "name": "alerts"},
        "container": {
            "type": "message",
            "message_ts": "1772323200.000100",
            "channel_id": CHANNEL,
            "is_ephemeral": False,
        },
        "message": {"ts": "1772323200.000100", "text": "HIGH · Port 22 is open", "blocks": []},
        "response_url": RESPONSE_URL,
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
        "actions": [
            {
                "type": "button",
                "action_id": action,
                "block_id": "finding_router",
                "value": REFERENCE,
                "action_ts": "1772323201.000200",
            }
        ],
        **change,
    }


def submission(
    view: Mapping[str, Any], values: Mapping[str, Mapping[str, Any]], **change: Any
) -> dict[str, Any]:
    """Return the payload of the modal *view*, submitted with the state of its elements."""
    return {
        "type": "view_submission",
        "api_app_id": APP,
        "team": {"id": TEAM, "domain": "example"},
        "user": {"id": "U1JANE", "username": "jane", "name": "jane", "team_id": TEAM},
        "trigger_id": "1.2.3",
        "view": {**view, "id": "V1", "state": {"values": values}},
        "response_urls": [],
        **change,
    }


def chosen(**choices: str) -> dict[str, Any]:
    """Return the state of radio buttons by their block, and of the texts `reason` and `date`."""
    state: dict[str, Any] = {}
    for block, value in choices.items():
        if block == "reason":
            state[block] = {block: {"type": "plain_text_input", "value": value}}
        elif block == "date":
            state[block] = {block: {"type": "datepicker", "selected_date": value}}
        else:
            option = {"text": {"type": "plain_text", "text": value}, "value": value}
            state[block] = {block: {"type": "radio_buttons", "selected_option": option}}
    return state


def event_of(
    payload: Mapping[str, Any] | bytes,
    *,
    secret: str = SECRET,
    at: float | None = None,
    **headers: str,
) -> dict[str, Any]:
    """Return the event of a function URL with *payload*, signed at *at* (Unix seconds)."""
    body = (
        payload
        if isinstance(payload, bytes)
        else urlencode({"payload": json.dumps(payload)}).encode()
    )
    timestamp = str(int(time.time() if at is None else at))
    return {
        "version": "2.0",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": {
            "content-type": "application/x-www-form-urlencoded",
            TIMESTAMP: timestamp,
            SIGNATURE: sign(secret, body, timestamp),
            **headers,
        },
        "requestContext": {"http": {"method": "POST", "path": "/"}},
        "body": body.decode(),
        "isBase64Encoded": False,
    }
