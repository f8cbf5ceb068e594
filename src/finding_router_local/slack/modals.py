"""views.* of the Web API: modals."""

import json
from collections.abc import Mapping
from typing import Any, Final

from finding_router_local.slack import checks, limits
from finding_router_local.slack.arguments import Arguments
from finding_router_local.slack.blocks import problems_of
from finding_router_local.slack.checks import Problems
from finding_router_local.slack.interactions import Modal
from finding_router_local.slack.people import TEAM_ID
from finding_router_local.slack.refusal import Refusal
from finding_router_local.slack.workspace import APP_ID, BOT_ID, Workspace

_KEYS: Final = frozenset(
    {
        "type",
        "title",
        "blocks",
        "submit",
        "close",
        "private_metadata",
        "callback_id",
        "external_id",
        "clear_on_close",
        "notify_on_close",
        "submit_disabled",
    }
)


def open_view(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """Open a modal: https://docs.slack.dev/reference/methods/views.open."""
    view = _view(arguments)
    trigger_id = arguments.text("trigger_id")
    if not trigger_id:
        raise Refusal("invalid_arguments", messages=("[ERROR] missing required field: trigger_id",))
    user = workspace.interactions.exchange(trigger_id)
    modal = workspace.interactions.open_modal(user, view)
    workspace.touch()
    return {"view": as_slack(modal)}


def update_view(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """Change an open modal: https://docs.slack.dev/reference/methods/views.update."""
    view = _view(arguments)
    modal = workspace.interactions.find_modal(arguments.text("view_id"))
    if modal is None:
        raise Refusal("not_found")
    if arguments.has("hash") and arguments.text("hash") != modal.version:
        raise Refusal("hash_conflict")
    modal = workspace.interactions.change_modal(modal, view)
    workspace.touch()
    return {"view": as_slack(modal)}


def as_slack(modal: Modal, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return *modal* as https://docs.slack.dev/reference/views, with the *values* of its inputs."""
    view = modal.view
    return {
        "id": modal.id,
        "team_id": TEAM_ID,
        "type": "modal",
        "blocks": view["blocks"],
        "private_metadata": view.get("private_metadata", ""),
        "callback_id": view.get("callback_id", ""),
        "state": {"values": values or {}},
        "hash": modal.version,
        "title": view["title"],
        "clear_on_close": bool(view.get("clear_on_close")),
        "notify_on_close": bool(view.get("notify_on_close")),
        "close": view.get("close"),
        "submit": view.get("submit"),
        "previous_view_id": modal.previous_id,
        "root_view_id": modal.root_id,
        "app_id": APP_ID,
        "external_id": view.get("external_id", ""),
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
    }


def checked_view(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return *view* with an id for each block; refuse what Slack would."""
    if problems := list(_problems(view)):
        raise Refusal("invalid_arguments", messages=tuple(f"[ERROR] {each}" for each in problems))
    if len(json.dumps(view, ensure_ascii=False).encode()) > limits.MAX_VIEW_BYTES:
        raise Refusal("view_too_large")
    return {**view, "blocks": with_ids(view["blocks"])}


def with_ids(blocks: list[Mapping[str, Any]] | tuple[Mapping[str, Any], ...]) -> list[Any]:
    """Return *blocks* with an id for each block that has none, as Slack gives them one."""
    return [{"block_id": f"b{number}", **block} for number, block in enumerate(blocks)]


def _view(arguments: Arguments) -> dict[str, Any]:
    """Return the view of a call, which is JSON within a form or an object."""
    given = arguments.values.get("view")
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError as error:
            raise Refusal("invalid_arguments") from error
    if not isinstance(given, Mapping):
        problem = "[ERROR] missing required field: view"
        raise Refusal("invalid_arguments", messages=(problem,))
    return checked_view(given)


def _problems(view: Mapping[str, Any]) -> Problems:
    here = "/view"
    if view.get("type") != "modal":
        yield checks.at(f"{here}/type", f"unsupported type: {view.get('type')}")
        return
    for key in view.keys() - _KEYS:
        yield checks.at(here, f"invalid additional property: {key}")
    yield from checks.text(view, "title", here, limits.MAX_MODAL_TITLE, checks.PLAIN)
    for key in ("submit", "close"):
        if view.get(key) is not None:
            yield from checks.text(view, key, here, limits.MAX_MODAL_TITLE, checks.PLAIN)
    for key, most in (
        ("private_metadata", limits.MAX_PRIVATE_METADATA),
        ("callback_id", limits.MAX_CALLBACK_ID),
        ("external_id", limits.MAX_CALLBACK_ID),
    ):
        if key in view:
            yield from checks.string(view[key], f"{here}/{key}", most, minimum=0)
    blocks = view.get("blocks")
    if not isinstance(blocks, list):
        yield checks.missing(here, "blocks")
        return
    yield from problems_of(blocks, f"{here}/blocks", in_modal=True)
    # https://docs.slack.dev/reference/views/modal-views: needed where the modal has inputs.
    has_inputs = any(isinstance(each, Mapping) and each.get("type") == "input" for each in blocks)
    if has_inputs and view.get("submit") is None:
        yield checks.missing(here, "submit")
