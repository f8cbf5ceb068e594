"""The Ledger's part about findings that wait: for a schedule, an opening, or a silence's end."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from finding_router.routing.hold import HoldKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """
    What waits together: for the same reason, in the same channel; times are Unix seconds.

    *due_at* is None while nothing waits. *touched_at* tells whether something came since it was
    read; *digest* names the one that was said last, to be compared with the next.
    """

    name: str
    kind: HoldKind
    reason: str
    """Name of the route or silence that makes it wait."""
    channel: str
    routes: tuple[str, ...]
    mention: tuple[str, ...]
    due_at: float | None
    touched_at: float
    digest: str | None = None

    @property
    def occasion(self) -> str:
        """Name the digest that is due, so that a worker can go on with what another began."""
        return f"{self.name}@{self.due_at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A finding that waits in a bin: *finding* is its JSON, *held_at* in Unix seconds."""

    subject: str
    finding: str
    held_at: float


class HoldBook(Protocol):
    """The store of what waits; every method raises StoreError where it does not answer."""

    def hold(self, bin_: Bin, held: Held) -> None:
        """Keep *held* in *bin_*, which is made, or touched, after it."""

    def bins(self) -> list[Bin]:
        """Give every bin there is."""

    def held(self, bin_name: str) -> list[Held]:
        """Give what waits in a bin, the oldest first."""

    def holds(self, bin_names: Collection[str], subjects: Collection[str]) -> set[str]:
        """Give those of *subjects* that wait in any of these bins."""

    def let_go(self, bin_name: str, subjects: Iterable[str]) -> None:
        """Forget what was said."""

    def close(self, bin_: Bin, *, digest: str | None) -> bool:
        """Let nothing be due in *bin_*, unless it was touched since; tell whether that is so."""
