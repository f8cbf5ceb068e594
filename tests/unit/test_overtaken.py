"""Ends that come before their beginning is posted: no card stays open, no text is overwritten."""

from typing import Any

import pytest

from fakes import store_down
from finding_router.delivery.alerts.advance import Why
from finding_router.delivery.outcome import Outcome
from hub_events import PRODUCT_ARN, custom_action, imported, raw_finding, record
from router import ALERTS, EVERYTHING, Router, outcomes

CARDS = {**EVERYTHING, "deliver": "card"}
KEY = (PRODUCT_ARN, "finding-1")


def overtake(router: Router, *, status: str = "RESOLVED") -> dict[str, Any]:
    """End a finding before it could be posted; return its first event, which comes again."""
    event = imported(raw_finding(), sent_at=router.clock.now)
    router.hold(raw_finding())
    now = router.clock.now
    router.rates.slow_down(ALERTS, now=now, until=now + 300, row_seconds=0)
    assert [Outcome.WAITING] == outcomes(router.run(record(event)))
    router.clock.now += 100
    router.hold(raw_finding(), status=status)
    router.send(raw_finding(Workflow={"Status": status}))
    router.clock.now += 300
    return event


@pytest.mark.parametrize("status", ["SUPPRESSED", "RESOLVED"])
def test_new_and_over_within_one_batch_is_not_said(status: str) -> None:
    """Nor marked, also if Security Hub still has NEW."""
    router = Router()
    now = router.clock.now
    router.hold(raw_finding())

    jobs = router.run(
        record(imported(raw_finding(), sent_at=now - 60)),
        record(imported(raw_finding(Workflow={"Status": status}), sent_at=now - 5), number=2),
    )

    assert [Outcome.DUPLICATE, Outcome.NOT_NEW] == outcomes(jobs)
    assert {Why.OVER_BEFORE_SAID} == {job.detail for job in jobs}
    assert [] == router.slack.posted
    assert [] == router.workflow.marked


@pytest.mark.parametrize("status", ["SUPPRESSED", "RESOLVED"])
def test_what_ended_before_it_was_said_is_said_and_closed(status: str) -> None:
    """Its own end was about nothing when it came, and no other comes."""
    router = Router(CARDS)
    event = overtake(router, status=status)

    [job] = router.run(record(event, tries=2))

    assert Outcome.POSTED == job.outcome
    assert router.card.text.split(" · ")[1].startswith(f"{status.capitalize()} after")
    assert status == router.status()
    assert not router.alerts[0].is_there


def test_what_was_archived_before_it_was_said_is_closed() -> None:
    """Though its status is NEW for ever."""
    router = Router(CARDS)
    event = overtake(router, status="NEW")
    router.workflow.archived.add(KEY)

    router.run(record(event, tries=2))

    assert "Archived" in router.card.text
    assert "NEW" == router.status()


def test_a_line_of_what_ended_before_it_was_said_ends() -> None:
    """The digest adds up."""
    router = Router({**EVERYTHING, "deliver": "digest"})
    router.hold(raw_finding(), status="RESOLVED")

    router.send(raw_finding())

    assert "1 resolved" in router.card.text


def test_a_card_that_could_not_be_closed_is_closed_by_the_next_try() -> None:
    """It asks again."""
    router = Router(CARDS)
    event = overtake(router)
    now = router.clock.now
    router.rates.slow_down("updates", now=now, until=now + 60, row_seconds=0)

    [first] = router.run(record(event, tries=2))
    router.clock.now += 61
    [second] = router.run(record(event, tries=3))

    assert (Outcome.WAITING, Outcome.DUPLICATE) == (first.outcome, second.outcome)
    assert "Resolved" in router.card.text
    assert 1 == len(router.slack.posted)


def test_a_ledger_that_fails_over_closing_brings_the_record_back() -> None:
    """Nothing is remembered that would keep the next try from it."""
    router = Router(CARDS)
    event = overtake(router)
    router.faults.plan("read", store_down, skip=1)

    [first] = router.run(record(event, tries=2))
    router.run(record(event, tries=3))

    assert Outcome.FAILED == first.outcome
    assert "Resolved" in router.card.text


def test_without_tracking_cards_stay_as_they_are() -> None:
    """The parameter TrackLifecycle is off; a status set by a person stays as well."""
    router = Router(CARDS, track_lifecycle=False)
    router.hold(raw_finding(), status="RESOLVED")

    [job] = router.send(raw_finding())

    assert Outcome.POSTED == job.outcome
    assert router.card.text.startswith("🟠 ")
    assert "RESOLVED" == router.status()


def test_what_a_person_asked_for_is_not_closed() -> None:
    """A request stands for itself."""
    router = Router()
    router.hold(raw_finding(), status="RESOLVED")

    [job] = router.run(record(custom_action(raw_finding())))

    assert Outcome.POSTED == job.outcome
    assert router.card.text.startswith("🟠 ")
