"""Mistakes in hand-written values, reported as a problem and a remedy."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from finding_router.errors import legible

_MAX_SHOWN: Final = 60
# Python writes no integer of more than 4,300 digits; one of 80 is already unreadable.
_MAX_SHOWN_BITS: Final = 256


class MistakeError(ValueError):
    """A value of the routing table is invalid; the catching code adds the item and the field."""

    def __init__(self, problem: str, remedy: str) -> None:
        """Keep the *problem* and the *remedy*, both without a full stop."""
        problem, remedy = legible(problem), legible(remedy)
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the remedy for an unknown *word*: the closest of *known*, or all of them."""
    words = list(known)
    right = closest(word, words)
    return f'did you mean "{right}"?' if right else f"write one of {', '.join(words)}"


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of *known* most similar to *word*, ignoring case; None if none is close."""
    return _closest(word.lower(), tuple(known))


@lru_cache(maxsize=256)
def _closest(word: str, known: tuple[str, ...]) -> str | None:
    # Imported late to keep cold starts short: only mistakes need the module.
    from difflib import get_close_matches  # noqa: PLC0415 -- see above

    by_lower_case = {right.lower(): right for right in known}
    close = get_close_matches(word, by_lower_case, n=1)
    return by_lower_case[close[0]] if close else None


def shown(value: object) -> str:
    """Return the type of *value* in words, with the value itself if it is a scalar."""
    match value:
        case None:
            words = "null"
        case bool():
            words = f"the Boolean {str(value).lower()}"
        case str():
            words = f'the text "{value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + "…"}"'
        case int() if value.bit_length() > _MAX_SHOWN_BITS:
            words = "a number of too many digits"
        case int() | float():
            words = f"the number {value}"
        case list():
            words = "a list"
        case dict():
            words = "a map"
        case _:
            words = f"of type {type(value).__name__}"
    return words
