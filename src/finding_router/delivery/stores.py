"""Everything that the router remembers between its runs, one port each."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from finding_router.delivery.account_claims import NameStore
from finding_router.delivery.alerts.ledger import Ledger
from finding_router.delivery.decided import DecidedStore
from finding_router.delivery.digests.store import DigestStore
from finding_router.delivery.held.store import HeldStore
from finding_router.delivery.limits.lock import Locks
from finding_router.delivery.limits.rate import Rates
from finding_router.delivery.tickets import TicketOutbox
from finding_router.delivery.unreadable import Unreadable

if TYPE_CHECKING:
    from finding_router.delivery.organization import OrganizationStore
    from finding_router.delivery.reminders.store import ReminderStore
    from finding_router.delivery.tally import TallyStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The stores, all of them in one table."""

    ledger: Ledger
    digests: DigestStore
    held: HeldStore
    rates: Rates
    locks: Locks
    names: NameStore
    organization: "OrganizationStore | None" = None
    """None if the accounts of AWS Organizations are not read."""
    decided: DecidedStore | None = None
    """None if edits are not answered."""
    tallies: "TallyStore | None" = None
    reminders: "ReminderStore | None" = None
    tickets: TicketOutbox | None = None
    """None if people may not act from messages."""
    unreadable: Unreadable = field(default_factory=Unreadable)
    """Items that the stores could not read."""
