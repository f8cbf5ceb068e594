"""
Text of findings made fit for Slack: the only place that escapes, cuts and counts.

Whatever a finding says is hostile until it went through here. `Mrkdwn` is text that may stand in a
mrkdwn object: escaped, and with no formatting, mention or link but the router's own.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NewType

Mrkdwn = NewType("Mrkdwn", str)
Plain = NewType("Plain", str)
"""Text for a plain_text object: escaped; Slack formats nothing in it."""
Url = NewType("Url", str)
"""An http(s) address without any character that could end a Slack link; see `links`."""

# https://docs.slack.dev/reference/block-kit/blocks
MESSAGE_BLOCKS: Final = 50
# https://docs.slack.dev/reference/block-kit/blocks/header-block
HEADER_CHARS: Final = 150
# https://docs.slack.dev/reference/block-kit/blocks/section-block
SECTION_CHARS: Final = 3000
FIELDS: Final = 10
# https://docs.slack.dev/reference/block-kit/blocks/context-block
CONTEXT_ELEMENTS: Final = 10
# Undocumented: Slack refuses a message whose blocks hold more than about 13,200 characters of text
# (msg_blocks_too_long), where a header counts as about 100 more than it says.
MESSAGE_CHARS: Final = 9000
HEADER_EXTRA_CHARS: Final = 100
# chat.update refuses `text` of more than 4,000 characters; a phone shows far less.
# https://docs.slack.dev/reference/methods/chat.update
SUMMARY_CHARS: Final = 700

ELLIPSIS: Final = "…"

# https://docs.slack.dev/messaging/formatting-message-text#escaping
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ENTITY_CHARS: Final = {"&": 5, "<": 4, ">": 4}

_LINE_ENDS: Final = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
# Controls, and what Unicode calls Default_Ignorable_Code_Point: zero-width characters, which hide
# in a word, and bidirectional overrides, which turn it around.
# https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_HALF_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_BLANK_LINES: Final = re.compile(r"\n(?:[^\S\n]*\n){2,}")

# What Slack may act on in mrkdwn and no escape exists for: emphasis, code, quotes, emoji, and what
# it links by itself. An underscore inside a word does nothing.
# https://docs.slack.dev/messaging/formatting-message-text
_ACTIVE: Final = re.compile(
    r"[*~`]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:[\w+'-]+:|^[>#]|(?<![A-Za-z0-9])@|://"
)

_OPENING: Final = "([\"'“"
_CLOSING: Final = ".,;:!?)]\"'”"

# What products write where they have nothing to say.
_NOTHING: Final = frozenset(
    {"", "-", "[]", "{}", "n/a", "nan", "none", "none provided", "null", "undefined", "unknown"}
)

_NOT_A_MENTION_CHARS: Final = 80
# Compiled by re when a route first has a mention: most have none.
_BROADCAST: Final = r"(?:@|<!)?(here|channel|everyone)>?"
_USER_GROUP: Final = (
    r"<!subteam\^(S[A-Z0-9]{2,30})(?:\|[^<>|]{0,80})?>|@?(S(?=[A-Z]*[0-9])[A-Z0-9]{7,30})"
)
_USER: Final = r"<@([UW][A-Z0-9]{2,30})(?:\|[^<>|]{0,80})?>|@?([UW](?=[A-Z]*[0-9])[A-Z0-9]{7,30})"


def clean(text: str) -> str:
    """Remove from *text* what cannot be seen, and make every line end a newline."""
    if text.isascii() and text.isprintable():
        return text
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text.replace("\t", " ")))
    return _HALF_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """Clean *text* and put it into one line, a blank for every run of white space."""
    return " ".join(clean(text).split())


def says_nothing(text: str) -> bool:
    """Tell whether *text* is blank or only a product's word for "there is none"."""
    # Messages leave backticks out.
    return one_line(text.replace("`", "")).lower() in _NOTHING


