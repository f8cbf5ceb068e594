"""Routes edited while Slack takes nothing: pending messages go where the routes lead now."""

from datetime import UTC, datetime
from typing import Any

import pytest

from digest_parents import headline_count
from fakes import START, Killed, killed, store_down, unavailable
from finding_router.delivery.outcome import Outcome
from hub_events import PRODUCT_ARN, imported, raw_finding, record
from router import ALERTS, EVERYTHING, OPS, Router, outcomes
from waiting_items import DAILY

FLOOD = [raw_finding(f"finding-{number}") for number in range(6)]
RIGHT = {**EVERYTHING, "channel": "#right"}
DROP = {"kind": "route", "name": "everything", "action": "drop"}


def edited(route: dict[str, Any], *findings: dict[str, Any], is_ambiguous: bool = False) -> Router:
    """Make a router that could not post *findings*, and whose only route is *route* since."""
    router = Router()
    error = unavailable("service_unavailable", ambiguous=is_ambiguous)
    router.faults.plan("post", error, times=None)
    assert {Outcome.FAILED} == set(outcomes(router.send(*findings)))
    router.faults.clear()
    router.items = [route]
    router.restart()
    router.clock.now += 60
    return router


@pytest.mark.parametrize("tries", [2, 499])
def test_findings_that_a_digest_may_count_are_listed_there_though_cards_are_wanted_now(
    tries: int,
) -> None:
    """Its parent may stand in the channel, and counts them."""
    router = edited({**EVERYTHING, "deliver": "card"}, *FLOOD, is_ambiguous=True)

    jobs = router.send(*FLOOD, tries=tries)

    assert {Outcome.DIGESTED} == set(outcomes(jobs))
    [parent] = router.slack.opened(ALERTS)
    assert 6 == headline_count(parent.text)
    assert "NOTIFIED" == router.status("finding-0")


def test_findings_that_were_surely_not_said_follow_the_edited_route() -> None:
    """A digest was begun for them, and nothing of it was posted."""
    router = edited({**EVERYTHING, "deliver": "card"}, *FLOOD)

    jobs = router.send(*FLOOD, tries=2)

    assert {Outcome.POSTED} == set(outcomes(jobs))
    assert 6 == len(router.slack.opened(ALERTS))


@pytest.mark.parametrize("count", [1, 6])
def test_findings_are_said_where_their_route_leads_now_and_nowhere_else(count: int) -> None:
    """The event of the router's own mark posts nothing in the channel that it left."""
    router = edited(RIGHT, *FLOOD[:count])
    moved = router.send(*FLOOD[:count], tries=2)
    router.clock.now += 120
    marked = [finding | {"Workflow": {"Status": "NOTIFIED"}} for finding in FLOOD[:count]]

    echoed = router.send(*marked)

    assert Outcome.FAILED not in outcomes(moved)
    assert {Outcome.NOT_NEW} == set(outcomes(echoed))
    assert [] == router.slack.opened(ALERTS)
    assert 1 == len(router.slack.opened("#right"))


def test_what_is_dropped_now_is_not_said_when_a_person_has_seen_it() -> None:
    """NOTIFIED does not ask for a message."""
    router = edited(DROP, raw_finding())
    dropped = router.send(raw_finding(), tries=2)
    router.clock.now += 120

    seen = router.send(raw_finding(Workflow={"Status": "NOTIFIED"}))

    assert [Outcome.DROPPED, Outcome.NOT_NEW] == [*outcomes(dropped), *outcomes(seen)]
    assert [] == router.slack.posted


@pytest.mark.parametrize("route", [RIGHT, DROP], ids=["moved", "dropped"])
def test_an_end_does_not_wait_for_what_is_not_said_there_any_more(route: dict[str, Any]) -> None:
    """It would never be posted."""
    router = edited(route, raw_finding())
    router.send(raw_finding(), tries=2)
    router.clock.now += 120

    jobs = router.send(raw_finding(RecordState="ARCHIVED", UpdatedAt="2026-09-03T10:00:00Z"))

    assert Outcome.FAILED not in outcomes(jobs)
    assert [] == router.slack.opened(ALERTS)


NEW_ONLY = {**EVERYTHING, "match": {"Workflow": {"Status": ["NEW"]}, "RecordState": ["ACTIVE"]}}
LATER = "2026-09-03T10:00:00Z"


