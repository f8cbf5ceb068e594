"""
The claims of tickets in the Ledger, and the entries of the outbox that they are for.

A ticket is made, or told of its finding, in three steps, so that nothing is done twice:

.. code-block:: text

    claim ──► leased, begun ──► call ──► record: label, URL, state; no claim is left
                                  │
                                  ├─ refused for sure: the claim is taken back
                                  └─ lost: begun, not leased; the next try looks what is there

Claim and record are conditional writes of the alert. One that the router is about to say is left
alone until it is said. As a finding has an alert in each channel, a worker first takes the lock of
the finding and the place of its ticket: two channels make one ticket, and tell it once.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from copy import replace
from dataclasses import dataclass
from itertools import batched
from typing import Final

from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.care import Ticket
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.alerts.ledger import Alerts, Ledger
from finding_router.delivery.limits.lock import Locks
from finding_router.delivery.tickets import TicketOutbox, Waiting
from finding_router.errors import ConfigurationError, RouterError, TicketError
from finding_router.isolation import isolated
from finding_router.telemetry import logger

# Longer than the calls of GitHub for one ticket and its record take: a worker whose claim is older
# is dead.
LEASE_SECONDS: Final = 120.0
# A ticket that waits for a person to correct a mistake is tried once an hour, until three days
# after it was asked for.
MISTAKE_SECONDS: Final = 3_600.0
MISTAKE_PATIENCE_SECONDS: Final = 3 * 86_400.0
# AWS may refuse a secret or a key for a moment only.
_PASSING_TRIES: Final = 3
SOON_SECONDS: Final = 60.0
# The next event of the finding changes a card that could not be changed for so long.
REFRESH_TRIES: Final = 20
_TRIES: Final = 5
_KEYS_AT_ONCE: Final = 100


type Refresh = Callable[[AlertKey], float | None]
"""Changes the card of an alert, which is stale; returns the seconds after which to try again."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An entry of the outbox, and its alert."""

    entry: Waiting
    alert: Alert


class Claims:
    """Claims and records tickets; methods raise StoreError if the Ledger does not answer."""

    def __init__(
        self,
        ledger: Ledger,
        outbox: TicketOutbox,
        *,
        locks: Locks,
        refresh: Refresh,
        clock: Callable[[], float],
    ) -> None:
        """*clock* gives Unix seconds."""
        self._locks = locks
        self._worker = uuid.uuid4().hex
        self.ledger = ledger
        self.outbox = outbox
        self.clock = clock
        self._refresh = refresh
        self.mistakes: Counter[str] = Counter()
        """The number of tickets that wait for a person, by the mistake to correct."""

    def read(self, keys: Iterable[AlertKey]) -> Alerts:
        """Return the stored alerts among *keys*."""
        alerts = Alerts()
        for some in batched(keys, _KEYS_AT_ONCE, strict=False):
            found = self.ledger.read(some)
            alerts.update(found)
            alerts.unreadable.update(found.unreadable)
        return alerts

    def others(self, alert: Alert) -> list[Alert]:
        """Return the alerts about the same subject in other channels."""
        key = alert.key
        channels = self.ledger.channels([key.subject]).get(key.subject, ())
        return list(
            self.read(
                AlertKey(key.subject, each) for each in channels if each != key.channel
            ).values()
        )

    def is_free(self, alert: Alert) -> bool:
        """Return False while the router says the alert, or a worker is at its ticket."""
        now, ticket = self.clock(), alert.care.ticket
        is_claimed = (
            ticket is not None
            and ticket.claimed_at is not None
            and now < ticket.claimed_at + LEASE_SECONDS
        )
        return not alert.is_leased(now) and not is_claimed

    def lock(self, subject: str, to: str) -> bool:
        """
        Return True if nobody else is at the ticket of *subject* in *to*, for the time of a lease.

        What other channels know of it is to be read after that.
        """
        return self._once(subject, to, LEASE_SECONDS)

    def unlock(self, subject: str, to: str) -> None:
        """Release the lock of the ticket of *subject* in *to*."""
        self._once(subject, to, 0.0)

    def _once(self, subject: str, to: str, seconds: float) -> bool:
        topic = f"ticket {subject} {to}"
        return self._locks.once(topic, by=self._worker, every_seconds=seconds, now=self.clock())

    def claim(self, alert: Alert, ticket: Ticket) -> Alert | None:
        """Write the claim of *ticket*; return None if another worker was first."""
        now = self.clock()
        begun_at = now if ticket.begun_at is None else ticket.begun_at
        after = _with(alert, replace(ticket, claimed_at=now, begun_at=begun_at))
        return after if self.ledger.write(after) else None

    def record(self, claimed: Alert, ticket: Ticket | None) -> bool:
        """
        Write the outcome of the *claimed* ticket, whatever else of the alert changed meanwhile.

        Return False if it cannot be written now; the next try finds out by what is there.
        """
        own, alert = ticket_of(claimed), claimed
        after = replace(ticket, claimed_at=None) if ticket else None
        # The card shows nothing of a ticket that is not made.
        is_stale = after is not None and after.label is not None
        for _ in range(_TRIES):
            present = ticket_of(alert)
            if (present.marker, present.claimed_at) != (own.marker, own.claimed_at):
                return False
            if self.ledger.write(_with(alert, after, is_stale=is_stale)):
                return True
            newer = self.read([alert.key]).get(alert.key)
            if newer is None or newer.is_leased(self.clock()):
                return False
            alert = newer
        return False

    def end(self, entry: Waiting) -> None:
        """Change the card of the alert, and delete *entry*, unless the card has to wait."""
        seconds: float | None = SOON_SECONDS
        with isolated("card not refreshed", subject=entry.key.subject):
            seconds = self._refresh(entry.key)
        if seconds is None or entry.tries >= REFRESH_TRIES:
            self.outbox.remove(entry)
        else:
            due_at = self.clock() + seconds
            self.outbox.put_off(replace(entry, tries=entry.tries + 1, due_at=due_at))

    def put_off(self, entry: Waiting, error: RouterError) -> None:
        """Try *entry* again later; give it up once nobody corrected the mistake for days."""
        seconds: float | None = SOON_SECONDS
        if isinstance(error, TicketError):
            seconds = error.retry_seconds
        elif isinstance(error, ConfigurationError) and entry.tries >= _PASSING_TRIES:
            seconds = None
        logger.warning(
            "ticket waits",
            subject=entry.key.subject,
            channel=entry.key.channel,
            news=entry.news.value,
            reason=str(error),
            retry_seconds=seconds,
        )
        if seconds is None:
            self.mistakes[str(error)] += 1
        now = self.clock()
        if seconds is None and now - entry.at > MISTAKE_PATIENCE_SECONDS:
            self.outbox.remove(entry)
            return
        due_at = now + (MISTAKE_SECONDS if seconds is None else seconds)
        self.outbox.put_off(replace(entry, tries=entry.tries + 1, due_at=due_at))


def ticket_of(alert: Alert) -> Ticket:
    """Return the ticket of *alert*; a blank one where it has none."""
    return alert.care.ticket or Ticket(to="")


def _with(alert: Alert, ticket: Ticket | None, *, is_stale: bool = False) -> Alert:
    """Return the next version of *alert* with *ticket*; if *is_stale* its card is to show it."""
    return replace(
        alert,
        version=alert.version + 1,
        care=replace(alert.care, ticket=ticket),
        is_card_stale=alert.is_card_stale or (is_stale and alert.ts is not None),
    )
