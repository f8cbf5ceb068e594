"""The Ledger's part about findings that wait: for a schedule, an opening, or a silence's end."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from finding_router.routing.hold import HoldKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """
    What waits together: for the same reason, in the same channel; times are Unix seconds.

    *since* and *due_at* are those of what has waited longest; both are None while nothing waits.
    *touched_at* tells whether something came since the bin was read; *digest* names the one that
    was said last, to be compared with the next.
    """

    name: str
    kind: HoldKind
    reason: str
    """Name of the route or silence that makes it wait."""
    channel: str
    due_at: float | None
    since: float | None
    touched_at: float
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """
    A finding that waits in a bin; times are Unix seconds.

    *name* is its own (a hash), *subject* is what it is said with. *since* is when it was first
    decided that it waits, and *due_at* until when, by the table of that moment. All else is of the
    last time that it was put aside: at *held_at*, for those of *routes* and *mention*, and whether
    it *is_owed* to another channel, which could not be told of it at once.
    """

    name: str
    subject: str
    routes: tuple[str, ...]
    mention: tuple[str, ...]
    since: float
    due_at: float
    held_at: float
    is_owed: bool = False


class HoldBook(Protocol):
    """The store of what waits; every method raises StoreError where it does not answer."""

    def hold(self, bin_: Bin, waiting: Waiting, event: bytes) -> None:
        """
        Keep *waiting* with its *event* in *bin_*, which is made, or touched, after it.

        What waits there already goes on to wait since when it did.
        """

    def bins(self) -> list[Bin]:
        """Give every bin there is."""

    def waiting(self, bin_name: str) -> list[Waiting]:
        """Give what waits in a bin, the oldest first."""

    def events(self, bin_name: str, names: Iterable[str]) -> Mapping[str, bytes]:
        """Give the events of those of *names* that wait in a bin."""

    def held_elsewhere(self, bin_name: str, names: Collection[str]) -> set[str]:
        """Give those of *names* that wait in another bin than this, too."""

    def let_go(self, bin_name: str, waiting: Iterable[Waiting]) -> None:
        """Forget what was said; what was put aside anew since then waits on."""

    def close(self, bin_: Bin, *, digest: str | None, left: Waiting | None) -> bool:
        """
        Let *bin_* be due for what is *left*, the first of it, or not at all.

        If it was touched since it was read it stays due: tell whether that is not so. The *digest*
        is remembered in any case.
        """
