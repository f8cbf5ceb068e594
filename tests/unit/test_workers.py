"""Two workers at the same alert: one posts, the other comes back."""

from typing import Any

import pytest

from digest_parents import headline_count
from fake_ledger import state_of
from fakes import Fault, store_down
from finding_router.delivery.digests.store import DigestState, OpenDigest
from finding_router.delivery.outcome import Outcome
from hub_events import raw_finding
from router import ALERTS, EVERYTHING, Router, outcomes

LATER = "2026-09-02T10:00:00Z"
DIGEST = {**EVERYTHING, "deliver": "digest"}


def intrude(router: Router, operation: str, *findings: dict[str, Any], **how: Any) -> Fault:
    """Make another worker send *findings* right before *operation*."""

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
    """It reads the pending changes anew."""
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
    assert 2 == headline_count(parent.text)
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
        return digest.state is not DigestState.POSTED and original(digest)

    router.digests.write_digest = write  # type: ignore[method-assign]  # another worker wins in between

    assert [Outcome.DIGESTED] == outcomes(router.send(raw_finding()))


def test_a_finding_listed_after_its_claim_was_lost_is_listed() -> None:
    """The other worker's record of its own stays."""
    router = Router(DIGEST)
    original = router.ledger.write

    def write(alert: Any) -> bool:
        return state_of(alert) != "posted" and original(alert)

    router.ledger.write = write  # type: ignore[method-assign]  # another worker wins in between

    assert [Outcome.DIGESTED] == outcomes(router.send(raw_finding()))


def test_a_digest_that_cannot_be_given_back_waits_for_its_lease() -> None:
    """The Ledger does not answer."""
    router = Router(DIGEST)
    router.faults.plan("write", store_down)
    router.faults.plan("write_digest", store_down, about="released")

    [job] = router.send(raw_finding())

    assert Outcome.FAILED == job.outcome
    assert [DigestState.CLAIMED] == [each.state for each in router.digests.digests.values()]


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
