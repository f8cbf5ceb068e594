"""The port of the findings decided in the last days, which show the effect of an edit."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

DAYS = 7


class Decided(NamedTuple):
    """The summary of a finding, as JSON has it, and the Unix second of its decision."""

    at: float
    summary: Any


class DecidedStore(Protocol):
    """The store of the summaries, which forgets them after some days."""

    def add(self, summaries: Sequence[Any], *, at: float) -> None:
        """Add the *summaries* of one batch; raises StoreError."""

    def newest(self, *, since: float, now: float) -> Iterator[Decided]:
        """Yield the summaries of findings decided *since* then, newest first; raises StoreError."""
