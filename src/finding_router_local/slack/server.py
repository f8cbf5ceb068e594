"""The local Slack as an HTTP server that the real slack_sdk talks to."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self
from wsgiref.types import WSGIApplication

from finding_router_local.serving import LOOPBACK, HttpServer
from finding_router_local.slack.api import Statistics, WebApi
from finding_router_local.slack.app import Answered, App, Delivery
from finding_router_local.slack.control import CONTROL_PREFIX, slack_control
from finding_router_local.slack.faults import FaultPlan
from finding_router_local.slack.interactions import Modal
from finding_router_local.slack.interactivity import Interactivity, Submitted
from finding_router_local.slack.pace import Pace
from finding_router_local.slack.web import RESPONSE_PATH, make_app
from finding_router_local.slack.workspace import (
    DEFAULT_SCOPES,
    Channel,
    EphemeralMessage,
    PostedMessage,
    Standing,
    Workspace,
)

DEFAULT_TOKEN = "xoxb-local"  # noqa: S105 -- opens nothing but this server

_ANY_HOST = frozenset({"0.0.0.0", "::"})


class SlackServer:
    """
    A Slack of its own, on loopback, from `start` (or ``with``) to `stop`.

    *port* 0 takes any free one. *channels* exist from the start; with *auto_create* a post to an
    unknown name creates the channel. *pace* False lifts the rate limits. Each answer takes
    *latency_seconds*. *clock* returns Unix seconds, for rate limits and times. Presses go to *app*.
    """

    def __init__(  # noqa: PLR0913 -- each is a property of the workspace that a test may set
        self,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        token: str = DEFAULT_TOKEN,
        scopes: Sequence[str] = DEFAULT_SCOPES,
        channels: Sequence[str] = (),
        auto_create: bool = False,
        pace: bool = True,
        latency_seconds: float = 0.0,
        clock: Callable[[], float] = time.time,
        app: App | None = None,
    ) -> None:
        self.workspace = Workspace(token=token, clock=clock, scopes=scopes, auto_create=auto_create)
        self.faults = FaultPlan()
        self.api = WebApi(self.workspace, self.faults, Pace(clock) if pace else None)
        self.interactivity = Interactivity(self.workspace, app or App())
        for channel in channels:
            self.workspace.add_channel(channel)
        self._host = host
        self._port = port
        self._latency_seconds = latency_seconds
        self._server: HttpServer | None = None
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Listen, after a `stop` on the same port again; raise OSError where it is taken."""
        self._stopping = threading.Event()
        app = make_app(self.api, self._stopping, latency_seconds=self._latency_seconds)
        self._server = HttpServer(app, host=self._host, port=self._port)
        self._server.mount(CONTROL_PREFIX, slack_control(self.api, self.interactivity))
        self._port = self._server.port
        self.workspace.url = self.page_url
        self.interactivity.response_base_url = f"{self.page_url}{RESPONSE_PATH.lstrip('/')}/"
        return self

    def stop(self) -> None:
        """Close the port and every connection; the messages stay."""
        if self._server is not None:
            self._stopping.set()
            # End requests that wait for news.
            self.workspace.touch()
            self._server.close()
            self._server = None

    def mount(self, prefix: str, app: WSGIApplication) -> None:
        """Send requests whose path starts with *prefix* to *app*, once it listens."""
        if self._server is not None:
            self._server.mount(prefix, app)

    def cut_connections(self) -> None:
        """End all connections that callers keep alive, as Slack does with idle ones."""
        if self._server is not None:
            self._server.cut_connections()

    @property
    def opened_connections(self) -> int:
        """Number of connections opened since `start`."""
        return 0 if self._server is None else self._server.opened_connections

    # Addresses

    @property
    def port(self) -> int:
        """Return the port that it listens on."""
        return self._port

    @property
    def page_url(self) -> str:
        """Return the address of the page."""
        host = LOOPBACK if self._host in _ANY_HOST else self._host
        return f"http://{host}:{self._port}/"

    @property
    def base_url(self) -> str:
        """Return the *base_url* for WebClient."""
        return f"{self.page_url}api/"

    # The workspace

    @property
    def token(self) -> str:
        """Return the valid token."""
        return self.workspace.token

    def rotate_token(self, token: str) -> None:
        """Revoke the token and put another in force."""
        self.workspace.rotate_token(token)

    def set_token_state(self, state: Standing) -> None:
        """Make the token "revoked", "expired", "inactive" or "active" again."""
        self.workspace.standing = state

    def set_scopes(self, scopes: Sequence[str]) -> None:
        """Grant these scopes and no others."""
        self.workspace.scopes = tuple(scopes)

    def add_channel(
        self,
        name: str,
        *,
        archived: bool = False,
        member: bool = True,
        private: bool = False,
        people: Sequence[str] | None = None,
    ) -> Channel:
        """Make a channel, or bring the one of that *name* into this state."""
        return self.workspace.add_channel(
            name, archived=archived, member=member, private=private, people=people
        )

    def messages(self, channel: str | None = None) -> list[PostedMessage]:
        """Return the messages of *channel* (name or id) or of all, oldest first."""
        return self.workspace.messages(channel)

    def add_message(self, channel: str, text: str, *, author: str = "U0PERSON01") -> PostedMessage:
        """Post as a person would, past all limits."""
        return self.workspace.add_message(channel, text, author=author)

    def delete_message(self, channel: str, ts: str) -> None:
        """Delete a message as a person would."""
        self.workspace.delete_message(channel, ts)

    # Interactions

    def press(
        self,
        action_id: str,
        *,
        user: str = "jane",
        message: PostedMessage | None = None,
        block_id: str | None = None,
        selected: str | None = None,
        delivery: Delivery | None = None,
    ) -> Answered:
        """Press an element, of the latest message that has it unless *message* is given."""
        return self.interactivity.press(
            action_id,
            user=user,
            message=message,
            block_id=block_id,
            selected=selected,
            delivery=delivery or Delivery(),
        )

    def modal(self, user: str = "jane") -> Modal | None:
        """Return the modal that *user* has open."""
        return self.interactivity.modal(user)

    def submit(
        self,
        values: Mapping[str, Any],
        *,
        user: str = "jane",
        delivery: Delivery | None = None,
    ) -> Submitted:
        """Submit the open modal of *user* with *values*, by block id."""
        modal = self.modal(user)
        if modal is None:
            raise ValueError(f"{user} has no modal open")
        return self.interactivity.submit(modal, values, delivery=delivery or Delivery())

    def ephemerals(self, user: str = "jane") -> list[EphemeralMessage]:
        """Return the messages that only *user* sees, oldest first."""
        with self.workspace.lock:
            reader = self.interactivity.person(user).id
            return self.workspace.interactions.ephemerals_of(reader)

    def clear(self) -> None:
        """Forget messages, faults, pace and figures; channels and the token stay."""
        self.api.clear()

    @property
    def statistics(self) -> Statistics:
        """Return the calls and answers so far."""
        return self.api.statistics
