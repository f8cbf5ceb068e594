"""Held findings: for a schedule, for active hours, or for the end of a silence; and shadows."""

import json
import zlib
from typing import Any

import pytest

from fakes import (
    Killed,
    channel_refused,
    killed,
    rate_limited,
    security_hub_down,
    store_down,
    unavailable,
)
from finding_router.delivery.outcome import Outcome
from finding_router.slack.kit.refused import refusal_of
from finding_router.telemetry import FINDINGS_SHADOWED, FINDINGS_SILENCED
from hub_events import PRODUCT_ARN, custom_action, imported, raw_finding, record
from router import ALERTS, EVERYTHING, INVOCATION_SECONDS, Router, counted, outcomes
from waiting_items import DAILY, DAY, HOUR, HOURS, SILENCE

CARDS = {"kind": "route", "name": "cards", "channel": "#cards"}


@pytest.mark.parametrize(
    ("items", "outcome", "heading"),
    [
        ([DAILY], Outcome.HELD, "Digest of “daily”, Mon 21 Sep"),
        ([HOURS], Outcome.HELD, "Outside the active hours of “office”"),
        ([EVERYTHING, SILENCE], Outcome.SILENCED, "While you were silent: “migration”"),
    ],
)
def test_what_waits_comes_in_one_digest_and_is_marked_then(
    items: list[dict[str, Any]], outcome: Outcome, heading: str
) -> None:
    """Not before it is due, and once."""
    router = Router(*items)

    jobs = router.send(raw_finding("one"), raw_finding("two"))

    assert [outcome, outcome] == outcomes(jobs)
    assert [] == router.wake()
    assert [] == router.slack.posted
    assert "NEW" == router.status("one")

    router.clock.now += 20 * HOUR
    woken = router.wake()
    assert [] == router.wake()

    assert [Outcome.DIGESTED] * 2 == outcomes(woken)
    [parent] = router.slack.opened(ALERTS)
    assert heading in parent.text
    assert "2 HIGH" in parent.all
    assert "Title of one" in router.slack.thread(parent)[0].all
    assert "NOTIFIED" == router.status("one") == router.status("two")


def test_a_scheduled_digest_is_compared_with_the_one_before() -> None:
    """Only the first has nothing to be compared with."""
    router = Router(DAILY)
    router.send(raw_finding("one"), raw_finding("two"))
    router.clock.now += 2 * HOUR
    router.wake()
    router.send(raw_finding("three"))
    router.clock.now += DAY
    router.wake()

    first, second = router.slack.opened(ALERTS)
    assert "last time" not in first.all
    assert "1 fewer than last time (2)" in second.all


@pytest.mark.parametrize(
    ("operation", "how"),
    [
        ("close", {"error": killed}),
        ("let_go", {"error": killed, "skip": 1, "carried_out": True}),
        ("record_notified", {"error": store_down, "skip": 1}),
        ("statuses", {"error": security_hub_down}),
    ],
)
def test_a_scheduled_digest_is_compared_with_the_one_before_whatever_became_of_that(
    operation: str, how: dict[str, Any]
) -> None:
    """The call that posted it may have died, or left work to the next."""
    router = Router(DAILY)
    router.send(raw_finding("one"))
    router.clock.now += 2 * HOUR
    router.wake()
    router.send(raw_finding("two"), raw_finding("three"))
    router.clock.now += DAY
    router.faults.plan(operation, **how)
    for _ in range(3):
        try:
            router.wake()
        except Killed:
            router.restart()
        router.clock.now += 400
    router.send(raw_finding("four"))
    router.clock.now += DAY
    router.wake()

    _, second, third = router.slack.opened(ALERTS)
    assert "1 more than last time (1)" in second.all
    assert "last time (2)" in third.all


def test_within_active_hours_and_from_a_severity_on_nothing_waits() -> None:
    """They are there to be read, or too bad to wait."""
    router = Router(HOURS)
    [critical] = router.send(raw_finding("bad", Severity={"Label": "CRITICAL"}))
    router.clock.now += 18 * HOUR
    [open_] = router.send(raw_finding("one"))

    assert [Outcome.POSTED, Outcome.POSTED] == [critical.outcome, open_.outcome]


