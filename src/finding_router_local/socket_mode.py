"""
Presses from a real workspace by Socket Mode, without an address that Slack could call.

https://docs.slack.dev/apis/events-api/using-socket-mode: these presses are not signed. They are
signed here, so that the endpoint takes them as any other.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from finding_router_local.function_url import body_of, url_event
from finding_router_local.invocation import Invoke
from finding_router_local.slack.app import FORM, form_of, signature
from finding_router_local.slack_app import SlackApp, SlackAppError

_INTERACTIVE: Final = "interactive"
# The client reports itself each reconnection, which happens every few hours.
_LOGGER: Final = logging.getLogger("slack_sdk.socket_mode")


class SocketFeed:
    """
    Hands presses of *app* to *call*, signed with *signing_secret*, from its start to `close`.

    Each is acknowledged with the endpoint's answer; one that the endpoint refuses is not, which
    Slack shows to the person, and is given to *report* in words.
    """

    def __init__(
        self,
        app: SlackApp,
        *,
        call: Invoke,
        signing_secret: str,
        report: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Connect.

        Raises:
            SlackAppError: Slack refuses the app-level token, or cannot be reached.

        """
        self._call = call
        self._secret = signing_secret
        self._report = report
        self._clock = clock
        self._client = SocketModeClient(
            app_token=app.app_token,
            web_client=WebClient(base_url=app.api_url),
            logger=_LOGGER,
        )
        self._client.socket_mode_request_listeners.append(self._take)
        try:
            self._client.connect()
        except (SlackApiError, OSError) as error:
            self.close()
            raise SlackAppError(_problem(error)) from error

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def _take(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        """Answer one envelope; of others than presses only the receipt is acknowledged."""
        payload = None
        if request.type == _INTERACTIVE:
            status, body = self._answer(request.payload)
            if status != HTTPStatus.OK:
                self._report(f"a press was not taken: the endpoint answered {status}")
                return
            payload = json.loads(body) if body.strip() else None
        client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))

    def _answer(self, payload: Mapping[str, Any]) -> tuple[int, bytes]:
        body = form_of(payload)
        headers = signature(body, self._secret, at=int(self._clock()))
        invocation = self._call(url_event(body, {**headers, "content-type": FORM}))
        if invocation.error is not None:
            return HTTPStatus.BAD_GATEWAY, b""
        status, _, said = body_of(invocation.answer)
        return status, said


def _problem(error: SlackApiError | OSError) -> str:
    if isinstance(error, OSError):
        return f"Slack cannot be reached for Socket Mode: {error}"
    code = error.response.get("error")
    return (
        f"Slack does not open a connection for the app-level token ({code}); "
        "the app needs Socket Mode switched on, and the token connections:write"
    )
