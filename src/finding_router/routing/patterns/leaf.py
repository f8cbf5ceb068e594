"""The conditions of one field of an event pattern on its value."""

from collections.abc import Hashable
from dataclasses import dataclass
from sys import float_info
from typing import NamedTuple, Protocol

from finding_router.routing.patterns.scalar import address, comparable, literal


class Condition(Protocol):
    """One condition on a value."""

    def allows(self, value: object) -> bool:
        """Return True if *value*, a string, number, boolean or None, meets the condition."""


class Leaf(NamedTuple):
    """
    The alternatives that one field accepts.

    *present* accepts every value. *absent* accepts a missing field, which `allows` cannot check.
    """

    literals: frozenset[Hashable] = frozenset()
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    present: bool = False
    absent: bool = False

    def allows(self, value: object) -> bool:
        """Return True if *value*, a string, number, boolean or None, is accepted."""
        if isinstance(value, str):
            if (
                value in self.literals
                or value.startswith(self.prefixes)
                or value.endswith(self.suffixes)
            ):
                return True
        elif literal(value) in self.literals:
            return True
        return self.present or any(condition.allows(value) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """The condition that *refused* does not accept the value; a missing field does not meet it."""

    refused: Leaf

    def allows(self, value: object) -> bool:
        """Return True if *refused* does not accept *value*."""
        return not self.refused.allows(value)


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Numbers from *bottom* to *top*, exclusive of a bound whose *open_…* is set."""

    bottom: float = -float_info.max
    top: float = float_info.max
    open_bottom: bool = False
    open_top: bool = False

    def allows(self, value: object) -> bool:
        """Return True if *value* is a number in this range."""
        number = comparable(value)
        if number is None:
            return False
        above = number > self.bottom if self.open_bottom else number >= self.bottom
        below = number < self.top if self.open_top else number <= self.top
        return above and below


@dataclass(frozen=True, slots=True)
class AddressRange:
    """IP addresses of one *version* from *first* to *last*, as integers."""

    version: int
    first: int
    last: int

    def allows(self, value: object) -> bool:
        """Return True if *value* is the text of an address in this range."""
        parsed = address(value) if isinstance(value, str) else None
        if parsed is None:
            return False
        version, number = parsed
        return version == self.version and self.first <= number <= self.last