def test_a_person_who_asks_does_not_wait() -> None:
    """Neither for hours nor for silences."""
    router = Router(DAILY, SILENCE)
    router.hold(raw_finding())

    [job] = router.run(record(custom_action(raw_finding(), sent_at=router.clock.now)))

    assert Outcome.POSTED == job.outcome


def test_a_silence_may_forget() -> None:
    """It is counted, and never listed."""
    router = Router(EVERYTHING, {**SILENCE, "on_expiry": "forget"})
    router.send(raw_finding())
    router.clock.now += 2 * HOUR

    assert 1 == counted(FINDINGS_SILENCED)
    assert [] == router.wake()
    assert [] == router.slack.texts(ALERTS)


@pytest.mark.parametrize("items", [[DAILY], [EVERYTHING, SILENCE]])
def test_what_waits_for_something_that_was_deleted_comes_at_once(
    items: list[dict[str, Any]],
) -> None:
    """Otherwise it would never be posted."""
    router = Router(*items)
    router.send(raw_finding())
    router.items = [EVERYTHING]
    router.restart()

    assert [Outcome.DIGESTED] == outcomes(router.wake())


@pytest.mark.parametrize("change", [{"enabled": False}, {"mode": "shadow"}, {"action": "drop"}])
def test_what_waits_for_a_route_that_posts_no_more_comes_at_its_time(
    change: dict[str, Any],
) -> None:
    """The route held it when it came; deleting the route releases it sooner."""
    router = Router(DAILY)
    router.send(raw_finding())
    router.items = [{**DAILY, **change}]
    router.restart()

    assert [] == router.wake()
    router.clock.now += 20 * HOUR
    assert [Outcome.DIGESTED] == outcomes(router.wake())


@pytest.mark.parametrize("how", ["resolved", "archived"])
def test_what_ended_while_it_waited_is_listed_as_over(how: str) -> None:
    """Its status stays as it was set."""
    router = Router(DAILY)
    router.send(raw_finding("one"), raw_finding("two"))
    if how == "archived":
        router.workflow.archived.add((PRODUCT_ARN, "one"))
    else:
        router.hold(raw_finding("one"), status="RESOLVED")
    before = router.status("one")
    router.clock.now += 2 * HOUR

    router.wake()

    [parent] = router.slack.opened(ALERTS)
    assert "1 resolved" in parent.text
    assert (before, "NOTIFIED") == (router.status("one"), router.status("two"))


def test_a_finding_that_also_waits_elsewhere_is_marked_with_the_last() -> None:
    """Not every channel has its card."""
    late = {
        **DAILY,
        "name": "late",
        "channel": "#late",
        "schedule": {"time": "20:00", "zone": "UTC"},
    }
    router = Router(DAILY, late)
    router.send(raw_finding())
    router.clock.now += 2 * HOUR
    router.wake()
    status = router.status()
    router.clock.now += 4 * HOUR
    router.wake()

    assert ("NEW", "NOTIFIED") == (status, router.status())
    assert 1 == len(router.slack.opened("#late"))


def test_to_know_what_also_waits_elsewhere_takes_one_question_a_part() -> None:
    """However many bins there are."""
    bins = [{**DAILY, "name": name, "channel": f"#{name}"} for name in ("a", "b", "c", "d")]
    router = Router(*bins)
    router.send(raw_finding("one"), raw_finding("two"))
    router.clock.now += 2 * HOUR
    before = router.faults.count("bins")

    router.wake()

    assert 4 == router.faults.count("held_elsewhere")
    assert before + 1 == router.faults.count("bins")
    assert "NOTIFIED" == router.status("one") == router.status("two")


@pytest.mark.parametrize("operation", ["put_lines", "mark", "let_go"])
def test_out_of_time_what_was_said_is_settled_by_the_next_call(operation: str) -> None:
    """The finished part is recorded: nothing is marked wrongly, and nothing is lost."""
    router = Router(DAILY)
    router.send(raw_finding("one"), raw_finding("two"))
    router.clock.now += 2 * HOUR
    router.faults.plan(operation, seconds=INVOCATION_SECONDS - 15, carried_out=True)

    router.wake()
    [left] = router.held.held_in.values()
    assert {"put_lines": 2, "mark": 2, "let_go": 1}[operation] == len(left)
    assert (operation == "put_lines") == ("NEW" == router.status("one"))
    assert [] != router.held.bins()

    router.clock.now += 60
    router.wake()
    assert [] == router.held.bins()
    assert "NOTIFIED" == router.status("one") == router.status("two")
    assert 1 == len(router.slack.opened(ALERTS))


