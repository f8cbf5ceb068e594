"""Texts in upper or lower case."""

from dataclasses import dataclass
from enum import Enum, auto


class Part(Enum):
    """Which part of a value is compared."""

    WHOLE = auto()
    START = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class AsciiCaseless:
    """A text of ASCII characters, given in lower case."""

    lower: str
    part: Part

    def allows(self, value: object) -> bool:
        """Tell whether that part of *value* is the text, in whatever case."""
        if not isinstance(value, str):
            return False
        length = len(self.lower)
        if self.part is Part.START:
            value = value[:length]
        elif self.part is Part.END:
            value = value[len(value) - length :]
        # Without isascii, the Kelvin sign would be a k.
        return len(value) == length and value.isascii() and value.lower() == self.lower


@dataclass(frozen=True, slots=True)
class Caseless:
    """
    A text given as the lower and the upper case of each of its characters.

    One character may have two in the other case ("ß" and "SS"), so that there may be several places
    up to which a value agrees so far.
    """

    characters: tuple[tuple[str, str], ...]
    part: Part

    def allows(self, value: object) -> bool:
        """Tell whether that part of *value* is the text, in whatever case."""
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
    """Make the condition that *part* of a value is *text* in whatever case."""
    if text.isascii():
        return AsciiCaseless(text.lower(), part)
    return Caseless(tuple((character.lower(), character.upper()) for character in text), part)
