"""Claims: who may post a message, written down before anybody does."""

from dataclasses import replace
from typing import Any

import pytest

from fake_ledger import FakeLedger
from fakes import Clock, Faults, store_down
from finding_router.delivery.cards import Card
from finding_router.delivery.claims import LEASE_MARGIN_SECONDS, Claims
from finding_router.delivery.deadline import Deadline
from finding_router.delivery.episodes import News, Phase, Verdict
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
SAID = "2026-09-01T10:00:00Z"
LATER = "2026-09-03T10:00:00Z"
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


def news(**changes: Any) -> News:
    """Make what an event tells, *changes* of which are not as ever."""
    values = {"member": "m", "phase": Phase.NEW, "severity": Severity.HIGH, "updated_at": SAID}
    return News(**values | changes)


def delivery(*told: News) -> Delivery:
    """Make the delivery of what was *told*, or of something new."""
    finding = read_finding(raw_finding())
    job = Job(record=Record(body=None), finding=finding)
    return Delivery(
        key=KEY,
        destination=Destination(channel="#alerts"),
        card=Card(raw=None, finding=finding, problem="", context=CardContext()),
        severity=Severity.HIGH,
        jobs=[job],
        news={each.member: each for each in told or [news()]},
    )


def claim(worker: Claims, mine: Delivery) -> Verdict | None:
    """Judge, and claim what is to be said; None where another worker was first."""
    verdict = worker.judge(mine)
    if verdict in {Verdict.BUSY, Verdict.DUPLICATE, Verdict.NOTE}:
        return verdict
    return verdict if worker.claim(mine, verdict) else None


def test_a_first_claim_says_what_is_about_to_be_said(world: World) -> None:
    """The entry stands before the message does, until after the invocation has ended."""
    mine = delivery()

    verdict = claim(world.worker(mine), mine)

    assert Verdict.POST == verdict
    assert mine.is_claimed
    assert mine.entry == world.entry
    assert (State.CLAIMED, 1, 1, Severity.HIGH, SAID) == (
        world.entry.state,
        world.entry.episode,
        world.entry.version,
        world.entry.severity,
        world.entry.members["m"].said_at,
    )
    assert world.clock.now + INVOCATION + LEASE_MARGIN_SECONDS == world.entry.lease_until


def test_only_one_of_two_workers_wins(world: World) -> None:
    """Both have read that nothing was said; the conditional write decides."""
    mine, theirs = delivery(), delivery()
    me, them = world.worker(mine), world.worker(theirs)

    assert Verdict.POST == claim(me, mine)
    assert claim(them, theirs) is None
    assert not theirs.is_claimed


def test_a_running_claim_is_respected(world: World) -> None:
    """A worker that reads it does not even try."""
    mine, theirs = delivery(), delivery()
    claim(world.worker(mine), mine)

    assert Verdict.BUSY == claim(world.worker(theirs), theirs)
    assert 1 == world.faults.count("write")


def test_what_was_posted_is_not_claimed_again(world: World) -> None:
    """A redelivery meets the entry, and learns where the message stands."""
    mine, again = delivery(), delivery()
    me = world.worker(mine)
    claim(me, mine)
    assert me.record(mine, Posted("C1", "1.2"))

    assert Verdict.DUPLICATE == claim(world.worker(again), again)
    assert again.entry is not None
    assert ("C1", "1.2") == (again.entry.posted_to, again.entry.ts)


def test_a_claim_given_back_is_free_at_once(world: World) -> None:
    """The next worker posts in the same episode."""
    mine, theirs = delivery(), delivery()
    me = world.worker(mine)
    claim(me, mine)
    me.release(mine)

    assert not mine.is_claimed
    assert Verdict.RESUME == claim(world.worker(theirs), theirs)
    assert (1, 3) == (world.entry.episode, world.entry.version)


def test_a_doubtful_claim_is_looked_into_since_it_was_first_made(world: World) -> None:
    """The message may be there since then, however many workers come and go."""
    first = world.clock.now
    for _ in range(3):
        mine = delivery()
        me = world.worker(mine)
        claim(me, mine)
        mine.is_doubtful = True
        me.release(mine)
        world.clock.now += 60

    theirs = delivery()

    assert Verdict.RECOVER == claim(world.worker(theirs), theirs)
    assert first == world.entry.claimed_at
    assert 1 == world.entry.episode


def test_a_claim_left_behind_is_taken_up_after_its_lease(world: World) -> None:
    """Its worker died, and may have posted."""
    mine, theirs = delivery(), delivery()
    claim(world.worker(mine), mine)
    world.clock.now = world.entry.lease_until

    assert Verdict.RECOVER == claim(world.worker(theirs), theirs)
    assert theirs.is_claimed


def test_a_reopened_finding_is_the_next_episode(world: World) -> None:
    """Its message has another name, so that no search takes the first one for it."""
    mine, again = delivery(), delivery(news(updated_at=LATER))
    me = world.worker(mine)
    claim(me, mine)
    me.record(mine, Posted("C1", "1.2"))
    world.ledger.record_notified("m", [KEY], at=world.clock.now)
    world.clock.now += SETTLE + 1

    assert Verdict.REOPEN == claim(world.worker(again), again)
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
    claim(me, mine)
    mine.posted = Posted("C1", "1.2")

    me.release(mine)

    assert State.CLAIMED == world.entry.state
    assert world.entry.lease_until > world.clock.now


