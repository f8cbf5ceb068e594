"""What the tasks of one run share."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from finding_router.delivery.alerts.alert import Alert, Claim, Saying
from finding_router.delivery.alerts.ledger import Ledger
from finding_router.delivery.deliveries import Delivery
from finding_router.delivery.digests.grouping import Rules
from finding_router.delivery.digests.store import DigestStore
from finding_router.delivery.limits.circuit import Circuit
from finding_router.delivery.limits.deadline import AWS_SECONDS, Deadline
from finding_router.delivery.limits.rate import RateLimit
from finding_router.delivery.notices import Notices
from finding_router.errors import StoreError
from finding_router.slack.api.client import Messenger
from finding_router.telemetry import logger

# A lease outlives its run by this much, for the difference between two clocks.
LEASE_MARGIN_SECONDS: Final = 5.0


@dataclass(slots=True, kw_only=True)
class Run:
    """
    The collaborators of one run; *clock* gives Unix seconds, *sleep* takes seconds.

    *worker* names this run in its claims. A run that *is_patient* waits for slots to change
    messages, because its work does not come back; one that *puts_off_digests* leaves them to the
    backlog.
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
    touched: dict[str, list[Delivery]] = field(default_factory=dict)
    """Digests whose totals may be outdated, with the deliveries that may come back for it."""

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
        now = self.clock()
        claim = Claim(
            saying=saying,
            severity=delivery.severity,
            moment=max(delivery.events, key=lambda event: event.order).moment,
            claimed_at=doubt_since or now,
            lease_until=now + self.deadline.remaining() + LEASE_MARGIN_SECONDS,
            worker=self.worker,
            digest=digest,
        )
        alert = replace(
            delivery.alert,
            members=delivery.step.alert.members,
            is_unlisted=delivery.alert.is_unlisted or delivery.is_beside,
            listed_in=delivery.listed_in or delivery.alert.listed_in,
        )
        return self.write(delivery, alert.claimed(claim))

    def release(self, delivery: Delivery, *, may_be_posted: bool) -> None:
        """
        Release the claim of *delivery*; without an answer of the Ledger its lease expires.

        If the message *may_be_posted*, the claim stays without a lease: the next try searches.
        """
        alert = delivery.alert
        if alert.claim is None or alert.claim.worker != self.worker:
            return
        if not self.deadline.leaves(AWS_SECONDS):
            return
        try:
            self.write(delivery, alert.abandoned() if may_be_posted else alert.released())
        except StoreError as error:
            logger.warning("claim not released", detail=str(error))

    def touch(self, digest_id: str, *concerned: Delivery) -> None:
        """Check the totals of a digest at the end of the run."""
        self.touched.setdefault(digest_id, []).extend(concerned)

    def write(self, delivery: Delivery, alert: Alert) -> bool:
        """Write *alert* for *delivery*; return False if another worker was first. StoreError."""
        if not self.ledger.write(alert):
            return False
        delivery.alert = alert
        return True
