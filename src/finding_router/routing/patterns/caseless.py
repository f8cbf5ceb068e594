"""Case-insensitive comparison of texts."""

from dataclasses import dataclass
from enum import Enum, auto


class Part(Enum):
    """The part of a value that is compared."""

    WHOLE = auto()
    START = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class AsciiCaseless:
    """An ASCII text to compare with, in lower case."""

    lower: str
    part: Part

    def allows(self, value: object) -> bool:
        """Return True if *part* of *value* equals the text, ignoring case."""
        if not isinstance(value, str):
            return False
        length = len(self.lower)
        if self.part is Part.START:
            value = value[:length]
        elif self.part is Part.END:
            value = value[len(value) - length :]
        # Without isascii, the Kelvin sign would match "k".
        return len(value) == length and value.isascii() and value.lower() == self.lower


@dataclass(frozen=True, slots=True)
class Caseless:
    """
    A text to compare with, as the lower and upper case of each of its characters.

    The other case of a character may have two characters ("ß" and "SS"), so that the comparison
    tracks a set of positions in the value.
    """

    characters: tuple[tuple[str, str], ...]
    part: Part

    def allows(self, value: object) -> bool:
        """Return True if *part* of *value* equals the text, ignoring case."""
        if not isinstance(value, str):
            return False
        if self.part is Part.END:
            return bool(self._starts(value))
        ends = self._ends(value)
        return len(value) in ends if self.part is Part.WHOLE else bool(ends)

    def _ends(self, value: str) -> set[int]:
        ends = {0}
        for cases in self.characters:
            ends = {at + len(case) for at in ends for case in cases if value.startswith(case, at)}
        return ends

    def _starts(self, value: str) -> set[int]:
        starts = {len(value)}
        for cases in reversed(self.characters):
            starts = {
                at - len(case) for at in starts for case in cases if value.endswith(case, 0, at)
            }
        return starts


def ignore_case(text: str, part: Part) -> AsciiCaseless | Caseless:
    """Return the condition that *part* of a value equals *text*, ignoring case."""
    if text.isascii():
        return AsciiCaseless(text.lower(), part)
    return Caseless(tuple((character.lower(), character.upper()) for character in text), part)
