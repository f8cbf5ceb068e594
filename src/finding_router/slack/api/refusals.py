"""Translate Slack's error responses and connection failures into the router's errors."""

import math
import re
from typing import TYPE_CHECKING, Final, NoReturn

import urllib3

from finding_router.errors import (
    ChannelError,
    CredentialError,
    DeliveryError,
    GoneError,
    MessageError,
    RateLimitedError,
    UnavailableError,
    UnlistedCodeError,
)

if TYPE_CHECKING:
    from slack_sdk.errors import SlackApiError

DEFAULT_RETRY_AFTER_SECONDS: Final = 30.0
LONGEST_RETRY_AFTER_SECONDS: Final = 3600.0

# Slack's error codes by the next step
# (https://docs.slack.dev/reference/methods/chat.postMessage#errors). A code in none of the sets
# is logged and retried, and affects only its channel.
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
# Credential codes that Slack also returns for a single channel from which the app is excluded.
MAYBE_CHANNEL_CODES: Final = frozenset({"access_denied", "team_access_not_granted"})
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
# https://docs.slack.dev/reference/methods/chat.update#errors
GONE_CODES: Final = frozenset(
    {
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        # The channel is archived.
        "is_inactive",
        "thread_not_found",
        "cannot_reply_to_message",
    }
)
# By Slack's documentation, the request may have succeeded despite these codes.
AMBIGUOUS_CODES: Final = frozenset({"internal_error", "fatal_error", "request_timeout"})
# Slack is unavailable for all channels.
OUTAGE_CODES: Final = AMBIGUOUS_CODES | {"service_unavailable", "team_added_to_org"}
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{2,79}")


def raise_refusal(channel: str, method: str, error: "SlackApiError") -> NoReturn:
    """Raise the router's error for a response of Slack that is not ok."""
    response = error.response
    data = response.data if isinstance(response.data, dict) else {}
    said = str(data.get("error") or "")
    # A body that is not JSON comes from a proxy; slack_sdk returns all of it as "error".
    code = said if _CODE.fullmatch(said) else f"http_{response.status_code}"
    details = (data.get("response_metadata") or {}).get("messages") or []
    message = f"{method} for {channel}: {code}" + "".join(f"; {detail}" for detail in details)
    if code in {"ratelimited", "rate_limited"} or response.status_code == 429:  # noqa: PLR2004
        raise RateLimitedError(
            f"{message}; the router waits as long as Slack asks",
            channel=channel,
            code="ratelimited",
            retry_after_seconds=_retry_after(response.headers),
            method=method,
        ) from error
    refusal = _refusal(code)
    if refusal is not None:
        kind, remedy = refusal
        raise kind(f"{message}; {remedy}", channel=channel, code=code, method=method) from error
    is_down = code in OUTAGE_CODES or not _CODE.fullmatch(said) or response.status_code >= 500  # noqa: PLR2004
    if not is_down:
        raise UnlistedCodeError(f"{message}; it is retried", channel=channel, code=code) from error
    raise UnavailableError(
        f"{message}; it is retried",
        channel=channel,
        code=code,
        ambiguous=code in AMBIGUOUS_CODES or code == "http_200" or response.status_code >= 500,  # noqa: PLR2004
    ) from error


def _refusal(code: str) -> tuple[type[DeliveryError], str] | None:
    if code in CHANNEL_CODES:
        return ChannelError, "correct the route, or invite the app to the channel"
    if code in CREDENTIAL_CODES:
        return CredentialError, "put a valid bot token with the app's scopes into the secret"
    if code in GONE_CODES:
        return GoneError, "the router continues without that message"
    if code in MESSAGE_CODES:
        return MessageError, "the router tries a plain message instead"
    return None


def raise_transport(channel: str, method: str, error: Exception) -> NoReturn:
    """Raise UnavailableError for a connection failure; ambiguous unless no request was sent."""
    unsent = isinstance(
        error,
        urllib3.exceptions.NewConnectionError
        | urllib3.exceptions.ConnectTimeoutError
        | urllib3.exceptions.NameResolutionError,
    )
    raise UnavailableError(
        f"{method} for {channel}: {type(error).__name__}; it is retried",
        channel=channel,
        code="unreachable" if unsent else "connection_lost",
        ambiguous=not unsent,
    ) from error


def _retry_after(headers: dict[str, str]) -> float:
    """
    Return the Retry-After header in seconds, at most one hour.

    Slack always sends the header, but a proxy may omit it or send an invalid value.
    """
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), "")
    try:
        seconds = float(value)
    except ValueError:
        return DEFAULT_RETRY_AFTER_SECONDS
    if not math.isfinite(seconds):
        return DEFAULT_RETRY_AFTER_SECONDS
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)
