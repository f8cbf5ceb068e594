"""The part of Slack's client: a person presses, submits, closes and dismisses."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from finding_router_local.slack.app import Answered, App, Delivery
from finding_router_local.slack.elements import options_of
from finding_router_local.slack.interactions import Modal
from finding_router_local.slack.limits import MAX_INPUT_TEXT
from finding_router_local.slack.modals import checked_view
from finding_router_local.slack.payloads import (
    NoSuchElementError,
    Values,
    block_actions,
    elements_of,
    find_element,
    initial_value,
    inputs_of,
    view_closed,
    view_submission,
)
from finding_router_local.slack.people import Person
from finding_router_local.slack.refusal import Refusal
from finding_router_local.slack.workspace import PostedMessage, Workspace

_ONCE: Final = Delivery()
_REQUIRED: Final = "Please complete this required field."
# Slack's message to a person for anything wrong with the answer to a submission.
_TROUBLE: Final = "We had some trouble connecting. Try again?"
_CHOSEN: Final = frozenset({"static_select", "overflow", "radio_buttons", "datepicker"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The end of a submission: *errors* by block id, and the app's answer if it was asked."""

    errors: Mapping[str, str] = field(default_factory=dict)
    warning: str | None = None
    answered: Answered | None = None

    def as_json(self) -> dict[str, Any]:
        """Return all of it for other processes."""
        answered = {} if self.answered is None else self.answered.as_json()
        return {**answered, "errors": dict(self.errors), "warning": self.warning}


class Interactivity:
    """Interactions of people of *workspace* with its *app*."""

    def __init__(self, workspace: Workspace, app: App) -> None:
        self.workspace = workspace
        self.app = app
        self.response_base_url = ""

    def press(
        self,
        action_id: str,
        *,
        user: str,
        message: PostedMessage | None = None,
        block_id: str | None = None,
        selected: str | None = None,
        delivery: Delivery = _ONCE,
    ) -> Answered:
        """
        Press an element as *user* (name or id) does; *selected* is the value of an option.

        Without *message* it is the latest one that has such an element.

        Raises:
            ValueError: there is no such person, message, element or option.

        """
        with self.workspace.lock:
            person = self.person(user)
            message = message or self._latest(action_id, person)
            self._check_sight(person, message)
            pressed = find_element(message, action_id, block_id)
            if pressed.element["type"] in _CHOSEN and selected is None:
                problem = f"{action_id} is chosen from, not pressed: say what is selected"
                raise NoSuchElementError(problem)
            token = self.workspace.interactions.make_response_url(person.id, message)
            payload = block_actions(
                self.workspace,
                person,
                message,
                pressed,
                selected=selected,
                response_url=f"{self.response_base_url}{token}",
            )
            now = self.workspace.now()
        return self.app.send(payload, now=now, delivery=delivery)

    def submit(
        self, modal: Modal, values: Mapping[str, Any], *, delivery: Delivery = _ONCE
    ) -> Submitted:
        """
        Submit *modal* with *values*: by block id a value, or values by action id.

        Inputs without a value stay as the modal shows them at first. A value that Slack's client
        does not take is an error without a request.
        """
        with self.workspace.lock:
            entered = _entered(modal, values)
            if errors := _mistakes(modal, entered):
                return Submitted(errors=errors)
            person = self.person(modal.user)
            payload = view_submission(self.workspace, person, modal, entered)
            now = self.workspace.now()
        answered = self.app.send(payload, now=now, delivery=delivery)
        if answered.warning:
            return Submitted(warning=_TROUBLE, answered=answered)
        return self._follow(modal, answered)

    def close(self, modal: Modal, *, all_of_it: bool = False) -> Answered | None:
        """Close *modal* without submitting it; the app is told if its view asks for that."""
        with self.workspace.lock:
            self.workspace.interactions.close_modal(modal, all_of_it=all_of_it)
            self.workspace.touch()
            if not modal.view.get("notify_on_close"):
                return None
            person = self.person(modal.user)
            payload = view_closed(person, modal, is_cleared=all_of_it)
            now = self.workspace.now()
        return self.app.send(payload, now=now, delivery=_ONCE)

    def dismiss(self, user: str, ts: str) -> None:
        """Remove a message that only *user* sees."""
        with self.workspace.lock:
            self.workspace.interactions.dismiss(self.person(user).id, ts)
            self.workspace.touch()

    def modal(self, user: str) -> Modal | None:
        """Return the modal that *user* (name or id) has open, the one on top."""
        with self.workspace.lock:
            return self.workspace.interactions.modal(self.person(user).id)

    def person(self, user: str) -> Person:
        """Return the person of that name or id; raise ValueError if there is none."""
        found = self.workspace.find_person(user)
        if found is None:
            names = ", ".join(each.name for each in self.workspace.people.values())
            raise ValueError(f"nobody here is {user}; there are {names}")
        return found

    def find_message(self, channel: str, ts: str, user: str) -> PostedMessage:
        """Return a message that *user* sees; raise ValueError if there is none."""
        with self.workspace.lock:
            known = self.workspace.find_channel(channel)
            person = self.person(user)
            found = self.workspace.find_message(known, ts) if known else None
            found = found or self.workspace.interactions.find_ephemeral(person.id, ts)
            if found is None:
                raise ValueError(f"{channel} has no message {ts} that {person.name} sees")
            return found

    def _latest(self, action_id: str, person: Person) -> PostedMessage:
        own = self.workspace.interactions.ephemerals_of(person.id)
        every = sorted([*self.workspace.messages(), *own], key=lambda each: each.ts)
        for message in reversed(every):
            if any(each.action_id == action_id for each in elements_of(message)):
                return message
        raise NoSuchElementError(f"no message has {action_id}")

    def _check_sight(self, person: Person, message: PostedMessage) -> None:
        """Raise ValueError where Slack does not show the channel to *person*."""
        channel = self.workspace.find_channel(message.channel)
        if channel is None or person.id in self.workspace.members(channel):
            return
        is_member = not person.is_restricted and person.team_id == self._team
        if channel.is_private or not is_member:
            raise ValueError(f"{person.name} does not see #{channel.name}")

    @property
    def _team(self) -> str:
        return next(iter(self.workspace.people.values())).team_id

    def _follow(self, modal: Modal, answered: Answered) -> Submitted:
        """Carry out the app's answer to a submission."""
        interactions = self.workspace.interactions
        with self.workspace.lock:
            try:
                said = json.loads(answered.body) if answered.body.strip() else {}
                match said:
                    case {"response_action": "errors", "errors": dict(errors)} if errors:
                        return self._with_errors(modal, errors, answered)
                    case {"response_action": "update", "view": dict(view)}:
                        interactions.change_modal(modal, checked_view(view))
                    case {"response_action": "push", "view": dict(view)}:
                        interactions.push_modal(modal, checked_view(view))
                    case {"response_action": "clear"}:
                        interactions.close_modal(modal, all_of_it=True)
                    case {"response_action": _}:
                        return Submitted(warning=_TROUBLE, answered=answered)
                    case _:
                        interactions.close_modal(modal)
            except (Refusal, ValueError):
                return Submitted(warning=_TROUBLE, answered=answered)
            self.workspace.touch()
        return Submitted(answered=answered)

    def _with_errors(
        self, modal: Modal, errors: Mapping[str, str], answered: Answered
    ) -> Submitted:
        """Return *errors*, which Slack shows only where each is of an input block."""
        if errors.keys() <= {block["block_id"] for block in inputs_of(modal)}:
            return Submitted(errors=errors, answered=answered)
        return Submitted(warning=_TROUBLE, answered=answered)


