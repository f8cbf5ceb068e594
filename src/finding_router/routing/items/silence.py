"""Silences: matching findings are not posted before a given time."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, PlainValidator

from finding_router.errors import RouteError
from finding_router.routing.items.clock import read_moment
from finding_router.routing.items.match import Match, read_match
from finding_router.routing.items.reading import Item, one_of, read_name
from finding_router.routing.patterns.index import PatternIndex

SNOOZE: Final = "snooze"
"""The name of a silence that a button of a card makes begins so."""
# The author as a press writes it.
_PRESSED: Final = re.compile(r" \([UW][A-Z0-9]+\) in Slack$")


class OnExpiry(StrEnum):
    """The handling of held findings when a silence ends."""

    DIGEST = "digest"
    """List them in one digest for each channel."""
    FORGET = "forget"
    """Discard them."""


class Silence(Item):
    """A silence: matching findings are not posted before *until*, in UTC."""

    kind: Literal["silence"] = "silence"
    name: Annotated[str, AfterValidator(read_name)]
    match: Annotated[Match, PlainValidator(read_match)]
    until: Annotated[datetime, PlainValidator(read_moment)]
    reason: str | None = None
    by: str | None = None
    on_expiry: Annotated[OnExpiry, one_of(OnExpiry)] = OnExpiry.DIGEST

    @property
    def is_snooze(self) -> bool:
        """Return True if a button of a card made it: its end is told at the card."""
        is_pressed = self.by is not None and _PRESSED.search(self.by) is not None
        return is_pressed and self.name.startswith(f"{SNOOZE}-")

    def is_over(self, now: datetime) -> bool:
        """Return True if the silence has ended at *now* (aware)."""
        return self.until <= now


class Silences:
    """All silences of a table, ended ones included, so that the index need not be rebuilt."""

    def __init__(self, silences: Iterable[Silence]) -> None:
        """Index *silences*, whose names must be unique."""
        self._by_name: Final = {silence.name: silence for silence in silences}
        patterns = {name: one.match.compiled for name, one in self._by_name.items()}
        self._index: Final = PatternIndex({name: p for name, p in patterns.items() if p})
        self._of_everything: Final = [name for name, pattern in patterns.items() if not pattern]

    def longest(self, event: dict[str, Any], now: datetime) -> Silence | None:
        """Return the matching silence that ends last; of equals, one that posts a digest then."""
        if not self._by_name:
            return None
        names = [*self._of_everything, *self._index.match(event)]
        matching = [self._by_name[name] for name in names]
        return max((one for one in matching if not one.is_over(now)), key=_strength, default=None)

    def over(self, now: datetime) -> Iterator[RouteError]:
        """Yield a problem for each silence that has ended at *now*: correct or delete it."""
        for silence in self._by_name.values():
            if silence.is_over(now):
                problem = f"is past since {silence.until:%Y-%m-%d %H:%M} UTC"
                remedy = "write a later moment, or delete the item"
                yield RouteError("silence", silence.name, "until", problem, remedy)


def _strength(silence: Silence) -> tuple[datetime, bool, str]:
    return silence.until, silence.on_expiry is OnExpiry.DIGEST, silence.name
