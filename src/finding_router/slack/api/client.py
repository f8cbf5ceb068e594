"""The client of Slack's Web API, which translates every failure into an error of the router."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import urllib3

from finding_router.errors import (
    ChannelError,
    ConfigurationError,
    CredentialError,
    GoneError,
    UnavailableError,
)
from finding_router.slack.api.refusals import MISSING_SCOPE, raise_refusal, raise_transport
from finding_router.slack.kit.message import Message
from finding_router.telemetry import logger

if TYPE_CHECKING:
    from finding_router.slack.api.transport import KeepAliveWebClient

EVENT_TYPE: Final = "finding_router_delivery"
# https://docs.slack.dev/reference/methods/conversations.history and conversations.list: under 1000
PAGE: Final = 200
CHANNELS_PAGE: Final = 999
MAX_PAGES: Final = 20
# The default time limit of a call, enough for a new token and two attempts.
CALL_SECONDS: Final = 40.0
TOKEN_SECONDS: Final = 15.0
ANY_CHANNEL: Final = "any channel"
POST_SCOPE: Final = "chat:write"


class Posted(NamedTuple):
    """The location of a message: its channel's id, and its ts, unique in the channel."""

    channel: str
    ts: str
    is_in_thread: bool = False


class Found(NamedTuple):
    """
    The messages that a search found, by delivery id.

    *is_complete* is False if the search did not read all messages.
    """

    messages: Mapping[str, Posted]
    is_complete: bool


class Messenger(Protocol):
    """The port to Slack; its methods raise DeliveryError, whose subclass decides the next step."""

    def post(
        self,
        channel: str,
        message: Message,
        *,
        delivery_ids: Sequence[str] = (),
        thread_ts: str | None = None,
        broadcast: bool = False,
        seconds: float = CALL_SECONDS,
    ) -> Posted:
        """Post *message*, as a reply to *thread_ts* if set; *broadcast* it to the channel too."""

    def update(
        self, channel_id: str, ts: str, message: Message, *, seconds: float = CALL_SECONDS
    ) -> None:
        """Replace the message *ts* with *message*."""

    def find(
        self,
        channel: str,
        delivery_ids: Collection[str],
        *,
        since: float,
        thread_ts: str | None = None,
        seconds: float = CALL_SECONDS,
    ) -> Found:
        """
        Search for messages of *delivery_ids* posted after *since*, in Unix seconds.

        If the app may not read the channel, the result is empty and not complete.
        """

    def check(self, *, seconds: float = CALL_SECONDS) -> None:
        """Check the token with Slack; raise CredentialError if it is refused or may not post."""


