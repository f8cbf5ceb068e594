"""The care that people take of an alert: who owns it, what they asked for, and its ticket."""

from copy import replace
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from finding_router.findings.finding import Severity
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

    @property
    def order(self) -> tuple[float, str]:
        """Return the rank of the act among others: the last counts, ids decide in one second."""
        return self.at, self.id

    def is_after(self, other: "Person") -> bool:
        """Return True if the act counts more than the one of *other*."""
        return self.order > other.order


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
    The ticket of an alert: *to* is the name of its item in the routing table, or a connector's ARN.

    *label* ("#123"), *url* and *state* are None until it is made; *claimed_at*, in Unix seconds, is
    when a worker began to make or change it. *state* is the one that the router set last, unless a
    person *is_left* to look after it.
    """

    to: str
    label: str | None = None
    url: str | None = None
    state: str | None = None
    claimed_at: float | None = None
    begun_at: float | None = None
    """Unix second since which a try that nobody knows the end of may have made or changed it."""
    marker: str | None = None
    """Name of the ticket, by which the router finds it where an answer was lost."""
    place: str | None = None
    """Address of the repository's API, which stays where the item is edited."""
    labels: tuple[str, ...] | None = None
    """Labels as they were after it was made; None where there are none."""
    told: str | None = None
    """Episode and what the ticket says of it, such as "2.ended"."""
    severity: Severity | None = None
    """Worst severity of this episode that it says; None if it was made by an older version."""
    ended_at: float | None = None
    """Unix second at which the router closed it."""
    former: str | None = None
    """URL of the ticket before, which was closed too long ago to be opened again."""
    is_left: bool = False
    """A person closed, opened or relabelled it: the router does not set its state any more."""

    @classmethod
    def stored(cls, stored: Stored) -> "Ticket":
        """Return the ticket that the Ledger holds."""
        return cls(
            to=stored.text("to"),
            label=stored.optional_text("label"),
            url=stored.optional_text("url"),
            state=stored.optional_text("state"),
            claimed_at=stored.optional_number("claimed_at"),
            begun_at=stored.optional_number("begun_at"),
            marker=stored.optional_text("marker"),
            place=stored.optional_text("place"),
            labels=stored.texts("labels", ()) or None,
            told=stored.optional_text("told"),
            severity=stored.optional_word("severity", Severity),
            ended_at=stored.optional_number("ended_at"),
            former=stored.optional_text("former"),
            is_left=stored.flag("is_left", default=False),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """
    Everything that people did about an alert from its message.

    *owner* is who acknowledged it in this episode, which was last given back at *given_back_at*, in
    Unix seconds: an earlier press does not take it any more.
    """

    owner: Person | None = None
    asked: Asked | None = None
    snooze: Snooze | None = None
    ticket: Ticket | None = None
    given_back_at: float | None = None

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
            given_back_at=stored.optional_number("given_back_at"),
        )

    def to_attributes(self) -> dict[str, Any]:
        """Return the fields that are set, as the Ledger holds them."""
        values = {name: value for name, value in asdict(self).items() if value is not None}
        if self.ticket is not None:
            labels = list(self.ticket.labels or ()) or None
            values["ticket"] = _without_none(values["ticket"] | {"labels": labels})
        return values


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
