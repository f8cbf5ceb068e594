"""Posting to Slack, with every failure translated into the router's own errors."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import urllib3
from slack_sdk.errors import SlackApiError, SlackClientError

from finding_router.errors import (
    ChannelError,
    ConfigurationError,
    CredentialError,
    DeliveryError,
    MessageError,
    RateLimitedError,
    UnavailableError,
)
from finding_router.slack.message import Message
from finding_router.slack.transport import TIMEOUT_SECONDS, KeepAliveWebClient

EVENT_TYPE: Final = "finding_router_delivery"
DEFAULT_RETRY_AFTER_SECONDS: Final = 30.0
# https://docs.slack.dev/reference/methods/conversations.history and conversations.list: under 1000
PAGE: Final = 200
CHANNELS_PAGE: Final = 999
MAX_PAGES: Final = 20
# What a call may take in all, where its caller does not say: a token fetched anew, and two tries.
CALL_SECONDS: Final = 40.0
TOKEN_SECONDS: Final = 15.0

# Slack's codes by what they mean for the next step
# (https://docs.slack.dev/reference/methods/chat.postMessage#errors). A code that stands nowhere
# is taken for an outage: it is tried again, and logged.
CHANNEL_CODES: Final = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
        "no_permission",
        "team_not_found",
        "cannot_post_to_channel",
        "channel_is_limited_access",
        "messages_tab_disabled",
    }
)
MISSING_SCOPE: Final = "missing_scope"
CREDENTIAL_CODES: Final = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "token_revoked",
        "token_expired",
        "account_inactive",
        MISSING_SCOPE,
        "not_allowed_token_type",
        "access_denied",
        "org_login_required",
        "ekm_access_denied",
        "team_access_not_granted",
        "accesslimited",
        "enterprise_is_restricted",
        "two_factor_setup_required",
    }
)
MESSAGE_CODES: Final = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
        "invalid_attachments",
        "attachment_payload_limit_exceeded",
        "invalid_arguments",
        "invalid_charset",
        "invalid_json",
        "metadata_too_large",
        "invalid_metadata_format",
        "invalid_metadata_schema",
    }
)
# Slack itself says of these that the request may have been carried out.
AMBIGUOUS_CODES: Final = frozenset({"internal_error", "fatal_error", "request_timeout"})
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{2,79}")


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands: the id of its channel, and its ts, unique in there."""

    channel: str
    ts: str


