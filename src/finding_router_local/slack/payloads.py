"""The payloads of interactions: https://docs.slack.dev/reference/interaction-payloads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from finding_router_local.slack.chat import as_slack
from finding_router_local.slack.elements import options_of
from finding_router_local.slack.interactions import Modal
from finding_router_local.slack.modals import as_slack as view_as_slack
from finding_router_local.slack.modals import with_ids
from finding_router_local.slack.people import TEAM_ID, Person
from finding_router_local.slack.workspace import APP_ID, EphemeralMessage, PostedMessage, Workspace

type Values = Mapping[str, Mapping[str, Any]]
"""The values of inputs by block id and action id: an option's value (or some), a text or a date."""

# https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
_STATELESS: Final = frozenset({"button", "overflow"})
_COPIED: Final = ("text", "value", "style", "url", "placeholder", "initial_option")
# The retired way to know Slack: any app that relies on it is mistaken.
_TOKEN: Final = "verification-token"  # noqa: S105 -- opens nothing


class NoSuchElementError(ValueError):
    """The message or modal has no such element or option; the message names those that it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """An interactive element, its block, and, from 1, the attachment that it is in."""

    element: Mapping[str, Any]
    block_id: str
    attachment: int | None = None

    @property
    def action_id(self) -> str:
        """Return the id that the app gave it."""
        return str(self.element.get("action_id", ""))


def elements_of(message: PostedMessage) -> list[Element]:
    """Return the interactive elements of *message*, those of its attachments as well."""
    found = list(_elements(message.blocks, None))
    for number, attachment in enumerate(message.attachments, start=1):
        found += _elements(attachment.get("blocks") or (), number)
    return found


def find_element(message: PostedMessage, action_id: str, block_id: str | None = None) -> Element:
    """Return the element with these ids; raise NoSuchElementError if there is none."""
    there = elements_of(message)
    for each in there:
        if each.action_id == action_id and block_id in (None, each.block_id):
            return each
    names = ", ".join(each.action_id for each in there) or "none"
    raise NoSuchElementError(f"the message has no {action_id}; its actions are {names}")


def block_actions(
    workspace: Workspace,
    person: Person,
    message: PostedMessage,
    pressed: Element,
    *,
    selected: str | None,
    response_url: str,
) -> dict[str, Any]:
    """Return the payload of a press on an element of *message*; *selected* is an option's value."""
    is_ephemeral = isinstance(message, EphemeralMessage)
    action = {
        "type": pressed.element["type"],
        "action_id": pressed.action_id,
        "block_id": pressed.block_id,
        **{key: pressed.element[key] for key in _COPIED if key in pressed.element},
        **_entered(pressed.element, selected),
        "action_ts": workspace.next_ts(),
    }
    container: dict[str, Any] = {
        "type": "message" if pressed.attachment is None else "message_attachment",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": is_ephemeral,
    }
    if pressed.attachment is not None:
        container |= {"attachment_id": pressed.attachment, "is_app_unfurl": False}
    if message.thread_ts is not None:
        container["thread_ts"] = message.thread_ts
    return {
        "type": "block_actions",
        **_sender(person),
        "trigger_id": workspace.interactions.make_trigger(person.id),
        "container": container,
        "channel": {"id": message.channel, "name": message.channel_name},
        # Slack does not keep a message that only one person sees.
        **({} if is_ephemeral else {"message": _with_block_ids(as_slack(message, workspace))}),
        "state": {"values": _state(elements_of(message), pressed, selected)},
        "response_url": response_url,
        "actions": [action],
    }


def view_submission(
    workspace: Workspace, person: Person, modal: Modal, values: Values
) -> dict[str, Any]:
    """Return the payload of a submitted *modal* with the *values* of its inputs."""
    state = {
        block["block_id"]: {
            block["element"].get("action_id", ""): {
                "type": block["element"]["type"],
                **_entered(
                    block["element"],
                    values.get(block["block_id"], {}).get(block["element"].get("action_id", "")),
                ),
            }
        }
        for block in inputs_of(modal)
    }
    return {
        "type": "view_submission",
        **_sender(person),
        "trigger_id": workspace.interactions.make_trigger(person.id),
        "view": view_as_slack(modal, state),
        "response_urls": [],
    }


def view_closed(person: Person, modal: Modal, *, is_cleared: bool) -> dict[str, Any]:
    """Return the payload of a *modal* that was closed without being submitted."""
    return {
        "type": "view_closed",
        **_sender(person),
        "view": view_as_slack(modal),
        "is_cleared": is_cleared,
    }


def inputs_of(modal: Modal) -> list[Mapping[str, Any]]:
    """Return the input blocks of *modal*."""
    return [block for block in modal.view["blocks"] if block.get("type") == "input"]


def _sender(person: Person) -> dict[str, Any]:
    return {
        "user": {
            "id": person.id,
            "username": person.name,
            "name": person.name,
            "team_id": person.team_id,
        },
        "api_app_id": APP_ID,
        "token": _TOKEN,
        "team": {"id": TEAM_ID, "domain": "local"},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _elements(blocks: Sequence[Mapping[str, Any]], attachment: int | None) -> Iterator[Element]:
    for block in with_ids(tuple(blocks)):
        found = [*(block.get("elements") or ()), block.get("accessory")]
        if block.get("type") not in ("actions", "section"):
            continue
        for element in found:
            if isinstance(element, Mapping):
                yield Element(element=element, block_id=block["block_id"], attachment=attachment)


def _with_block_ids(message: dict[str, Any]) -> dict[str, Any]:
    if "blocks" in message:
        message["blocks"] = with_ids(message["blocks"])
    if "attachments" in message:
        message["attachments"] = [
            {**each, "blocks": with_ids(each["blocks"])} if each.get("blocks") else each
            for each in message["attachments"]
        ]
    return message


def _state(
    there: Sequence[Element], pressed: Element, selected: str | None
) -> dict[str, dict[str, Any]]:
    """Return the state of all elements that keep one."""
    state: dict[str, dict[str, Any]] = {}
    for each in there:
        kind = each.element["type"]
        if kind in _STATELESS:
            continue
        value = selected if each == pressed else initial_value(each.element)
        state.setdefault(each.block_id, {})[each.action_id] = {
            "type": kind,
            **_entered(each.element, value),
        }
    return state


def initial_value(element: Mapping[str, Any]) -> Any:
    """Return the value of an untouched element, as `Values` has it."""
    match element["type"]:
        case "datepicker":
            return element.get("initial_date")
        case "checkboxes":
            return [option["value"] for option in element.get("initial_options") or ()]
        case "plain_text_input":
            return element.get("initial_value")
        case _:
            return (element.get("initial_option") or {}).get("value")


def _entered(element: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """Return the fields of a payload for *value* in *element*; None is nothing entered."""
    match element["type"]:
        case "button":
            return {}
        case "datepicker":
            return {"selected_date": value or None}
        case "plain_text_input":
            return {"value": value or None}
        case "checkboxes":
            return {"selected_options": [_option(element, each) for each in value or ()]}
        case _:
            return {"selected_option": None if value is None else _option(element, value)}


def _option(element: Mapping[str, Any], value: str) -> Mapping[str, Any]:
    for option in options_of(element):
        if option.get("value") == value:
            found: Mapping[str, Any] = option
            return found
    known = ", ".join(str(option.get("value")) for option in options_of(element))
    raise NoSuchElementError(f"there is no option {value}; there are {known}")
