"""Messages as the page shows them: grouped by day, replies under their parent."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from urllib.parse import quote

from finding_router_local.slack.page.dates import clock_time, day_divider, day_name, local_time
from finding_router_local.slack.page.mrkdwn import Reader
from finding_router_local.slack.workspace import (
    APP_NAME,
    BOT_USER_ID,
    Channel,
    EphemeralMessage,
    PostedMessage,
)

_BUILDER_URL: Final = "https://app.slack.com/block-kit-builder/#"
_EXCERPT_CHARACTERS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """One message with its *replies* below; *quoted* is the parent of a broadcast reply."""

    message: PostedMessage
    anchor: str
    author: str
    is_app: bool
    is_ephemeral: bool
    time: str
    full_time: str
    json: str
    builder_url: str | None
    replies: Sequence["MessageView"] = ()
    last_reply: str = ""
    quoted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The messages of one day under its name."""

    name: str
    messages: Sequence[MessageView]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """A channel, its number of messages, and, where they are shown, its days."""

    channel: Channel
    count: int
    is_selected: bool
    days: Sequence[Day] = ()
    left_out: int = 0


@dataclass(slots=True)
class _Threads:
    parents: dict[str, PostedMessage] = field(default_factory=dict)
    replies: dict[str, list[PostedMessage]] = field(default_factory=dict)


def view_channel(
    channel: Channel,
    messages: Sequence[PostedMessage],
    reader: Reader,
    *,
    is_selected: bool,
    most: int | None,
) -> ChannelView:
    """Lay out the *messages* of *channel*: the *most* recent ones, or (0) only their number."""
    threads = _Threads()
    for message in messages:
        if message.thread_ts is None:
            threads.parents[message.ts] = message
        else:
            threads.replies.setdefault(message.thread_ts, []).append(message)
    top = [message for message in messages if not message.is_reply or message.is_broadcast]
    shown = top if most is None else top[max(0, len(top) - most) :]
    return ChannelView(
        channel=channel,
        count=len(messages),
        is_selected=is_selected,
        days=tuple(_days(shown, threads, reader)) if most != 0 else (),
        left_out=len(top) - len(shown),
    )


def _days(messages: Iterable[PostedMessage], threads: _Threads, reader: Reader) -> Iterable[Day]:
    now = reader.local_now()
    by_day = groupby(messages, key=lambda message: _moment(message.ts, reader).date())
    for _date, group in by_day:
        views = tuple(_view(message, threads, reader) for message in group)
        name = day_divider(_moment(views[0].message.ts, reader), now)
        yield Day(name=name, messages=views)


def _view(message: PostedMessage, threads: _Threads, reader: Reader) -> MessageView:
    moment = _moment(message.ts, reader)
    is_app = message.author == BOT_USER_ID
    replies = [] if message.is_reply else threads.replies.get(message.ts, [])
    quoted = None
    if message.thread_ts is not None:
        parent = threads.parents.get(message.thread_ts)
        quoted = parent.text[:_EXCERPT_CHARACTERS] if parent else "a deleted message"
    return MessageView(
        message=message,
        anchor=f"{message.channel}-p{message.ts.replace('.', '')}",
        author=APP_NAME if is_app else reader.people.get(message.author, message.author),
        is_app=is_app,
        is_ephemeral=isinstance(message, EphemeralMessage),
        time=clock_time(moment),
        full_time=f"{moment:%A, %d %B %Y, %H:%M:%S %Z}",
        json=json.dumps(message.sent, indent=2, ensure_ascii=False),
        builder_url=builder_url(message),
        replies=tuple(_view(reply, threads, reader) for reply in replies),
        last_reply=_last_reply(replies[-1], reader) if replies else "",
        quoted=quoted,
    )


def _last_reply(reply: PostedMessage, reader: Reader) -> str:
    moment = _moment(reply.ts, reader)
    day = day_name(moment, reader.local_now()) or f"{moment:%b} {moment.day}"
    return f"{day} at {clock_time(moment)}"


def builder_url(message: PostedMessage) -> str | None:
    """Return the address that opens the message in Slack's Block Kit Builder, if it has blocks."""
    content: Mapping[str, Any] = {
        key: value
        for key, value in (("blocks", message.blocks), ("attachments", message.attachments))
        if value
    }
    if not content:
        return None
    return _BUILDER_URL + quote(json.dumps(content, separators=(",", ":"), ensure_ascii=False))


def _moment(ts: str, reader: Reader) -> datetime:
    return local_time(float(ts), reader.zone)
