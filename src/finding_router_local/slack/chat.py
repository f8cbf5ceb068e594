"""chat.* of the Web API."""

import json
import re
from collections.abc import Mapping, Sequence
from copy import replace
from typing import Any

from finding_router_local.slack import limits
from finding_router_local.slack.arguments import Arguments
from finding_router_local.slack.blocks import problems_of, size_of
from finding_router_local.slack.interactions import ResponseUrl
from finding_router_local.slack.people import TEAM_ID
from finding_router_local.slack.refusal import Refusal
from finding_router_local.slack.workspace import (
    APP_ID,
    APP_NAME,
    BOT_ID,
    BOT_USER_ID,
    Channel,
    EphemeralMessage,
    PostedMessage,
    Workspace,
)

_TS = re.compile(r"\d+\.\d{6}")


def post_message(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """Post a message: https://docs.slack.dev/reference/methods/chat.postMessage."""
    channel = workspace.channel_to_post_to(arguments.text("channel"))
    content = _needed_content(arguments)
    thread_ts = _thread(workspace, channel.id, arguments)
    message = workspace.store(
        PostedMessage(
            channel=channel.id,
            channel_name=channel.name,
            ts=workspace.next_ts(),
            text=content["text"][: limits.MAX_POST_TEXT],
            blocks=content.get("blocks") or (),
            attachments=content.get("attachments") or (),
            metadata=content.get("metadata") or None,
            thread_ts=thread_ts,
            is_broadcast=thread_ts is not None and arguments.flag("reply_broadcast"),
            sent=dict(arguments.values),
        )
    )
    return {"channel": channel.id, "ts": message.ts, "message": as_slack(message, workspace)}


def post_ephemeral(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """Show a message to one person: https://docs.slack.dev/reference/methods/chat.postEphemeral."""
    channel = workspace.channel_to_post_to(arguments.text("channel"))
    user = arguments.text("user")
    if user not in workspace.people or user not in workspace.members(channel):
        raise Refusal("user_not_in_channel")
    content = _needed_content(arguments)
    message = _show(
        workspace, user, channel, content, _thread(workspace, channel.id, arguments), arguments
    )
    return {"message_ts": message.ts}


def respond(workspace: Workspace, url: ResponseUrl, arguments: Arguments) -> None:
    """Answer a press: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses."""
    source = url.message
    is_private = isinstance(source, EphemeralMessage)
    if arguments.flag("delete_original"):
        if is_private:
            workspace.interactions.dismiss(url.user, source.ts)
            workspace.touch()
        else:
            workspace.delete_message(source.channel, source.ts)
        return
    content = _needed_content(arguments)
    channel = workspace.visible_channel(url.channel)
    if arguments.flag("replace_original"):
        changed = {**content, "sent": dict(arguments.values)}
        if isinstance(source, EphemeralMessage):
            changed["edited_ts"] = workspace.next_ts()
            url.message = workspace.interactions.show(replace(source, **changed))
            workspace.touch()
        else:
            found = workspace.find_message(channel, source.ts)
            if found is None:
                raise Refusal("message_not_found")
            workspace.change(found, **changed)
        return
    thread_ts = arguments.text("thread_ts") or None
    if arguments.text("response_type") == "in_channel":
        workspace.store(
            PostedMessage(
                channel=channel.id,
                channel_name=channel.name,
                ts=workspace.next_ts(),
                thread_ts=thread_ts,
                sent=dict(arguments.values),
                **content,
            )
        )
    else:
        _show(workspace, url.user, channel, content, thread_ts, arguments)


def _show(
    workspace: Workspace,
    user: str,
    channel: Channel,
    content: Mapping[str, Any],
    thread_ts: str | None,
    arguments: Arguments,
) -> EphemeralMessage:
    message = EphemeralMessage(
        channel=channel.id,
        channel_name=channel.name,
        ts=workspace.next_ts(),
        thread_ts=thread_ts,
        reader=user,
        sent=dict(arguments.values),
        **content,
    )
    workspace.interactions.show(message)
    workspace.touch()
    return message


def update(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """
    Change a message: https://docs.slack.dev/reference/methods/chat.update.

    Blocks, attachments and metadata that are not sent stay; empty ones go.
    """
    channel = workspace.visible_channel(arguments.text("channel"))
    message = workspace.find_message(channel, arguments.text("ts"))
    if message is None:
        raise Refusal("message_not_found")
    if message.author != BOT_USER_ID:
        raise Refusal("cant_update_message")
    if channel.is_archived:
        raise Refusal("is_inactive")
    if len(arguments.text("text")) > limits.MAX_UPDATE_TEXT:
        raise Refusal("msg_too_long")
    content = _content(arguments)
    if not arguments.has("text"):
        del content["text"]
    if not any(content.get(key) for key in ("text", "blocks", "attachments")):
        raise Refusal("no_text")
    message = workspace.change(message, **content, sent=dict(arguments.values))
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": as_slack(message, workspace),
    }


def delete(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """Delete a message of the app: https://docs.slack.dev/reference/methods/chat.delete."""
    channel = workspace.visible_channel(arguments.text("channel"))
    message = workspace.find_message(channel, arguments.text("ts"))
    if message is None:
        raise Refusal("message_not_found")
    if message.author != BOT_USER_ID:
        raise Refusal("cant_delete_message")
    workspace.delete_message(channel.id, message.ts)
    return {"channel": channel.id, "ts": message.ts}


def as_slack(
    message: PostedMessage, workspace: Workspace, *, metadata: bool = True
) -> dict[str, Any]:
    """Return *message* as Slack's methods return it; without *metadata* only its event type."""
    answer: dict[str, Any] = {"type": "message", "user": message.author, "ts": message.ts}
    answer |= {"text": message.text, "team": TEAM_ID}
    if message.author == BOT_USER_ID:
        answer |= {"bot_id": BOT_ID, "app_id": APP_ID}
        answer["bot_profile"] = {"id": BOT_ID, "app_id": APP_ID, "name": APP_NAME}
    if message.blocks:
        answer["blocks"] = list(message.blocks)
    if message.attachments:
        answer["attachments"] = [
            _attachment(each, number) for number, each in enumerate(message.attachments, start=1)
        ]
    if message.metadata:
        shown = dict(message.metadata)
        answer["metadata"] = shown if metadata else {"event_type": shown.get("event_type")}
    if message.edited_ts:
        answer["edited"] = {"user": message.author, "ts": message.edited_ts}
    return answer | _threading(message, workspace)


def _threading(message: PostedMessage, workspace: Workspace) -> dict[str, Any]:
    if message.thread_ts is not None:
        subtype = {"subtype": "thread_broadcast"} if message.is_broadcast else {}
        return {"thread_ts": message.thread_ts, "parent_user_id": BOT_USER_ID} | subtype
    replies = [each for each in workspace.messages(message.channel) if each.thread_ts == message.ts]
    if not replies:
        return {}
    authors = list(dict.fromkeys(reply.author for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(authors),
        "reply_users": authors,
        "latest_reply": replies[-1].ts,
    }


def _attachment(attachment: Mapping[str, Any], number: int) -> dict[str, Any]:
    shown = {"id": number, "fallback": "[no preview available]"} | dict(attachment)
    if "color" in shown:
        shown["color"] = str(shown["color"]).removeprefix("#")
    return shown


def _thread(workspace: Workspace, channel_id: str, arguments: Arguments) -> str | None:
    """
    Return the thread that a post goes into.

    A thread whose parent is gone, or a ts that is itself a reply's, does not fail the post: it
    lands in the channel instead (measured: slack-go/slack#1571).
    """
    if not arguments.has("thread_ts") or arguments.text("thread_ts") == "":
        return None
    thread_ts = arguments.text("thread_ts")
    if not _TS.fullmatch(thread_ts):
        problem = f"[ERROR] {thread_ts} is not a valid thread_ts"
        raise Refusal("invalid_thread_ts", messages=(problem,))
    parent = workspace.find_message(workspace.visible_channel(channel_id), thread_ts)
    return thread_ts if parent is not None and not parent.is_reply else None


def _needed_content(arguments: Arguments) -> dict[str, Any]:
    """Read and check the content of a message, which may not be empty."""
    content = _content(arguments)
    if not (content["text"].strip() or content.get("blocks") or content.get("attachments")):
        raise Refusal("no_text")
    return content


def _content(arguments: Arguments) -> dict[str, Any]:
    """Read and check the content of a message: its text, and the other fields that were sent."""
    content: dict[str, Any] = {"text": arguments.text("text")}
    blocks = arguments.objects("blocks", "invalid_blocks_format")
    if blocks is not None:
        if problems := problems_of(blocks, "/blocks"):
            raise Refusal("invalid_blocks", messages=_errors(problems))
        content["blocks"] = tuple(blocks)
    attachments = arguments.objects("attachments", "invalid_attachments")
    if attachments is not None:
        _check_attachments(attachments)
        content["attachments"] = tuple(attachments)
    within = [each.get("blocks") or [] for each in content.get("attachments", ())]
    size = size_of(content.get("blocks", ())) + sum(map(size_of, within))
    if size > limits.MAX_BLOCKS_TEXT:
        raise Refusal("msg_blocks_too_long")
    if arguments.values.get("metadata") is not None:
        content["metadata"] = _metadata(arguments)
    return content


def _check_attachments(attachments: Sequence[Any]) -> None:
    if len(attachments) > limits.MAX_ATTACHMENTS:
        raise Refusal("too_many_attachments")
    problems = []
    for number, attachment in enumerate(attachments):
        here = f"/attachments/{number}"
        if not isinstance(attachment, Mapping):
            problems.append(f"must provide an object [json-pointer:{here}]")
            continue
        blocks = attachment.get("blocks")
        if blocks is not None and not isinstance(blocks, list):
            problems.append(f"must provide an array [json-pointer:{here}/blocks]")
        else:
            problems += problems_of(blocks or [], f"{here}/blocks")
    # Blocks inside of attachments are refused by this name, not as invalid_blocks (measured:
    # slackapi/bolt-python#914, CircleCI-Public/slack-orb#283).
    if problems:
        raise Refusal("invalid_attachments", messages=_errors(problems))


def _metadata(arguments: Arguments) -> Mapping[str, Any]:
    metadata = arguments.mapping("metadata", "invalid_metadata_format") or {}
    if not metadata:
        return metadata
    if not isinstance(metadata.get("event_type"), str) or not isinstance(
        metadata.get("event_payload"), Mapping
    ):
        raise Refusal("invalid_metadata_schema")
    if len(json.dumps(metadata).encode()) > limits.MAX_METADATA_BYTES:
        raise Refusal("metadata_too_large")
    return metadata


def _errors(problems: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"[ERROR] {problem}" for problem in problems)
