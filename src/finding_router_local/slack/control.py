"""The operations of the local Slack's control plane: ``/_control`` of docs/local.md."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from werkzeug.wrappers import Request

from finding_router_local.control import ControlPlane, MistakeError, Operation, doing, sent_object
from finding_router_local.serving import Reply
from finding_router_local.slack.api import WebApi
from finding_router_local.slack.app import Delivery
from finding_router_local.slack.faults import FaultPlan
from finding_router_local.slack.interactions import Modal
from finding_router_local.slack.interactivity import Interactivity
from finding_router_local.slack.modals import as_slack
from finding_router_local.slack.people import FIRST_PERSON
from finding_router_local.slack.workspace import STANDINGS, Workspace

CONTROL_PREFIX: Final = "/_control"


def slack_control(api: WebApi, interactivity: Interactivity) -> ControlPlane:
    """Return the control plane of the workspace behind *api*."""
    workspace = api.workspace
    return ControlPlane(
        CONTROL_PREFIX,
        {
            "GET /messages": partial(_messages, workspace),
            "GET /channels": lambda _: Reply(workspace.channels()),
            "POST /channels": partial(_add_channel, workspace),
            "POST /token": partial(_change_token, workspace),
            **fault_operations(api.faults),
            "GET /statistics": lambda _: Reply(api.statistics.as_json()),
            "POST /clear": doing(api.clear),
            "GET /people": lambda _: Reply(list(workspace.people.values())),
            "GET /ephemerals": partial(_ephemerals, workspace),
            "GET /modals": partial(_modal, interactivity),
            "GET /app": lambda _: Reply({"request_url": interactivity.app.request_url}),
            "POST /app": partial(_change_app, interactivity),
            "POST /press": partial(_press, interactivity),
            "POST /submit": partial(_submit, interactivity),
            "POST /close": partial(_close, interactivity),
            "POST /dismiss": partial(_dismiss, interactivity),
        },
    )


def fault_operations(faults: FaultPlan, place: str = "channel") -> dict[str, Operation]:
    """Return the operations on *faults*, which name a channel as *place*."""

    def add(request: Request) -> Reply:
        sent = sent_object(request)
        if place in sent:
            sent["channel"] = sent.pop(place)
        try:
            faults.add_described(sent)
        except (TypeError, ValueError) as error:
            raise MistakeError(str(error)) from error
        return Reply(faults.describe(), HTTPStatus.CREATED)

    return {
        "GET /faults": lambda _: Reply(faults.describe()),
        "POST /faults": add,
        "DELETE /faults": doing(faults.clear),
    }


def _messages(workspace: Workspace, request: Request) -> Reply:
    found = workspace.messages(request.args.get("channel"))
    return Reply([message.as_json() for message in found])


def _add_channel(workspace: Workspace, request: Request) -> Reply:
    sent = sent_object(request)
    try:
        channel = workspace.add_channel(str(sent.pop("name")), **sent)
    except (KeyError, TypeError) as error:
        problem = "a channel has name, and may have archived, member, private and people"
        raise MistakeError(problem) from error
    return Reply(channel, HTTPStatus.CREATED)


def _change_token(workspace: Workspace, request: Request) -> Reply:
    sent = sent_object(request)
    if sent.get("state", "active") not in STANDINGS:
        raise MistakeError(f"state is one of {', '.join(STANDINGS)}")
    with workspace.lock:
        if "rotate_to" in sent:
            workspace.rotate_token(str(sent["rotate_to"]))
        workspace.standing = sent.get("state", workspace.standing)
        workspace.scopes = tuple(sent.get("scopes", workspace.scopes))
    return Reply({"state": workspace.standing, "scopes": workspace.scopes})


def _ephemerals(workspace: Workspace, request: Request) -> Reply:
    user = request.args.get("user")
    person = workspace.find_person(user) if user else None
    with workspace.lock:
        found = [
            each.as_json()
            for each in workspace.interactions.ephemerals
            if user is None or (person is not None and each.reader == person.id)
        ]
    return Reply(found)


def _modal(interactivity: Interactivity, request: Request) -> Reply:
    modal = interactivity.modal(request.args.get("user", FIRST_PERSON))
    return Reply([] if modal is None else [as_slack(modal)])


def _change_app(interactivity: Interactivity, request: Request) -> Reply:
    sent = sent_object(request)
    app = interactivity.app
    app.request_url = sent.get("request_url", app.request_url)
    app.signing_secret = str(sent.get("signing_secret", app.signing_secret))
    return Reply({"request_url": app.request_url})


def _press(interactivity: Interactivity, request: Request) -> Reply:
    sent = sent_object(request)
    user = str(sent.get("user", FIRST_PERSON))
    message = None
    if "ts" in sent:
        message = interactivity.find_message(str(sent.get("channel")), str(sent["ts"]), user)
    answered = interactivity.press(
        str(sent["action"]),
        user=user,
        message=message,
        block_id=sent.get("block_id"),
        selected=sent.get("selected"),
        delivery=_delivery(sent),
    )
    modal = interactivity.modal(user)
    return Reply({**answered.as_json(), "view": None if modal is None else as_slack(modal)})


def _submit(interactivity: Interactivity, request: Request) -> Reply:
    sent = sent_object(request)
    modal = _opened(interactivity, sent)
    submitted = interactivity.submit(modal, sent.get("values", {}), delivery=_delivery(sent))
    return Reply(submitted.as_json())


def _close(interactivity: Interactivity, request: Request) -> Reply:
    sent = sent_object(request)
    interactivity.close(_opened(interactivity, sent), all_of_it=bool(sent.get("all")))
    return Reply(status=HTTPStatus.NO_CONTENT)


def _dismiss(interactivity: Interactivity, request: Request) -> Reply:
    sent = sent_object(request)
    interactivity.dismiss(str(sent.get("user", FIRST_PERSON)), str(sent["ts"]))
    return Reply(status=HTTPStatus.NO_CONTENT)


def _opened(interactivity: Interactivity, sent: Mapping[str, Any]) -> Modal:
    """Return the modal that a request is about."""
    user = str(sent.get("user", FIRST_PERSON))
    modal = interactivity.modal(user)
    if modal is None or sent.get("view_id", modal.id) != modal.id:
        raise MistakeError(f"{user} has no such modal open")
    return modal


def _delivery(sent: Mapping[str, Any]) -> Delivery:
    return Delivery(
        times=int(sent.get("times", 1)),
        late_seconds=float(sent.get("late_seconds", 0)),
        is_forged=bool(sent.get("forged", False)),
    )
