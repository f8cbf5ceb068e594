"""The operations of the local Slack's control plane: ``/_control`` of docs/local.md."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from werkzeug.wrappers import Request

from finding_router_local.control import ControlPlane, MistakeError
from finding_router_local.serving import Reply
from finding_router_local.slack.api import WebApi
from finding_router_local.slack.faults import FaultPlan
from finding_router_local.slack.workspace import STANDINGS, Workspace

CONTROL_PREFIX: Final = "/_control"


def slack_control(api: WebApi) -> ControlPlane:
    """Return the control plane of the workspace behind *api*."""
    faults, workspace = api.faults, api.workspace
    return ControlPlane(
        CONTROL_PREFIX,
        {
            "GET /messages": partial(_messages, workspace),
            "GET /channels": lambda _: Reply(workspace.channels()),
            "POST /channels": partial(_add_channel, workspace),
            "POST /token": partial(_change_token, workspace),
            "GET /faults": lambda _: Reply(faults.describe()),
            "POST /faults": partial(_add_fault, faults),
            "DELETE /faults": partial(_done, faults.clear),
            "GET /statistics": lambda _: Reply(api.statistics.as_json()),
            "POST /clear": partial(_done, api.clear),
        },
    )


def _messages(workspace: Workspace, request: Request) -> Reply:
    found = workspace.messages(request.args.get("channel"))
    return Reply([message.as_json() for message in found])


def _add_channel(workspace: Workspace, request: Request) -> Reply:
    sent = _sent(request)
    try:
        channel = workspace.add_channel(str(sent.pop("name")), **sent)
    except (KeyError, TypeError) as error:
        problem = "a channel has name, and may have archived, member, private"
        raise MistakeError(problem) from error
    return Reply(channel, HTTPStatus.CREATED)


def _change_token(workspace: Workspace, request: Request) -> Reply:
    sent = _sent(request)
    if sent.get("state", "active") not in STANDINGS:
        raise MistakeError(f"state is one of {', '.join(STANDINGS)}")
    with workspace.lock:
        if "rotate_to" in sent:
            workspace.rotate_token(str(sent["rotate_to"]))
        workspace.standing = sent.get("state", workspace.standing)
        workspace.scopes = tuple(sent.get("scopes", workspace.scopes))
    return Reply({"state": workspace.standing, "scopes": workspace.scopes})


def _add_fault(faults: FaultPlan, request: Request) -> Reply:
    sent = _sent(request)
    try:
        faults.add_described(sent)
    except (TypeError, ValueError) as error:
        raise MistakeError(str(error)) from error
    return Reply(faults.describe(), HTTPStatus.CREATED)


def _done(work: Callable[[], None], _: Request) -> Reply:
    work()
    return Reply(status=HTTPStatus.NO_CONTENT)


def _sent(request: Request) -> dict[str, Any]:
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        raise MistakeError("send a JSON object, with Content-Type: application/json")
    return sent
