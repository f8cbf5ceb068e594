"""Planning: which messages a batch means, each once."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from alerts import make_alert
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import AlertKey, subject_of
from finding_router.delivery.deliveries import Delivery, Job
from finding_router.delivery.intake import read_jobs
from finding_router.delivery.outcome import Outcome
from finding_router.delivery.plan import Planner
from finding_router.findings.finding import Severity
from finding_router.routing.table import RoutingTable
from hub_events import custom_action, imported, raw_finding, record
from router import ALERTS, DEFAULT, EVERYTHING

NOW = datetime(2026, 9, 3, 10, tzinfo=UTC)
DROP = {"kind": "route", "name": "quiet", "action": "drop"}
SUPPRESS = {"kind": "route", "name": "never", "action": "suppress"}


def plan(
    *events: Any, items: Sequence[Mapping[str, Any]] = (EVERYTHING,)
) -> tuple[list[Job], list[Delivery]]:
    """Plan a batch by the routing *items*."""
    table = RoutingTable.from_items(items, default_channel=DEFAULT, allow_suppress=True)
    jobs = [
        job
        for number, event in enumerate(events)
        for job in read_jobs(record(event, number=number))
    ]
    planner = make_planner(table)
    addressed = planner.address([job for job in jobs if job.outcome is None])
    deliveries, broken = planner.deliveries(addressed, {})
    assert [] == broken
    for job, outcome, route in addressed.quiet:
        job.end(outcome, f"route {route}")
    return jobs, deliveries


def make_planner(table: RoutingTable) -> Planner:
    """Make a planner that decides by *table*."""
    return Planner(table=table, portal=None, now=NOW, settle_seconds=900)


def shown(delivery: Delivery) -> str:
    """Return the summary of the message that would be posted."""
    return delivery.card.full(delivery.step.alert, None).text


def test_a_finding_goes_to_every_channel_of_its_routes() -> None:
    """One message per channel, each with a claim of its own."""
    items = [
        {"kind": "route", "name": "a", "channel": "#a"},
        {"kind": "route", "name": "b", "channel": "#b"},
    ]

    [job], deliveries = plan(imported(raw_finding()), items=items)

    assert ["#a", "#b"] == [each.destination.channel for each in deliveries]
    assert [[job], [job]] == [each.jobs for each in deliveries]
    assert 2 == len({each.key for each in deliveries})


def test_what_no_route_names_goes_to_the_default_channel() -> None:
    """Nothing is lost for want of a route."""
    _, [delivery] = plan(imported(raw_finding()), items=[])

    assert DEFAULT == delivery.destination.channel


@pytest.mark.parametrize(
    ("item", "outcome"), [(DROP, Outcome.DROPPED), (SUPPRESS, Outcome.SUPPRESSED)]
)
def test_a_route_may_say_to_say_nothing(item: dict[str, Any], outcome: Outcome) -> None:
    """The outcome names the route."""
    [job], deliveries = plan(imported(raw_finding()), items=[item])

    assert [] == deliveries
    assert outcome == job.outcome
    assert item["name"] in job.detail


def test_no_route_takes_the_word_from_a_person() -> None:
    """A custom action is posted though a route would drop the finding."""
    [job], [delivery] = plan(custom_action(raw_finding()), items=[DROP])

    assert DEFAULT == delivery.destination.channel
    assert job.outcome is None


def test_what_has_its_outcome_already_is_left_alone() -> None:
    """Archived findings plan nothing."""
    _, deliveries = plan(imported(raw_finding(RecordState="ARCHIVED")))

    assert [] == deliveries


def test_an_unreadable_finding_goes_to_the_default_channel_first_of_all() -> None:
    """Its severity is unknown."""
    _, [delivery] = plan(imported({"Title": "No identity"}))

    assert DEFAULT == delivery.destination.channel
    assert Severity.CRITICAL == delivery.severity


def test_a_finding_that_cannot_be_routed_goes_to_the_default_channel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even a fault of the routing's own hurts only that finding, and the card shows it."""

    def decide(table: RoutingTable, finding: Any, **_: Any) -> Any:
        if finding.id == "odd":
            raise RecursionError
        return original(table, finding)

    original = RoutingTable.decide
    monkeypatch.setattr(RoutingTable, "decide", decide)

    _, deliveries = plan(imported(raw_finding("odd"), raw_finding("good")))

    assert [DEFAULT, ALERTS] == [each.destination.channel for each in deliveries]
    assert "it could not be routed" == deliveries[0].destination.note


def test_the_same_finding_twice_is_one_message() -> None:
    """EventBridge delivers at least once; both records wait for the one message."""
    jobs, [delivery] = plan(imported(raw_finding()), imported(raw_finding()))

    assert {id(job) for job in jobs} == {id(job) for job in delivery.jobs}


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_two_versions_the_newer_is_shown(*, newest_first: bool) -> None:
    """A queue does not keep the order."""
    events = [
        imported(raw_finding(Title="Old")),
        imported(raw_finding(Title="Young", UpdatedAt="2026-09-02T10:00:00Z")),
    ]

    _, [delivery] = plan(*events[:: -1 if newest_first else 1])

    assert "Young" in shown(delivery)


