"""
Typed reading of a stored item: another version of the router may have written it, or a person.

An attribute that is missing or null counts as left out. It has a default only where the item means
the same without it; all other attributes, and any of another type, make the item unreadable.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Self

# Numbers are times and counts; a time beyond these is one of no calendar.
_LEAST: Final = datetime.min.replace(tzinfo=UTC).timestamp()
_MOST: Final = datetime.max.replace(tzinfo=UTC).timestamp()


class AttributeProblemError(ValueError):
    """An attribute is missing, or not of its type; the message names it."""


class Stored:
    """The attributes of one item, or of a map in it."""

    def __init__(self, values: object, path: str = "") -> None:
        """Read *values*, the map at *path*, which ends in a dot."""
        if not isinstance(values, Mapping):
            raise AttributeProblemError(f"{path.rstrip('.') or 'item'}: no map")
        self.values: Mapping[str, Any] = values
        self._path = path

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None if it is left out."""
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value
        raise self._problem(name, "no text")

    def text(self, name: str) -> str:
        """Return a text."""
        return self._required(name, self.optional_text(name))

    def optional_number(self, name: str) -> float | None:
        """Return a number that a time can be, or None if it is left out."""
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            if _LEAST <= value <= _MOST:
                return value
            raise self._problem(name, "out of range")
        raise self._problem(name, "no number")

    def compared_number(self, name: str) -> float | None:
        """Return an optional number that conditions compare: to them null is not left out."""
        if name in self.values and self.values[name] is None:
            raise self._problem(name, "null")
        return self.optional_number(name)

    def number(self, name: str) -> float:
        """Return a number that a time can be."""
        return self._required(name, self.optional_number(name))

    def whole(self, name: str, default: int | None = None, *, least: int = 0) -> int:
        """Return a whole number of at least *least*."""
        value = self.optional_number(name)
        number = self._required(name, default if value is None else value)
        if isinstance(number, int) and number >= least:
            return number
        raise self._problem(name, f"no whole number from {least}")

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """Return a boolean."""
        value = self.values.get(name)
        value = default if value is None else value
        if isinstance(self._required(name, value), bool):
            return bool(value)
        raise self._problem(name, "no boolean")

    def optional_word[Word: StrEnum](self, name: str, words: type[Word]) -> Word | None:
        """Return one of *words*, or None if it is left out."""
        text = self.optional_text(name)
        if text is None:
            return None
        try:
            return words(text)
        except ValueError:
            raise self._problem(name, f"{text[:40]!r} is no {words.__name__}") from None

    def word[Word: StrEnum](self, name: str, words: type[Word]) -> Word:
        """Return one of *words*."""
        return self._required(name, self.optional_word(name, words))

    def texts(self, name: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return the texts of a list or set."""
        value = self.values.get(name)
        value = default if value is None else value
        value = self._required(name, value)
        if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
            return tuple(value)
        raise self._problem(name, "no list of texts")

    def blob(self, name: str) -> bytes:
        """Return bytes."""
        value = self._required(name, self.values.get(name))
        if isinstance(value, bytes):
            return value
        raise self._problem(name, "no bytes")

    def optional_moment(self, name: str) -> tuple[str | None, float | None] | None:
        """Return a pair of UpdatedAt and a Unix second, each of which may be null."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 -- a pair
            raise self._problem(name, "no pair")
        pair = Stored({"0": value[0], "1": value[1]}, f"{self._path}{name}.")
        return pair.optional_text("0"), pair.optional_number("1")

    def moment(self, name: str) -> tuple[str | None, float | None]:
        """Return a pair as `optional_moment` does."""
        return self._required(name, self.optional_moment(name))

    def optional_inner(self, name: str) -> Self | None:
        """Return a map, or None if it is left out."""
        value = self.values.get(name)
        return None if value is None else type(self)(value, f"{self._path}{name}.")

    def inner(self, name: str) -> Self:
        """Return a map."""
        return self._required(name, self.optional_inner(name))

    def inners(self, name: str) -> dict[str, Self]:
        """Return the maps in a map, by their names."""
        inner = self.inner(name)
        return {each: inner.inner(each) for each in inner.values}

    def _required[Value](self, name: str, value: Value | None) -> Value:
        if value is None:
            raise self._problem(name, "missing")
        return value

    def _problem(self, name: str, problem: str) -> AttributeProblemError:
        return AttributeProblemError(f"{self._path}{name}: {problem}")
