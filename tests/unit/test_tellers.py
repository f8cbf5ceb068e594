"""What tellers do when another worker comes first, and what they leave alone."""

from typing import Any

import pytest

from entries import KEY, MEMBER, make_entry
from fakes import Fault, store_down
from finding_router.delivery.batch import Batch
from finding_router.delivery.cards import Card
from finding_router.delivery.claims import Claims
from finding_router.delivery.deadline import Deadline
from finding_router.delivery.digest_book import OpenDigest
from finding_router.delivery.digest_telling import DigestTeller
from finding_router.delivery.digests import Digests
from finding_router.delivery.episodes import News, Phase
from finding_router.delivery.job import Delivery, DigestWork, Job, Progress, Record
from finding_router.delivery.ledger import Saying, State
from finding_router.delivery.notices import Notices
from finding_router.delivery.outcome import Outcome
from finding_router.delivery.pace import Pace
from finding_router.delivery.reviving import Reviver
from finding_router.delivery.slots import Slots
from finding_router.delivery.telling import DeliveryTeller
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Severity
from finding_router.routing.table import Destination
from finding_router.slack.card import CardContext
from hub_events import raw_finding
from router import ALERTS, DEFAULT, EVERYTHING, OPS, Router, outcomes

LATER = "2026-09-02T10:00:00Z"
DIGEST = {**EVERYTHING, "deliver": "digest"}


def intrude(router: Router, operation: str, *findings: dict[str, Any], **how: Any) -> Fault:
    """Let another worker send *findings* right before *operation*."""

    def meanwhile() -> None:
        mine = router.pipeline
        router.restart()
        router.send(*findings)
        router.pipeline = mine

    return router.faults.plan(operation, meanwhile=meanwhile, **how)


def test_of_two_workers_that_say_it_one_comes_back() -> None:
    """The other has claimed it in between."""
    router = Router()
    intrude(router, "note_channel", raw_finding())

    [job] = router.send(raw_finding())

    assert (Outcome.FAILED, "another worker was first") == (job.outcome, job.detail)
    assert 1 == len(router.slack.posted)


def test_of_two_workers_that_change_a_card_one_comes_back() -> None:
    """It reads anew what there is to change."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 60
    end = raw_finding(RecordState="ARCHIVED", UpdatedAt=LATER)
    intrude(router, "update", raw_finding(UpdatedAt="2026-09-01T12:00:00Z"))

    jobs = router.send(end)
    router.clock.now += 60
    again = router.send(end, tries=2)

    assert [Outcome.FAILED] == outcomes(jobs)
    assert [Outcome.UPDATED] == outcomes(again)
    assert "Archived" in router.card.text


def test_of_two_workers_that_open_a_digest_one_goes_on_with_the_others() -> None:
    """At once, and in its thread."""
    router = Router(DIGEST)
    intrude(router, "write_digest", raw_finding("theirs"))

    [mine] = router.send(raw_finding("mine"))

    assert Outcome.DIGESTED == mine.outcome
    [parent] = router.slack.opened(ALERTS)
    assert "2 new findings" in parent.text
    assert 2 == len(router.slack.thread(parent))


def test_of_two_workers_that_list_the_same_one_leaves_it_to_the_other() -> None:
    """It stands once."""
    router = Router(DIGEST)
    router.send(raw_finding("begun"))
    router.clock.now += 60
    intrude(router, "note_channel", raw_finding("same"))

    [job] = router.send(raw_finding("same"))

    assert Outcome.FAILED == job.outcome
    ids = [each for said in router.slack.posted for each in said.delivery_ids]
    assert len(ids) == len(set(ids))


def test_a_digest_posted_after_its_claim_was_lost_is_known_all_the_same() -> None:
    """It is there."""
    router = Router(DIGEST)
    original = router.digests.write_digest

    def write(digest: OpenDigest) -> bool:
        return digest.state is not State.POSTED and original(digest)

    router.digests.write_digest = write  # type: ignore[method-assign]  # another worker wins in between

    assert [Outcome.DIGESTED] == outcomes(router.send(raw_finding()))


def test_a_finding_listed_after_its_claim_was_lost_is_listed() -> None:
    """The other worker's record of its own stays."""
    router = Router(DIGEST)
    original = router.ledger.write

    def write(entry: Any) -> bool:
        return entry.state is not State.POSTED and original(entry)

    router.ledger.write = write  # type: ignore[method-assign]  # another worker wins in between

    assert [Outcome.DIGESTED] == outcomes(router.send(raw_finding()))


