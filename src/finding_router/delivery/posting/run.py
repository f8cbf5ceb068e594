"""The state and adapters that the tasks of one run share."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import replace
from dataclasses import dataclass, field
from itertools import batched
from typing import Final

from finding_router.delivery.alerts.advance import Verdict
from finding_router.delivery.alerts.alert import Alert, Claim, Saying
from finding_router.delivery.alerts.ledger import ALERTS_AT_ONCE, Ledger
from finding_router.delivery.deliveries import Delivery
from finding_router.delivery.digests.grouping import Rules
from finding_router.delivery.digests.store import DigestStore
from finding_router.delivery.limits.backoff import FIRST_SECONDS
from finding_router.delivery.limits.circuit import Circuit
from finding_router.delivery.limits.deadline import AWS_SECONDS, Deadline
from finding_router.delivery.limits.rate import RateLimit
from finding_router.delivery.notices import Notices
from finding_router.delivery.reminders.register import first_at, register
from finding_router.delivery.reminders.store import ReminderStore
from finding_router.delivery.tickets import TicketOutbox, news_of
from finding_router.errors import StoreError
from finding_router.slack.api.client import Messenger
from finding_router.telemetry import logger

# Why a record comes back that met another worker.
ANOTHER_IS_AT_IT: Final = "another worker is at it"
ANOTHER_WAS_FIRST: Final = "another worker was first"
# A lease outlives its run by this much, for the difference between two clocks.
LEASE_MARGIN_SECONDS: Final = 5.0


@dataclass(slots=True, kw_only=True)
class Run:
    """
    The collaborators of one run; *clock* gives Unix seconds, *sleep* takes seconds.

    *worker* names this run in its claims. A run that *is_patient* waits for slots to change
    messages, because its work does not come back; one that *puts_off_digests* leaves them to the
    backlog. With *has_actions* people may act from its messages. Without *reminders* none follow.
    """

    slack: Messenger
    ledger: Ledger
    digests: DigestStore
    rate: RateLimit
    circuit: Circuit
    notices: Notices
    rules: Rules
    default_channel: str
    settle_seconds: float
    deadline: Deadline
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    worker: str
    is_patient: bool = False
    puts_off_digests: bool = False
    has_actions: bool = False
    reminders: ReminderStore | None = None
    tickets: TicketOutbox | None = None
    touched: dict[str, list[Delivery]] = field(default_factory=dict)
    """Digests whose totals may be outdated, with the deliveries that may come back for it."""
    digest_messages: Counter[tuple[str, tuple[str, ...]]] = field(default_factory=Counter)
    """How many messages of digests it posted, by the channel and the routes of the digest."""

    def claim(
        self,
        delivery: Delivery,
        saying: Saying,
        *,
        digest: str | None = None,
        doubt_since: float | None = None,
    ) -> bool:
        """
        Claim the alert of *delivery*; return False if another worker was first. StoreError.

        With *digest* it is to be listed there. *doubt_since* is the Unix second of a claim before
        it, whose message may stand where the app may not search.
        """
        if not delivery.is_requested:
            # The list of channels lives as long as the alert: it is renewed with each message.
            self.ledger.note_channel(delivery.key)
        if saying is not Saying.END:
            self._register([delivery])
        return self.write(
            delivery, self._claimed(delivery, saying, digest=digest, doubt_since=doubt_since)
        )

    def lease_until(self) -> float:
        """Return the Unix second at which the leases of this run end."""
        return self.clock() + self.deadline.remaining() + LEASE_MARGIN_SECONDS

    def marks_until(self) -> float | None:
        """Return until when this run may mark what it says now; None where no person may act."""
        return self.lease_until() if self.has_actions else None

    def claim_all(
        self, deliveries: Sequence[Delivery], digest: str, *, doubt_since: Mapping[str, float]
    ) -> None:
        """
        Claim the alerts of *deliveries* for *digest*, while there is time. StoreError.

        Those that another worker claimed first fail. *doubt_since* is by subject; see `claim`.
        """
        for some in batched(deliveries, ALERTS_AT_ONCE, strict=False):
            if not self.deadline.allows():
                return
            claimed = [
                self._claimed(
                    each,
                    Saying.CARD,
                    digest=digest,
                    doubt_since=doubt_since.get(each.key.subject),
                )
                for each in some
            ]
            self._register(some)
            for lost in self.write_all(some, claimed, note_channels=True):
                lost.fail(ANOTHER_WAS_FIRST, retry_seconds=FIRST_SECONDS)

    def _claimed(
        self,
        delivery: Delivery,
        saying: Saying,
        *,
        digest: str | None,
        doubt_since: float | None,
    ) -> Alert:
        now = self.clock()
        claim = Claim(
            saying=saying,
            severity=delivery.severity,
            moment=max(delivery.events, key=lambda event: event.order).moment,
            claimed_at=doubt_since or now,
            lease_until=self.lease_until(),
            worker=self.worker,
            digest=digest,
        )
        alert = replace(
            delivery.alert,
            members=delivery.step.alert.members,
            is_unlisted=delivery.alert.is_unlisted or delivery.is_beside,
            listed_in=delivery.listed_in or delivery.alert.listed_in,
        )
        if saying is not Saying.END and self.reminders is not None:
            alert = replace(alert, remind_at=first_at(delivery))
        return alert.claimed(claim)

    def _register(self, deliveries: Sequence[Delivery]) -> None:
        """Keep the reminders of *deliveries* before they are claimed; raises StoreError."""
        if self.reminders is None:
            return
        several = [each for each in deliveries if each.destination.reminders]
        if several:
            register(self.reminders, several)

    def note_all(self, deliveries: Sequence[Delivery]) -> None:
        """
        Write the events of which nothing shows, most of them echoes of a batch that was marked.

        Those that cannot be written, or that another worker changed, are left to their tasks.
        """
        quiet = [
            each
            for each in deliveries
            if each.step.verdict is Verdict.NOTE and each.alert.claim is None
        ]
        # Only an alert that was over before it was said is not known to `channels` yet.
        for is_first in (False, True):
            those = [each for each in quiet if (each.alert.version == 0) is is_first]
            for some in batched(those, ALERTS_AT_ONCE, strict=False):
                if not self.deadline.allows():
                    return
                if len(some) == 1:
                    continue
                try:
                    alerts = [each.noted(self.clock()) for each in some]
                    lost = self.write_all(some, alerts, note_channels=is_first)
                except StoreError as error:
                    logger.warning("events not noted together", detail=str(error))
                    return
                for each in some:
                    each.is_noted = each not in lost

    def release(self, *deliveries: Delivery, may_be_posted: bool) -> None:
        """
        Release the claims of *deliveries*; without an answer of the Ledger their leases expire.

        If the messages *may_be_posted*, the claims stay without a lease: the next try searches.
        """
        own = [
            each
            for each in deliveries
            if each.alert.claim is not None and each.alert.claim.worker == self.worker
        ]
        for some in batched(own, ALERTS_AT_ONCE, strict=False):
            if not self.deadline.leaves(AWS_SECONDS):
                return
            released = [
                each.alert.abandoned() if may_be_posted else each.alert.released() for each in some
            ]
            try:
                self.write_all(some, released)
            except StoreError as error:
                logger.warning("claims not released", detail=str(error))
                # They may be all the same: nobody posts by them before they are claimed again.
                for each in some:
                    each.alert = each.alert.disowned(may_be_posted=may_be_posted)

    def touch(self, digest_id: str, *concerned: Delivery) -> None:
        """Check the totals of a digest at the end of the run."""
        self.touched.setdefault(digest_id, []).extend(concerned)

    def write_all(
        self,
        deliveries: Sequence[Delivery],
        alerts: Sequence[Alert],
        *,
        note_channels: bool = False,
    ) -> list[Delivery]:
        """
        Write each of *alerts* for the delivery beside it; return those that another worker changed.

        Raises StoreError.
        """
        self._tell_tickets(deliveries, alerts)
        written = self.ledger.write_all(alerts, note_channels=note_channels)
        lost = []
        for delivery, alert in zip(deliveries, alerts, strict=True):
            if alert.key in written:
                delivery.alert = alert
            else:
                lost.append(delivery)
        return lost

    def _tell_tickets(self, deliveries: Sequence[Delivery], alerts: Sequence[Alert]) -> None:
        """
        Put the news of *alerts*, which are about to be written, into the outbox of tickets.

        A worker that dies in between leaves an entry about nothing, and never news without one.
        """
        if self.tickets is None:
            return
        entries = [
            entry
            for delivery, alert in zip(deliveries, alerts, strict=True)
            for entry in news_of(delivery.alert, alert, delivery.ticket, self.clock())
        ]
        if entries:
            self.tickets.put(entries)

    def write(self, delivery: Delivery, alert: Alert) -> bool:
        """Write *alert* for *delivery*; return False if another worker was first. StoreError."""
        self._tell_tickets([delivery], [alert])
        if not self.ledger.write(alert):
            return False
        delivery.alert = alert
        return True
