"""The port of the held findings: bins of those that wait for the same thing in one channel."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple, Protocol

from finding_router.routing.hold import HoldKind

# The largest finding: https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html
MAX_EVENT_BYTES: Final = 240 * 1024


class Bin(NamedTuple):
    """
    Findings held for the same reason in the same channel; times are Unix seconds.

    *since* and *due_at* are those of the finding that is held longest. *touched_at* shows whether a
    finding came since the bin was read.
    """

    name: str
    kind: HoldKind
    reason: str
    """Name of the route or silence that holds them."""
    channel: str
    due_at: float
    since: float
    touched_at: float


class HeldFinding(NamedTuple):
    """
    A finding in a bin; times are Unix seconds.

    *name* is the finding's hash, *subject* that of its alert. *since* is when it was first decided
    to hold it, and *due_at* until when, by the routing table of that moment. All else is of the
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
    event_bytes: int = MAX_EVENT_BYTES
    """Bytes of its event as JSON; the version before did not write them down."""


class HeldFindings(list[HeldFinding]):
    """The findings in a bin; *unreadable* are the names of those that cannot be read."""

    def __init__(self, held: Iterable[HeldFinding] = ()) -> None:
        """Start with *held*, all of them readable."""
        super().__init__(held)
        self.unreadable: list[str] = []


class HeldEvents(dict[str, bytes]):
    """Events of held findings by name; *unreadable* are the names of those that cannot be read."""

    def __init__(self, events: Mapping[str, bytes] | None = None) -> None:
        """Start with *events*, all of them readable."""
        super().__init__(events or {})
        self.unreadable: list[str] = []


class HeldStore(Protocol):
    """
    The store of held findings; every method raises StoreError if it does not answer.

    An item that cannot be read raises UnreadableError where it would be written, and is left out
    where several are read.
    """

    def hold(self, bin_: Bin, held: HeldFinding, event: bytes) -> None:
        """
        Keep *held* with its *event* in *bin_*, which is made, or touched, after it.

        A finding that is there already keeps the time since which it is held.
        """

    def bins(self) -> list[Bin]:
        """Return every bin that holds findings."""

    def last_digest(self, bin_name: str) -> str | None:
        """Return the id of the digest that was said last for a bin, empty or not."""

    def held(self, bin_name: str) -> HeldFindings:
        """Return the findings in a bin, the oldest first."""

    def events(self, bin_name: str, names: Iterable[str]) -> HeldEvents:
        """Return the events of those of *names* that are held in a bin."""

    def held_elsewhere(self, bin_name: str, names: Collection[str]) -> set[str]:
        """Return those of *names* that are held in another bin, too."""

    def let_go(self, bin_name: str, held: Iterable[HeldFinding]) -> None:
        """Delete *held*, which were posted; one that was held anew since then stays."""

    def close(self, bin_: Bin, *, digest: str | None, left: HeldFinding | None) -> bool:
        """
        Set the bin's next due time from *left*, or delete the bin if that is None: it is empty.

        Return False, changing nothing, if another worker touched or deleted it since it was read.
        The *digest* is remembered in any case, as the last of the bin.
        """