class SlackClient:
    """The calls of Slack's Web API that the router uses."""

    def __init__(self, *, token: Callable[[bool], str], base_url: str) -> None:
        """Fetch the token with *token(fresh)*, at the first call and again if Slack refuses it."""
        self._token = token
        self._base_url = base_url
        self._web: KeepAliveWebClient | None = None
        self._channel_ids: dict[str, str] = {}
        self._scopes: frozenset[str] | None = None
        """The scopes of the token in Slack's last response; None if it did not name them."""

    def post(
        self,
        channel: str,
        message: Message,
        *,
        delivery_ids: Sequence[str] = (),
        thread_ts: str | None = None,
        broadcast: bool = False,
        seconds: float = CALL_SECONDS,
    ) -> Posted:
        """
        Post *message* with *delivery_ids* in its metadata, where `find` searches for them.

        With *thread_ts* the message is a reply to that message, with *broadcast* it also appears in
        the channel. The call returns or raises within *seconds*.

        Raises:
            DeliveryError: The call failed; the subclass decides the next step.

        """
        arguments = {
            "channel": channel,
            "unfurl_links": False,
            "unfurl_media": False,
            **message.arguments(),
        }
        if thread_ts is not None:
            arguments |= {"thread_ts": thread_ts, "reply_broadcast": broadcast}
        if delivery_ids:
            arguments["metadata"] = {
                "event_type": EVENT_TYPE,
                "event_payload": {"delivery_ids": list(delivery_ids)},
            }
        until = time.monotonic() + seconds
        answer = self._call("chat.postMessage", channel, arguments, until)
        if channel.startswith("#"):
            self._channel_ids[channel.removeprefix("#")] = answer["channel"]
        posted = answer.get("message") or {}
        return Posted(answer["channel"], answer["ts"], is_in_thread="thread_ts" in posted)

    def update(
        self, channel_id: str, ts: str, message: Message, *, seconds: float = CALL_SECONDS
    ) -> None:
        """
        Replace the message *ts* with *message*.

        Raises:
            DeliveryError: The call failed; a GoneError if the message is deleted or immutable.

        """
        # Attachments that are not sent stay: https://docs.slack.dev/reference/methods/chat.update
        arguments = {"channel": channel_id, "ts": ts, "attachments": [], **message.arguments()}
        self._call("chat.update", channel_id, arguments, time.monotonic() + seconds)

    def check(self, *, seconds: float = CALL_SECONDS) -> None:
        """
        Check with Slack that it accepts the token, and that the token may post.

        Raises:
            DeliveryError: The call failed; a CredentialError if Slack refuses the token or the
                token lacks the scope chat:write.

        """
        until = time.monotonic() + seconds
        self._call("auth.test", ANY_CHANNEL, {}, until)
        # Each response names the scopes: https://docs.slack.dev/authentication/installing-with-oauth
        scopes = self._scopes
        if scopes is not None and POST_SCOPE not in scopes:
            raise CredentialError(
                f"the token has no scope {POST_SCOPE}; install the app again with it",
                channel=ANY_CHANNEL,
                code=MISSING_SCOPE,
                method="auth.test",
            )

    def find(
        self,
        channel: str,
        delivery_ids: Collection[str],
        *,
        since: float,
        thread_ts: str | None = None,
        seconds: float = CALL_SECONDS,
    ) -> Found:
        """
        Search *channel* for messages of *delivery_ids* posted after *since*, in Unix seconds.

        With *thread_ts*, search the replies to that message; a deleted thread has none. One pass
        searches for all ids in at most 4,000 messages and ends within *seconds*. If the app may not
        read the channel, the result is empty and not complete.

        Raises:
            DeliveryError: Slack is unavailable, limits the rate, or refuses the token.

        """
        until = time.monotonic() + seconds
        try:
            return self._find(channel, delivery_ids, since=since, thread_ts=thread_ts, until=until)
        except GoneError:
            return Found({}, is_complete=True)
        except (ChannelError, CredentialError) as error:
            if isinstance(error, CredentialError) and error.code != MISSING_SCOPE:
                raise
            logger.warning("history not searched", channel=channel, code=error.code)
            return Found({}, is_complete=False)

    def call(
        self, method: str, arguments: Mapping[str, Any], *, channel: str, seconds: float
    ) -> dict[str, Any]:
        """
        Call any *method*, about *channel*, and return Slack's answer.

        Raises:
            DeliveryError: The call failed.

        """
        return self._call(method, channel, dict(arguments), time.monotonic() + seconds)

    def _find(
        self,
        channel: str,
        delivery_ids: Collection[str],
        *,
        since: float,
        thread_ts: str | None,
        until: float,
    ) -> Found:
        channel_id = self._channel_id(channel, until)
        arguments: dict[str, Any] = {
            "channel": channel_id,
            "oldest": f"{since:.6f}",
            "limit": PAGE,
            "include_all_metadata": True,
        }
        method = "conversations.history"
        if thread_ts is not None:
            method = "conversations.replies"
            arguments["ts"] = thread_ts
        found: dict[str, Posted] = {}
        for _ in range(MAX_PAGES):
            answer = self._call(method, channel, arguments, until)
            for message in answer["messages"]:
                in_thread = message.get("thread_ts", message["ts"]) != message["ts"]
                posted = Posted(channel_id, message["ts"], is_in_thread=in_thread)
                for delivery_id in _delivery_ids(message):
                    if delivery_id in delivery_ids:
                        found.setdefault(delivery_id, posted)
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor or len(found) == len(delivery_ids):
                return Found(found, is_complete=True)
            arguments["cursor"] = cursor
        return Found(found, is_complete=False)

    def _channel_id(self, channel: str, until: float) -> str:
        """Return the id of *channel*, as conversations.history takes no "#name"."""
        name = channel.removeprefix("#")
        if not channel.startswith("#") and channel[:1] in "CGD" and channel.isupper():
            return channel
        if name in self._channel_ids:
            return self._channel_ids[name]
        arguments: dict[str, Any] = {"limit": CHANNELS_PAGE, "types": "public_channel"}
        for _ in range(MAX_PAGES):
            answer = self._call("conversations.list", channel, arguments, until)
            self._channel_ids.update({found["name"]: found["id"] for found in answer["channels"]})
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if name in self._channel_ids or not cursor:
                break
            arguments["cursor"] = cursor
        if name not in self._channel_ids:
            message = f"no public channel {channel} found; create it or correct the route"
            raise ChannelError(message, channel=channel, code="channel_not_found")
        return self._channel_ids[name]

    def _call(
        self, method: str, channel: str, arguments: dict[str, Any], until: float
    ) -> dict[str, Any]:
        """Call *method*; fetch a refused token again once, since it may have been rotated."""
        try:
            return self._call_once(method, channel, arguments, until, fresh_token=False)
        except CredentialError as error:
            if error.code == MISSING_SCOPE:
                raise
            return self._call_once(method, channel, arguments, until, fresh_token=True)

    def _call_once(
        self,
        method: str,
        channel: str,
        arguments: dict[str, Any],
        until: float,
        *,
        fresh_token: bool,
    ) -> dict[str, Any]:
        from slack_sdk.errors import SlackApiError, SlackClientError

        web = self._client(channel, until, fresh_token=fresh_token)
        web.seconds = _left(method, channel, until)
        try:
            # Of the methods used here, only chat.* take JSON bodies; the others take form fields.
            answer = (
                web.api_call(method, json=arguments)
                if method.startswith("chat.")
                else web.api_call(method, data=arguments)
            )
        except SlackApiError as error:
            raise_refusal(channel, method, error)
        except (SlackClientError, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise_transport(channel, method, error)
        named = next((v for k, v in answer.headers.items() if k.lower() == "x-oauth-scopes"), None)
        self._scopes = None if named is None else frozenset(map(str.strip, named.split(",")))
        data: dict[str, Any] = answer.data  # type: ignore[assignment]  # bytes only for downloads
        return data

    def _client(self, channel: str, until: float, *, fresh_token: bool) -> "KeepAliveWebClient":
        from finding_router.slack.api.transport import KeepAliveWebClient

        if self._web is None or fresh_token:
            # The first fetch comes early in an invocation; a later one needs TOKEN_SECONDS left.
            _left("the token", channel, until - TOKEN_SECONDS * fresh_token)
            try:
                token = self._token(fresh_token)
            except ConfigurationError as error:
                raise CredentialError(str(error), channel=channel, code="no_token") from error
            self._web = KeepAliveWebClient(token=token, base_url=self._base_url)
        return self._web


def _left(what: str, channel: str, until: float) -> float:
    """Return the seconds left until *until* on the monotonic clock."""
    left = until - time.monotonic()
    if left <= 0:
        raise UnavailableError(
            f"{what} for {channel}: no time left for the call; it is retried",
            channel=channel,
            code="out_of_time",
            ambiguous=False,
        )
    return left


def _delivery_ids(message: Mapping[str, Any]) -> Sequence[str]:
    """Return the delivery ids that `post` put into the metadata of *message*, if any."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return ()
    ids: Sequence[str] = (metadata.get("event_payload") or {}).get("delivery_ids", ())
    return ids
