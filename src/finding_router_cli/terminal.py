"""Text for a terminal: its width, its colours, and characters that are safe to print."""

import os
import re
import shutil
import sys
import unicodedata
from typing import Any, Final

import click

# Zero-width joiners belong to the spelling of Persian and Hindi, and to emoji.
_JOINERS: Final = frozenset("\u200c\u200d")
_WITHOUT_WIDTH: Final = frozenset({"Mn", "Me", "Cf"})
_WIDE: Final = frozenset({"W", "F"})
_OPTION: Final = re.compile(" (?=-|[A-Z_]+=)")
_CONTINUED: Final = " \\"
# Arguments for click.style.
_SEVERITY_STYLES: Final[dict[str, dict[str, Any]]] = {
    "CRITICAL": {"fg": "white", "bg": "red", "bold": True},
    "HIGH": {"fg": "red", "bold": True},
    "MEDIUM": {"fg": "yellow"},
    "LOW": {"fg": "blue"},
}


def colours() -> bool | None:
    """
    Return the *color* argument of click.echo: None for colours on a terminal only.

    NO_COLOR (https://no-color.org) and TERM=dumb turn them off, FORCE_COLOR on. As in Python,
    NO_COLOR comes first.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return False if os.environ.get("TERM") == "dumb" else None


def columns() -> int | None:
    """Return the width of the terminal; None if standard output is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def severity(name: str) -> str:
    """Return *name* in the colour of that severity, dim if it is unknown."""
    return click.style(name, **_SEVERITY_STYLES.get(name, {"dim": True}))


def printable(text: str) -> str:
    """Return *text* with blanks for characters that move the cursor or reverse the text."""
    return "".join(letter if letter.isprintable() or letter in _JOINERS else " " for letter in text)


def cells(text: str) -> int:
    """Return the number of columns of *text*: two for a wide letter, none for a combining one."""
    text = click.unstyle(text)
    return len(text) if text.isascii() else sum(map(_cells, text))


def fitted(text: str, width: int) -> str:
    """Return *text* in exactly *width* columns, with an ellipsis if it is cut."""
    if cells(text) > width:
        text = f"{_head(text, width - 1)}…"
    return text + " " * (width - cells(text))


def wrapped(text: str, width: int, *, indent: int = 0) -> str:
    """Return *text*, which may have styles, in lines of at most *width* columns."""
    room = max(width - indent, 1)
    lines: list[str] = []
    line: list[str] = []
    for each in text.split(" "):
        word = each
        if line and cells(" ".join([*line, word])) > room:
            lines.append(" ".join(line).rstrip())
            line = []
        while cells(word) > room:
            head = _head(click.unstyle(word), room)
            lines.append(head)
            word = click.unstyle(word)[len(head) :]
        if word or line:
            line.append(word)
    lines.append(" ".join(line))
    return "\n".join(f"{' ' * indent}{each}" for each in lines)


def command(words: str, width: int | None) -> str:
    """
    Return a shell command, which may be pasted, in lines that fit into *width* columns.

    An option stays with its value.
    """
    lines = ["  "]
    for part in _OPTION.split(words):
        longer = f"{lines[-1]} {part}" if lines[-1].strip() else lines[-1] + part
        if width is None or not lines[-1].strip() or len(longer) + len(_CONTINUED) <= width:
            lines[-1] = longer
        else:
            lines.append(f"    {part}")
    return f"{_CONTINUED}\n".join(lines)


def _cells(letter: str) -> int:
    if unicodedata.category(letter) in _WITHOUT_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in _WIDE else 1


def _head(text: str, width: int) -> str:
    """Return as much of the start of *text* as *width* columns hold, and one letter at least."""
    used = 0
    for index, letter in enumerate(text):
        used += _cells(letter)
        if used > width:
            return text[: max(index, 1)]
    return text