def test_a_claim_is_not_given_back_when_that_might_take_too_long(world: World) -> None:
    """Its lease runs out anyway."""
    mine = delivery()
    me = world.worker(mine)
    claim(me, mine)
    world.clock.now += INVOCATION - 10

    me.release(mine)

    assert 1 == world.faults.count("write")


def test_a_claim_that_cannot_be_given_back_runs_out(world: World) -> None:
    """A failing Ledger is no reason to fail the batch."""
    mine = delivery()
    me = world.worker(mine)
    claim(me, mine)
    world.faults.plan("write", store_down)

    me.release(mine)

    assert State.CLAIMED == world.entry.state


def test_a_claim_lost_to_another_worker_is_noticed_when_recording(world: World) -> None:
    """The entry of the other is left alone."""
    mine = delivery()
    me = world.worker(mine)
    claim(me, mine)
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
        claim(world.worker(mine), mine)

    assert not mine.is_claimed


def test_an_unreadable_finding_is_claimed_without_a_time(world: World) -> None:
    """It has none."""
    mine = delivery(news(updated_at=None))

    claim(world.worker(mine), mine)

    assert world.entry.members["m"].said_at is None


def test_the_channel_is_noted_before_the_first_claim_and_not_when_that_is_taken_up(
    world: World,
) -> None:
    """Otherwise a card could stand in Slack that no end ever reaches."""
    mine, theirs = delivery(), delivery()
    me = world.worker(mine)
    claim(me, mine)
    me.release(mine)
    claim(world.worker(theirs), theirs)

    operations = [operation for operation, _ in world.faults.calls]
    assert ["read", "note_channel", "write"] == operations[:3]
    assert 1 == world.faults.count("note_channel")


def test_the_channel_is_noted_again_when_more_is_said(world: World) -> None:
    """The Ledger forgets it as late as what stands there."""
    mine, worse = delivery(), delivery(news(severity=Severity.CRITICAL, updated_at=LATER))
    me = world.worker(mine)
    claim(me, mine)
    me.record(mine, Posted("C1", "1.2"))

    assert Verdict.RISE == claim(world.worker(worse), worse)
    assert 2 == world.faults.count("note_channel")


def test_what_asks_for_most_decides_about_several(world: World) -> None:
    """One of the findings is known, the other is worse."""
    mine, both = delivery(), delivery(news(), news(member="n", severity=Severity.CRITICAL))
    me = world.worker(mine)
    claim(me, mine)
    me.record(mine, Posted("C1", "1.2"))

    assert Verdict.RISE == claim(world.worker(both), both)
    assert Severity.HIGH == world.entry.said_before
    assert {"m", "n"} == set(world.entry.members)


def test_what_is_to_be_listed_is_claimed_for_its_digest(world: World) -> None:
    """A worker that takes it up lists it there, and posts no card."""
    mine = delivery()

    world.worker(mine).claim(mine, Verdict.POST, digest="digest-1")

    assert "digest-1" == world.entry.digest


def test_what_says_nothing_is_noted(world: World) -> None:
    """Without a claim, and as conditional as one."""
    mine, heard = delivery(), delivery(news(updated_at=LATER))
    me, late = world.worker(mine), delivery(news(updated_at=LATER))
    claim(me, mine)
    me.record(mine, Posted("C1", "1.2"))
    them, other = world.worker(heard), world.worker(late)
    them.judge(heard)
    other.judge(late)

    assert them.note(heard, Verdict.NOTE)
    assert not other.note(late, Verdict.REFRESH)
    assert LATER == world.entry.members["m"].heard_at
    assert SAID == world.entry.members["m"].said_at


def test_a_reply_whose_thread_was_gone_becomes_the_card(world: World) -> None:
    """Slack posts it into the channel, and says so only by leaving out the thread."""
    mine, again = delivery(), delivery(news(severity=Severity.CRITICAL))
    me = world.worker(mine)
    claim(me, mine)
    me.record(mine, Posted("C1", "1.2"))
    them = world.worker(again)
    claim(them, again)

    assert them.record(again, Posted("C1", "3.4"))
    assert "3.4" == world.entry.ts


def test_a_reply_in_its_thread_leaves_the_card_where_it_is(world: World) -> None:
    """What comes next is said there, too."""
    mine, again = delivery(), delivery(news(severity=Severity.CRITICAL))
    me = world.worker(mine)
    claim(me, mine)
    me.record(mine, Posted("C1", "1.2"))
    them = world.worker(again)
    claim(them, again)

    assert them.record(again, Posted("C1", "3.4", is_in_thread=True))
    assert "1.2" == world.entry.ts


def test_what_has_no_entry_has_nothing_to_let_go_of(world: World) -> None:
    """It is the first message of all."""
    mine = delivery()

    world.worker().detach(mine)

    assert mine.entry is None
