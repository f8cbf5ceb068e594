"""Pace: no channel gets two messages within a second, however many workers there are."""

from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest

from fakes import rate_limited, store_down
from finding_router.delivery.limits.rate import REFUSALS, REST_SECONDS
from finding_router.delivery.outcome import Outcome
from hub_events import raw_finding
from router import ALERTS, EVERYTHING, OPS, Router, outcomes

CARDS = {**EVERYTHING, "deliver": "card"}


def findings(count: int, prefix: str) -> list[dict[str, Any]]:
    """Make *count* findings."""
    return [raw_finding(f"{prefix}-{number}") for number in range(count)]


def slow_down(router: Router, channel: str, seconds: float) -> None:
    """Make *channel* have no slot for *seconds*."""
    now = router.clock.now
    router.rates.slow_down(channel, now=now, until=now + seconds, row_seconds=0)


def check_pace(router: Router) -> None:
    """No two messages of a channel within a second."""
    times: dict[str, list[float]] = defaultdict(list)
    for said in router.slack.posted:
        times[said.channel].append(said.at)
    for at in times.values():
        assert all(late - early >= 1.0 for early, late in pairwise(sorted(at)))


def test_messages_of_one_channel_keep_their_distance() -> None:
    """Before Slack has to ask for it."""
    router = Router(CARDS)

    router.send(*findings(5, "a"))

    assert 5 == len(router.slack.posted)
    check_pace(router)


def test_a_slot_that_passed_by_is_not_used() -> None:
    """Another worker may have posted just then, while a slow message to elsewhere held this up."""
    slow = {"kind": "route", "name": "slow", "channel": "#slow", "deliver": "card"}
    router = Router(
        {**CARDS, "match": {"Title": [{"prefix": "Title of a"}]}},
        {**slow, "match": {"Title": [{"prefix": "Title of s"}]}},
    )
    mine = router.pipeline

    def intrude() -> None:
        router.restart()
        router.send(raw_finding("a-theirs"))
        router.pipeline = mine

    router.faults.plan("post", about="#slow", seconds=5, meanwhile=intrude)

    router.send(*findings(2, "a"), raw_finding("s", Severity={"Label": "LOW"}))

    assert 4 == len(router.slack.posted)
    check_pace(router)


@pytest.mark.parametrize("skip", range(4))
def test_two_workers_share_the_slots(skip: int) -> None:
    """Whenever the other one comes in between."""
    router = Router(CARDS)
    mine = router.pipeline

    def intrude() -> None:
        router.restart()
        router.send(*findings(3, "b"))
        router.pipeline = mine

    router.faults.plan("slot", skip=skip, meanwhile=intrude)

    router.send(*findings(4, "a"))

    assert 7 == len(router.slack.posted)
    check_pace(router)


def test_what_finds_no_slot_in_time_comes_back_when_there_is_one() -> None:
    """Each a second later than the other."""
    router = Router(CARDS)
    slow_down(router, ALERTS, 500)

    jobs = router.send(*findings(3, "a"))

    assert [Outcome.WAITING] * 3 == outcomes(jobs)
    assert [500, 501, 502] == [job.retry_seconds for job in jobs]
    assert [] == router.slack.posted


def test_a_channel_that_stays_refused_rests_with_one_notice() -> None:
    """While the others go on; once it works it is as any other."""
    router = Router(CARDS, {**CARDS, "name": "b", "channel": "#b"})
    router.faults.plan("post", rate_limited(1), about=ALERTS, times=3)

    [job] = router.send(raw_finding("one"))
    [soon] = router.send(raw_finding("two"))

    assert (Outcome.WAITING, REST_SECONDS) == (job.outcome, job.retry_seconds)
    assert Outcome.WAITING == soon.outcome
    assert 3 == router.faults.calls.count(("post", ALERTS))
    assert 2 == len(router.slack.opened("#b"))
    assert [f"Channel {ALERTS} rests for 5 min" in text for text in router.slack.texts(OPS)] == [
        True
    ]

    router.clock.now += REST_SECONDS + 1
    router.faults.plan("post", rate_limited(1), about=ALERTS, skip=1)
    again = router.send(raw_finding("one"), raw_finding("two"), tries=2)

    assert [Outcome.POSTED] * 2 == outcomes(again)
    assert 1 == len(router.slack.texts(OPS))


def test_refusals_a_week_apart_are_not_in_a_row() -> None:
    """For any workers, and any posts between."""
    router = Router(CARDS)
    for week in range(REFUSALS):
        router.faults.plan("post", rate_limited(100), about=ALERTS)
        router.send(raw_finding(f"refused-{week}"))
        router.restart()
        router.clock.now += 101
        assert [Outcome.POSTED] * 2 == outcomes(router.send(*findings(2, f"week-{week}")))
        router.clock.now += 7 * 86_400

    assert [] == router.slack.texts(OPS)


def test_refusals_that_different_workers_meet_one_after_the_other_are_in_a_row() -> None:
    """As soon as it was tried again, the channel was refused again."""
    router = Router(CARDS)
    for tries in range(1, REFUSALS + 1):
        router.faults.plan("post", rate_limited(100), about=ALERTS)
        router.send(raw_finding("one"), tries=tries)
        router.restart()
        router.clock.now += 101

    [told] = router.slack.texts(OPS)
    assert f"Channel {ALERTS} rests for 5 min" in told


def test_a_refusal_is_waited_out_by_the_other_workers_too() -> None:
    """They learn of it before they are refused."""
    router = Router(CARDS)
    router.faults.plan("post", rate_limited(200), about=ALERTS)
    router.send(raw_finding("one"))
    router.restart()

    [other] = router.send(raw_finding("two"))

    assert (Outcome.WAITING, 200) == (other.outcome, other.retry_seconds)
    assert 1 == router.faults.count("post")


def test_a_refusal_that_cannot_be_shared_is_waited_out_alone() -> None:
    """The Ledger does not answer just then."""
    router = Router(CARDS)
    router.faults.plan("post", rate_limited(7))
    router.faults.plan("slow_down", store_down)

    [job] = router.send(raw_finding())

    assert Outcome.POSTED == job.outcome
    assert [7] == router.clock.slept
