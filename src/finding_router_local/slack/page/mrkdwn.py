"""
Slack's mrkdwn as HTML that no text can break out of.

The whole text is escaped first. Each piece of HTML made from markup is replaced by a mark of two
characters that cannot be in the text; the marks are replaced by the pieces at the end.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from finding_router_local.slack.blocks import decoded
from finding_router_local.slack.page.dates import format_date, full_date
from finding_router_local.slack.page.emoji import with_emoji

# Private-use characters that enclose the number of a piece of HTML that was put aside.
_OPEN, _CLOSE = "\ue000", "\ue001"
_ASIDE = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
_RESERVED = str.maketrans({_OPEN: "\ufffd", _CLOSE: "\ufffd"})

_ANGLE = re.compile(r"<([^<>\n]+)>")
# A mark stands for HTML, which must not end up within an attribute.
_NO_URL = f"\\s<>|\"'`*{_OPEN}{_CLOSE}"
_URL = re.compile(rf"\bhttps?://[^{_NO_URL}]+[^{_NO_URL}.,;:!?)\]}}]")
_FENCE = re.compile(r"```\n?(.+?)\n?```\n?", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_STYLES = tuple(
    (re.compile(rf"(?<![\w{mark}]){mark}(?=\S)([^{mark}\n]+?)(?<=\S){mark}(?![\w{mark}])"), tag)
    for mark, tag in ((r"\*", "b"), ("_", "i"), ("~", "s"))
)
_QUOTE = re.compile(r"(?:^&gt; ?.*(?:\n|$))+", re.MULTILINE)
_DATE = re.compile(r"!date\^(-?\d+)\^([^^|]+)(?:\^([^|]*))?(?:\|(.*))?")
_SAFE_SCHEMES = frozenset({"http", "https", "mailto"})
_EVERYBODY = frozenset({"here", "channel", "everyone"})


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader: *zone* for dates (None: this machine's), *now* for "today", and names by id."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    zone: tzinfo | None = None
    channels: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)

    def local_now(self) -> datetime:
        """Return *now* on the reader's clock."""
        return self.now.astimezone(self.zone)


def plain(text: str, *, emoji: bool = True) -> Markup:
    """
    Draw plain_text: no markup but the three escapes, line breaks and, if wanted, *emoji*.

    Slack keeps this text escaped, whether it came so or not (measured: bolt-python#513).
    """
    text = decoded(text)
    return escape(with_emoji(text) if emoji else text).replace("\n", Markup("<br>"))


def mrkdwn(text: str, reader: Reader, *, verbatim: bool = False) -> Markup:
    """Draw mrkdwn; unless *verbatim*, bare URLs become links too."""
    aside: list[str] = []

    def put(piece: str) -> str:
        aside.append(piece)
        return f"{_OPEN}{len(aside) - 1}{_CLOSE}"

    text = text.translate(_RESERVED)
    text = _ANGLE.sub(lambda match: put(_angle(match[1], reader)), text)
    # The remaining & < > are text, escaped by the sender or not.
    text = decoded(text)
    text = _FENCE.sub(lambda match: put(f"<pre>{_escaped(match[1])}</pre>"), text)
    text = _CODE.sub(lambda match: put(f"<code>{_escaped(match[1])}</code>"), text)
    if not verbatim:
        text = _URL.sub(lambda match: put(_link(match[0], _escaped(match[0]))), text)
    text = with_emoji(_escaped(text))
    text = _QUOTE.sub(lambda match: put(_quote(match[0])), text)
    aside = [_styled(piece) if piece.startswith("<blockquote>") else piece for piece in aside]
    text = _styled(text)
    for _depth in range(len(aside)):
        text, count = _ASIDE.subn(lambda match: aside[int(match[1])], text)
        if not count:
            break
    return Markup(text)  # noqa: S704 -- escaped above, piece by piece


def link(url: str, label: str) -> Markup:
    """Draw a link with a *label* that is text."""
    return Markup(_link(url, _escaped(label)))  # noqa: S704 -- escaped there and here


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _styled(text: str) -> str:
    for pattern, tag in _STYLES:
        text = pattern.sub(rf"<{tag}>\1</{tag}>", text)
    return text.replace("\n", "<br>")


def _quote(lines: str) -> str:
    inner = "\n".join(re.sub(r"^&gt; ?", "", line) for line in lines.rstrip("\n").split("\n"))
    return f"<blockquote>{inner}</blockquote>"


def _angle(inside: str, reader: Reader) -> str:
    """Draw the content between < and >: a link, a mention, a date."""
    target, _, label = inside.partition("|")
    label = decoded(label)
    match target[:1]:
        case "@":
            return _mention(f"@{label or reader.people.get(target[1:], target[1:])}")
        case "#":
            return _mention(f"#{label or reader.channels.get(target[1:], target[1:])}")
        case "!":
            return _special(inside, target[1:], label, reader)
    url = decoded(target)
    return _link(url, _escaped(with_emoji(label or url)))


def _special(inside: str, target: str, label: str, reader: Reader) -> str:
    if target in _EVERYBODY:
        return _mention(f"@{target}", "everybody")
    if target.startswith("subteam^"):
        return _mention(label or f"@{target.removeprefix('subteam^')}")
    if date := _DATE.fullmatch(inside):
        return _date(date, reader)
    return str(escape(label or f"<{inside}>"))


def _date(match: re.Match[str], reader: Reader) -> str:
    timestamp, template, url, fallback = match.groups()
    now = reader.local_now()
    try:
        shown = format_date(int(timestamp), decoded(template), reader.zone, now)
        full = full_date(int(timestamp), reader.zone)
    except (ValueError, OverflowError, OSError):
        return str(escape(decoded(fallback or "")))
    time = f'<time title="{escape(full)}">{escape(shown)}</time>'
    return _link(decoded(url), time) if url else time


def _mention(name: str, kind: str = "somebody") -> str:
    return f'<span class="mention {kind}">{escape(name)}</span>'


def _link(url: str, inner: str) -> str:
    """Link to *url* around the HTML *inner*; a scheme that could run code is not linked."""
    try:
        safe = urlsplit(url).scheme.lower() in _SAFE_SCHEMES
    except ValueError:
        safe = False
    if not safe:
        return inner if inner != _escaped(url) else _escaped(f"<{url}>")
    address = escape(url)
    return f'<a href="{address}" title="{address}" target="_blank" rel="noreferrer">{inner}</a>'
