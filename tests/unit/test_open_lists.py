"""At the times of a schedule, everything that is still open in its channel is listed."""

from collections.abc import Callable
from typing import Any

import pytest

from fake_slack import Said
from fakes import START, killed, rate_limited, store_down, unavailable
from finding_router.delivery.alerts.care import Care, Person, Ticket
from hub_events import raw_finding
from router import ALERTS, OPS, Router

HOUR = 3600.0
DAY = 24 * HOUR
LISTING: dict[str, Any] = {
    "kind": "route",
    "name": "daily",
    "channel": ALERTS,
    "deliver": "scheduled",
    "list": "open",
    # The clock of the tests begins at 14:13 in UTC.
    "schedule": {"time": "15:00", "zone": "UTC"},
}


def after(router: Router, seconds: float) -> list[Said]:
    """Return what is said *seconds* after the last call, but for the threads."""
    before = len(router.slack.posted)
    router.clock.now += seconds
    router.wake()
    return [
        each
        for each in router.slack.posted[before:]
        if each.channel != OPS and each.thread_ts is None
    ]


def started(*findings: str) -> Router:
    """Make a router that has said *findings* in the first digest of the schedule."""
    router = Router(LISTING)
    router.send(*(raw_finding(each) for each in findings))
    [_] = after(router, HOUR)
    return router


def test_what_is_open_is_listed_each_time() -> None:
    """Though nothing is new."""
    router = started("finding-1", "finding-2")
    assert [] == after(router, HOUR)

    [said] = after(router, 23 * HOUR)

    assert "🟠 2 findings are open" in said.text
    assert "finding-1" in said.all
    assert "open for 24 h" in said.all
    assert "daily" in said.all
    assert [] == after(router, 60)
    [again] = after(router, DAY)
    assert "as last time" in again.all


def test_what_is_new_and_what_ended_is_counted() -> None:
    """Since the last list; the oldest stands first, and what is new is in a digest besides."""
    router = started("finding-1", "finding-2", "finding-3")
    after(router, DAY)
    router.hold(raw_finding("finding-2"), status="RESOLVED")
    router.send(raw_finding("finding-2", RecordState="ARCHIVED", UpdatedAt="2026-10-01T10:00:00Z"))
    router.send(raw_finding("finding-4"))

    digest, said = after(router, DAY)

    assert "finding-4" in digest.all
    assert "3 findings are open" in said.text
    assert "since last time 1 new, 1 ended" in said.all
    assert said.all.index("finding-1") < said.all.index("finding-4")
    assert "eu-west-1\\nnew'" in said.all
    assert "finding-2" not in said.all
    assert 3 == len(router.reminders.in_lists)


def test_security_hub_is_asked_first() -> None:
    """What ended without an event is not listed."""
    router = started("finding-1", "finding-2")
    router.hold(raw_finding("finding-2"), status="SUPPRESSED")

    [said] = after(router, DAY)

    assert "1 finding is open" in said.text
    assert "finding-2" not in said.all


def test_once_nothing_is_open_that_is_said_once() -> None:
    """Then there is no list until something is said again."""
    router = started("finding-1")
    assert 1 == len(after(router, DAY))
    router.send(raw_finding(RecordState="ARCHIVED", UpdatedAt="2026-10-01T10:00:00Z"))

    [said] = after(router, DAY)

    assert "✅ Nothing is open any more" in said.text
    assert [] == after(router, DAY)
    assert ({}, {}) == (router.reminders.stored, router.reminders.in_lists)
    router.hold(raw_finding())
    router.send(raw_finding(UpdatedAt="2026-10-05T10:00:00Z"))
    after(router, DAY)
    [again] = after(router, DAY)
    assert "1 finding is open" in again.text


def test_owner_and_ticket_are_named() -> None:
    """By names that call nobody each day."""
    router = started("finding-1")
    [alert] = router.alerts
    ticket = Ticket(to="github", label="#12", url="https://github.com/x/y/issues/12", state="open")
    care = Care(owner=Person("U0123456789", "jane", START), ticket=ticket)
    router.ledger.write(alert.cared_for(care, at=router.clock.now))

    [said] = after(router, DAY)

    assert "👀 taken by jane since" in said.all
    assert "<@U0123456789>" not in said.all
    assert "🎫 <https://github.com/x/y/issues/12|#12> open" in said.all


def test_what_other_routes_say_in_the_channel_is_listed_as_well() -> None:
    """The list is about the channel."""
    urgent = {
        "kind": "route",
        "name": "urgent",
        "channel": ALERTS,
        "order": 1,
        "stop": True,
        "match": {"Severity": {"Label": ["CRITICAL"]}},
    }
    router = Router(urgent, LISTING)
    router.send(raw_finding("finding-9", Severity={"Label": "CRITICAL"}))

    [said] = after(router, HOUR)

    assert "🔴 1 finding is open" in said.text


def test_a_long_list_is_cut_and_counted() -> None:
    """The oldest thirty are named."""
    router = started(*(f"finding-{number}" for number in range(80)))

    [said] = after(router, DAY)

    assert "80 findings are open" in said.text
    assert "… and 50 more" in said.all


@pytest.mark.parametrize("changes", [{"list": "new"}, {"enabled": False}, {"name": "other"}])
def test_a_route_that_is_edited_lists_no_more(changes: dict[str, Any]) -> None:
    """Nor does it leave anything to do."""
    router = started("finding-1")
    router.items = [LISTING | changes, LISTING | {"name": "elsewhere", "channel": "#elsewhere"}]
    router.restart()

    assert [] == after(router, DAY)
    assert {} == router.reminders.stored


STEPS: list[tuple[str, Callable[[str], BaseException], dict[str, Any]]] = [
    ("due", killed, {}),
    ("listed", killed, {}),
    ("findings", killed, {}),
    ("write_digest", killed, {"about": "claimed"}),
    ("write_digest", killed, {"about": "claimed", "carried_out": True}),
    ("post", killed, {}),
    ("post", killed, {"carried_out": True}),
    ("write_digest", killed, {"about": "posted"}),
    ("write_digest", killed, {"about": "posted", "carried_out": True}),
    ("put_due", killed, {}),
    ("put_due", killed, {"carried_out": True}),
    ("delete_due", killed, {}),
    ("delete_due", killed, {"carried_out": True}),
    ("listed", store_down, {}),
    ("write_digest", store_down, {"about": "posted", "times": 3}),
    ("put_due", store_down, {}),
    ("post", rate_limited(5.0), {}),
    ("post", unavailable(ambiguous=True), {}),
    ("post", unavailable(ambiguous=True), {"carried_out": True}),
]


@pytest.mark.parametrize(("operation", "error", "how"), STEPS)
def test_nothing_is_lost_and_nothing_is_said_twice(
    operation: str, error: Callable[[str], BaseException], how: dict[str, Any]
) -> None:
    """Whatever happens in a call, the next ones list it once, and again the next day."""
    router = started("finding-1", "finding-2")
    router.clock.now += DAY
    before = len(router.slack.posted)
    router.faults.plan(operation, error, **how)
    router.wake_through_faults()

    assert 1 == len([each for each in router.slack.posted[before:] if each.channel != OPS])
    assert 1 == len(router.reminders.stored)
    assert 1 == len(after(router, DAY))