def test_a_finding_that_waits_in_one_channel_is_said_in_the_other() -> None:
    """And not marked before it was posted everywhere."""
    router = Router(DAILY, CARDS)

    [job] = router.send(raw_finding())

    assert Outcome.POSTED == job.outcome
    assert "NEW" == router.status()

    router.clock.now += 2 * HOUR
    router.wake()

    assert "NOTIFIED" == router.status()


def test_a_finding_that_comes_twice_waits_once() -> None:
    """Redelivery and duplicates add nothing."""
    router = Router(DAILY)
    router.send(raw_finding())
    router.send(raw_finding(), tries=2)
    router.clock.now += 2 * HOUR

    assert 1 == len(router.wake())
    router.send(raw_finding(), tries=3)
    router.clock.now += DAY
    router.wake()
    assert 1 == len(router.slack.thread(router.slack.opened(ALERTS)[0]))


@pytest.mark.parametrize(
    ("operation", "how"),
    [
        ("post", {"error": unavailable()}),
        ("post", {"error": unavailable("lost", ambiguous=True), "carried_out": True}),
        ("post", {"error": rate_limited(300), "skip": 1}),
        ("put_lines", {"error": store_down, "times": 3}),
        ("severities", {"error": security_hub_down}),
        *(
            (operation, {"error": killed, "carried_out": carried_out})
            for operation in ("post", "write", "put_lines", "mark", "record_notified", "let_go")
            for carried_out in (False, True)
        ),
        ("close", {"error": killed}),
    ],
)
def test_what_fails_waits_for_the_next_call_and_is_said_once(
    operation: str, how: dict[str, Any]
) -> None:
    """After a failure at any step."""
    router = Router(DAILY)
    router.send(raw_finding("one"), raw_finding("two"), raw_finding("three"))
    router.hold(raw_finding("three"), status="SUPPRESSED")
    router.clock.now += 2 * HOUR
    router.faults.plan(operation, **how)

    for _ in range(4):
        try:
            router.wake()
        except Killed:
            router.restart()
        router.clock.now += 400

    [parent] = router.slack.opened(ALERTS)
    thread = router.slack.thread(parent)
    assert 3 == sum(len(said.delivery_ids) for said in thread)
    assert "3 HIGH" in parent.all
    assert "1 resolved" in parent.text
    assert "NOTIFIED" == router.status("one") == router.status("two")
    assert [] == router.held.bins()


def test_what_cannot_be_put_aside_comes_back() -> None:
    """Nothing is lost."""
    router = Router(DAILY)
    router.faults.plan("hold", store_down)

    [job] = router.send(raw_finding())

    assert Outcome.FAILED == job.outcome


@pytest.mark.parametrize("holds", [[DAILY], [DAILY, HOURS]], ids=["one", "two"])
def test_what_another_channel_was_to_hear_at_once_is_marked_when_it_has(
    holds: list[dict[str, Any]],
) -> None:
    """NOTIFIED comes after every channel, whichever is the last."""
    later = [
        {**route, "channel": f"#later-{number}"} for number, route in enumerate(holds, start=1)
    ]
    router = Router(EVERYTHING, *later)
    router.faults.plan("post", unavailable(), about=ALERTS, times=None)
    [first] = router.send(raw_finding())
    router.clock.now += 20 * HOUR

    router.wake()

    assert Outcome.FAILED == first.outcome
    assert [1] * len(later) == [len(router.slack.opened(each["channel"])) for each in later]
    assert "NEW" == router.status()
    router.faults.clear()
    [last] = router.send(raw_finding(), tries=2)
    assert Outcome.POSTED == last.outcome
    assert "NOTIFIED" == router.status()


