"""Notices: the router's own troubles, told once and never at the expense of an alert."""

import pytest

from fake_ledger import FakeLedger
from fake_slack import FakeSlack
from fakes import Clock, Faults, channel_refused, store_down
from finding_router.delivery.deadline import Deadline
from finding_router.delivery.notices import EVERY_SECONDS, Notices
from router import OPS


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
        return Notices(slack=self.slack, ledger=self.ledger, channel=OPS, clock=self.clock)  # type: ignore[arg-type]  # the fake has the same methods

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


def test_a_notice_is_told_in_the_batch_that_it_belongs_to(world: World) -> None:
    """Nothing is kept for the next one."""
    world.say(world.notices, "routes", seconds=5)
    world.say(world.notices)

    assert [] == world.slack.posted


@pytest.mark.parametrize(
    ("operation", "error"), [("once", store_down), ("post", channel_refused())]
)
def test_a_notice_that_cannot_be_told_is_no_failure(
    world: World, operation: str, error: object
) -> None:
    """The alerts are through already, and stay so; the next notice is tried all the same."""
    world.faults.plan(operation, error)  # type: ignore[arg-type]  # one of the two above

    world.say(world.notices, "routes", "channel #a")

    assert ["Security Hub router: trouble with channel #a"] == world.slack.texts(OPS)
