"""
Text for GitHub's Markdown; no other module writes any.

Text of a finding is untrusted. It stands in code alone, where GitHub makes no mention, no link and
no reference of it, or in a title, where signs that may do so are followed by a zero-width space.
"""

import re
from typing import Final, NewType

from finding_router.slack.kit.text import ELLIPSIS, clean, one_line

Markdown = NewType("Markdown", str)

BREAK: Final = "\N{ZERO WIDTH SPACE}"
_TICKS: Final = re.compile("`+")
_LEAST_TICKS: Final = 3
_MOST_TICKS: Final = 3
# So much longer a text may be before its invisible characters are taken out.
_SLACK: Final = 10
# Texts that GitHub links: people and teams, issues and commits, addresses.
# https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
_LINKED: Final = re.compile(
    r"@(?=[\w-])|#(?=\w)|:(?=//|[\w+-]+:)|(?<=[Gg][Hh])-(?=\d)|(?<=[Ww][Ww][Ww])\.(?=\w)"
)
# Each could begin an element of HTML, code or a shortcut of an emoji.
_MARKUP: Final = str.maketrans({"`": "'", "<": "‹", ">": "›"})


def cut(text: str, most: int) -> str:
    """Return *text* in *most* characters, with an ellipsis where it is longer."""
    return text if len(text) <= most else text[: most - 1].rstrip() + ELLIPSIS


def title(text: str, most: int) -> str:
    """Return *text* as a title, which is no Markdown, but in which GitHub may link all the same."""
    line = one_line(text[: most * _SLACK]).translate(_MARKUP)
    return cut(_LINKED.sub(lambda found: found[0] + BREAK, line), most)


def code(text: str, most: int) -> Markdown:
    """Return *text* in one line, as code: the fence is longer than any run of backticks in it."""
    # A fence of a thousand backticks would leave no room for the rest.
    begin = one_line(text[: most * _SLACK])
    line = cut(_TICKS.sub(lambda run: run[0][:_MOST_TICKS], begin), most)
    if not line:
        return Markdown("\N{EN DASH}")
    ticks = "`" * (_longest_run(line) + 1)
    # A blank beside a backtick is no part of the code.
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    return Markdown(f"{ticks}{pad}{line}{pad}{ticks}")


def block(text: str, most: int) -> Markdown:
    """Return *text* with its lines, as a block of code."""
    lines = cut(clean(text[: most * _SLACK]).strip("\n"), most)
    fence = "`" * max(_longest_run(lines) + 1, _LEAST_TICKS)
    return Markdown(f"{fence}text\n{lines}\n{fence}")


def link(label: str, url: str) -> Markdown:
    """Return a link; both are the router's own, and *url* is percent-encoded."""
    return Markdown(f"[{label}](<{url}>)")


def _longest_run(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