class SlackClient:
    """The few calls of Slack's Web API that the router makes."""

    def __init__(self, *, token: Callable[[bool], str], base_url: str) -> None:
        """Get the token by *token(fresh)*, at the first call and again when Slack refuses it."""
        self._token = token
        self._base_url = base_url
        self._web: KeepAliveWebClient | None = None
        self._channel_ids: dict[str, str] = {}

    def post(
        self,
        channel: str,
        message: Message,
        *,
        delivery_id: str | None = None,
        seconds: float = CALL_SECONDS,
    ) -> Posted:
        """
        Post *message*; *delivery_id* goes into its metadata, where `find` looks for it.

        It ends within *seconds*, whatever happens.

        Raises:
            DeliveryError: the subclass says what to do about it.

        """
        arguments = {
            "channel": channel,
            "unfurl_links": False,
            "unfurl_media": False,
            **message.arguments(),
        }
        if delivery_id is not None:
            arguments["metadata"] = {
                "event_type": EVENT_TYPE,
                "event_payload": {"delivery_id": delivery_id},
            }
        until = time.monotonic() + seconds
        answer = self._call("chat.postMessage", channel, arguments, until)
        if channel.startswith("#"):
            self._channel_ids[channel.removeprefix("#")] = answer["channel"]
        return Posted(answer["channel"], answer["ts"])

    def find(
        self, channel: str, delivery_id: str, *, since: float, seconds: float = CALL_SECONDS
    ) -> Posted | None:
        """
        Look for the message of *delivery_id* in *channel*, posted after Unix second *since*.

        It ends within *seconds*, whatever happens.

        Raises:
            DeliveryError: a ChannelError or CredentialError means that the app may not look.

        """
        until = time.monotonic() + seconds
        channel_id = self._channel_id(channel, until)
        arguments: dict[str, Any] = {
            "channel": channel_id,
            "oldest": f"{since:.6f}",
            "limit": PAGE,
            "include_all_metadata": True,
        }
        for _ in range(MAX_PAGES):
            answer = self._call("conversations.history", channel, arguments, until)
            for message in answer["messages"]:
                metadata = message.get("metadata") or {}
                payload = metadata.get("event_payload") or {}
                if (
                    metadata.get("event_type") == EVENT_TYPE
                    and payload.get("delivery_id") == delivery_id
                ):
                    return Posted(channel_id, message["ts"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
            arguments["cursor"] = cursor
        return None

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
        web = self._client(channel, until, fresh_token=fresh_token)
        web.seconds = min(_left(method, channel, until), TIMEOUT_SECONDS)
        try:
            # The Web API reads JSON bodies for the chat methods only; the others take form fields.
            answer = (
                web.api_call(method, json=arguments)
                if method.startswith("chat.")
                else web.api_call(method, data=arguments)
            )
        except SlackApiError as error:
            _raise_refusal(channel, method, error)
        except (SlackClientError, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            _raise_transport(channel, method, error)
        data: dict[str, Any] = answer.data  # type: ignore[assignment]  # bytes are for downloads
        return data

    def _client(self, channel: str, until: float, *, fresh_token: bool) -> KeepAliveWebClient:
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


def _raise_refusal(channel: str, method: str, error: SlackApiError) -> NoReturn:
    """Translate an answer of Slack that is not ok."""
    response = error.response
    data = response.data if isinstance(response.data, dict) else {}
    said = str(data.get("error") or "")
    # A body that is no JSON comes from a proxy; slack_sdk makes an "error" of all of it.
    code = said if _CODE.fullmatch(said) else f"http_{response.status_code}"
    details = (data.get("response_metadata") or {}).get("messages") or []
    message = f"{method} for {channel}: {code}" + "".join(f"; {detail}" for detail in details)
    if code in {"ratelimited", "rate_limited"} or response.status_code == 429:  # noqa: PLR2004
        raise RateLimitedError(
            f"{message}; wait as long as Slack asks",
            channel=channel,
            code="ratelimited",
            retry_after_seconds=_retry_after(response.headers),
        ) from error
    refusal = _refusal(code)
    if refusal is not None:
        kind, remedy = refusal
        raise kind(f"{message}; {remedy}", channel=channel, code=code) from error
    raise UnavailableError(
        f"{message}; it is tried again",
        channel=channel,
        code=code,
        ambiguous=code in AMBIGUOUS_CODES or code == "http_200" or response.status_code >= 500,  # noqa: PLR2004
    ) from error


def _refusal(code: str) -> tuple[type[DeliveryError], str] | None:
    if code in CHANNEL_CODES:
        return ChannelError, "correct the route, or invite the app to the channel"
    if code in CREDENTIAL_CODES:
        return CredentialError, "put a valid bot token with the app's scopes into the secret"
    if code in MESSAGE_CODES:
        return MessageError, "a plain message is tried in its place"
    return None


def _raise_transport(channel: str, method: str, error: Exception) -> NoReturn:
    """Translate a connection that broke: before the request was sent, or maybe after."""
    unsent = isinstance(
        error,
        urllib3.exceptions.NewConnectionError
        | urllib3.exceptions.ConnectTimeoutError
        | urllib3.exceptions.NameResolutionError,
    )
    raise UnavailableError(
        f"{method} for {channel}: {type(error).__name__}; it is tried again",
        channel=channel,
        code="unreachable" if unsent else "connection_lost",
        ambiguous=not unsent,
    ) from error


def _retry_after(headers: dict[str, str]) -> float:
    """Read Retry-After (seconds); Slack always sends it, a proxy in between may not."""
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), "")
    try:
        return max(float(value), 0.0)
    except ValueError:
        return DEFAULT_RETRY_AFTER_SECONDS
