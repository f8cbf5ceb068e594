"""Items of the routing table for which findings wait, beside the clock of the tests."""

from typing import Any

from router import EVERYTHING

# The clock of the tests begins on Monday, 21 September 2026, at 14:13:20 UTC.
HOUR = 3600.0
DAY = 24 * HOUR
DAILY: dict[str, Any] = {
    **EVERYTHING,
    "name": "daily",
    "deliver": "scheduled",
    "schedule": {"time": "16:00", "zone": "UTC"},
}
HOURS: dict[str, Any] = {
    **EVERYTHING,
    "name": "office",
    "active_hours": {"from": "08:00", "to": "12:00", "zone": "UTC"},
}
SILENCE: dict[str, Any] = {
    "kind": "silence",
    "name": "migration",
    "match": {"Title": [{"prefix": "Title"}]},
    "until": "2026-09-21T16:00:00Z",
}
