"""Invisible characters, and those that change how the text around them is shown."""

import re
from typing import Final

# Control characters and Unicode's Default_Ignorable_Code_Point, among them zero-width characters,
# invisible in a word, and bidirectional overrides, which reverse it.
# https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt
INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# JSON may hold half of a pair, UTF-8 may not.
HALF_SURROGATES: Final = re.compile("[\ud800-\udfff]")
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
# Unicode calls it a symbol, and it looks like a blank.
BRAILLE_BLANK: Final = "\N{BRAILLE PATTERN BLANK}"


def is_blank(text: str) -> bool:
    """Return True if *text* has nothing to see in it."""
    if text.isascii() and text.isprintable():
        return not text.strip()
    return not INVISIBLE.sub("", text).replace(BRAILLE_BLANK, "").strip()