@pytest.mark.parametrize(
    ("news", "texts"),
    [
        ({"Workflow": {"Status": "RESOLVED"}}, []),
        ({"Workflow": {"Status": "NOTIFIED"}, "Severity": {"Label": "CRITICAL"}}, ["🔴"]),
    ],
    ids=["end", "rise"],
)
def test_a_route_for_what_is_new_still_leads_to_what_is_to_be_said(
    news: dict[str, Any], texts: list[str]
) -> None:
    """Its pattern matches a field that has changed since; for another channel it is held."""
    router = Router(NEW_ONLY, {**DAILY, "channel": "#daily"})
    router.faults.plan("post", unavailable("service_unavailable"), times=None)
    router.send(raw_finding())
    router.faults.clear()
    router.clock.now += 60
    changed = record(imported(raw_finding(UpdatedAt=LATER, **news), sent_at=router.clock.now))
    router.workflow.status[PRODUCT_ARN, "finding-1"] = news["Workflow"]["Status"]
    jobs = router.run(changed)
    router.clock.now += 60
    router.send(raw_finding(), tries=2)

    if Outcome.FAILED in outcomes(jobs):
        router.clock.now += 60
        router.run(changed)

    assert texts == [card.text[:1] for card in router.slack.opened(ALERTS)]


def test_the_worse_of_two_events_leads_where_only_the_worse_is_wanted() -> None:
    """They are posted together."""
    router = Router({**EVERYTHING, "match": {"Severity": {"Label": ["HIGH", "CRITICAL"]}}})
    router.faults.plan("post", unavailable("service_unavailable"), times=None)
    router.send(raw_finding())
    router.faults.clear()
    router.clock.now += 60
    seen = {"Workflow": {"Status": "NOTIFIED"}}

    router.send(
        raw_finding(UpdatedAt=LATER, Severity={"Label": "LOW"}, **seen),
        raw_finding(UpdatedAt="2026-09-04T10:00:00Z", Severity={"Label": "CRITICAL"}, **seen),
    )

    [card] = router.slack.opened(ALERTS)
    assert card.text.startswith("🔴 ")


def test_a_mistake_leaves_the_last_valid_version_in_force_and_is_told() -> None:
    """Also for a worker that starts afterwards."""
    router = Router()
    router.wake()
    router.items = [{**EVERYTHING, "chanel": "#right"}]
    router.restart()

    jobs = router.send(FLOOD[0])

    assert [Outcome.POSTED] == outcomes(jobs)
    assert 1 == len(router.slack.opened(ALERTS))
    [told] = router.slack.opened(OPS)
    assert "Route “everything” is not valid: 1 mistake" in told.text
    assert "The last valid version stays in force" in told.text


def test_a_mistake_in_a_silence_leaves_it_as_it_was() -> None:
    """What it holds waits for the moment that was valid last."""
    silence = {
        "kind": "silence",
        "name": "quiet",
        "match": {},
        "until": datetime.fromtimestamp(START + 7200, UTC).isoformat(),
    }
    router = Router(EVERYTHING, silence)
    router.wake()
    router.items = [EVERYTHING, {**silence, "until": "tomorrow"}]
    router.restart()
    router.send(FLOOD[0])
    router.clock.now += 3600
    router.wake()

    assert [] == router.slack.opened(ALERTS)

    router.clock.now += 3601
    router.wake()
    assert 1 == len(router.slack.opened(ALERTS))


def test_a_store_of_versions_that_is_down_costs_a_wake_up_nothing() -> None:
    """The next one stores them."""
    router = Router()
    router.faults.plan("read_last_valid", store_down)

    router.wake()
    assert 0 == router.last_valid.writes
    router.wake()
    assert 1 == router.last_valid.writes


@pytest.mark.parametrize("operation", ["read_last_valid", "write_last_valid"])
@pytest.mark.parametrize("carried_out", [False, True])
def test_a_worker_that_dies_over_the_versions_has_said_everything(
    operation: str,
    carried_out: bool,  # noqa: FBT001 -- a case
) -> None:
    """The next one stores them, and says nothing again."""
    router = Router(EVERYTHING, DAILY)
    router.send(FLOOD[0])
    router.clock.now += 2 * 86_400
    router.faults.plan(operation, killed, carried_out=carried_out)
    with pytest.raises(Killed):
        router.wake()
    said = len(router.slack.posted)
    router.restart()
    router.wake()

    assert said == len(router.slack.posted)
    assert 1 == router.last_valid.writes
