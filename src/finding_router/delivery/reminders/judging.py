"""Decides about a reminder that is due, by its alert and the routing table. Pure."""

from datetime import UTC, datetime
from typing import Final, NamedTuple

from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.care import Snooze
from finding_router.delivery.reminders.register import moved
from finding_router.delivery.reminders.store import Due
from finding_router.findings.finding import Severity
from finding_router.routing.items.remind import Remind, Until
from finding_router.routing.items.route import Route
from finding_router.routing.reminder import ReminderKind
from finding_router.routing.table import RoutingTable
from finding_router.routing.waiting import reminded_at

# A message about the alert is on its way, or its route is invalid for the moment.
SOON_SECONDS: Final = 600.0


class Judged(NamedTuple):
    """Whether a reminder is to be said now; if not, its next time, unless it is void."""

    is_to_say: bool
    after: Due | None = None


_SAY: Final = Judged(is_to_say=True)
_VOID: Final = Judged(is_to_say=False)


def judge(due: Due, alert: Alert, table: RoutingTable, *, now: float) -> Judged:
    """Return whether *due*, about *alert*, is to be said *now*, a Unix second."""
    snooze = _snooze(alert)
    if alert.claim is not None or table.is_invalid("route", due.route):
        return _later(due, soon(now))
    if not alert.is_shown or not alert.is_there or alert.is_forgotten:
        return _VOID
    if due.kind is ReminderKind.SNOOZE:
        return _SAY if snooze is not None and snooze.until <= now else _VOID
    if alert.remind_at != due.first_at:
        return _VOID
    if snooze is not None and snooze.until > now:
        return _later(due, snooze.until)
    return _by_route(due, alert, table.route(due.route), now)


def _snooze(alert: Alert) -> Snooze | None:
    """Return the snooze of *alert*, unless a rise in severity ended it."""
    snooze = alert.care.snooze
    _, risen_at = alert.risen_at or (None, None)
    is_ended = snooze is not None and risen_at is not None and risen_at > snooze.by.at
    return None if is_ended else snooze


def _by_route(due: Due, alert: Alert, route: Route | None, now: float) -> Judged:
    remind = reminding(route)
    if route is None or remind is None or alert.severity.rank < remind.least.rank:
        return _VOID
    if alert.care.owner is not None and remind.until is Until.ACKNOWLEDGED:
        # The owner may give it back.
        after = following(due, route, alert.severity, said_at=float(due.at), now=now)
        return Judged(is_to_say=False, after=after)
    if route.active_hours is not None:
        opening = reminded_at(route, alert.severity, datetime.fromtimestamp(now, UTC), 0.0)
        if opening.timestamp() > now:
            return _later(due, opening.timestamp())
    return _SAY


def _later(due: Due, at: float) -> Judged:
    return Judged(is_to_say=False, after=moved(due, at))


def reminding(route: Route | None) -> Remind | None:
    """Return the reminders of *route*, if it is in force."""
    is_live = route is not None and route.enabled and route.is_live and route.posts_to is not None
    return route.remind if route is not None and is_live else None


def following(
    due: Due, route: Route | None, severity: Severity, *, said_at: float, now: float
) -> Due | None:
    """
    Return *due* at its next time after *now*, by *route*; None if there is none.

    It follows from the time when it was said, so that each try finds the same one.
    """
    remind = reminding(route)
    if route is None or remind is None or remind.every_seconds is None:
        return None
    times = max((now - said_at) // remind.every_seconds + 1, 1)
    since = datetime.fromtimestamp(said_at, UTC)
    at = reminded_at(route, severity, since, times * remind.every_seconds)
    return moved(due, at.timestamp())


def soon(now: float) -> float:
    """Return a time to look again, the same for each try: in five to fifteen minutes."""
    return (now + SOON_SECONDS / 2) // SOON_SECONDS * SOON_SECONDS + SOON_SECONDS
