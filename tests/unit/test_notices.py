"""Notices: the router's own troubles, told once and never at the expense of an alert."""

from itertools import pairwise

import pytest

from fake_ledger import FakeLedger
from fake_slack import FakeSlack
from fakes import (
    Clock,
    Faults,
    Killed,
    MakeError,
    channel_refused,
    killed,
    rate_limited,
    store_down,
    unavailable,
)
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.notices import EVERY_SECONDS, TELLING_SECONDS, Notices
from hub_events import raw_finding
from router import DEFAULT, EVERYTHING, OPS, Router


class World:
    """Slack, a Ledger, and whoever has something to say."""

    def __init__(self) -> None:
        """Start silent."""
        self.clock = Clock()
        self.faults = Faults(self.clock)
        self.slack = FakeSlack(self.clock, self.faults)
        self.ledger = FakeLedger(self.faults)
        self.notices = self.another_worker()

    def another_worker(self) -> Notices:
        """Make the notices of a worker."""
        return Notices(
            slack=self.slack,  # type: ignore[arg-type]  # the fake has the same methods
            ledger=self.ledger,
            channel=OPS,
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    def say(self, notices: Notices, *topics: str, seconds: float = 90.0) -> None:
        """Say something on each of *topics*, when *seconds* of the batch are left."""
        for topic in topics:
            notices.say(topic, f"trouble with {topic}", ["details"])
        deadline = Deadline(90, clock=self.clock)
        self.clock.now += 90 - seconds
        notices.flush(deadline)


@pytest.fixture
def world() -> World:
    """Make a silent world."""
    return World()


def test_a_trouble_is_told_in_the_ops_channel(world: World) -> None:
    """With its details."""
    world.say(world.notices, "routes")

    [said] = world.slack.posted
    assert OPS == said.channel
    assert "trouble with routes" in said.text
    assert "details" in str(said.message.arguments())


def test_a_trouble_is_told_once_an_hour_by_all_workers_together(world: World) -> None:
    """However many batches meet it."""
    for notices in (world.notices, world.notices, world.another_worker()):
        world.say(notices, "routes", "routes")

    assert 1 == len(world.slack.posted)

    world.clock.now += EVERY_SECONDS
    world.say(world.notices, "routes")

    assert 2 == len(world.slack.posted)


def test_different_troubles_do_not_silence_each_other(world: World) -> None:
    """Each topic has its own hour."""
    world.say(world.notices, "routes", "channel #a")

    assert 2 == len(world.slack.posted)


def test_what_has_no_time_left_is_told_with_the_next_batch(world: World) -> None:
    """Alerts come first."""
    world.say(world.notices, "routes", seconds=5)

    assert [] == world.slack.posted

    world.say(world.notices)

    assert ["Security Hub router: trouble with routes"] == world.slack.texts(OPS)


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ("once", store_down),
        ("slot", store_down),
        ("post", channel_refused()),
        ("post", rate_limited(1)),
        ("post", unavailable()),
    ],
)
def test_a_notice_that_cannot_be_told_is_told_with_the_next_batch(
    world: World, operation: str, error: MakeError
) -> None:
    """It is no failure, since the alerts are through; and it does not keep back the others."""
    world.faults.plan(operation, error)

    world.say(world.notices, "routes", "channel #a")

    assert [] == world.slack.posted

    world.say(world.notices)

    assert [
        "Security Hub router: trouble with channel #a",
        "Security Hub router: trouble with routes",
    ] == world.slack.texts(OPS)

    world.say(world.notices, "routes")
    world.say(world.another_worker(), "channel #a")

    assert 2 == len(world.slack.posted)


def test_a_notice_over_which_a_worker_died_is_told_by_another_a_minute_later(world: World) -> None:
    """Until then it may be on its way."""
    world.faults.plan("post", killed)
    with pytest.raises(Killed):
        world.say(world.notices, "routes")

    world.say(world.another_worker(), "routes")

    assert [] == world.slack.posted

    world.clock.now += TELLING_SECONDS
    world.say(world.another_worker(), "routes")

    assert 1 == len(world.slack.posted)


def test_a_notice_that_waits_says_what_is_true_by_then(world: World) -> None:
    """Of two words on a topic, the last."""
    world.say(world.notices, "routes", seconds=5)
    world.notices.say("routes", "another trouble", [])
    world.say(world.notices)

    assert ["Security Hub router: another trouble"] == world.slack.texts(OPS)


def test_a_notice_that_was_told_is_told_no_more_where_the_ledger_fails_after(world: World) -> None:
    """Not by this worker."""
    world.faults.plan("once", store_down, skip=1)

    world.say(world.notices, "routes")
    world.say(world.notices)

    assert 1 == len(world.slack.posted)


def test_notices_keep_the_pace_of_their_channel(world: World) -> None:
    """It may be the one of the alerts; what finds no slot soon is told later, and is not lost."""
    topics = [f"channel #{number}" for number in range(12)]

    world.say(world.notices, *topics)

    assert 10 == len(world.slack.posted)
    assert all(late.at - early.at >= 1 for early, late in pairwise(world.slack.posted))

    world.say(world.notices)

    assert 12 == len(world.slack.posted)


def test_notices_do_not_wait_for_a_channel_that_rests(world: World) -> None:
    """A batch has to end, and to answer."""
    now = world.clock.now
    world.ledger.slow_down(OPS, now=now, until=now + 300, row_seconds=0)

    world.say(world.notices, "routes")

    assert ([], []) == (world.slack.posted, world.clock.slept)


def test_dead_channels_are_told_of_at_slacks_pace_in_the_default_channel() -> None:
    """Where no ops channel is set, notices and redirected alerts share it."""
    names = [f"dead{number}" for number in range(4)]
    items = [{"kind": "route", "name": name, "channel": f"#{name}"} for name in names]
    router = Router(*items, missing=[f"#{name}" for name in names], ops_channel="")

    router.send(raw_finding())

    here = router.slack.opened(DEFAULT)
    assert 8 == len(here)
    assert all(late.at - early.at >= 1 for early, late in pairwise(here))


def test_a_silence_that_is_past_is_told_of_however_slack_fares() -> None:
    """Once for its moment; a name that is used again with a wrong year is told of again."""
    past = {"kind": "silence", "name": "migration", "match": {}, "until": "2025-09-21T16:00:00Z"}
    router = Router(EVERYTHING, past)
    router.faults.plan("post", unavailable(), about=OPS)
    for _ in range(3):
        router.wake()

    assert 1 == len(router.slack.texts(OPS))

    router.items = [dict(EVERYTHING), {**past, "until": "2025-10-21T16:00:00Z"}]
    router.restart()
    router.wake()

    assert 2 == len(router.slack.texts(OPS))
