"""Ends that come before their beginning is posted: no card stays open, no text is overwritten."""

from typing import Any

import pytest

from fakes import Killed, hub_denied, killed, security_hub_down, store_down
from faults.twins import in_ocsf
from finding_router.delivery.alerts.advance import Why
from finding_router.delivery.deliveries import Job
from finding_router.delivery.outcome import Outcome
from finding_router.findings.ocsf.marks import V2Status
from hub_events import (
    ACCOUNT,
    PRODUCT_ARN,
    PRODUCT_ARN_V2,
    custom_action,
    imported,
    raw_finding,
    record,
)
from router import ALERTS, EVERYTHING, INVOCATION_SECONDS, Router, outcomes

CARDS = {**EVERYTHING, "deliver": "card"}
KEY = (PRODUCT_ARN, "finding-1")
HELD = {
    **EVERYTHING,
    "name": "daily",
    "channel": "#daily",
    "deliver": "scheduled",
    "schedule": {"time": "06:00", "zone": "UTC"},
}
KEY_V2 = (PRODUCT_ARN_V2, "finding-1", ACCOUNT)
ASKED = "v2 statuses"


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


def send_v2(router: Router, *, tries: int = 1, **changes: Any) -> Job:
    """Send an event of the finding in AWS Security Hub, which has another status there."""
    event = imported(in_ocsf(raw_finding(), **changes), sent_at=router.clock.now)
    [job] = router.run(record(event, tries=tries))
    router.clock.now += 1
    return job


def overtake_v2(router: Router) -> None:
    """Send the end of a finding of AWS Security Hub, whose first event comes later."""
    router.workflow_v2.status[KEY_V2] = "RESOLVED"
    assert Outcome.NOT_NEW is send_v2(router, status_id=4).outcome


@pytest.mark.parametrize("comment", [None, "somebody's"])
@pytest.mark.parametrize("mode", V2Status)
def test_what_ended_in_aws_security_hub_before_it_was_said_is_closed(
    mode: V2Status, comment: str | None
) -> None:
    """Also a finding that gets no mark there."""
    router = Router(CARDS, v2_status=mode)
    overtake_v2(router)

    job = send_v2(router, **({"comment": comment} if comment else {}))

    assert Outcome.POSTED is job.outcome
    assert "Resolved" in router.card.text
    assert not router.alerts[0].is_there
    assert [] == router.workflow_v2.marked


def test_a_line_of_what_ended_in_aws_security_hub_ends() -> None:
    """As one of Security Hub CSPM's."""
    router = Router({**EVERYTHING, "deliver": "digest"})
    overtake_v2(router)

    assert Outcome.DIGESTED is send_v2(router).outcome

    assert "1 resolved" in router.card.text


def test_what_gets_no_mark_is_asked_about_once_an_episode() -> None:
    """Its updates say nothing, and cost nothing."""
    router = Router(CARDS)
    router.workflow_v2.status[KEY_V2] = "NEW"

    for _ in range(3):
        send_v2(router, time=int(router.clock.now * 1000))
    assert 1 == router.faults.count(ASKED)
    for status in (4, 1):
        send_v2(router, status_id=status, time=int(router.clock.now * 1000))
    assert 2 == router.faults.count(ASKED)

    assert (2, 0) == (router.alerts[0].episode, router.faults.count("v2 mark"))


def test_what_aws_security_hub_does_not_find_stays_open() -> None:
    """It may be there before long."""
    router = Router(CARDS)

    assert Outcome.POSTED is send_v2(router).outcome

    assert (1, [True]) == (router.faults.count(ASKED), [each.is_shown for each in router.alerts])


def test_a_question_that_fails_comes_again() -> None:
    """Without another message."""
    router = Router(CARDS)
    overtake_v2(router)
    router.faults.plan(ASKED, security_hub_down)

    first, second = send_v2(router), send_v2(router, tries=2)

    assert (Outcome.FAILED, Outcome.DUPLICATE) == (first.outcome, second.outcome)
    assert "Resolved" in router.card.text
    assert 1 == len(router.slack.posted)


def test_a_worker_that_dies_before_it_asks_leaves_that_to_the_next() -> None:
    """Though that has nothing to say."""
    router = Router(CARDS)
    overtake_v2(router)
    router.faults.plan(ASKED, killed)
    with pytest.raises(Killed):
        send_v2(router)
    router.clock.now += 2 * INVOCATION_SECONDS
    router.restart()

    send_v2(router, tries=2)

    assert "Resolved" in router.card.text
    assert 1 == len(router.slack.posted)


def test_a_question_that_is_denied_fails_nothing() -> None:
    """A role that may not ask would otherwise bring each finding to the dead letters."""
    router = Router(CARDS)
    overtake_v2(router)
    router.faults.plan(ASKED, hub_denied, times=None)

    assert Outcome.POSTED is send_v2(router).outcome

    assert [True] == [each.is_shown for each in router.alerts]


def test_a_mark_whose_question_is_denied_comes_again() -> None:
    """Until the role may."""
    router = Router(CARDS, v2_status=V2Status.IN_PROGRESS)
    router.workflow_v2.status[KEY_V2] = "NEW"
    router.faults.plan(ASKED, hub_denied)

    first, second = send_v2(router), send_v2(router, tries=2)

    assert (Outcome.FAILED, Outcome.DUPLICATE) == (first.outcome, second.outcome)
    assert [(KEY_V2, "NOTIFIED")] == router.workflow_v2.marked


def test_without_tracking_nothing_is_asked_about_for_its_end() -> None:
    """No card would be closed."""
    router = Router(CARDS, track_lifecycle=False)
    overtake_v2(router)

    send_v2(router)

    assert 0 == router.faults.count(ASKED)


@pytest.mark.parametrize("tries", [1, 2])
def test_what_another_channel_hears_later_is_closed_at_once(tries: int) -> None:
    """It is marked only after that, and by then no event tells the first channel of its end."""
    router = Router(CARDS, HELD)
    router.hold(raw_finding(), status="RESOLVED")
    if tries == 2:
        router.faults.plan("statuses", security_hub_down)
        assert [Outcome.FAILED] == outcomes(router.send(raw_finding()))

    router.send(raw_finding(), tries=tries)

    assert "Resolved" in router.card.text
    assert 1 == len(router.slack.posted)
    assert [] == router.workflow.marked


def test_what_another_channel_hears_later_in_aws_security_hub_is_closed_at_once() -> None:
    """Whatever it is marked with."""
    for mode in V2Status:
        router = Router(CARDS, HELD, v2_status=mode)
        overtake_v2(router)

        send_v2(router)

        assert "Resolved" in router.card.text


def test_what_is_only_held_is_not_asked_about() -> None:
    """Its release asks before it says anything."""
    router = Router(HELD)

    router.send(raw_finding())

    assert 0 == router.faults.count("statuses")
