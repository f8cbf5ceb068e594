"""Cards as `finding-router preview` shows them: as text, as a page, and in Block Kit Builder."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from finding_router.slack.kit.message import Message
from finding_router_local.slack import render_page
from finding_router_local.slack.page.folding import fold
from finding_router_local.slack.page.mrkdwn import Reader, mrkdwn, plain
from finding_router_local.slack.page.views import builder_url
from finding_router_local.slack.workspace import PostedMessage

FOLD: Final = "┈ Show more ┈"
_BAR: Final = "┃ "
_BETWEEN: Final = "   "
_READER: Final = Reader()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The card of one finding: its *message*, the *channels*, and a *note* if it is not posted."""

    message: Message
    channels: tuple[str, ...] = ()
    note: str = ""
    finding_id: str | None = None

    @property
    def posted(self) -> list[PostedMessage]:
        """Return the message as Slack would hold it, and its reply if it has one."""
        return _posted([self])

    @property
    def url(self) -> str | None:
        """Return the address that opens the card in Slack's Block Kit Builder."""
        return builder_url(self.posted[0])

    def lines(self) -> Iterator[str]:
        """Yield the card as text, with a mark where Slack folds it."""
        card, *replies = self.posted
        yield from _message_lines(card)
        for reply in replies:
            yield "in the thread:"
            yield from (f"  {line}" for line in _message_lines(reply))

    def as_json(self) -> dict[str, Any]:
        """Return the card as the router sends it."""
        return {
            "finding_id": self.finding_id,
            "channels": list(self.channels),
            "note": self.note or None,
            "message": self.message.arguments(),
            "builder_url": self.url,
        }


def as_page(previews: Sequence[Preview]) -> str:
    """Return the cards as one page, at the width of a desktop and beside it at that of a phone."""
    return render_page(_posted(previews), workspace="Preview", width="both")


def _posted(previews: Sequence[Preview]) -> list[PostedMessage]:
    now = int(time.time())
    found = []
    for number, each in enumerate(previews):
        ts = f"{now}.{number:06}"
        for channel in each.channels[:1] or ("nowhere",):
            name = channel.removeprefix("#")
            found.append(_as_posted(each.message, name, ts))
            if each.message.appendix is not None:
                reply_ts = f"{now + 1}.{number:06}"
                found.append(_as_posted(each.message.appendix, name, reply_ts, thread_ts=ts))
    return found


def _as_posted(
    message: Message, channel: str, ts: str, *, thread_ts: str | None = None
) -> PostedMessage:
    said = message.arguments()
    return PostedMessage(
        channel=channel,
        channel_name=channel,
        ts=ts,
        text=said["text"],
        blocks=said.get("blocks", ()),
        attachments=said.get("attachments", ()),
        thread_ts=thread_ts,
        sent=said,
    )


def _message_lines(message: PostedMessage) -> Iterator[str]:
    yield from _block_lines(message.blocks)
    for attachment in message.attachments:
        folded = fold(attachment.get("blocks") or ())
        yield from (_BAR + line for line in _block_lines(folded.shown))
        if folded.rest:
            yield _BAR + FOLD
            yield from (_BAR + line for line in _block_lines(folded.rest))
    if not message.blocks and not message.attachments:
        yield from _text_lines({"type": "mrkdwn", "text": message.text})


def _block_lines(blocks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for block in blocks:
        match block:
            case {"type": "divider"}:
                yield "────────"
            case {"type": "context", "elements": elements}:
                yield _BETWEEN.join(line for each in elements for line in _text_lines(each))
            case {"type": "actions", "elements": elements}:
                labels = [line for each in elements for line in _text_lines(each.get("text"))]
                yield " ".join(f"[{label}]" for label in labels)
            case {"type": "table", "rows": rows}:
                for row in rows:
                    yield _BETWEEN.join(" ".join(_strings(cell)) for cell in row)
            case _:
                yield from _text_lines(block.get("text"))
                for each in block.get("fields") or ():
                    yield from _text_lines(each)
                yield from (f"[{line}]" for line in _accessory(block))


def _accessory(block: Mapping[str, Any]) -> list[str]:
    accessory = block.get("accessory") or {}
    return _text_lines(accessory.get("text"))


def _text_lines(text: object) -> list[str]:
    match text:
        case {"type": "mrkdwn", "text": str() as written}:
            return [_stripped(mrkdwn(line, _READER)) for line in written.split("\n")]
        case {"text": str() as written}:
            return [_stripped(plain(line)) for line in written.split("\n")]
    return []


def _stripped(drawn: Markup) -> str:
    return Markup(drawn).striptags()  # noqa: S704 -- drawn by the page, for the terminal


def _strings(value: object) -> Iterator[str]:
    match value:
        case {"text": str() as written}:
            yield written
        case {"elements": [*elements]}:
            for each in elements:
                yield from _strings(each)
