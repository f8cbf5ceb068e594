"""Claims: who may post a message, written down before anybody does."""

from dataclasses import replace
from typing import Any

import pytest

from fakes import Clock, FakeLedger, Faults, store_down
from finding_router.delivery.cards import Card
from finding_router.delivery.claims import LEASE_MARGIN_SECONDS, Claims
from finding_router.delivery.deadline import Deadline
from finding_router.delivery.episodes import Verdict
from finding_router.delivery.job import Delivery, Job, Record
from finding_router.delivery.ledger import Entry, EntryKey, State
from finding_router.errors import StoreError
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Severity
from finding_router.routing.table import Destination
from finding_router.slack.card import CardContext
from finding_router.slack.client import Posted
from hub_events import raw_finding

KEY = EntryKey("finding", "#alerts")
SETTLE = 900.0
INVOCATION = 90.0


class World:
    """A Ledger, and workers that claim in it."""

    def __init__(self) -> None:
        """Start with an empty Ledger."""
        self.clock = Clock()
        self.faults = Faults(self.clock)
        self.ledger = FakeLedger(self.faults)

    def worker(self, *deliveries: Delivery, seconds: float = INVOCATION) -> Claims:
        """Start an invocation that has read the Ledger."""
        claims = Claims(
            self.ledger,
            settle_seconds=SETTLE,
            deadline=Deadline(seconds, clock=self.clock),
            clock=self.clock,
        )
        claims.load(deliveries)
        return claims

    @property
    def entry(self) -> Entry:
        """Give the one entry of the Ledger."""
        return self.ledger.entries[KEY]


@pytest.fixture
def world() -> World:
    """Make an empty world."""
    return World()


def delivery(**changes: Any) -> Delivery:
    """Make the delivery of a finding, *changes* of which are the finding's."""
    finding = read_finding(raw_finding(**changes))
    job = Job(record=Record(body=None), finding=finding)
    return Delivery(
        key=KEY,
        destination=Destination(channel="#alerts"),
        card=Card(raw=None, finding=finding, problem="", context=CardContext()),
        severity=Severity.HIGH,
        jobs=[job],
    )


def test_a_first_claim_says_what_is_about_to_be_said(world: World) -> None:
    """The entry stands before the message does, until after the invocation has ended."""
    mine = delivery()

    verdict = world.worker(mine).claim(mine)

    assert Verdict.POST == verdict
    assert mine.is_claimed
    assert mine.entry == world.entry
    assert (State.CLAIMED, 1, 1, Severity.HIGH, "2026-09-01T10:00:00Z") == (
        world.entry.state,
        world.entry.episode,
        world.entry.version,
        world.entry.severity,
        world.entry.updated_at,
    )
    assert world.clock.now + INVOCATION + LEASE_MARGIN_SECONDS == world.entry.lease_until


def test_only_one_of_two_workers_wins(world: World) -> None:
    """Both have read that nothing was said; the conditional write decides."""
    mine, theirs = delivery(), delivery()
    me, them = world.worker(mine), world.worker(theirs)

    assert Verdict.POST == me.claim(mine)
    assert Verdict.BUSY == them.claim(theirs)
    assert not theirs.is_claimed


def test_a_running_claim_is_respected(world: World) -> None:
    """A worker that reads it does not even try."""
    mine, theirs = delivery(), delivery()
    world.worker(mine).claim(mine)

    assert Verdict.BUSY == world.worker(theirs).claim(theirs)
    assert 1 == world.faults.count("write")


def test_what_was_posted_is_not_claimed_again(world: World) -> None:
    """A redelivery meets the entry, and learns where the message stands."""
    mine, again = delivery(), delivery()
    me = world.worker(mine)
    me.claim(mine)
    assert me.record(mine, Posted("C1", "1.2"))

    assert Verdict.DUPLICATE == world.worker(again).claim(again)
    assert again.entry is not None
    assert ("C1", "1.2") == (again.entry.posted_to, again.entry.ts)