def test_a_digest_that_cannot_be_given_back_waits_for_its_lease() -> None:
    """The Ledger does not answer."""
    router = Router(DIGEST)
    router.faults.plan("write", store_down)
    router.faults.plan("write_digest", store_down, about="released")

    [job] = router.send(raw_finding())

    assert Outcome.FAILED == job.outcome
    assert [State.CLAIMED] == [each.state for each in router.digests.digests.values()]


@pytest.mark.parametrize("operation", ["read", "open_digests"])
def test_a_ledger_that_fails_at_the_beginning_brings_everything_back(operation: str) -> None:
    """Nothing is posted without it."""
    router = Router(DIGEST)
    router.faults.plan(operation, store_down)

    assert [Outcome.FAILED] == outcomes(router.send(raw_finding()))
    assert [] == router.slack.posted


def test_the_end_of_what_a_digest_does_not_list_changes_nothing_there() -> None:
    """Its line expired."""
    router = Router(DIGEST)
    router.send(raw_finding())
    router.digests.listed.clear()
    router.clock.now += 60

    [job] = router.send(raw_finding(RecordState="ARCHIVED", UpdatedAt=LATER))

    assert Outcome.UPDATED == job.outcome
    assert [] == router.slack.opened(ALERTS)[0].changed_at


def make_batch(router: Router) -> Batch:
    """Make the batch of a worker that has nothing to say yet."""
    deadline = Deadline(90, clock=router.clock)
    now = {"clock": router.clock, "sleep": router.clock.sleep}
    notices = Notices(slack=router.slack, ledger=router.ledger, channel=OPS, **now)  # type: ignore[arg-type]  # the fake has the same methods
    pace = Pace(ledger=router.ledger, clock=router.clock)
    return Batch(
        slack=router.slack,  # type: ignore[arg-type]  # the fake has the same methods
        book=router.digests,
        claims=Claims(router.ledger, settle_seconds=900, deadline=deadline, clock=router.clock),
        slots=Slots(pace, deadline=deadline, **now),
        pace=pace,
        notices=notices,
        default_channel=DEFAULT,
        deadline=deadline,
        **now,
    )


def test_what_does_not_stand_anywhere_is_neither_recorded_nor_changed() -> None:
    """There is nothing to remember of it."""
    router = Router()
    batch = make_batch(router)
    digests = Digests(batch, threshold=5, quiet_seconds=600)
    reviver = Reviver(batch, digests)
    # Back, and forgotten.
    entry = make_entry(saying=Saying.REOPEN, ts=None, posted_to=None)
    router.ledger.entries[KEY] = entry
    told = News(member=MEMBER, phase=Phase.ENDED, severity=Severity.HIGH, updated_at=LATER)
    delivery = Delivery(
        destination=Destination(channel=ALERTS),
        severity=Severity.HIGH,
        jobs=[Job(record=Record(body=None))],
        key=KEY,
        card=Card(raw=None, finding=None, problem="", context=CardContext()),
        news={MEMBER: told},
        entry=entry,
    )
    digest = DigestWork(
        destination=delivery.destination,
        severity=Severity.HIGH,
        jobs=delivery.jobs,
        name=ALERTS,
        deliveries=[delivery],
    )
    teller = DeliveryTeller(batch, digests, reviver)
    batch.claims.load([delivery])
    router.faults.calls.clear()

    DigestTeller(batch, digests).record(digest)
    teller.record(delivery)
    reviver.later(delivery)
    reviver.run()

    assert Progress.PENDING is delivery.progress
    assert [] == router.faults.calls


def test_what_was_said_meanwhile_is_not_listed() -> None:
    """It comes back, to be said where the first of it was, or nowhere."""
    router = Router()
    batch = make_batch(router)
    router.ledger.entries[KEY] = make_entry(members={})
    finding = read_finding(raw_finding())
    delivery = Delivery(
        destination=Destination(channel=ALERTS),
        severity=Severity.HIGH,
        jobs=[Job(record=Record(body=None), finding=finding)],
        key=KEY,
        card=Card(raw=None, finding=finding, problem="", context=CardContext()),
        news={MEMBER: News(member=MEMBER, phase=Phase.NEW, severity=Severity.HIGH)},
    )
    work = DigestWork(
        destination=delivery.destination,
        severity=Severity.HIGH,
        jobs=delivery.jobs,
        name=ALERTS,
        deliveries=[delivery],
    )
    batch.claims.load([delivery])
    teller = DigestTeller(batch, Digests(batch, threshold=5, quiet_seconds=600))

    teller.step(work)
    teller.step(work)

    assert Progress.FAILED is delivery.progress
    assert [] == router.slack.posted
