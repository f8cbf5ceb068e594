"""When held findings are due, by the routing table as it is now: people edit it meanwhile."""

from datetime import UTC, datetime, tzinfo
from typing import Final

from finding_router.routing.hold import HoldKind
from finding_router.routing.items.route import Deliver, Route
from finding_router.routing.table import RoutingTable

AT_ONCE: Final = 0.0


def due_at(
    kind: HoldKind, name: str, table: RoutingTable, *, since: float, at_first: float, now: float
) -> float:
    """
    Return when findings held *since* for the route or silence *name* are due, in Unix seconds.

    A route or silence that was deleted, or that holds nothing any more, makes them due at once. One
    that is invalid counts as it did *at_first*: its author is about to put it right.
    """
    is_silence = kind is HoldKind.SILENCE
    if table.is_invalid("silence" if is_silence else "route", name):
        return at_first
    if is_silence:
        silence = table.silence(name)
        return silence.until.timestamp() if silence else AT_ONCE
    route = table.route(name)
    return _by_route(route, kind, since, now) if route else AT_ONCE


def zone_of(name: str, table: RoutingTable) -> tzinfo:
    """Return the zone of the schedule of the route *name* in *table*, or UTC."""
    route = table.route(name)
    return route.schedule.zone if route and route.schedule else UTC


def _by_route(route: Route, kind: HoldKind, since: float, now: float) -> float:
    began, moment = (datetime.fromtimestamp(each, UTC) for each in (since, now))
    if kind is HoldKind.SCHEDULE and route.deliver is Deliver.SCHEDULED and route.schedule:
        return route.schedule.next_after(began).timestamp()
    if kind is HoldKind.HOURS and route.active_hours:
        hours = route.active_hours
        # An opening that was missed is followed by the next one.
        return hours.next_opening(began if hours.is_open(moment) else moment).timestamp()
    return AT_ONCE