def length(text: str) -> int:
    """
    Count *text*, already escaped, as Slack may at worst.

    Slack does not say whether an emoji counts as one or as the two units of UTF-16: two here.
    """
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


def escape(text: str, limit: int, *, more: str = ELLIPSIS) -> str:
    """
    Escape *text*, cut to at most *limit* counted characters, *more* included where it is cut.

    The cut is made between characters before they are escaped, so never inside an entity.
    """
    escaped = text.translate(_ENTITIES)
    if length(escaped) <= limit:
        return escaped
    room = limit - length(more)
    if room < 0:
        return ""
    end = -1
    while room >= 0:  # the whole is too long, so that room ends before the text does
        end += 1
        room -= _ENTITY_CHARS.get(text[end]) or length(text[end])
    return text[:end].rstrip().translate(_ENTITIES) + more


def plain(text: str, limit: int, *, more: str = ELLIPSIS) -> Plain:
    """Give *text*, of one or more lines, for a plain_text object of at most *limit* characters."""
    lines = "\n".join(line.rstrip() for line in clean(text).strip().split("\n"))
    return Plain(escape(_BLANK_LINES.sub("\n\n", lines), limit, more=more))


def code(text: str, limit: int) -> Mrkdwn:
    """Give *text* in one line as a code span, without its own backticks; "" if nothing is left."""
    return _span(one_line(text), limit)


