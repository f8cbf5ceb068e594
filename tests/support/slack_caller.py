"""Call the local Slack's Web API without a socket."""

from collections.abc import Sequence
from typing import Any

from finding_router_local.slack.api import Answer, WebApi
from finding_router_local.slack.faults import FaultPlan
from finding_router_local.slack.pace import Pace
from finding_router_local.slack.workspace import DEFAULT_SCOPES, Workspace

TOKEN = "xoxb-of-the-tests"
START = 1_790_000_000.0
ALL_SCOPES = (*DEFAULT_SCOPES, "channels:history", "groups:history")


class Caller:
    """A workspace with a clock that stands still until `time` is set."""

    def __init__(self, *, scopes: Sequence[str] = ALL_SCOPES, auto_create: bool = False) -> None:
        self.time = START
        self.token: str | None = TOKEN
        self.workspace = Workspace(
            token=TOKEN, clock=lambda: self.time, scopes=scopes, auto_create=auto_create
        )
        self.faults = FaultPlan()
        self.api = WebApi(self.workspace, self.faults, Pace(lambda: self.time))

    def answer(self, method: str, **values: Any) -> Answer:
        """Return the answer, even of a refused call."""
        return self.api.call(method, self.token, values)

    def ok(self, method: str, **values: Any) -> dict[str, Any]:
        """Return the body of an answer that must be good."""
        body = self.answer(method, **values).body

        assert isinstance(body, dict)
        assert body["ok"], body
        return body

    def error(self, method: str, **values: Any) -> str:
        """Return Slack's word for why a call failed."""
        return self.answer(method, **values).error

    def problems(self, method: str, **values: Any) -> list[str]:
        """Return Slack's detailed messages for a call that it refuses."""
        body = self.answer(method, **values).body

        assert isinstance(body, dict)
        return body["response_metadata"]["messages"]

    def post(self, channel: str, text: str = "text", **values: Any) -> dict[str, Any]:
        """Post after a second of quiet."""
        self.time += 1
        return self.ok("chat.postMessage", channel=channel, text=text, **values)
