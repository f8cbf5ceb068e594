"""Entries of the Ledger for tests."""

from typing import Any

from finding_router.delivery.ledger import Entry, EntryKey, Member, Saying, State
from finding_router.findings.finding import Severity

NOW = 1_790_000_000.0
SAID = "2026-09-01T10:00:00Z"
LATER = "2026-09-01T10:00:01Z"
KEY = EntryKey("subject", "#alerts")
MEMBER = "finding"


def member(**changes: Any) -> Member:
    """Make a HIGH finding that was said at SAID."""
    values = {"said_at": SAID, "heard_at": SAID, "severity": Severity.HIGH}
    return Member(**values | changes)


def make_entry(state: State = State.POSTED, **changes: Any) -> Entry:
    """Make the entry of a HIGH finding whose card was said about SAID, an hour ago."""
    values: dict[str, Any] = {
        "key": KEY,
        "state": state,
        "saying": Saying.CARD,
        "episode": 1,
        "sequence": 1,
        "version": 2,
        "claimed_at": NOW - 3600,
        "lease_until": 0.0,
        "claimed_by": "worker-1",
        "severity": Severity.HIGH,
        "shown": Severity.HIGH,
        "members": {MEMBER: member()},
    }
    if state is State.POSTED:
        values |= {"posted_to": "C0ALERTS", "ts": "1.2", "posted_at": NOW - 3600}
    return Entry(**values | changes)
