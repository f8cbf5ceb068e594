"""Posting to Slack, with every failure translated into the router's own errors."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

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
# What a call may take in all, where its caller does not say: a token fetched anew, and two tries.
CALL_SECONDS: Final = 40.0
TOKEN_SECONDS: Final = 15.0
ANY_CHANNEL: Final = "any channel"
POST_SCOPE: Final = "chat:write"


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands: the id of its channel, and its ts, unique in there."""

    channel: str
    ts: str
    is_in_thread: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """
    What a search came upon, by delivery.

    Where it is not *is_complete*, there was more to read than it could.
    """

    messages: Mapping[str, Posted]
    is_complete: bool


class Messenger(Protocol):
    """The port of Slack; every method raises DeliveryError, whose subclass says what to do."""

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
        """Post *message*, in the thread of *thread_ts* if given; *broadcast* shows it outside."""

    def update(
        self, channel_id: str, ts: str, message: Message, *, seconds: float = CALL_SECONDS
    ) -> None:
        """Replace the message *ts* by *message*."""

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
        Search for messages of *delivery_ids* that were posted after Unix second *since*.

        Where the app may not look, nothing is found, and the search is not complete.
        """

    def check(self, *, seconds: float = CALL_SECONDS) -> None:
        """Ask Slack whether it accepts the token; a CredentialError says that it does not."""


class SlackClient:
    """The few calls of Slack's Web API that the router makes."""

    def __init__(self, *, token: Callable[[bool], str], base_url: str) -> None:
        """Get the token by *token(fresh)*, at the first call and again when Slack refuses it."""
        self._token = token
        self._base_url = base_url
        self._web: KeepAliveWebClient | None = None
        self._channel_ids: dict[str, str] = {}
        self._scopes: frozenset[str] | None = None
        """Scopes of the token, as the last answer of Slack names them."""

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
        Post *message*; *delivery_ids* go into its metadata, where `find` looks for them.

        With *thread_ts* it answers that message, and with *broadcast* the channel sees it, too. It
        ends within *seconds*, whatever happens.

        Raises:
            DeliveryError: the subclass says what to do about it.

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
        Let the message *ts* be *message* from now on.

        Raises:
            DeliveryError: a GoneError where it is not there any more, or may not be changed.

        """
        arguments = {"channel": channel_id, "ts": ts, **message.arguments()}
        self._call("chat.update", channel_id, arguments, time.monotonic() + seconds)

    def check(self, *, seconds: float = CALL_SECONDS) -> None:
        """
        Ask Slack whether it accepts the token, and whether that may post.

        Raises:
            DeliveryError: a CredentialError if Slack refuses the token, or if it lacks the scope.

        """
        until = time.monotonic() + seconds
        self._call("auth.test", ANY_CHANNEL, {}, until)
        # https://docs.slack.dev/authentication/installing-with-oauth: each answer names the scopes.
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
        Search *channel* for messages of *delivery_ids* that were posted after Unix second *since*.

        With *thread_ts* among the answers to that message; a thread that is gone holds none. One
        pass looks for all of them, through 4,000 messages at most. It ends within *seconds*. Where
        the app may not look, nothing is found, and the search is not complete.

        Raises:
            DeliveryError: Slack does not answer, asks to wait, or refuses the token.

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
        """Turn `#name` into an id, which is all that conversations.history takes."""
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
            message = f"no public channel {channel} is to be found; create it or correct the route"
            raise ChannelError(message, channel=channel, code="channel_not_found")
        return self._channel_ids[name]

    def _call(
        self, method: str, channel: str, arguments: dict[str, Any], until: float
    ) -> dict[str, Any]:
        """Call *method*; a refused token is fetched again once, since it may have been rotated."""
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
            # The Web API reads JSON bodies for the chat methods only; the others take form fields.
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
        data: dict[str, Any] = answer.data  # type: ignore[assignment]  # bytes are for downloads
        return data

    def _client(self, channel: str, until: float, *, fresh_token: bool) -> "KeepAliveWebClient":
        from finding_router.slack.api.transport import KeepAliveWebClient

        if self._web is None or fresh_token:
            # The first token is fetched early in an invocation; one that is fetched anew may not.
            _left("the token", channel, until - TOKEN_SECONDS * fresh_token)
            try:
                token = self._token(fresh_token)
            except ConfigurationError as error:
                raise CredentialError(str(error), channel=channel, code="no_token") from error
            self._web = KeepAliveWebClient(token=token, base_url=self._base_url)
        return self._web


def _left(what: str, channel: str, until: float) -> float:
    """Give the seconds left until *until* of the monotonic clock."""
    left = until - time.monotonic()
    if left <= 0:
        raise UnavailableError(
            f"{what} for {channel}: no time left to ask; it is tried again",
            channel=channel,
            code="out_of_time",
            ambiguous=False,
        )
    return left


def _delivery_ids(message: Mapping[str, Any]) -> Sequence[str]:
    """Give what `post` has put into the metadata of *message*; none where others posted it."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return ()
    ids: Sequence[str] = (metadata.get("event_payload") or {}).get("delivery_ids", ())
    return ids
