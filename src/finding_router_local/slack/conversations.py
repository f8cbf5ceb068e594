"""conversations.* of the Web API."""

import base64
import binascii
import re
from typing import Any

from finding_router_local.slack import limits
from finding_router_local.slack.arguments import Arguments
from finding_router_local.slack.chat import as_slack
from finding_router_local.slack.people import TEAM_ID
from finding_router_local.slack.refusal import Refusal
from finding_router_local.slack.workspace import (
    BOT_USER_ID,
    Channel,
    PostedMessage,
    Workspace,
)

_TS = re.compile(r"\d+(\.\d+)?")
_PUBLIC = "public_channel"
_PRIVATE = "private_channel"
_SCOPES = {_PUBLIC: "channels:read", _PRIVATE: "groups:read"}


def list_channels(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """
    List channels: https://docs.slack.dev/reference/methods/conversations.list.

    Of private ones only those are shown that the app is a member of.
    """
    types = set((arguments.text("types") or _PUBLIC).replace(" ", "").split(","))
    if not types <= _SCOPES.keys():
        raise Refusal("invalid_types")
    for each in sorted(types):
        workspace.check_scope(_SCOPES[each])
    found = [
        channel
        for channel in workspace.channels()
        if _type_of(channel) in types and (channel.is_member or not channel.is_private)
    ]
    size = arguments.page_size(limits.MAX_LIST_PAGE)
    first = int(_cursor(arguments, "channel") or 0)
    rest = found[first : first + size]
    more = first + size < len(found)
    return {
        "channels": [_as_slack(channel) for channel in rest],
        "response_metadata": {"next_cursor": _encode("channel", first + size) if more else ""},
    }


def info(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """Describe a channel: https://docs.slack.dev/reference/methods/conversations.info."""
    channel = workspace.visible_channel(arguments.text("channel"))
    workspace.check_scope(_SCOPES[_type_of(channel)])
    return {"channel": _as_slack(channel)}


def history(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """Read a channel, newest first, threads folded: https://docs.slack.dev/reference/methods/conversations.history."""
    channel = _readable(workspace, arguments)
    oldest = _oldest(arguments)
    shown = [
        message
        for message in reversed(workspace.messages(channel.id))
        if (not message.is_reply or message.is_broadcast) and message.posted_at > oldest
    ]
    return _page(workspace, arguments, shown, newest_first=True)


def replies(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """Read a thread, oldest first: https://docs.slack.dev/reference/methods/conversations.replies."""
    channel = _readable(workspace, arguments)
    parent = workspace.find_message(channel, arguments.text("ts"))
    if parent is None:
        raise Refusal("thread_not_found")
    oldest = _oldest(arguments)
    rest = [
        message
        for message in workspace.messages(channel.id)
        if message.thread_ts == parent.ts and message.posted_at > oldest
    ]
    return _page(workspace, arguments, [parent, *rest], newest_first=False)


def members(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """List the people in a channel: https://docs.slack.dev/reference/methods/conversations.members."""
    channel = workspace.visible_channel(arguments.text("channel"))
    workspace.check_scope(_SCOPES[_type_of(channel)])
    found = workspace.members(channel)
    size = arguments.page_size(limits.MAX_LIST_PAGE)
    first = int(_cursor(arguments, "user") or 0)
    more = first + size < len(found)
    return {
        "members": found[first : first + size],
        "response_metadata": {"next_cursor": _encode("user", first + size) if more else ""},
    }


def _readable(workspace: Workspace, arguments: Arguments) -> Channel:
    channel = workspace.visible_channel(arguments.text("channel"))
    workspace.check_scope("groups:history" if channel.is_private else "channels:history")
    # A bot reads only where it is a member, chat:write.public or not.
    if not channel.is_member:
        raise Refusal("not_in_channel")
    return channel


def _oldest(arguments: Arguments) -> float:
    """Return the time that messages must be later than, in Unix seconds."""
    text = arguments.text("oldest")
    if text and not _TS.fullmatch(text):
        raise Refusal("invalid_ts_oldest")
    return float(text or 0)


def _page(
    workspace: Workspace, arguments: Arguments, found: list[PostedMessage], *, newest_first: bool
) -> dict[str, Any]:
    size = arguments.page_size(limits.MAX_HISTORY_PAGE)
    start = _cursor(arguments, "next_ts")
    if start is not None:
        found = [each for each in found if (each.ts <= start if newest_first else each.ts >= start)]
    page, rest = found[:size], found[size:]
    metadata = arguments.flag("include_all_metadata")
    answer: dict[str, Any] = {
        "messages": [as_slack(message, workspace, metadata=metadata) for message in page],
        "has_more": bool(rest),
    }
    if rest:
        answer["response_metadata"] = {"next_cursor": _encode("next_ts", rest[0].ts)}
    return answer


def _encode(kind: str, value: object) -> str:
    return base64.b64encode(f"{kind}:{value}".encode()).decode()


def _cursor(arguments: Arguments, kind: str) -> str | None:
    text = arguments.text("cursor")
    if not text:
        return None
    try:
        found, _, value = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        found = value = ""
    if found != kind or not _TS.fullmatch(value):
        raise Refusal("invalid_cursor")
    return value


def _type_of(channel: Channel) -> str:
    return _PRIVATE if channel.is_private else _PUBLIC


def _as_slack(channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_member": channel.is_member,
        "is_general": False,
        "created": channel.created,
        "creator": BOT_USER_ID,
        "context_team_id": TEAM_ID,
    }
