"""The holds that routes and silences put on messages."""

from datetime import datetime

from finding_router.findings.finding import Severity
from finding_router.routing.hold import Hold, HoldKind
from finding_router.routing.items.route import Deliver, Route
from finding_router.routing.items.silence import OnExpiry, Silence


def held_by_route(route: Route, severity: Severity, now: datetime) -> Hold | None:
    """Return the hold of *route* on a finding of *severity*; None if it posts at once."""
    if route.deliver is Deliver.SCHEDULED and route.schedule:
        due_at = route.schedule.next_after(now)
        return Hold(kind=HoldKind.SCHEDULE, name=route.name, due_at=due_at)
    hours = route.active_hours
    if hours is None or severity.rank >= hours.always.rank or hours.is_open(now):
        return None
    return Hold(kind=HoldKind.HOURS, name=route.name, due_at=hours.next_opening(now))


def held_by_silence(silence: Silence) -> Hold:
    """Return the hold of *silence* on a finding."""
    return Hold(
        kind=HoldKind.SILENCE,
        name=silence.name,
        due_at=silence.until,
        forget=silence.on_expiry is OnExpiry.FORGET,
    )
