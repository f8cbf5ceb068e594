"""The care that people take of an alert: who owns it, what they asked for, and its ticket."""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from finding_router.stored import Stored


@dataclass(frozen=True, slots=True)
class Person:
    """A person in Slack, and the Unix second of the act."""

    id: str
    name: str
    at: float

    @classmethod
    def stored(cls, stored: Stored) -> "Person":
        """Return the person that the Ledger holds."""
        return cls(stored.text("id"), stored.text("name"), stored.number("at"))


class AskedStatus(StrEnum):
    """Workflow status that a person asked for."""

    RESOLVED = "RESOLVED"
    SUPPRESSED = "SUPPRESSED"
    NEW = "NEW"


@dataclass(frozen=True, slots=True)
class Asked:
    """A status that a person asked for; *is_confirmed* once Security Hub was seen to hold it."""

    status: AskedStatus
    by: Person
    reason: str
    is_confirmed: bool = False

    @classmethod
    def stored(cls, stored: Stored) -> "Asked":
        """Return the wish that the Ledger holds."""
        return cls(
            status=stored.word("status", AskedStatus),
            by=Person.stored(stored.inner("by")),
            reason=stored.text("reason"),
            is_confirmed=stored.flag("is_confirmed", default=False),
        )


@dataclass(frozen=True, slots=True)
class Snooze:
    """A silence of an alert, by its name, *until* a Unix second."""

    until: float
    by: Person
    silence: str

    @classmethod
    def stored(cls, stored: Stored) -> "Snooze":
        """Return the snooze that the Ledger holds."""
        return cls(
            stored.number("until"), Person.stored(stored.inner("by")), stored.text("silence")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """
    The ticket of an alert: *to* is the name of its item in the routing table.

    *label* ("#123"), *url* and *state* are None until it is made; *claimed_at*, in Unix seconds, is
    when a worker began to make it.
    """

    to: str
    label: str | None = None
    url: str | None = None
    state: str | None = None
    claimed_at: float | None = None

    @classmethod
    def stored(cls, stored: Stored) -> "Ticket":
        """Return the ticket that the Ledger holds."""
        return cls(
            to=stored.text("to"),
            label=stored.optional_text("label"),
            url=stored.optional_text("url"),
            state=stored.optional_text("state"),
            claimed_at=stored.optional_number("claimed_at"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """
    Everything that people did about an alert from its message.

    *owner* is who acknowledged it in this episode.
    """

    owner: Person | None = None
    asked: Asked | None = None
    snooze: Snooze | None = None
    ticket: Ticket | None = None

    @property
    def of_next_episode(self) -> "Care":
        """Return the care at the beginning of an episode: the ticket alone goes on."""
        return Care(ticket=self.ticket)

    def with_owner(self, owner: Person | None) -> "Care":
        """Return the care with another *owner*, or with none."""
        return replace(self, owner=owner)

    @classmethod
    def stored(cls, stored: Stored | None) -> "Care":
        """Return the care that the Ledger holds; None where it holds none."""
        if stored is None:
            return cls()
        owner, asked, snooze, ticket = (
            stored.optional_inner(name) for name in ("owner", "asked", "snooze", "ticket")
        )
        return cls(
            owner=None if owner is None else Person.stored(owner),
            asked=None if asked is None else Asked.stored(asked),
            snooze=None if snooze is None else Snooze.stored(snooze),
            ticket=None if ticket is None else Ticket.stored(ticket),
        )

    def to_attributes(self) -> dict[str, Any]:
        """Return the fields that are set, as the Ledger holds them."""
        return {name: value for name, value in asdict(self).items() if value is not None}
