"""Alerts of the Ledger for tests."""

from copy import replace
from typing import Any

from finding_router.delivery.alerts.alert import Alert, Claim, Event, Member, Saying, Status
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.findings.finding import Severity

NOW = 1_790_000_000.0
SAID = "2026-09-01T10:00:00Z"
LATER = "2026-09-02T10:00:00Z"
KEY = AlertKey("subject", "#alerts")
MEMBER = "finding"


def event(status: Status = Status.NEW, **changes: Any) -> Event:
    """Make an event about a HIGH finding, updated at SAID and sent an hour before NOW."""
    values = {
        "member": MEMBER,
        "status": status,
        "severity": Severity.HIGH,
        "updated_at": SAID,
        "sent_at": NOW - 3600,
    }
    return Event(**values | changes)


def member(notified_at: float | None = None, **changes: Any) -> Member:
    """Make a member whose newest event is as `event` makes it, NOTIFIED if at any time."""
    known = Member.of(event(**changes))
    return replace(known, notified_at=notified_at, is_notified=notified_at is not None)


def make_alert(**changes: Any) -> Alert:
    """Make the alert of a HIGH finding whose card was posted an hour before NOW."""
    values: dict[str, Any] = {
        "key": KEY,
        "version": 2,
        "members": {MEMBER: member()},
        "episode": 1,
        "sequence": 1,
        "is_shown": True,
        "severity": Severity.HIGH,
        "worst": Severity.HIGH,
        "posted_to": "C0ALERTS",
        "ts": "1.2",
        "posted_at": NOW - 3600,
        "touched_at": NOW - 3600,
    }
    return Alert(**values | changes)


def make_claim(saying: Saying = Saying.CARD, **changes: Any) -> Claim:
    """Make a claim for a message about a HIGH finding, with a lease of a minute from NOW."""
    values: dict[str, Any] = {
        "saying": saying,
        "severity": Severity.HIGH,
        "moment": (SAID, NOW - 3600),
        "claimed_at": NOW,
        "lease_until": NOW + 60,
        "worker": "worker-1",
    }
    return Claim(**values | changes)


def unsaid(**changes: Any) -> Alert:
    """Make an alert that was claimed for its first card, which is not posted."""
    nothing = {"episode": 0, "sequence": 0, "is_shown": False}
    nowhere = {"posted_to": None, "ts": None, "posted_at": None}
    return make_alert(**nothing | nowhere | {"version": 1, "claim": make_claim()} | changes)
