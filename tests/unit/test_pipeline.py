"""The main job, in the words of the requirement."""

from typing import Any

import pytest

from fakes import channel_refused, store_down, token_refused, unavailable
from finding_router.delivery.deliveries import Record
from finding_router.delivery.outcome import Outcome
from finding_router.slack.messages.notice import EVERY_SECONDS
from finding_router.telemetry import (
    EVENTS_REFUSED,
    FINDINGS_DUPLICATE,
    FINDINGS_FAILED,
    FINDINGS_POSTED,
    FINDINGS_QUIET,
    INVALID_ROUTES,
)
from hub_events import PRODUCT_ARN, custom_action, imported, raw_finding, record
from router import ALERTS, DEFAULT, EVERYTHING, OPS, SETTLE_MINUTES, Router, counted, outcomes

TWO_CHANNELS = (
    {"kind": "route", "name": "a", "channel": "#a"},
    {"kind": "route", "name": "b", "channel": "#b"},
)
INVALID = {"kind": "route", "name": "broken", "chanel": "#x"}


def test_a_finding_goes_in_a_card_comes_out_and_the_finding_is_notified() -> None:
    """The main job, end to end."""
    router = Router()

    [job] = router.send(raw_finding())

    assert Outcome.POSTED == job.outcome
    assert 1 == len(router.slack.texts(ALERTS))
    assert "NOTIFIED" == router.status()
    assert 1 == counted(FINDINGS_POSTED)


def test_an_archived_finding_is_not_posted() -> None:
    """Nor marked."""
    router = Router()

    [job] = router.send(raw_finding(RecordState="ARCHIVED"))

    assert Outcome.ARCHIVED == job.outcome
    assert [] == router.slack.posted
    assert "NEW" == router.status()
    assert 1 == counted(FINDINGS_QUIET)


def test_a_bad_record_does_not_take_its_neighbours_along() -> None:
    """Each record and each finding ends alone."""
    router = Router()
    router.hold(raw_finding("good"))

    jobs = router.run(
        record("no JSON", number=1),
        record(imported({"Title": "No identity"}), number=2),
        record(imported(raw_finding("good"), sent_at=router.clock.now), number=3),
    )

    assert [Outcome.REFUSED, Outcome.POSTED_RAW, Outcome.POSTED] == outcomes(jobs)
    assert 1 == len(router.slack.texts(DEFAULT))
    assert 1 == len(router.slack.texts(ALERTS))
    assert 1 == counted(EVENTS_REFUSED)


def test_a_finding_nested_too_deeply_is_posted_raw() -> None:
    """Hostile input ends in a named outcome as well."""
    router = Router()
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]
    event = imported({"Id": [deep]})

    [job] = router.run(Record(body=event))

    assert Outcome.POSTED_RAW == job.outcome
    assert 1 == len(router.slack.texts(DEFAULT))


def test_a_finding_twice_in_a_batch_is_said_once() -> None:
    """The other record is a duplicate, and both are done."""
    router = Router()

    jobs = router.send(raw_finding(), raw_finding())

    assert {Outcome.POSTED, Outcome.DUPLICATE} == set(outcomes(jobs))
    assert 1 == len(router.slack.posted)
    assert 1 == counted(FINDINGS_DUPLICATE)


def test_a_finding_twice_in_a_batch_fails_as_one() -> None:
    """Neither record is done before the message is there."""
    router = Router()
    router.faults.plan("post", unavailable())

    jobs = router.send(raw_finding(), raw_finding())

    assert [Outcome.FAILED, Outcome.FAILED] == outcomes(jobs)
    assert 2 == counted(FINDINGS_FAILED)


def test_an_unreadable_finding_is_said_once() -> None:
    """Its redelivery is known by its content."""
    router = Router()

    [first] = router.send({"Title": "No identity"})
    [second] = router.send({"Title": "No identity"}, tries=2)

    assert (Outcome.POSTED_RAW, Outcome.DUPLICATE) == (first.outcome, second.outcome)
    card, reply = router.slack.posted
    assert (None, card.ts) == (card.thread_ts, reply.thread_ts)


def test_a_finding_is_notified_only_when_every_channel_has_its_message() -> None:
    """One of two is not enough; the redelivery posts only the one that is missing."""
    router = Router(*TWO_CHANNELS)
    router.faults.plan("post", unavailable(), about="#b")

    [first] = router.send(raw_finding())

    assert Outcome.FAILED == first.outcome
    assert "NEW" == router.status()

    [second] = router.send(raw_finding(), tries=2)

    assert Outcome.POSTED == second.outcome
    assert ["#a", "#b"] == [said.channel for said in router.slack.posted]
    assert "NOTIFIED" == router.status()