def test_a_claim_given_back_is_free_at_once(world: World) -> None:
    """The next worker posts in the same episode."""
    mine, theirs = delivery(), delivery()
    me = world.worker(mine)
    me.claim(mine)
    me.release(mine)

    assert not mine.is_claimed
    assert Verdict.RESUME == world.worker(theirs).claim(theirs)
    assert (1, 3) == (world.entry.episode, world.entry.version)


def test_a_doubtful_claim_is_looked_into_since_it_was_first_made(world: World) -> None:
    """The message may be there since then, however many workers come and go."""
    first = world.clock.now
    for _ in range(3):
        mine = delivery()
        me = world.worker(mine)
        me.claim(mine)
        mine.is_doubtful = True
        me.release(mine)
        world.clock.now += 60

    theirs = delivery()

    assert Verdict.RECOVER == world.worker(theirs).claim(theirs)
    assert first == world.entry.claimed_at
    assert 1 == world.entry.episode


def test_a_claim_left_behind_is_taken_up_after_its_lease(world: World) -> None:
    """Its worker died, and may have posted."""
    mine, theirs = delivery(), delivery()
    world.worker(mine).claim(mine)
    world.clock.now = world.entry.lease_until

    assert Verdict.RECOVER == world.worker(theirs).claim(theirs)
    assert theirs.is_claimed


def test_a_reopened_finding_is_the_next_episode(world: World) -> None:
    """Its message has another name, so that no search takes the first one for it."""
    mine, again = delivery(), delivery(UpdatedAt="2026-09-03T10:00:00Z")
    me = world.worker(mine)
    me.claim(mine)
    me.record(mine, Posted("C1", "1.2"))
    world.ledger.record_notified([KEY], at=world.clock.now)
    world.clock.now += SETTLE + 1

    assert Verdict.REOPEN == world.worker(again).claim(again)
    assert 2 == world.entry.episode
    assert mine.entry is not None
    assert mine.entry.delivery_id != world.entry.delivery_id


def test_what_was_never_claimed_cannot_be_given_back(world: World) -> None:
    """Nothing is written."""
    world.worker().release(delivery())

    assert 0 == world.faults.count("write")


def test_what_stands_in_slack_is_never_given_back(world: World) -> None:
    """Or the next worker would post it again without looking."""
    mine = delivery()
    me = world.worker(mine)
    me.claim(mine)
    mine.posted = Posted("C1", "1.2")

    me.release(mine)

    assert State.CLAIMED == world.entry.state
    assert world.entry.lease_until > world.clock.now


def test_a_claim_is_not_given_back_when_that_might_take_too_long(world: World) -> None:
    """Its lease runs out anyway."""
    mine = delivery()
    me = world.worker(mine)
    me.claim(mine)
    world.clock.now += INVOCATION - 10

    me.release(mine)

    assert 1 == world.faults.count("write")


def test_a_claim_that_cannot_be_given_back_runs_out(world: World) -> None:
    """A failing Ledger is no reason to fail the batch."""
    mine = delivery()
    me = world.worker(mine)
    me.claim(mine)
    world.faults.plan("write", store_down)

    me.release(mine)

    assert State.CLAIMED == world.entry.state


def test_a_claim_lost_to_another_worker_is_noticed_when_recording(world: World) -> None:
    """The entry of the other is left alone."""
    mine = delivery()
    me = world.worker(mine)
    me.claim(mine)
    world.ledger.entries[KEY] = replace(world.entry, version=9)

    assert not me.record(mine, Posted("C1", "1.2"))
    assert 9 == world.entry.version


def test_nothing_is_recorded_without_a_claim(world: World) -> None:
    """There is nothing to record it in."""
    assert not world.worker().record(delivery(), Posted("C1", "1.2"))


@pytest.mark.parametrize("operation", ["read", "write"])
def test_a_ledger_that_does_not_answer_is_no_verdict(world: World, operation: str) -> None:
    """Nobody may post without a claim."""
    world.faults.plan(operation, store_down)
    mine = delivery()

    with pytest.raises(StoreError):
        world.worker(mine).claim(mine)

    assert not mine.is_claimed


def test_an_unreadable_finding_is_claimed_without_a_time(world: World) -> None:
    """It has none."""
    mine = delivery()
    mine.job.finding = None

    world.worker(mine).claim(mine)

    assert world.entry.updated_at is None
