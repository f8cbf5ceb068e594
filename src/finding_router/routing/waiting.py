"""The holds that routes and silences put on messages, and the reminders that follow them."""

from datetime import UTC, datetime, timedelta

from finding_router.findings.finding import Severity
from finding_router.routing.hold import Hold, HoldKind
from finding_router.routing.items.route import Deliver, Route
from finding_router.routing.items.silence import OnExpiry, Silence
from finding_router.routing.reminder import Reminder, ReminderKind


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


def reminder_of(route: Route, severity: Severity, now: datetime) -> Reminder | None:
    """Return the first reminder of *route* of a finding of *severity* said *now*, if it has one."""
    if route.remind is None or severity.rank < route.remind.least.rank:
        return None
    at = reminded_at(route, severity, now, route.remind.after_seconds)
    return Reminder(kind=ReminderKind.ALERT, route=route.name, at=at)


def reminded_at(route: Route, severity: Severity, since: datetime, seconds: float) -> datetime:
    """Return the first time at which *route* posts, *seconds* after *since* or later, in UTC."""
    at = since.astimezone(UTC) + timedelta(seconds=seconds)
    if route.deliver is Deliver.SCHEDULED and route.schedule:
        # At a time of the schedule, not after it.
        return route.schedule.next_after(at - timedelta(seconds=1))
    hours = route.active_hours
    if hours is None or severity.rank >= hours.always.rank:
        return at
    return hours.next_opening(at)


def list_of(route: Route, now: datetime) -> Reminder | None:
    """Return the next list of what is open that *route* posts after *now*; None if it has none."""
    if route.schedule is None:
        return None
    return Reminder(kind=ReminderKind.LIST, route=route.name, at=route.schedule.next_after(now))
