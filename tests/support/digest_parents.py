"""The number of findings in the headline of a digest's parent."""

import re

# After the circle; a plain parent may call people in a line before.
_HEADLINE = re.compile(
    r"^\W+(?:([\d,]+) (?:findings?\b|×|vulnerabilit)|Nothing to report)",
    re.MULTILINE,
)


def headline_count(text: str) -> int | None:
    """Return the number that the *text* of a digest begins with; None for any other message."""
    found = _HEADLINE.search(text)
    return None if found is None else int((found[1] or "0").replace(",", ""))
