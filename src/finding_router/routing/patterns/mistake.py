"""How a mistake in something written by hand is told: what is wrong, and what would be right."""

from collections.abc import Iterable
from typing import Final

_MAX_SHOWN: Final = 60


class MistakeError(ValueError):
    """A value is not as the routing table needs it; whoever catches it knows the item and field."""

    def __init__(self, problem: str, remedy: str) -> None:
        """Keep the *problem* and the *remedy*, each without a full stop."""
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Give the remedy for an unknown *word*: the closest of the *known* ones, or all of them."""
    words = list(known)
    right = closest(word, words)
    return f'did you mean "{right}"?' if right else f"write one of {', '.join(words)}"


def closest(word: str, known: Iterable[str]) -> str | None:
    """Give the one of *known* that *word* was probably meant to be, whatever its case."""
    # Imported late: only a mistake needs it, and every cold start would pay for it.
    from difflib import get_close_matches  # noqa: PLC0415 -- see above

    by_lower_case = {right.lower(): right for right in known}
    close = get_close_matches(word.lower(), by_lower_case, n=1)
    return by_lower_case[close[0]] if close else None


def shown(value: object) -> str:
    """Show a *value* from the table in a few words: what it is, and itself where it is short."""
    match value:
        case None:
            words = "null"
        case bool():
            words = f"the Boolean {str(value).lower()}"
        case str():
            words = f'the text "{value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + "…"}"'
        case int() | float():
            words = f"the number {value}"
        case list():
            words = "a list"
        case dict():
            words = "a map"
        case _:
            words = f"of type {type(value).__name__}"
    return words
