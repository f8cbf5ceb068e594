"""
Escape, cut and count text for Slack; no other module does.

Text of a finding is untrusted until it has passed through this module. `Mrkdwn` is text for a
mrkdwn object: escaped, and without any formatting, mention or link except the router's own.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NewType

from finding_router.characters import BRAILLE_BLANK, HALF_SURROGATES, INVISIBLE, REPLACEMENT

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
# (msg_blocks_too_long), where a header counts as about 100 more than its length.
MESSAGE_CHARS: Final = 9000
HEADER_EXTRA_CHARS: Final = 100
# chat.update refuses `text` of more than 4,000 characters; notifications show far less.
# https://docs.slack.dev/reference/methods/chat.update
SUMMARY_CHARS: Final = 700

ELLIPSIS: Final = "…"

# https://docs.slack.dev/messaging/formatting-message-text#escaping
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ENTITY_CHARS: Final = {"&": 5, "<": 4, ">": 4}

_LINE_ENDS: Final = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANK_LINES: Final = re.compile(r"\n(?:[^\S\n]*\n){2,}")
# All of a link but its label.
_LINKED: Final = re.compile(r"<[^<>|]*\||(?<=[^<>|])>")

# Markup that mrkdwn cannot escape: emphasis, code, quotes, emoji, and automatic links. An
# underscore inside a word has no effect.
# https://docs.slack.dev/messaging/formatting-message-text
_ACTIVE: Final = re.compile(
    r"[*~`]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:[\w+'-]+:|^[>#]|(?<![A-Za-z0-9])@|://"
)

# The same signs in letters that Slack does not format and that need no escaping: notifications
# show text as it is, with entities and markup.
_LOOKALIKES: Final = str.maketrans(
    {"&": "＆", "<": "‹", ">": "›", "*": "∗", "~": "∼", "`": "'", "|": "¦"}
)
_ACTIVE_SIGN: Final = re.compile(
    r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=[\w+'-]+:)|(?<![A-Za-z0-9])@|:(?=//)"
)
_SIGNS: Final = {"_": "＿", ":": "∶", "@": "＠"}

_OPENING: Final = "([\"'“"
_CLOSING: Final = ".,;:!?)]\"'”"

# Values that products write for "none".
_NOTHING: Final = frozenset(
    {"", "-", "[]", "{}", "n/a", "nan", "none", "none provided", "null", "undefined", "unknown"}
)

_NOT_A_MENTION_CHARS: Final = 80
# Compiled on first use by re, since most routes have no mention.
_BROADCAST: Final = r"(?:@|<!)?(here|channel|everyone)>?"
_USER_GROUP: Final = (
    r"<!subteam\^(S[A-Z0-9]{2,30})(?:\|[^<>|]{0,80})?>|@?(S(?=[A-Z]*[0-9])[A-Z0-9]{7,30})"
)
_USER: Final = r"<@([UW][A-Z0-9]{2,30})(?:\|[^<>|]{0,80})?>|@?([UW](?=[A-Z]*[0-9])[A-Z0-9]{7,30})"


def clean(text: str) -> str:
    """Return *text* without invisible characters, and with every line end as a newline."""
    if text.isascii() and text.isprintable():
        return text
    text = INVISIBLE.sub("", _LINE_ENDS.sub("\n", text.replace("\t", " ")))
    return HALF_SURROGATES.sub(REPLACEMENT, text.replace(BRAILLE_BLANK, " "))


def one_line(text: str) -> str:
    """Return *text*, cleaned, in one line, with a space for each run of white space."""
    return " ".join(clean(text).split())


def says_nothing(text: str) -> bool:
    """Return True if *text* is blank or only a product's word for "none"."""
    # Backticks do not count, since messages omit them.
    return one_line(text.replace("`", "")).lower() in _NOTHING


def length(text: str) -> int:
    """
    Return the length of *text*, already escaped, by the larger of Slack's possible counts.

    Slack does not document whether an emoji counts as one character or two (UTF-16); here as two.
    """
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def visible_length(text: str) -> int:
    """Return the length of *text* as people see it, without the addresses of its links."""
    return length(_LINKED.sub("", text))


def escape(text: str, limit: int, *, more: str = ELLIPSIS) -> str:
    """
    Return *text* escaped and cut to *limit* counted characters, including *more* if it is cut.

    Characters are counted as escaped but cut unescaped, so no cut falls inside an entity.
    """
    escaped = text.translate(_ENTITIES)
    if length(escaped) <= limit:
        return escaped
    room = limit - length(more)
    if room < 0:
        return ""
    end = -1
    while room >= 0:  # the whole text is too long, so room runs out first
        end += 1
        room -= _ENTITY_CHARS.get(text[end]) or length(text[end])
    return text[:end].rstrip().translate(_ENTITIES) + more


def plain(text: str, limit: int, *, more: str = ELLIPSIS) -> Plain:
    """Return *text*, of any number of lines, for a plain_text object of *limit* characters."""
    lines = "\n".join(line.rstrip() for line in clean(text).strip().split("\n"))
    return Plain(escape(_BLANK_LINES.sub("\n\n", lines), limit, more=more))


def code(text: str, limit: int) -> Mrkdwn:
    """Return *text* in one line as a code span, without its backticks; "" if nothing is left."""
    return _span(one_line(text), limit)


