"""Interactions of people with the app: triggers, addresses for answers, ephemerals and modals."""

import secrets
import time
from collections.abc import Callable, Mapping
from copy import replace
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from finding_router_local.slack import limits
from finding_router_local.slack.refusal import Refusal

if TYPE_CHECKING:
    from finding_router_local.slack.workspace import EphemeralMessage, PostedMessage


@dataclass(slots=True, kw_only=True)
class ResponseUrl:
    """An address for answers to *user* about *message*; *at* is its time in Unix seconds."""

    user: str
    channel: str
    message: "PostedMessage"
    at: float
    uses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Modal:
    """A view that is open for *user*; *version* is Slack's ``hash``."""

    id: str
    user: str
    view: Mapping[str, Any]
    version: str
    root_id: str
    previous_id: str | None = None


@dataclass(slots=True, kw_only=True)
class _Trigger:
    user: str
    at: float
    is_used: bool = False


@dataclass(slots=True)
class Interactions:
    """
    The interactions of one workspace, whose lock callers hold.

    *clock* returns Unix seconds; *trigger_clock*, which never jumps, seconds for triggers alone.
    """

    clock: Callable[[], float]
    trigger_clock: Callable[[], float] = time.monotonic
    ephemerals: "list[EphemeralMessage]" = field(default_factory=list)
    _triggers: dict[str, _Trigger] = field(default_factory=dict)
    _response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    _modals: dict[str, list[Modal]] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget everything."""
        for held in (self.ephemerals, self._triggers, self._response_urls, self._modals):
            held.clear()

    # Triggers

    def make_trigger(self, user: str) -> str:
        """Return the id of a new trigger."""
        id_ = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[id_] = _Trigger(user=user, at=self.trigger_clock())
        return id_

    def exchange(self, trigger_id: str) -> str:
        """Return the user of a trigger, which is good once and for 3 seconds; else refuse."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise Refusal("invalid_trigger_id")
        if trigger.is_used:
            raise Refusal("exchanged_trigger_id")
        if self.trigger_clock() - trigger.at > limits.TRIGGER_SECONDS:
            raise Refusal("expired_trigger_id")
        trigger.is_used = True
        return trigger.user

    # Answers

    def make_response_url(self, user: str, message: "PostedMessage") -> str:
        """Return the path of a new address for answers to a press on *message*."""
        token = f"{secrets.randbelow(10**13)}/{secrets.token_urlsafe(18)}"
        self._response_urls[token] = ResponseUrl(
            user=user, channel=message.channel, message=message, at=self.clock()
        )
        return token

    def use_response_url(self, token: str) -> ResponseUrl:
        """Return the address with *token*, good 5 times within 30 minutes; else refuse."""
        found = self._response_urls.get(token)
        if found is None:
            raise Refusal("invalid_url")
        if self.clock() - found.at > limits.RESPONSE_URL_SECONDS:
            raise Refusal("expired_url")
        if found.uses >= limits.RESPONSE_URL_USES:
            raise Refusal("used_url")
        found.uses += 1
        return found

    def find_ephemeral(self, user: str, ts: str) -> "EphemeralMessage | None":
        """Return the message with this ts that only *user* sees; None if there is none."""
        return next((e for e in self.ephemerals if e.reader == user and e.ts == ts), None)

    def ephemerals_of(self, user: str) -> "list[EphemeralMessage]":
        """Return the messages that only *user* sees, oldest first."""
        return [each for each in self.ephemerals if each.reader == user]

    def show(self, message: "EphemeralMessage") -> "EphemeralMessage":
        """Show *message* to its reader, in place of one with the same ts."""
        for index, each in enumerate(self.ephemerals):
            if (each.reader, each.ts) == (message.reader, message.ts):
                self.ephemerals[index] = message
                break
        else:
            self.ephemerals.append(message)
        return message

    def dismiss(self, user: str, ts: str) -> None:
        """Remove a message of its reader, if it is still there."""
        self.ephemerals[:] = [
            each for each in self.ephemerals if (each.reader, each.ts) != (user, ts)
        ]

    # Modals

    def modal(self, user: str) -> Modal | None:
        """Return the view that *user* has on top."""
        stack = self._modals.get(user)
        return stack[-1] if stack else None

    def find_modal(self, view_id: str) -> Modal | None:
        """Return the open view with this id; None if there is none."""
        return next((m for held in self._modals.values() for m in held if m.id == view_id), None)

    def open_modal(self, user: str, view: Mapping[str, Any]) -> Modal:
        """Open *view* before *user*, in place of all that is open."""
        id_ = _view_id()
        modal = Modal(id=id_, user=user, view=view, version=self._version(), root_id=id_)
        self._modals[user] = [modal]
        return modal

    def push_modal(self, under: Modal, view: Mapping[str, Any]) -> Modal:
        """Open *view* on top of another."""
        modal = Modal(
            id=_view_id(),
            user=under.user,
            view=view,
            version=self._version(),
            root_id=under.root_id,
            previous_id=under.id,
        )
        self._modals[under.user].append(modal)
        return modal

    def change_modal(self, modal: Modal, view: Mapping[str, Any]) -> Modal:
        """Replace the view of *modal* by *view*."""
        stack = self._modals[modal.user]
        changed = replace(modal, view=view, version=self._version())
        stack[stack.index(modal)] = changed
        return changed

    def close_modal(self, modal: Modal, *, all_of_it: bool = False) -> None:
        """Close *modal*, or with *all_of_it* everything below it as well."""
        stack = self._modals[modal.user]
        stack[:] = [] if all_of_it else [each for each in stack if each.id != modal.id]

    def _version(self) -> str:
        return f"{int(self.clock())}.{secrets.token_hex(4)}"


def _view_id() -> str:
    return f"V0{secrets.token_hex(5).upper()}"
