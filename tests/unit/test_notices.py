"""Notices: the router's own troubles, posted once and never at the expense of an alert."""

from itertools import pairwise
from typing import Any

import pytest

from fakes import (
    Killed,
    MakeError,
    killed,
    rate_limited,
    store_down,
    unavailable,
)
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.notices import Notice, joined
from finding_router.delivery.posting.notice import TELLING_SECONDS
from finding_router.delivery.session import Session
from finding_router.slack.messages.notice import EVERY_SECONDS, Words
from hub_events import raw_finding
from router import DEFAULT, EVERYTHING, OPS, Router


class World:
    """A router that has only notices to post."""

    def __init__(self, **settings: Any) -> None:
        """Start silent."""
        self.router = Router(**settings)
        self.clock = self.router.clock
        self.faults = self.router.faults
        self.slack = self.router.slack

    def another_worker(self) -> None:
        """Go on as another worker, which remembers nothing of this one."""
        self.router.restart()

    def say(self, *topics: str, seconds: float = 90.0) -> None:
        """Post a notice on each of *topics*, when *seconds* of the batch are left."""
        session = self.session(seconds)
        for topic in topics:
            session.run.notices.say(topic, Words(f"Trouble with {topic}", ["details"]))
        session.tell_operators()

    def session(self, seconds: float = 90.0) -> Session:
        """Begin a batch of which *seconds* are left."""
        deadline = Deadline(90, clock=self.clock)
        self.clock.now += 90 - seconds
        return self.router.pipeline._session(self.router.routes.table(), deadline)


@pytest.fixture
def world() -> World:
    """Make a silent world."""
    return World()


def test_a_trouble_is_told_in_the_ops_channel(world: World) -> None:
    """With its details."""
    world.say("routes")

    [said] = world.slack.posted
    assert OPS == said.channel
    assert "Trouble with routes" in said.text
    assert "details" in str(said.message.arguments())


def test_a_trouble_is_told_once_an_hour_by_all_workers_together(world: World) -> None:
    """However many batches meet it."""
    world.say("routes", "routes")
    world.say("routes", "routes")
    world.another_worker()
    world.say("routes", "routes")

    assert 1 == len(world.slack.posted)

    world.clock.now += EVERY_SECONDS
    world.say("routes")

    assert 2 == len(world.slack.posted)


def test_different_troubles_do_not_silence_each_other(world: World) -> None:
    """Each topic has its own hour."""
    world.say("routes", "other")

    assert 2 == len(world.slack.posted)


def test_what_has_no_time_left_is_told_with_the_next_batch(world: World) -> None:
    """Alerts come first."""
    world.say("routes", seconds=5)

    assert [] == world.slack.posted

    world.say()

    assert ["⚙️ Trouble with routes"] == world.slack.texts(OPS)


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ("once", store_down),
        ("slot", store_down),
        ("post", rate_limited(1)),
        ("post", unavailable()),
    ],
)
def test_a_notice_that_cannot_be_told_is_told_with_the_next_batch(
    world: World, operation: str, error: MakeError
) -> None:
    """It is no failure, since the alerts are through; and it does not keep back the others."""
    world.faults.plan(operation, error)

    world.say("routes", "other")
    world.say()

    assert [
        "⚙️ Trouble with other",
        "⚙️ Trouble with routes",
    ] == sorted(world.slack.texts(OPS))

    world.say("routes")
    world.another_worker()
    world.say("other")

    assert 2 == len(world.slack.posted)


def test_a_notice_over_which_a_worker_died_is_told_by_another_a_minute_later(world: World) -> None:
    """Until then it may be on its way."""
    world.faults.plan("post", killed)
    with pytest.raises(Killed):
        world.say("routes")

    world.another_worker()
    world.say("routes")

    assert [] == world.slack.posted

    world.clock.now += TELLING_SECONDS
    world.another_worker()
    world.say("routes")

    assert 1 == len(world.slack.posted)


def test_a_notice_that_waits_says_what_is_true_by_then(world: World) -> None:
    """Of two words on a topic, the last."""
    world.say("routes", seconds=5)
    session = world.session()
    session.run.notices.say("routes", Words("Another trouble"))
    session.tell_operators()

    assert ["⚙️ Another trouble"] == world.slack.texts(OPS)


def test_a_notice_that_was_told_is_told_no_more_where_the_ledger_fails_after(world: World) -> None:
    """Not by this worker."""
    world.faults.plan("once", store_down, skip=1)

    world.say("routes")
    world.say()

    assert 1 == len(world.slack.posted)


def test_notices_keep_the_pace_of_their_channel(world: World) -> None:
    """It may be the channel of alerts; a notice without a slot is posted later, and is not lost."""
    topics = [f"channel #{number}" for number in range(12)]

    world.say(*topics)

    assert 10 == len(world.slack.posted)
    assert all(late.at - early.at >= 1 for early, late in pairwise(world.slack.posted))

    world.say()

    assert 12 == len(world.slack.posted)


def test_notices_do_not_wait_for_a_channel_that_rests(world: World) -> None:
    """A batch has to end, and to answer."""
    now = world.clock.now
    world.router.rates.slow_down(OPS, now=now, until=now + 300, row_seconds=0)

    world.say("routes")

    assert ([], []) == (world.slack.posted, world.clock.slept)


def test_what_notices_of_one_message_have_in_common_is_said_once() -> None:
    """The same cause is one detail."""
    several = [
        Notice(topic=name, words=Words("Two routes are skipped", ["the same cause", name]))
        for name in ("one", "two")
    ]

    assert list(joined(several).details) == ["the same cause", "one", "two"]


def test_channels_that_refuse_are_told_of_in_one_notice() -> None:
    """At Slack's pace, where no ops channel is set and notices and alerts share a channel."""
    names = [f"dead{number}" for number in range(4)]
    items = [{"kind": "route", "name": name, "channel": f"#{name}"} for name in names]
    router = Router(*items, missing=[f"#{name}" for name in names], ops_channel="")

    router.send(raw_finding())

    *cards, told = router.slack.opened(DEFAULT)
    assert 4 == len(cards)
    assert "4 channels take no messages" in told.all
    assert "or change route dead1" in told.all
    assert all(f"`#{name}` not found (channel_not_found). Create it" in told.all for name in names)
    here = router.slack.opened(DEFAULT)
    assert all(late.at - early.at >= 1 for early, late in pairwise(here))

    router.clock.now += 60
    router.send(raw_finding("another"))

    assert 1 == sum("take no messages" in said.all for said in router.slack.opened(DEFAULT))


def test_an_ops_channel_that_refuses_falls_back_to_the_default_channel(world: World) -> None:
    """And names itself."""
    world.slack._missing = {OPS}

    world.say("routes")

    [said] = world.slack.posted
    assert DEFAULT == said.channel
    assert f"For {OPS}" in said.all
    assert "which does not exist" in said.all
    world.say("routes")
    assert 1 == len(world.slack.posted)


def test_a_silence_that_is_past_is_told_of_however_slack_fares() -> None:
    """Once for its moment; a name used again with a wrong year has a notice again."""
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
