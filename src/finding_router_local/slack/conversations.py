"""conversations.* of the Web API."""

import base64
import binascii
import re
from typing import Any

from finding_router_local.slack import limits
from finding_router_local.slack.arguments import Arguments
from finding_router_local.slack.chat import as_slack
from finding_router_local.slack.refusal import Refusal
from finding_router_local.slack.workspace import (
    BOT_USER_ID,
    TEAM_ID,
    Channel,
    PostedMessage,
    Workspace,
    is_channel_name,
)

_KINDS = frozenset({"public_channel", "private_channel", "mpim", "im"})
_TS = re.compile(r"\d+(\.\d+)?")


def list_channels(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """List channels: https://docs.slack.dev/reference/methods/conversations.list."""
    kinds = set((arguments.text("types") or "public_channel").replace(" ", "").split(","))
    if not kinds <= _KINDS:
        raise Refusal("invalid_types")
    workspace.check_scope("channels:read")
    if "private_channel" in kinds:
        workspace.check_scope("groups:read")
    found = [
        channel
        for channel in workspace.channels()
        if (channel.is_member if channel.is_private else True)
        and ("private_channel" if channel.is_private else "public_channel") in kinds
        and not (arguments.flag("exclude_archived") and channel.is_archived)
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
    workspace.check_scope("groups:read" if channel.is_private else "channels:read")
    return {"channel": _as_slack(channel)}


def join(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """Join a public channel: https://docs.slack.dev/reference/methods/conversations.join."""
    channel = workspace.visible_channel(arguments.text("channel"))
    if channel.is_private:
        raise Refusal("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise Refusal("is_archived")
    warning = {"warning": "already_in_channel"} if channel.is_member else {}
    channel.is_member = True
    workspace.touch()
    return {"channel": _as_slack(channel)} | warning


def create(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """Make a channel: https://docs.slack.dev/reference/methods/conversations.create."""
    private = arguments.flag("is_private")
    workspace.check_scope("groups:write" if private else "channels:manage")
    name = arguments.text("name").removeprefix("#")
    if not name:
        raise Refusal("invalid_name_required")
    if len(name) > limits.MAX_CHANNEL_NAME:
        raise Refusal("invalid_name_maxlength")
    if not is_channel_name(name):
        raise Refusal("invalid_name_specials")
    if workspace.find_channel(name) is not None:
        raise Refusal("name_taken")
    return {"channel": _as_slack(workspace.add_channel(name, private=private))}


def history(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """Read a channel, newest first, threads folded: https://docs.slack.dev/reference/methods/conversations.history."""
    channel = _readable(workspace, arguments)
    shown = [
        message
        for message in reversed(workspace.messages(channel.id))
        if (not message.is_reply or message.is_broadcast) and _is_between(message, arguments)
    ]
    return _page(workspace, arguments, shown, newest_first=True)


def replies(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """Read a thread, oldest first: https://docs.slack.dev/reference/methods/conversations.replies."""
    channel = _readable(workspace, arguments)
    parent = workspace.find_message(channel, arguments.text("ts"))
    if parent is None:
        raise Refusal("thread_not_found")
    rest = [
        message
        for message in workspace.messages(channel.id)
        if message.thread_ts == parent.ts and _is_between(message, arguments)
    ]
    return _page(workspace, arguments, [parent, *rest], newest_first=False)


def _readable(workspace: Workspace, arguments: Arguments) -> Channel:
    channel = workspace.visible_channel(arguments.text("channel"))
    workspace.check_scope("groups:history" if channel.is_private else "channels:history")
    # A bot reads only where it is a member, chat:write.public or not.
    if not channel.is_member:
        raise Refusal("not_in_channel")
    return channel


def _is_between(message: PostedMessage, arguments: Arguments) -> bool:
    """Return True if *message* is within oldest and latest; their ends count if inclusive."""
    bounds = {}
    for name in ("oldest", "latest"):
        text = arguments.text(name)
        if text and not _TS.fullmatch(text):
            raise Refusal(f"invalid_ts_{name}")
        bounds[name] = float(text or 0)
    if arguments.flag("inclusive") and message.posted_at in bounds.values():
        return True
    latest = bounds["latest"] or float("inf")
    return bounds["oldest"] < message.posted_at < latest


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