def test_what_waits_and_was_told_to_the_others_meanwhile_is_marked_when_it_is_said() -> None:
    """The record that came back has put it aside anew."""
    router = Router(EVERYTHING, {**DAILY, "channel": "#daily"})
    router.faults.plan("post", unavailable(), about=ALERTS)
    router.send(raw_finding())
    router.clock.now += 60
    router.send(raw_finding(), tries=2)
    before = router.status()
    router.clock.now += 20 * HOUR

    router.wake()

    assert ("NEW", "NOTIFIED") == (before, router.status())


def test_a_dead_channels_digest_goes_to_the_default_channel() -> None:
    """As any message does."""
    router = Router(DAILY)
    router.send(raw_finding())
    router.clock.now += 2 * HOUR
    router.faults.plan("post", channel_refused(), about=ALERTS, times=None)

    assert [Outcome.DIGESTED] == outcomes(router.wake())
    assert refusal_of("channel_not_found").clause in router.slack.posted[0].all


def test_out_of_time_the_next_bins_wait_for_the_next_call() -> None:
    """One after the other."""
    router = Router(DAILY, {**DAILY, "name": "b", "channel": "#b"})
    router.send(raw_finding())
    router.clock.now += 2 * HOUR
    router.faults.plan("mark", seconds=INVOCATION_SECONDS)
    router.faults.plan("severities", seconds=INVOCATION_SECONDS - 30)

    for _ in range(4):
        router.wake()
        router.clock.now += 400

    assert 1 == len(router.slack.opened(ALERTS)) == len(router.slack.opened("#b"))


def test_a_bin_whose_findings_are_gone_is_closed() -> None:
    """They expired, or another worker was quicker."""
    router = Router(DAILY)
    router.send(raw_finding())
    router.held.held_in.clear()
    router.clock.now += 2 * HOUR

    assert [] == router.wake()
    assert [] == router.held.bins()


@pytest.mark.parametrize(
    "packed", [b"no zlib", zlib.compress(b"[]"), zlib.compress(json.dumps(imported({})).encode())]
)
def test_what_cannot_be_read_any_more_is_posted_raw(packed: bytes) -> None:
    """Better an ugly message than none."""
    router = Router(DAILY)
    router.send(raw_finding("one"), raw_finding("two"))
    key = next(iter(router.held.packed))
    router.held.packed[key] = packed
    router.clock.now += 2 * HOUR

    assert {Outcome.DIGESTED, Outcome.POSTED_RAW} == set(outcomes(router.wake()))
    assert 2 == len(router.slack.opened(ALERTS))
    assert [] == router.held.bins()


def test_a_shadow_posts_nothing_and_is_counted() -> None:
    """Its channel is in the log, and the other routes post as usual."""
    router = Router({**EVERYTHING, "mode": "shadow"}, CARDS)

    [job] = router.send(raw_finding())

    assert (ALERTS,) == job.shadowed
    assert 1 == counted(FINDINGS_SHADOWED)
    assert [] == router.slack.opened(ALERTS)
    assert 1 == len(router.slack.opened("#cards"))


def test_without_time_nothing_is_begun() -> None:
    """It waits for the next call."""
    router = Router(DAILY)
    router.send(raw_finding())
    router.clock.now += 2 * HOUR
    router.faults.plan("bins", seconds=INVOCATION_SECONDS)

    assert [] == router.wake()
    assert [] == router.slack.posted


def test_what_another_worker_has_claimed_meanwhile_waits_on() -> None:
    """The rest of the bin is posted."""
    router = Router(DAILY, {**DAILY, "name": "now", "deliver": "card", "enabled": False})
    del router.items[1]["schedule"]
    router.send(raw_finding("one"), raw_finding("two"))
    router.clock.now += 2 * HOUR
    router.items = [{**EVERYTHING, "name": "daily"}]
    router.restart()
    router.faults.plan("post", killed)
    with pytest.raises(Killed):
        router.send(raw_finding("one"))
    router.restart()

    woken = router.wake()

    assert {Outcome.FAILED, Outcome.DIGESTED} == set(outcomes(woken))
    assert [1] == [len(waiting) for waiting in router.held.held_in.values()]
