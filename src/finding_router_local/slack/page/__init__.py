"""The page of the local Slack: channels and messages laid out as Slack does."""

import base64
import hashlib
import re
from collections.abc import Sequence
from copy import replace
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import ChainableUndefined, Environment, PackageLoader
from markupsafe import Markup

from finding_router_local.slack.elements import options_of
from finding_router_local.slack.interactions import Modal
from finding_router_local.slack.modals import with_ids
from finding_router_local.slack.page.emoji import EMOJI
from finding_router_local.slack.page.folding import fold
from finding_router_local.slack.page.mrkdwn import Reader, link, mrkdwn, plain
from finding_router_local.slack.page.views import view_channel
from finding_router_local.slack.people import Person
from finding_router_local.slack.workspace import Channel, PostedMessage

# A browser draws a live page anew at every message: more would make it slow.
LIVE_MESSAGES: Final = 200

_STATIC = Path(__file__).with_name("static")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_NO_COLOUR = "#dddddd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """The *person* before a live page, one of *people*, and the *modal* that they have open."""

    person: Person
    people: Sequence[Person]
    modal: Modal | None = None


def bar_colour(said: object) -> str:
    """Return the colour of an attachment's bar; grey if *said* is not ``#RRGGBB``."""
    return said if isinstance(said, str) and _COLOUR.fullmatch(said) else _NO_COLOUR


def render_page(  # noqa: PLR0913 -- each is a part of the page that a caller may choose
    messages: Sequence[PostedMessage],
    channels: Sequence[Channel] = (),
    *,
    selected: str | None = None,
    live: int | None = None,
    workspace: str = "Local Slack",
    reader: Reader | None = None,
    write_to: Path | None = None,
    width: str | None = None,
    viewer: Viewer | None = None,
) -> str:
    """
    Draw *messages* (oldest first) as one HTML page, and write it to *write_to*.

    The page needs nothing but itself: it opens from a file. Channels without a message are shown
    if they are among *channels*; the *selected* one (name or id) is open, else the first with
    messages. A page that is *live*, at that version of its workspace, holds only that channel's
    latest ones, follows its server, and has buttons that *viewer* presses. It opens at *width*:
    desktop (default), phone or both.
    """
    shown = _channels(messages, channels)
    opened = _opened(shown, messages, selected)
    reader = replace(
        reader or Reader(),
        channels={each.id: each.name for each in shown},
        people={each.id: each.name for each in viewer.people} if viewer else {},
    )
    views = [
        view_channel(
            channel,
            [message for message in messages if message.channel == channel.id],
            reader,
            is_selected=channel is opened,
            most=None if live is None else LIVE_MESSAGES if channel is opened else 0,
        )
        for channel in shown
    ]
    script = _asset("page.js")
    html = (
        _environment()
        .get_template("page.html")
        .render(
            channels=views,
            live=live,
            width=width,
            workspace=workspace,
            reader=reader,
            style=_asset("page.css"),
            script=script,
            script_hash=_hash(script),
            viewer=viewer,
        )
    )
    if write_to is not None:
        write_to.write_text(html, encoding="utf-8")
    return html


def _channels(messages: Sequence[PostedMessage], channels: Sequence[Channel]) -> list[Channel]:
    known = {channel.id: channel for channel in channels}
    for message in messages:
        if message.channel not in known:
            known[message.channel] = Channel(
                id=message.channel, name=message.channel_name, created=int(message.posted_at)
            )
    return sorted(known.values(), key=lambda channel: channel.name)


def _opened(
    channels: Sequence[Channel], messages: Sequence[PostedMessage], selected: str | None
) -> Channel | None:
    if selected is not None:
        name = selected.removeprefix("#")
        for channel in channels:
            if name in {channel.id, channel.name}:
                return channel
    used = {message.channel for message in messages}
    return next((each for each in channels if each.id in used), channels[0] if channels else None)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__name__),
        autoescape=True,
        # Blocks come from outside: missing parts are left out.
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"plain": plain, "bar_colour": bar_colour}
    environment.globals |= {
        "mrkdwn": mrkdwn,
        "emoji": EMOJI,
        "fold": fold,
        "options_of": options_of,
        "with_ids": with_ids,
        "rich_link": _rich_link,
    }
    return environment


def _rich_link(element: dict[str, Any]) -> Markup:
    """Draw the link element of rich text."""
    url = str(element.get("url", ""))
    return link(url, str(element.get("text") or url))


def _asset(name: str) -> Markup:
    return Markup((_STATIC / name).read_text(encoding="utf-8"))  # noqa: S704 -- our own file


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return base64.b64encode(digest).decode()
