"""The collaborators of the worker."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from finding_router.delivery.alerts.ledger import Ledger
from finding_router.delivery.audit import AuditTrail
from finding_router.delivery.digests.store import DigestStore
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.limits.lock import Locks
from finding_router.delivery.people import PeopleHub
from finding_router.delivery.reminders.store import ReminderStore
from finding_router.pipeline import Pipeline
from finding_router.routing.table import RoutingTable
from finding_router.slack.api.client import Messenger
from finding_router.slack.api.people import People

if TYPE_CHECKING:
    from finding_router.tickets.claims import Refresh
    from finding_router.tickets.desk import TicketDesk
    from finding_router.tickets.making import Look


class RoutingEdits(Protocol):
    """The additions of presses to the routing table."""

    def add(self, item: Mapping[str, Any]) -> None:
        """Put *item*, unless there is one of its name; raises StoreError."""


class Later(Protocol):
    """The worker's own queue."""

    def send_later(self, body: str, *, seconds: float, deadline: Deadline) -> None:
        """Put a message with *body* into it, to be seen in *seconds*; raises StoreError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """
    The collaborators of the worker, which come from bootstrap; *clock* gives Unix seconds.

    *table* returns the routing table in force. *stack* is the stack's name for commands to copy,
    "" on this machine.
    """

    ledger: Ledger
    digests: DigestStore
    locks: Locks
    audit: AuditTrail
    hubs: Sequence[PeopleHub]
    pipeline: Pipeline
    table: Callable[[], RoutingTable]
    edits: RoutingEdits
    people: People
    slack: Messenger
    later: Later
    clock: Callable[[], float]
    stack: str = ""
    tickets: "Callable[[Look, Refresh], TicketDesk] | None" = None
    """Makes the desk of tickets, which reads findings and refreshes cards."""
    reminders: ReminderStore | None = None
    """None if nobody says that a snooze is over."""
