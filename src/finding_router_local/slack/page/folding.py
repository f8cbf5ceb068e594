"""Attachments as Slack folds them: the first lines, and the rest behind "Show more"."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from finding_router_local.slack.blocks import decoded

type Block = Mapping[str, Any]

# "The content will automatically collapse if it contains 700+ characters or 5+ linebreaks":
# https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments
FOLDED_CHARS: Final = 700
FOLDED_LINES: Final = 5

_ANGLE = re.compile(r"<([^<>|\n]*)(?:\|([^<>\n]*))?>")
_FENCE: Final = "```"


@dataclass(frozen=True, slots=True)
class Folded:
    """
    The blocks of an attachment that are *shown*, and the *rest*, empty if nothing is folded.

    With *is_split* the rest begins within a block.
    """

    shown: Sequence[Block]
    rest: Sequence[Block] = ()
    is_split: bool = False


def fold(blocks: Sequence[Block]) -> Folded:
    """
    Return *blocks* in two parts if their text has too many characters or lines for an attachment.

    The first part holds the lines that fit, and at least one. Characters are counted as a reader
    sees them: a link by its label.
    """
    chars, lines = FOLDED_CHARS, FOLDED_LINES
    for number, block in enumerate(blocks):
        for index, text in enumerate(_parts(block)):
            chars -= len(text)
            lines -= text.count("\n") + 1
            is_first = number == index == 0
            if (chars < 0 or lines < 0) and not is_first:
                above, below = _split(block, index)
                return Folded(
                    [*blocks[:number], *above],
                    [*below, *blocks[number + 1 :]],
                    is_split=bool(above),
                )
    return Folded(blocks)


def _parts(block: Block) -> list[str]:
    """Return the text of each part of *block* that stands below the others."""
    match block.get("type"):
        case "section":
            return [
                *(_visible(line) for line in _lines(block)),
                *(_visible(_text(each)) for each in block.get("fields") or ()),
            ]
        case "table":
            return [" ".join(_strings(row)) for row in block.get("rows") or ()]
        case "divider":
            return []
        case _:
            return [_visible(" ".join(_strings(block)))]


def _split(block: Block, count: int) -> tuple[list[Block], list[Block]]:
    """Return a block with the first *count* parts of *block*, and one with the others."""
    if count == 0:
        return [], [block]
    if block.get("type") == "table":
        rows = block["rows"]
        return [{**block, "rows": rows[:count]}], [{**block, "rows": rows[count:]}]
    lines, fields = _lines(block), block.get("fields") or []
    others = {key: block[key] for key in block.keys() - {"text", "fields"}}
    parts = (
        (lines[:count], fields[: max(0, count - len(lines))]),
        (lines[count:], fields[max(0, count - len(lines)) :]),
    )
    above, below = (
        {
            **others,
            **({"text": {**block["text"], "text": "\n".join(lines)}} if lines else {}),
            **({"fields": fields} if fields else {}),
        }
        for lines, fields in parts
    )
    return [above], [{key: below[key] for key in below if key != "accessory"}]


def _lines(section: Block) -> list[str]:
    """Return the lines of the text of *section*; preformatted text stays whole."""
    text = _text(section.get("text"))
    return [text] if _FENCE in text else text.split("\n") if text else []


def _text(object_: object) -> str:
    text = object_.get("text") if isinstance(object_, Mapping) else None
    return text if isinstance(text, str) else ""


def _strings(value: object) -> Iterator[str]:
    """Yield every text within *value*."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key == "text" and isinstance(each, str):
                yield each
            else:
                yield from _strings(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _strings(each)


def _visible(text: str) -> str:
    """Return *text* with links, mentions and dates as their labels."""
    return decoded(_ANGLE.sub(lambda match: match[2] or match[1], text))
