"""Wildcards: texts in which ``*`` matches any characters."""

from dataclasses import dataclass
from typing import Final

from finding_router.routing.patterns.mistake import MistakeError

_STAR: Final = "*"
_BACKSLASH: Final = "\\"


@dataclass(frozen=True, slots=True)
class Wildcard:
    """
    A text that starts with *head*, contains each of *middle* in order, and ends with *tail*.

    The first occurrence of each part of *middle* always suffices, so there is no backtracking,
    however many stars there are.
    """

    head: str
    middle: tuple[str, ...]
    tail: str

    def allows(self, value: object) -> bool:
        """Return True if *value* is such a text."""
        if not (
            isinstance(value, str) and value.startswith(self.head) and value.endswith(self.tail)
        ):
            return False
        at = len(self.head)
        end = len(value) - len(self.tail)
        for part in self.middle:
            found = value.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return at <= end


def split_wildcard(text: str) -> list[str]:
    r"""
    Return the parts of *text* between its stars; one part if there is no star.

    ``\*`` and ``\\`` are a literal star and a literal backslash.

    Raises:
        MistakeError: Two stars are adjacent, or a backslash precedes any other character.

    """
    parts: list[list[str]] = [[]]
    after_star = False
    characters = iter(text)
    for character in characters:
        if character == _STAR:
            if after_star:
                problem = f'has "**" in the wildcard "{text}"'
                raise MistakeError(problem, 'write one "*", it stands for any number of characters')
            parts.append([])
        else:
            escaped = character == _BACKSLASH
            parts[-1].append(_escaped(next(characters, ""), text) if escaped else character)
        after_star = character == _STAR
    return ["".join(part) for part in parts]


def _escaped(character: str, text: str) -> str:
    if character not in {_STAR, _BACKSLASH}:
        problem = f'has a single backslash in the wildcard "{text}"'
        raise MistakeError(problem, r"write \\ for a backslash and \* for a star")
    return character
