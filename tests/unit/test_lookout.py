"""Wake-ups that stop coming, or fail, do not go unnoticed."""

from typing import Any

import pytest

from fakes import security_hub_down, store_down
from finding_router.delivery.held.lookout import HEADLINE, LOOK_SECONDS
from finding_router.delivery.held.take import OVERDUE_SECONDS
from finding_router.delivery.outcome import Outcome
from finding_router.errors import StoreError
from finding_router.slack.messages.notice import EVERY_SECONDS
from finding_router.telemetry import FINDINGS_FAILED, metrics
from hub_events import raw_finding
from router import EVERYTHING, INVOCATION_SECONDS, OPS, Router, outcomes
from waiting_items import DAILY, DAY, HOUR

LIVE = {**EVERYTHING, "name": "live", "channel": "#live", "order": 1, "stop": True}
CRITICAL = {"Label": "CRITICAL"}
# Seconds from the clock's start to 16:00, when DAILY is due.
DUE = 2 * HOUR - 800


def waiting(**changes: Any) -> Router:
    """Return a router that holds HIGH findings for a schedule and says CRITICAL ones at once."""
    daily = {**DAILY, **changes}
    router = Router({**LIVE, "match": {"Severity": {"Label": ["CRITICAL"]}}}, daily)
    assert [Outcome.HELD] == outcomes(router.send(raw_finding("held")))
    return router


def say_something(router: Router, number: int = 0) -> None:
    """Have a batch that says something."""
    [job] = router.send(raw_finding(f"live-{number}", Severity=CRITICAL))
    assert job.outcome is Outcome.POSTED


def test_a_batch_tells_of_what_no_wake_up_releases() -> None:
    """With channel, reason and time; it releases nothing."""
    router = waiting()
    router.clock.now += DUE + OVERDUE_SECONDS + 60

    say_something(router)

    [told] = [said for said in router.slack.posted if said.channel == OPS]
    assert HEADLINE in told.text
    assert "`#alerts` scheduled, daily, due since 2026-09-21 16:00 UTC" in told.all
    assert ["held"] == [
        job.finding.id for job in router.wake() if job.finding and job.outcome is Outcome.DIGESTED
    ]


def test_what_is_about_to_be_released_is_no_trouble() -> None:
    """A wake-up comes within minutes."""
    router = waiting()
    router.clock.now += DUE + OVERDUE_SECONDS - 60

    say_something(router)

    assert [] == router.slack.texts(OPS)


def test_a_week_without_a_wake_up_is_told_of_every_hour_that_has_a_batch() -> None:
    """By whatever worker: each batch here is the first of another one."""
    router = waiting()
    router.clock.now += DAY

    for number in range(7 * 24):
        router.restart()
        say_something(router, number)
        router.clock.now += EVERY_SECONDS

    assert 7 * 24 == len(router.slack.texts(OPS))


def test_several_bins_are_one_notice() -> None:
    """However many channels wait."""
    router = waiting()
    for number in range(4):
        router.items.append({**DAILY, "name": f"daily-{number}", "channel": f"#team-{number}"})
    router.restart()
    router.send(raw_finding("another"))
    router.clock.now += DAY

    say_something(router)

    [told] = [said for said in router.slack.posted if said.channel == OPS]
    assert all(f"`#team-{number}` scheduled" in told.all for number in range(4))


def test_what_a_wake_up_told_of_is_not_told_again() -> None:
    """They come, and fail: that is their word, within the hour."""
    router = waiting()
    router.faults.plan("severities", security_hub_down, times=None)
    router.clock.now += DAY
    router.wake()
    assert 1 == len(router.slack.texts(OPS))

    router.restart()
    say_something(router)

    assert 1 == len(router.slack.texts(OPS))


def test_a_worker_looks_once_in_a_while() -> None:
    """One query in ten minutes, and none in a batch that has nothing to say."""
    router = waiting()
    router.restart()
    before = router.faults.count("bins")

    router.send(raw_finding("live-0", Severity=CRITICAL, RecordState="ARCHIVED"))
    assert before == router.faults.count("bins")
    for number in range(4):
        say_something(router, number)
        router.clock.now += LOOK_SECONDS / 2

    assert before + 2 == router.faults.count("bins")


def test_a_look_that_fails_is_no_failure_of_the_batch() -> None:
    """Nor does it look when time is short."""
    router = waiting()
    router.restart()
    router.clock.now += DAY
    router.faults.plan("bins", store_down)
    say_something(router)
    assert [] == router.slack.texts(OPS)

    router.restart()
    looks = router.faults.count("bins")
    router.faults.plan("mark", seconds=INVOCATION_SECONDS - 10, carried_out=True)
    router.send(raw_finding("live-1", Severity=CRITICAL))
    assert looks == router.faults.count("bins")

    router.restart()
    say_something(router, 2)
    assert 1 == len(router.slack.texts(OPS))


@pytest.mark.parametrize("edited", [[], [{**DAILY, "schedule": {"time": "08:00", "zone": "UTC"}}]])
def test_what_an_edit_made_due_just_now_is_not_overdue(edited: list[dict[str, Any]]) -> None:
    """Nobody knows when it was: until its first time it may still be released."""
    router = waiting(schedule={"time": "16:00", "weekdays": "SUN", "zone": "UTC"})
    router.clock.now += 3 * DAY
    router.items = [router.items[0], *edited]
    router.restart()

    say_something(router)
    assert [] == router.slack.texts(OPS)

    router.clock.now += 4 * DAY
    say_something(router, 1)
    assert 1 == len(router.slack.texts(OPS))


def test_each_wake_up_counts_a_zero() -> None:
    """Batches count failures only, so that without wake-ups there is no zero."""
    router = waiting()
    say_something(router)
    assert FINDINGS_FAILED not in metrics.metric_set

    router.wake()
    assert [0.0] == metrics.metric_set[FINDINGS_FAILED]["Value"]

    router.clock.now += DAY
    router.faults.plan("severities", security_hub_down)
    router.faults.plan("mark", security_hub_down)
    router.wake()
    assert min(metrics.metric_set[FINDINGS_FAILED]["Value"]) == 0.0


def test_a_wake_up_that_can_read_nothing_counts_no_zero() -> None:
    """It did nothing that anybody could rely on."""
    router = waiting()
    router.faults.plan("bins", store_down, times=None)

    with pytest.raises(StoreError):
        router.wake()

    assert FINDINGS_FAILED not in metrics.metric_set