@pytest.mark.parametrize("worst_first", [True, False])
def test_of_two_versions_of_the_same_time_the_worse_is_shown(*, worst_first: bool) -> None:
    """A changed severity leaves UpdatedAt as it is."""
    events = [
        imported(raw_finding(Severity={"Label": "CRITICAL"})),
        imported(raw_finding(Severity={"Label": "LOW"})),
    ]

    _, [delivery] = plan(*events[:: 1 if worst_first else -1])

    assert shown(delivery).startswith("🔴 ")
    assert Severity.CRITICAL == delivery.severity


def test_an_unreadable_finding_seen_twice_is_one_message() -> None:
    """It is known by its content."""
    _, deliveries = plan(imported({"Title": "No identity"}), imported({"Title": "No identity"}))

    assert 1 == len(deliveries)


def test_each_request_of_a_person_is_a_message_of_its_own() -> None:
    """The same finding may be sent again later; only the same event again is the same request."""
    request = custom_action(raw_finding())

    _, deliveries = plan(
        imported(raw_finding()), request, request, custom_action(raw_finding(), name="Again")
    )

    assert 3 == len(deliveries)


def test_the_card_names_the_action_and_the_account() -> None:
    """Fields missing in the finding come from the event and the routing table."""
    items = [EVERYTHING, {"kind": "account", "name": "123456789012", "alias": "payments"}]

    _, [delivery] = plan(
        custom_action(raw_finding(), name="To the SOC"), items=list(map(dict, items))
    )

    context = delivery.card.context
    assert ("To the SOC", "payments", ("everything",)) == (
        context.action_name,
        context.account_alias,
        context.routes,
    )


def test_the_card_says_why_it_is_in_the_default_channel() -> None:
    """Where a template could not be filled, the reader learns of it."""
    item = {"kind": "route", "name": "by-team", "channel": "#team-{tag:team}"}

    _, [delivery] = plan(imported(raw_finding()), items=[item])

    assert DEFAULT == delivery.destination.channel
    assert "by-team" in delivery.card.context.why


def test_an_unreadable_finding_follows_nothing() -> None:
    """It has no identity."""
    table = RoutingTable.from_items([], default_channel=DEFAULT)

    addressed = make_planner(table).address(
        [], read_jobs(record(imported({"Title": "No identity"})))
    )

    assert [] == addressed.keys


def followed(table: RoutingTable, *events: Any, **alerts: Any) -> list[Delivery]:
    """Plan *events* about a finding that was posted in #alerts."""
    planner = make_planner(table)
    jobs = [job for event in events for job in read_jobs(record(event))]
    finding = jobs[0].finding
    assert finding is not None
    subject = subject_of(finding)
    addressed = planner.address([], jobs, {subject: {ALERTS}})
    key = AlertKey(subject, ALERTS)
    alert = make_alert(key=key, **alerts).merged([read_jobs(record(SAID))[0].facts])
    deliveries, broken = planner.deliveries(addressed, {key: alert})
    assert [] == broken
    return deliveries


SAID = imported(raw_finding())
GOING_ON = {"Workflow": {"Status": "NOTIFIED"}, "UpdatedAt": "2026-09-02T10:00:00Z"}
TWO_ROUTES = [EVERYTHING, {"kind": "route", "name": "b", "channel": "#b"}]


def test_a_finding_that_goes_on_is_followed_where_it_was_said() -> None:
    """In the other channels of its routes, nothing was posted."""
    table = RoutingTable.from_items(TWO_ROUTES, default_channel=DEFAULT)

    [delivery] = followed(table, imported(raw_finding(**GOING_ON)))

    assert (ALERTS, ("everything",)) == (
        delivery.destination.channel,
        delivery.destination.routes,
    )


def test_a_finding_that_got_worse_is_brought_where_its_routes_lead_now() -> None:
    """A pager may want critical ones only."""
    table = RoutingTable.from_items(TWO_ROUTES, default_channel=DEFAULT)
    worse = {"Severity": {"Label": "CRITICAL"}}

    deliveries = followed(table, imported(raw_finding(**GOING_ON, **worse)), members={})

    assert [(ALERTS, False), ("#b", True)] == [
        (each.destination.channel, each.is_news_here) for each in deliveries
    ]


def test_a_followed_finding_that_cannot_be_routed_is_brought_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was posted, and nothing is lost."""
    table = RoutingTable.from_items([EVERYTHING], default_channel=DEFAULT)

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(RoutingTable, "decide", fail)

    [delivery] = followed(table, imported(raw_finding(**GOING_ON)))

    assert ALERTS == delivery.destination.channel


def test_an_alert_that_nobody_foresaw_ends_its_own_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others of the batch are planned."""
    table = RoutingTable.from_items([EVERYTHING], default_channel=DEFAULT)
    planner = make_planner(table)
    jobs = read_jobs(record(imported(raw_finding("odd"), raw_finding("good"))))
    original = Alert.merged

    def merged(alert: Alert, events: Any, **named: Any) -> Alert:
        if alert.key.subject == jobs[0].alert_key(ALERTS).subject:
            raise ZeroDivisionError
        return original(alert, events, **named)

    monkeypatch.setattr(Alert, "merged", merged)

    deliveries, broken = planner.deliveries(planner.address(jobs), {})

    assert [(jobs[0], "ZeroDivisionError while planning it")] == broken
    assert [jobs[1]] == [each.job for each in deliveries]