def test_a_redelivery_completes_what_was_posted_and_not_marked() -> None:
    """Failing to mark never posts again."""
    router = Router()
    router.workflow.refusals[PRODUCT_ARN, "finding-1"] = ["InternalFailure"]

    [first] = router.send(raw_finding())
    [second] = router.send(raw_finding(), tries=2)

    assert (Outcome.FAILED, Outcome.DUPLICATE) == (first.outcome, second.outcome)
    assert 1 == len(router.slack.posted)
    assert "NOTIFIED" == router.status()


def test_an_echo_of_our_own_update_says_nothing() -> None:
    """BatchUpdateFindings sends the finding again, as NOTIFIED."""
    router = Router()
    router.send(raw_finding())

    [echo] = router.send(raw_finding(Workflow={"Status": "NOTIFIED"}))

    assert Outcome.NOT_NEW == echo.outcome
    assert 1 == len(router.slack.posted)


def test_new_events_while_security_hub_settles_say_nothing() -> None:
    """They are duplicates, even when the product has updated the finding."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 60

    [late] = router.send(raw_finding(UpdatedAt="2026-09-01T11:00:00Z"))

    assert Outcome.DUPLICATE == late.outcome
    assert 1 == len(router.slack.posted)


def test_a_reopened_finding_is_said_again_and_notified_again() -> None:
    """Security Hub made it NEW once more."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += SETTLE_MINUTES * 60 + 1
    router.hold(raw_finding())

    [again] = router.send(raw_finding(UpdatedAt="2026-09-02T10:00:00Z"))

    assert Outcome.POSTED == again.outcome
    assert 2 == len(router.slack.posted)
    assert "NOTIFIED" == router.status()


def test_a_reopening_is_heard_after_a_worker_died_between_marking_and_remembering() -> None:
    """The redelivery remembers in its place."""
    router = Router()
    router.faults.plan("record_notified", store_down)
    [first] = router.send(raw_finding())
    [second] = router.send(raw_finding(), tries=2)
    router.clock.now += SETTLE_MINUTES * 60 + 1
    router.hold(raw_finding())

    [reopened] = router.send(raw_finding(UpdatedAt="2026-09-02T10:00:00Z"))

    assert (Outcome.FAILED, Outcome.DUPLICATE) == (first.outcome, second.outcome)
    assert Outcome.POSTED == reopened.outcome
    assert 2 == len(router.slack.posted)


def test_a_custom_action_posts_whatever_the_status_is_and_changes_none() -> None:
    """It is a person's request."""
    router = Router()
    finding = raw_finding(Workflow={"Status": "SUPPRESSED"}, RecordState="ARCHIVED")
    router.hold(finding, status="SUPPRESSED")

    [job] = router.run(record(custom_action(finding, name="To the SOC")))

    assert Outcome.POSTED == job.outcome
    assert "To the SOC" in str(router.slack.posted[0].message.arguments())
    assert "SUPPRESSED" == router.status()


def test_the_same_request_redelivered_is_one_request() -> None:
    """The next one of the same person is another."""
    router = Router()
    router.hold(raw_finding())
    request = custom_action(raw_finding(), sent_at=router.clock.now)

    router.run(record(request))
    [redelivered] = router.run(record(request, tries=2))
    [another] = router.run(record(custom_action(raw_finding())))

    assert Outcome.DUPLICATE == redelivered.outcome
    assert Outcome.POSTED == another.outcome
    assert 2 == len(router.slack.posted)


def test_a_dropped_finding_stays_new_and_says_nothing() -> None:
    """The route is named."""
    router = Router({"kind": "route", "name": "quiet", "action": "drop"})

    [job] = router.send(raw_finding())

    assert (Outcome.DROPPED, "route quiet") == (job.outcome, job.detail)
    assert [] == router.slack.posted
    assert "NEW" == router.status()


def test_a_suppressing_route_suppresses_where_the_stack_may() -> None:
    """Only with the opt-in."""
    router = Router({"kind": "route", "name": "never", "action": "suppress"}, allow_suppress=True)

    [job] = router.send(raw_finding())

    assert Outcome.SUPPRESSED == job.outcome
    assert "SUPPRESSED" == router.status()
    assert [] == router.slack.posted