def words(text: str, limit: int) -> Mrkdwn:
    """
    Give *text* in one line for a mrkdwn object, cut to at most *limit* counted characters.

    A word that Slack could act on stands in a code span of its own, all others as they are.
    """
    line = one_line(text)
    marked = _marked(line)
    if length(marked) <= limit:
        return Mrkdwn(marked)
    end = min(len(line), limit)
    while end > 0:
        marked = _marked(line[:end].rstrip() + ELLIPSIS)
        over = length(marked) - limit
        if over <= 0:
            return Mrkdwn(marked)
        # One character less saves five at most: steps of a fifth never take too much.
        end -= max(1, over // 5)
    return Mrkdwn(ELLIPSIS if limit > 0 else "")


def _span(line: str, limit: int) -> Mrkdwn:
    inner = escape(line.replace("`", "").strip(), limit - 2)
    return Mrkdwn(f"`{inner}`" if inner else "")


def _marked(line: str) -> str:
    pieces = (
        _in_code(word) if _ACTIVE.search(word) else word.translate(_ENTITIES)
        for word in line.split(" ")
    )
    return " ".join(piece for piece in pieces if piece)


def _in_code(word: str) -> str:
    """Put *word* into a code span, but for the brackets and punctuation around it."""
    closing = _CLOSING if word.count(":") == 1 else _CLOSING.replace(":", "")
    inner = word.lstrip(_OPENING).rstrip(closing)
    before, _, after = word.partition(inner)
    span = _span(inner, 5 * len(inner) + 2)
    return f"{before}{span}{after}" if span else ""


def preformatted(text: str, limit: int) -> Mrkdwn:
    """Give *text* with its lines as a code block of at most *limit* counted characters."""
    fence = "```"
    room = limit - 2 * len(fence) - 2
    inner = escape(clean(text).replace("`", ""), room, more="… (cut)")
    return Mrkdwn(f"{fence}\n{inner}\n{fence}")


def link(url: Url, label: str, limit: int) -> Mrkdwn:
    """
    Give a link to *url* that reads *label*, of which *limit* counted characters show at most.

    A label that Slack could act on stands before the link: nothing protects it inside.
    """
    line = one_line(label)
    target = url.translate(_ENTITIES)
    if not line or "|" in line or any(_ACTIVE.search(word) for word in line.split(" ")):
        return Mrkdwn(f"{words(line, limit)} <{target}|open>".lstrip())
    return Mrkdwn(f"<{target}|{escape(line, limit)}>")


def date(moment: datetime) -> Mrkdwn:
    """
    Give *moment*, in UTC, as a Slack date, shown in the reader's own time zone.

    https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    shown = f"{moment:%Y-%m-%d %H:%M} UTC"
    seconds = int(moment.timestamp())
    if seconds < 0:
        return Mrkdwn(shown)
    return Mrkdwn(f"<!date^{seconds}^{{date_short_pretty}} at {{time}}|{shown}>")


def mention(written: str) -> Mrkdwn:
    """
    Give the mention that an operator wrote, so that it pings; what is none of these is only shown.

    Takes ``@here``, ``@channel``, ``@everyone``, ``<@U…>``, ``<!subteam^S…>`` and bare ids of
    users (``U…``, ``W…``) and user groups (``S…``). Never for anything that a finding says.
    """
    line = written.strip()
    if broadcast := re.fullmatch(_BROADCAST, line):
        return Mrkdwn(f"<!{broadcast[1]}>")
    if group := re.fullmatch(_USER_GROUP, line):
        return Mrkdwn(f"<!subteam^{group[1] or group[2]}>")
    if user := re.fullmatch(_USER, line):
        return Mrkdwn(f"<@{user[1] or user[2]}>")
    return words(line, _NOT_A_MENTION_CHARS)


def listed(items: Sequence[Mrkdwn], most: int, limit: int) -> Mrkdwn:
    """Join the first *most* of *items* with commas, and say how many more there are."""
    return _joined(items, (most, limit), ", ", "", (" + 1 more", " + {} more"))


def lines(items: Sequence[Mrkdwn], most: int, limit: int, nouns: tuple[str, str]) -> Mrkdwn:
    """
    Give the first *most* of *items* a line each, and say how many more there are.

    *nouns* name one and several of them. Items stay whole: one that finds no room in *limit*
    counted characters counts as "more".
    """
    one, several = nouns
    more = (f"\n+ 1 more {one}", f"\n+ {{}} more {several}")
    return _joined(items, (most, limit), "\n", "• ", more)


def _joined(
    items: Sequence[Mrkdwn],
    most_and_limit: tuple[int, int],
    between: str,
    before: str,
    more: tuple[str, str],
) -> Mrkdwn:
    most, limit = most_and_limit
    shown: list[str] = []
    room = limit - length(more[1].format(len(items)))
    for item in items[:most]:
        room -= length(before + item + between)
        if room < 0:
            break
        shown.append(before + item)
    if not shown:
        return Mrkdwn("")
    rest = len(items) - len(shown)
    end = "" if rest == 0 else more[0] if rest == 1 else more[1].format(rest)
    return Mrkdwn(between.join(shown) + end)


class Budget:
    """What a message may still hold: characters, counted as Slack does, and blocks."""

    __slots__ = ("blocks", "chars")

    def __init__(self, chars: int = MESSAGE_CHARS, blocks: int = MESSAGE_BLOCKS) -> None:
        """Start with *chars* counted characters and *blocks* blocks."""
        self.chars = chars
        self.blocks = blocks

    def room(self, limit: int) -> int:
        """Give how many counted characters are left, *limit* at most."""
        return max(0, min(limit, self.chars))

    def spend(self, text: str) -> None:
        """Take *text* that stands outside of blocks into account."""
        self.chars -= length(text)

    def take(self, block: Mapping[str, Any]) -> bool:
        """Make room for *block* and tell whether there was enough; if not, nothing changes."""
        size = weight(block)
        if self.blocks < 1 or size > self.chars:
            return False
        self.chars -= size
        self.blocks -= 1
        return True


def weight(block: Mapping[str, Any]) -> int:
    """Count all text of *block*, with what a header costs besides."""
    extra = HEADER_EXTRA_CHARS if block.get("type") == "header" else 0
    return extra + sum(length(text) for text in _texts(block))


def _texts(node: object) -> Iterable[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)
    elif isinstance(node, list | tuple):
        for item in node:
            yield from _texts(item)
