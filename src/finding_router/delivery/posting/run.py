"""What the tasks of one run share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.ledger import Ledger
from finding_router.delivery.deliveries import Delivery
from finding_router.delivery.digests.grouping import Rules
from finding_router.delivery.digests.store import DigestStore
from finding_router.delivery.limits.circuit import Circuit
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.limits.rate import RateLimit
from finding_router.delivery.notices import Notices
from finding_router.slack.api.client import Messenger

# A lease outlives its run by this much, for the difference between two clocks.
LEASE_MARGIN_SECONDS: Final = 5.0


@dataclass(slots=True, kw_only=True)
class Run:
    """
    The collaborators of one run; *clock* gives Unix seconds, *sleep* takes seconds.

    *worker* names this run in its claims. A *patient* run waits for slots to change messages,
    because nobody comes back for them.
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
    touched: dict[str, list[Delivery]] = field(default_factory=dict)
    """Digests whose totals may be outdated, with the deliveries that may come back for it."""

    def lease_until(self, now: float) -> float:
        """Return the end of a claim that is made *now*."""
        return now + self.deadline.remaining() + LEASE_MARGIN_SECONDS

    def touch(self, digest_id: str, *concerned: Delivery) -> None:
        """Have the totals of a digest checked at the end of the run."""
        self.touched.setdefault(digest_id, []).extend(concerned)

    def write(self, delivery: Delivery, alert: Alert) -> bool:
        """Write *alert* for *delivery*; return False if another worker was first. StoreError."""
        if not self.ledger.write(alert):
            return False
        delivery.alert = alert
        return True