def words(text: str, limit: int) -> Mrkdwn:
    """
    Return *text* in one line for a mrkdwn object, cut to *limit* counted characters.

    Each word that Slack could format or link is put into a code span.
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
        # One character saves at most five when cut, so steps of a fifth never cut too much.
        end -= max(1, over // 5)
    return Mrkdwn(ELLIPSIS if limit > 0 else "")


def bold(text: str, limit: int) -> Mrkdwn:
    """Return *text* in one line in bold; as in `words` if Slack could format a word of it."""
    line = one_line(text)
    shown = words(line, limit)
    is_bare = shown and not any(_ACTIVE.search(word) for word in line.split(" "))
    return Mrkdwn(f"*{shown}*") if is_bare else shown


def struck(text: str, limit: int) -> Mrkdwn:
    """Return *text* in one line, struck through; "" if nothing is left."""
    shown = words(text, limit)
    return Mrkdwn(f"~{shown}~" if shown else "")


def unmarked(text: str, limit: int) -> str:
    """
    Return *text* in one line of *limit* characters for a notification: no markup, no entities.

    Signs that Slack would format, link or escape are replaced with signs that look like them.
    """
    line = one_line(text).translate(_LOOKALIKES)
    line = _ACTIVE_SIGN.sub(lambda sign: _SIGNS[sign[0]], line)
    return escape(line, limit)


def shortened(text: str, limit: int) -> str:
    """Return *text*, a name or path, in one line of *limit* characters, its middle left out."""
    line = one_line(text)
    if len(line) <= limit:
        return line
    tail = limit // 3
    return f"{line[: limit - tail - 1]}{ELLIPSIS}{line[-tail:]}"


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
    """Return *word* in a code span, without the brackets and punctuation around it."""
    closing = _CLOSING if word.count(":") == 1 else _CLOSING.replace(":", "")
    inner = word.lstrip(_OPENING).rstrip(closing)
    before, _, after = word.partition(inner)
    span = _span(inner, 5 * len(inner) + 2)
    return f"{before}{span}{after}" if span else ""


def preformatted(text: str, limit: int) -> Mrkdwn:
    """Return *text* with its lines as a code block of at most *limit* counted characters."""
    fence = "```"
    room = limit - 2 * len(fence) - 2
    inner = escape(clean(text).replace("`", ""), room, more="… (cut)")
    return Mrkdwn(f"{fence}\n{inner}\n{fence}")


def link(url: Url, label: str, limit: int) -> Mrkdwn:
    """
    Return a link to *url* with *label*, cut to *limit* counted characters.

    A label that Slack could format is put before the link, since it cannot be escaped inside.
    """
    line = one_line(label)
    target = url.translate(_ENTITIES)
    if not line or "|" in line or any(_ACTIVE.search(word) for word in line.split(" ")):
        return Mrkdwn(f"{words(line, limit)} <{target}|open>".lstrip())
    return Mrkdwn(f"<{target}|{escape(line, limit)}>")


def date(moment: datetime) -> Mrkdwn:
    """
    Return *moment*, in UTC, as a Slack date, which is shown in the reader's time zone.

    https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    return _date(moment, "{date_short_pretty} at {time}")


def clock_time(moment: datetime) -> Mrkdwn:
    """Return the time of *moment*, in UTC, and its day where that is not the reader's today."""
    return _date(moment, "{time}, {date_short_pretty}")


def age(moment: datetime) -> Mrkdwn:
    """Return the time since *moment*, in UTC, counted by Slack when the message is read."""
    return _date(moment, "{ago}")


def age_and_date(moment: datetime) -> Mrkdwn:
    """Return *moment*, in UTC, as its age and, in brackets, its date in the reader's time zone."""
    return _date(moment, "{ago} ({date_short} at {time})")


def _date(moment: datetime, template: str) -> Mrkdwn:
    shown = f"{moment:%Y-%m-%d %H:%M} UTC"
    seconds = int(moment.timestamp())
    if seconds < 0:
        return Mrkdwn(shown)
    return Mrkdwn(f"<!date^{seconds}^{template}|{shown}>")


def mention(written: str) -> Mrkdwn:
    """
    Return the mention *written* by an operator, so that it notifies; any other text is only shown.

    Mentions are ``@here``, ``@channel``, ``@everyone``, ``<@U…>``, ``<!subteam^S…>`` and bare ids
    of users (``U…``, ``W…``) and user groups (``S…``). Never call it with text of a finding.
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
    """Return the first *most* of *items*, joined by commas, and the number of others."""
    return _joined(items, (most, limit), ", ", "", (" + 1 more", " + {} more"))


def lines(items: Sequence[Mrkdwn], most: int, limit: int, nouns: tuple[str, str]) -> Mrkdwn:
    """
    Return the first *most* of *items*, one line each, and the number of others.

    *nouns* are the singular and plural of an item. Items are never cut: the first that does not fit
    into *limit* counted characters, and all after it, are among the others.
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
    """The room left in a message, in counted characters and in blocks."""

    __slots__ = ("blocks", "chars")

    def __init__(self, chars: int = MESSAGE_CHARS, blocks: int = MESSAGE_BLOCKS) -> None:
        """Start with *chars* counted characters and *blocks* blocks."""
        self.chars = chars
        self.blocks = blocks

    def room(self, limit: int) -> int:
        """Return the number of counted characters left, at most *limit*."""
        return max(0, min(limit, self.chars))

    def spend(self, text: str) -> None:
        """Deduct *text*, which is outside of blocks."""
        self.chars -= length(text)

    def take(self, block: Mapping[str, Any]) -> bool:
        """Deduct *block* and return True; return False, changing nothing, if it does not fit."""
        size = weight(block)
        if self.blocks < 1 or size > self.chars:
            return False
        self.chars -= size
        self.blocks -= 1
        return True


def weight(block: Mapping[str, Any]) -> int:
    """Return the counted characters of *block*, with the extra cost of a header."""
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