def test_a_suppressing_route_without_the_opt_in_is_an_invalid_one() -> None:
    """Findings that it would match go to the default channel."""
    router = Router({"kind": "route", "name": "never", "action": "suppress"})

    [job] = router.send(raw_finding())

    assert Outcome.POSTED == job.outcome
    assert 1 == len(router.slack.texts(DEFAULT))


def test_an_invalid_route_hurts_only_itself_and_is_reported_once_an_hour() -> None:
    """The notice in the ops channel has its name and the remedy."""
    router = Router(EVERYTHING, INVALID)

    for _ in range(3):
        router.send(raw_finding())

    [said] = [said for said in router.slack.posted if said.channel == OPS]
    assert "broken" in str(said.message.arguments())
    assert 1 == len(router.slack.texts(ALERTS))
    assert counted(INVALID_ROUTES) >= 3

    router.clock.now += EVERY_SECONDS
    router.send(raw_finding("another"))

    assert 2 == len(router.slack.texts(OPS))


def test_stale_routes_keep_working_and_say_so() -> None:
    """DynamoDB cannot be read: the last good table is in force."""
    router = Router()
    router.send(raw_finding("one"))
    router.faults.plan("items", store_down, times=None)
    router.clock.now += 3600

    [job] = router.send(raw_finding("two"))

    assert Outcome.POSTED == job.outcome
    assert 2 == len(router.slack.texts(ALERTS))
    assert 1 == len(router.slack.texts(OPS))


def test_without_any_routes_the_batch_comes_back_and_nothing_is_lost() -> None:
    """Work that needs no route is done all the same."""
    router = Router()
    router.faults.plan("items", store_down)

    archived, posted = router.send(raw_finding("one", RecordState="ARCHIVED"), raw_finding("two"))

    assert (Outcome.ARCHIVED, Outcome.FAILED) == (archived.outcome, posted.outcome)
    assert posted.retry_seconds == 15

    [again] = router.send(raw_finding("two"), tries=2)

    assert Outcome.POSTED == again.outcome


@pytest.mark.parametrize("operation", ["read", "write"])
def test_with_dynamodb_down_nothing_is_lost(operation: str) -> None:
    """Everything comes back, and is posted once when it is up again."""
    router = Router()
    findings = [raw_finding(f"finding-{number}") for number in range(5)]
    router.faults.plan(operation, store_down, times=None)

    down = router.send(*findings)
    router.faults.clear()
    router.clock.now += 120
    up = router.send(*findings, tries=2)

    assert {Outcome.FAILED} == set(outcomes(down))
    assert {Outcome.POSTED} == set(outcomes(up))
    assert 5 == len(router.slack.posted)


def test_with_a_dead_token_nothing_is_marked_and_a_new_one_ends_it() -> None:
    """No notice can be posted either, and the batch does not fail because of that."""
    router = Router(EVERYTHING, INVALID)
    router.faults.plan("post", token_refused(), times=None)

    [dead] = router.send(raw_finding())
    router.faults.clear()
    [alive] = router.send(raw_finding(), tries=2)

    assert (Outcome.FAILED, Outcome.POSTED) == (dead.outcome, alive.outcome)
    assert "NOTIFIED" == router.status()


def test_the_routers_own_troubles_come_last() -> None:
    """No alert, and no mark, waits for them."""
    router = Router(EVERYTHING, INVALID)

    router.send(raw_finding())

    operations = [operation for operation, _ in router.faults.calls]
    assert operations.index("mark") < operations.index("once")
    assert OPS == router.slack.posted[-1].channel


def test_troubles_with_the_ops_channel_are_no_trouble_for_the_alerts() -> None:
    """A notice that cannot be posted fails nothing."""
    router = Router(EVERYTHING, INVALID)
    router.faults.plan("post", channel_refused(), about=OPS)

    [job] = router.send(raw_finding())

    assert Outcome.POSTED == job.outcome


def test_an_empty_batch_asks_nobody() -> None:
    """There is nothing to do."""
    router = Router()

    assert [] == router.run()
    assert [] == router.faults.calls


def test_a_batch_counts_its_reasons(caplog: pytest.LogCaptureFixture) -> None:
    """In one line, for any findings."""
    router = Router()

    router.send(raw_finding("one"), raw_finding("two"))
    router.send(raw_finding("one"))

    logged = [each.reasons for each in caplog.records if each.message == "verdicts"]  # type: ignore[attr-defined]  # an extra of the log
    assert {"post: not said here before": 2} == logged[0]
