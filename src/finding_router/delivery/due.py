"""When what waits is due, by the routing table as it is now: people edit what it waits for."""

from datetime import UTC, datetime, tzinfo
from typing import Final

from finding_router.routing.hold import HoldKind
from finding_router.routing.route import Deliver, Route
from finding_router.routing.table import RoutingTable

AT_ONCE: Final = 0.0


def due_at(
    kind: HoldKind, name: str, table: RoutingTable, *, since: float, at_first: float, now: float
) -> float:
    """
    Tell when what waits *since* for the route or silence *name* is due; all in Unix seconds.

    What is there no more, or says nothing of waiting any more, makes nothing wait. What cannot be
    read says no more than it did *at_first*: its author is about to put it right.
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
    """Give the zone of the schedule that the route *name* has in *table*, or else UTC."""
    route = table.route(name)
    return route.schedule.zone if route and route.schedule else UTC


def _by_route(route: Route, kind: HoldKind, since: float, now: float) -> float:
    began, moment = (datetime.fromtimestamp(each, UTC) for each in (since, now))
    if kind is HoldKind.SCHEDULE and route.deliver is Deliver.SCHEDULED and route.schedule:
        return route.schedule.next_after(began).timestamp()
    if kind is HoldKind.HOURS and route.active_hours:
        hours = route.active_hours
        # Where an opening went by, for whatever reason, it is the next one that counts.
        return hours.next_opening(began if hours.is_open(moment) else moment).timestamp()
    return AT_ONCE