def _entered(modal: Modal, values: Mapping[str, Any]) -> Values:
    """Return a value for each input: that of *values*, else the one shown at first."""
    blocks = {block["block_id"]: block["element"] for block in inputs_of(modal)}
    if unknown := values.keys() - blocks.keys():
        known = ", ".join(blocks)
        problem = f"the modal has no {', '.join(sorted(unknown))}; its inputs are {known}"
        raise NoSuchElementError(problem)
    found = {}
    for block_id, element in blocks.items():
        action_id = element.get("action_id", "")
        given = values.get(block_id, {})
        named = given if isinstance(given, Mapping) else {action_id: given}
        found[block_id] = {action_id: initial_value(element), **named}
    return found


def _mistakes(modal: Modal, values: Values) -> dict[str, str]:
    """Return the error of each input that Slack's client does not submit, by block id."""
    found = {}
    for block in inputs_of(modal):
        element = block["element"]
        value = values[block["block_id"]][element.get("action_id", "")]
        if not value:
            if not block.get("optional"):
                found[block["block_id"]] = _REQUIRED
        elif element["type"] == "plain_text_input":
            least, most = element.get("min_length", 0), element.get("max_length", MAX_INPUT_TEXT)
            if not least <= len(value) <= most:
                found[block["block_id"]] = f"Use from {least} to {most} characters."
        elif element["type"] in {"static_select", "radio_buttons"} and not any(
            option["value"] == value for option in options_of(element)
        ):
            raise NoSuchElementError(f"{block['block_id']} has no option {value}")
    return found
