"""Posting: each channel at its own pace, each failure only where it belongs."""

from copy import replace
from typing import Any

import pytest

from digest_parents import headline_count
from fake_ledger import state_of
from fakes import (
    Killed,
    MakeError,
    channel_refused,
    killed,
    message_refused,
    rate_limited,
    store_down,
    token_refused,
    unavailable,
)
from finding_router.delivery.alerts.advance import Why
from finding_router.delivery.deliveries import Job
from finding_router.delivery.limits.deadline import MARGIN_SECONDS
from finding_router.delivery.limits.rate import POST_SECONDS, REFUSALS
from finding_router.delivery.outcome import Outcome
from finding_router.slack.kit.refused import refusal_of
from finding_router.telemetry import CREDENTIAL_FAILURES, DELIVERIES_DEGRADED
from hub_events import raw_finding
from router import ALERTS, DEFAULT, EVERYTHING, INVOCATION_SECONDS, OPS, Router, counted, outcomes

A_AND_B = (
    {"kind": "route", "name": "a", "channel": "#a", "match": {"Title": ["a"]}},
    {"kind": "route", "name": "b", "channel": "#b", "match": {"Title": ["b"]}},
    {"kind": "route", "name": "c", "channel": "#c", "match": {"Title": ["c"]}},
)


def to(channel: str, number: int = 1, **changes: Any) -> dict[str, Any]:
    """Make a finding that goes to *channel* by the routes A_AND_B."""
    return raw_finding(f"{channel}-{number}", Title=channel, **changes)


def states(router: Router) -> list[str]:
    """Return the state of every alert."""
    return [state_of(alert) for alert in router.alerts]


def details(jobs: list[Job]) -> set[str]:
    """Return why jobs ended."""
    return {job.detail for job in jobs}


def test_the_most_severe_comes_first() -> None:
    """Time may not suffice for all."""
    router = Router()

    router.send(
        raw_finding("low", Severity={"Label": "LOW"}),
        raw_finding("critical", Severity={"Label": "CRITICAL"}),
        raw_finding("medium", Severity={"Label": "MEDIUM"}),
    )

    assert ["🔴", "🟡", "🔵"] == [text.split()[0] for text in router.slack.texts(ALERTS)]


def test_a_message_carries_the_id_of_its_delivery() -> None:
    """A later try finds it by that."""
    router = Router()

    router.send(raw_finding())

    [alert] = router.alerts
    name = replace(alert, sequence=0).delivery_id
    assert [(name,)] == [said.delivery_ids for said in router.slack.posted]


# Too fast


def test_a_rate_limit_is_waited_out_when_time_allows() -> None:
    """For the time in Slack's answer."""
    router = Router()
    router.faults.plan("post", rate_limited(7))

    jobs = router.send(raw_finding())

    assert [Outcome.POSTED] == outcomes(jobs)
    assert [7] == router.clock.slept


def test_a_rate_limited_channel_does_not_hold_the_others_up() -> None:
    """They are posted while it waits."""
    router = Router(*A_AND_B)
    router.faults.plan("post", rate_limited(7), about="#a")

    jobs = router.send(to("a", 1), to("a", 2), to("b", 1), to("b", 2))

    assert ["#b", "#b", "#a", "#a"] == [said.channel for said in router.slack.posted]
    assert pytest.approx(7 + POST_SECONDS) == sum(router.clock.slept)
    assert {Outcome.POSTED} == set(outcomes(jobs))


def test_a_rate_limit_longer_than_the_time_returns_the_record_for_so_long() -> None:
    """The claim is released, and the record becomes visible when Slack takes messages again."""
    router = Router(*A_AND_B)
    router.faults.plan("post", rate_limited(300), about="#a")

    limited, other = router.send(to("a"), to("b"))

    assert (Outcome.WAITING, 300) == (limited.outcome, limited.retry_seconds)
    assert Outcome.POSTED == other.outcome
    assert ["released", "posted"] == states(router)
    assert [] == router.clock.slept


def test_no_time_to_wait_for_is_still_a_pause() -> None:
    """Or it would ask Slack a thousand times a second."""
    router = Router()
    router.faults.plan("post", rate_limited(0), times=2)

    router.send(raw_finding())

    assert all(slept >= 1 for slept in router.clock.slept)
    assert 2 == len(router.clock.slept)


def test_a_channel_that_never_opens_ends_with_the_time() -> None:
    """Before the margin begins."""
    router = Router()
    router.faults.plan("post", rate_limited(5), times=None)
    began = router.clock.now

    [job] = router.send(raw_finding())

    assert Outcome.WAITING == job.outcome
    assert router.clock.now - began <= INVOCATION_SECONDS - MARGIN_SECONDS


# Unavailable


def test_what_could_not_be_sent_comes_back_and_is_surely_not_there() -> None:
    """The next try posts at once."""
    router = Router()
    router.faults.plan("post", unavailable())

    [job] = router.send(raw_finding())

    assert (Outcome.FAILED, 15) == (job.outcome, job.retry_seconds)
    assert ["released"] == states(router)


def test_what_may_have_been_posted_is_looked_for_by_the_next_try() -> None:
    """Slack took it and the answer was lost: nothing is posted twice."""
    router = Router()
    router.faults.plan("post", unavailable(ambiguous=True), carried_out=True)

    [first] = router.send(raw_finding())
    [second] = router.send(raw_finding(), tries=2)

    assert (Outcome.FAILED, Outcome.POSTED) == (first.outcome, second.outcome)
    assert 1 == len(router.slack.posted)
    assert "NOTIFIED" == router.status()


def test_what_was_not_posted_after_all_is_posted_by_the_next_try() -> None:
    """Slack never saw it: nothing is lost."""
    router = Router()
    router.faults.plan("post", unavailable(ambiguous=True))

    router.send(raw_finding())
    [second] = router.send(raw_finding(), tries=2)

    assert Outcome.POSTED == second.outcome
    assert 1 == len(router.slack.posted)


def test_a_channel_that_fails_twice_is_left_alone_for_this_batch() -> None:
    """An error that Slack has for one channel does not keep the others from their messages."""
    router = Router(*A_AND_B)
    router.faults.plan("post", unavailable("odd_error"), about="#a", times=None)

    jobs = router.send(to("a", 1), to("a", 2), to("a", 3), to("b"))

    assert [Outcome.FAILED] * 3 + [Outcome.POSTED] == outcomes(jobs)
    assert [("post", "#a")] * 2 == [call for call in router.faults.calls if call == ("post", "#a")]


def test_an_outage_stops_the_batch_instead_of_waiting_for_every_time_out() -> None:
    """Failures in two channels in a row are Slack's, not theirs."""
    router = Router(*A_AND_B)
    router.faults.plan("post", unavailable(), times=None, seconds=10)

    jobs = router.send(to("a"), to("b"), to("c", 1), to("c", 2))

    assert {Outcome.FAILED} == set(outcomes(jobs))
    assert 2 == router.faults.count("post")
    assert all(job.retry_seconds >= 15 for job in jobs)


def test_failures_with_successes_between_them_are_no_outage() -> None:
    """Everything that can be posted is."""
    router = Router(*A_AND_B)
    router.faults.plan("post", unavailable(), about="#a", times=None)

    jobs = router.send(to("a", 1), to("b", 1), to("a", 2), to("b", 2))

    assert 2 == outcomes(jobs).count(Outcome.POSTED)


# Channels and messages


@pytest.mark.parametrize("code", ["channel_not_found", "not_in_channel", "is_archived"])
def test_what_a_dead_channel_refuses_goes_to_the_default_channel(code: str) -> None:
    """Under a banner that names both, and the ops channel hears of it once."""
    router = Router()
    router.faults.plan("post", channel_refused(code), about=ALERTS, times=None)

    jobs = router.send(raw_finding("one"), raw_finding("two"))

    assert [Outcome.POSTED, Outcome.POSTED] == outcomes(jobs)
    banners = [str(said.message.arguments()) for said in router.slack.posted[:2]]
    assert all(ALERTS in each and refusal_of(code).clause in each for each in banners)
    assert 2 == len(router.slack.texts(DEFAULT))
    assert 1 == len(router.slack.texts(OPS))
    assert 2 == counted(DELIVERIES_DEGRADED)
    assert "NOTIFIED" == router.status("one")


def test_many_dead_channels_are_one_digest_and_one_notice() -> None:
    """A team renamed its channels: three hundred messages would not be read."""
    names = [f"#team-{number}" for number in range(300)]
    router = Router(
        {"kind": "route", "name": "teams", "channel": "#team-{tag:team}"}, missing=names
    )
    began = router.clock.now
    resource = {"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::invoices"}
    findings = [
        raw_finding(f"finding-{number}", Resources=[{**resource, "Tags": {"team": str(number)}}])
        for number in range(300)
    ]

    jobs = router.send(*findings)

    assert {Outcome.DIGESTED} == set(outcomes(jobs))
    [parent] = router.slack.opened(DEFAULT)
    assert 300 == headline_count(parent.text)
    assert "and 297 more channels" in parent.all
    assert 1 == len(router.slack.texts(OPS))
    assert router.clock.now - began < 60


def test_a_redirected_message_is_not_said_again_when_its_channel_is_back() -> None:
    """The Ledger stores it by the channel that it was meant for."""
    router = Router()
    router.faults.plan("post", channel_refused(), about=ALERTS)

    router.send(raw_finding())
    [again] = router.send(raw_finding(), tries=2)

    assert Outcome.DUPLICATE == again.outcome
    assert [DEFAULT, OPS] == [said.channel for said in router.slack.posted]


def test_a_redirection_is_rate_limited_like_any_message() -> None:
    """It waits for the default channel, and does not ask the dead one again."""
    router = Router()
    router.faults.plan("post", channel_refused(), about=ALERTS)
    router.faults.plan("post", rate_limited(3), about=DEFAULT)

    [job] = router.send(raw_finding())

    assert Outcome.POSTED == job.outcome
    assert [3] == router.clock.slept
    assert 1 == router.faults.calls.count(("post", ALERTS))


def test_a_dead_default_channel_sends_everything_back_at_once() -> None:
    """There is nowhere else to go; other channels are still served, and the ops channel hears."""
    router = Router(*A_AND_B)
    router.faults.plan("post", channel_refused(), about=DEFAULT, times=None)

    jobs = router.send(raw_finding("one"), raw_finding("two"), to("b"))

    assert [Outcome.FAILED, Outcome.FAILED, Outcome.POSTED] == outcomes(jobs)
    assert 1 == router.faults.calls.count(("post", DEFAULT))
    assert 1 == len(router.slack.texts(OPS))
    assert "claimed" not in states(router)


def test_a_refused_card_is_posted_plain_once_and_counted() -> None:
    """Better a plain message than none."""
    router = Router()
    router.faults.plan("post", message_refused())

    [job] = router.send(raw_finding())

    [said] = router.slack.posted
    assert not said.message.blocks
    assert Outcome.POSTED == job.outcome
    assert 1 == counted(DELIVERIES_DEGRADED)


def test_a_plain_card_that_has_to_wait_stays_plain() -> None:
    """The full card is not tried again, and not counted again."""
    router = Router()
    router.faults.plan("post", message_refused())
    router.faults.plan("post", rate_limited(2))

    router.send(raw_finding())

    assert 3 == router.faults.count("post")
    assert 1 == counted(DELIVERIES_DEGRADED)


def test_a_plain_card_that_is_refused_too_comes_back() -> None:
    """To the dead letters at last, and never lost."""
    router = Router(*A_AND_B)
    router.faults.plan("post", message_refused(), about="#a", times=None)

    jobs = router.send(to("a"), to("b"))

    assert [Outcome.FAILED, Outcome.POSTED] == outcomes(jobs)
    assert 2 == router.faults.calls.count(("post", "#a"))


# The token


def test_a_dead_token_marks_nothing_and_returns_everything() -> None:
    """The refused token is not tried again and again."""
    router = Router(*A_AND_B)
    router.faults.plan("post", token_refused(), times=None)
    router.faults.plan("check", token_refused(), times=None)

    jobs = router.send(to("a"), to("b"), to("c"))

    assert {Outcome.FAILED} == set(outcomes(jobs))
    assert 1 == router.faults.count("post")
    assert [] == router.workflow.marked
    assert 1 == counted(CREDENTIAL_FAILURES)
    assert "claimed" not in states(router)


def test_a_token_that_dies_in_the_middle_keeps_what_was_posted() -> None:
    """Posted messages are recorded and marked."""
    router = Router(*A_AND_B)
    router.faults.plan("post", token_refused("token_revoked"), skip=1, times=None)
    router.faults.plan("check", token_refused("token_revoked"), times=None)

    jobs = router.send(to("a"), to("b"))

    assert [Outcome.POSTED, Outcome.FAILED] == outcomes(jobs)
    assert "NOTIFIED" == router.status("a-1")
    assert "NEW" == router.status("b-1")


@pytest.mark.parametrize("code", ["access_denied", "team_access_not_granted"])
def test_a_channel_that_refuses_the_token_alone_is_redirected(code: str) -> None:
    """Slack's check shows that the token is good: the others get their messages."""
    router = Router(*A_AND_B)
    router.faults.plan("post", token_refused(code), about="#a", times=None)

    jobs = router.send(to("a", 1), to("a", 2), to("b"))

    assert [Outcome.POSTED] * 3 == outcomes(jobs)
    assert 2 == len(router.slack.texts(DEFAULT))
    assert 1 == router.faults.calls.count(("post", "#a"))
    assert 1 == router.faults.count("check")
    assert 0 == counted(CREDENTIAL_FAILURES)


def test_a_second_channel_confirms_that_the_token_is_refused() -> None:
    """A missing scope does not show in auth.test."""
    router = Router(*A_AND_B)
    router.faults.plan("post", token_refused("missing_scope"), times=None)

    jobs = router.send(to("a"), to("b"), to("c"))

    assert {Outcome.FAILED} == set(outcomes(jobs))
    assert 2 == router.faults.count("post")
    assert 1 == counted(CREDENTIAL_FAILURES)


# The Ledger


def test_without_the_ledger_nothing_is_posted_and_everything_comes_back() -> None:
    """Without a claim, a message may be posted twice."""
    router = Router()
    router.faults.plan("read", store_down)

    jobs = router.send(raw_finding("one"), raw_finding("two"))

    assert {Outcome.FAILED} == set(outcomes(jobs))
    assert [] == router.slack.posted


def test_a_claim_that_cannot_be_written_brings_its_record_back() -> None:
    """The others are posted."""
    router = Router()
    router.faults.plan("write", store_down)

    jobs = router.send(raw_finding("one"), raw_finding("two"))

    assert [Outcome.FAILED, Outcome.POSTED] == outcomes(jobs)


def test_a_ledger_that_fails_twice_stops_the_batch() -> None:
    """Each time-out would cost seconds."""
    router = Router(*A_AND_B)
    router.faults.plan("write", store_down, times=None)

    jobs = router.send(to("a"), to("b"), to("c"))

    assert {Outcome.FAILED} == set(outcomes(jobs))
    assert 2 == router.faults.count("write")


def test_what_is_posted_and_not_recorded_is_recorded_once_the_others_are_through() -> None:
    """It is not released, or the next try would post it again."""
    router = Router()
    router.faults.plan("write", store_down, about="posted")

    jobs = router.send(raw_finding("one"), raw_finding("two"))

    assert [Outcome.POSTED, Outcome.POSTED] == outcomes(jobs)
    assert ["posted", "posted"] == states(router)
    assert 2 == len(router.slack.posted)


def test_what_is_posted_and_cannot_be_recorded_is_looked_for_by_the_next_try() -> None:
    """Its lease runs out meanwhile."""
    router = Router()
    router.faults.plan("write", store_down, about="posted", times=2)

    [first] = router.send(raw_finding())
    assert ["claimed"] == states(router)
    router.clock.now += INVOCATION_SECONDS + 10
    [second] = router.send(raw_finding(), tries=2)

    assert (Outcome.FAILED, Outcome.POSTED) == (first.outcome, second.outcome)
    assert 1 == len(router.slack.posted)
    assert "NOTIFIED" == router.status()


def test_what_is_posted_is_recorded_even_after_an_outage_has_stopped_the_batch() -> None:
    """The record is tried once more at the end."""
    router = Router(*A_AND_B)
    router.faults.plan("write", store_down, about="posted", times=1)
    router.faults.plan("write", store_down, about="claimed", skip=1, times=1)

    jobs = router.send(to("a"), to("b"), to("c"))

    assert [Outcome.POSTED, Outcome.FAILED, Outcome.FAILED] == outcomes(jobs)


def test_out_of_time_what_is_posted_is_not_recorded_in_a_hurry() -> None:
    """A record that might not end in time does not start; the next try finds the message."""
    router = Router()
    router.faults.plan("write", store_down, about="posted", seconds=INVOCATION_SECONDS - 10)

    [job] = router.send(raw_finding())

    assert (Outcome.WAITING, "out of time") == (job.outcome, job.detail)
    assert ["claimed"] == states(router)


def test_a_message_posted_after_its_claim_was_lost_still_counts_as_posted() -> None:
    """It is there; the other worker's record of its own stays."""
    router = Router()
    [job] = router.send(raw_finding("other"))
    router.faults.plan("post", seconds=1)
    original = router.ledger.write

    def write(alert: Any) -> bool:
        return state_of(alert) != "posted" and original(alert)

    router.ledger.write = write  # type: ignore[method-assign]  # another worker wins in between

    [job] = router.send(raw_finding())

    assert Outcome.POSTED == job.outcome


def test_a_claim_held_by_another_worker_is_left_to_it() -> None:
    """The record comes back to check the result."""
    router = Router()
    router.faults.plan("post", killed)
    with pytest.raises(Killed):
        router.send(raw_finding())

    [job] = router.send(raw_finding(), tries=2)

    assert (Outcome.FAILED, 15) == (job.outcome, job.retry_seconds)
    assert [] == router.slack.posted


# Doubt


def die(router: Router) -> None:
    """Kill a worker as planned, after which its lease ends and another takes its place."""
    with pytest.raises(Killed):
        router.send(raw_finding())
    router.clock.now += INVOCATION_SECONDS + 10
    router.restart()


def die_after_posting(router: Router) -> None:
    """Kill a worker between posting and recording."""
    router.faults.plan("post", killed, carried_out=True)
    die(router)


def test_a_message_is_looked_for_in_the_default_channel_too() -> None:
    """The dead worker may have posted it there because its channel was dead."""
    router = Router()
    router.faults.plan("post", channel_refused(), about=ALERTS)
    router.faults.plan("post", killed, about=DEFAULT, carried_out=True)
    die(router)

    [job] = router.send(raw_finding(), tries=2)

    assert Outcome.POSTED == job.outcome
    assert [DEFAULT] == [said.channel for said in router.slack.posted]


@pytest.mark.parametrize(
    "refusal", [token_refused("missing_scope"), channel_refused("not_in_channel")]
)
def test_where_nobody_may_look_the_message_is_posted_again(refusal: MakeError) -> None:
    """The one documented exception: once more for an answer that is lost, rather than never."""
    router = Router()
    die_after_posting(router)
    router.faults.plan("find", refusal, times=None)

    [job] = router.send(raw_finding(), tries=2)
    [again] = router.send(raw_finding(), tries=3)

    assert (Outcome.POSTED, Outcome.DUPLICATE) == (job.outcome, again.outcome)
    assert 2 == len(router.slack.posted)


@pytest.mark.parametrize("lost", [1, 3])
def test_where_nobody_may_look_each_lost_answer_leaves_one_message_more(lost: int) -> None:
    """It goes on until Slack answers: a lost answer does not settle the message."""
    router = Router()
    router.faults.plan("find", token_refused("missing_scope"), times=None)
    answer_lost = unavailable("connection_lost", ambiguous=True)
    router.faults.plan("post", answer_lost, about=ALERTS, times=lost, carried_out=True)

    for tries in range(1, 6):
        router.send(raw_finding(), tries=tries)
        router.clock.now += 900

    assert 1 + lost == len(router.slack.opened(ALERTS))


def test_while_slack_is_down_nothing_is_given_up() -> None:
    """Without the scope, too: each answer with HTTP 5xx may have been a message, and was none."""
    router = Router()
    router.faults.plan("find", token_refused("missing_scope"), times=None)
    router.faults.plan("post", unavailable("http_503", ambiguous=True), times=4)

    for tries in range(1, 6):
        [job] = router.send(raw_finding(), tries=tries)
        router.clock.now += 900

    assert Outcome.POSTED == job.outcome
    assert 1 == len(router.slack.posted)


def test_doubt_outlives_a_try_that_could_not_look() -> None:
    """A try that neither looked nor posted leaves the question to the next."""
    router = Router()
    die_after_posting(router)
    router.faults.plan("find", token_refused("missing_scope"), about=ALERTS)
    router.faults.plan("post", rate_limited(300), about=ALERTS)

    router.send(raw_finding(), tries=2)
    router.clock.now += 300
    [job] = router.send(raw_finding(), tries=3)

    assert Outcome.POSTED == job.outcome
    assert 1 == len(router.slack.posted)


def test_a_dead_token_does_not_clear_a_doubt() -> None:
    """Once the token is mended the message is looked for."""
    router = Router()
    die_after_posting(router)
    router.faults.plan("find", token_refused())

    [refused] = router.send(raw_finding(), tries=2)
    [job] = router.send(raw_finding(), tries=3)

    assert (Outcome.FAILED, Outcome.POSTED) == (refused.outcome, job.outcome)
    assert 1 == len(router.slack.posted)


def test_a_search_that_fails_does_not_clear_a_doubt() -> None:
    """It is tried again, before anything is posted."""
    router = Router()
    die_after_posting(router)
    router.faults.plan("find", unavailable())

    [failed] = router.send(raw_finding(), tries=2)
    [job] = router.send(raw_finding(), tries=3)

    assert (Outcome.FAILED, Outcome.POSTED) == (failed.outcome, job.outcome)
    assert 1 == len(router.slack.posted)


def test_a_rate_limited_search_comes_back_and_slows_nothing_else_down() -> None:
    """Slack limits searches by themselves: the channel takes messages as before."""
    router = Router()
    router.faults.plan("post", killed)
    die(router)
    router.faults.plan("find", rate_limited(200), times=REFUSALS)

    tries = [router.send(raw_finding(), tries=2 + number)[0] for number in range(REFUSALS)]
    [other] = router.send(raw_finding("other"))
    [job] = router.send(raw_finding(), tries=9)

    assert {(Outcome.FAILED, 200.0)} == {(each.outcome, each.retry_seconds) for each in tries}
    assert [Outcome.POSTED] * 2 == outcomes([other, job])
    assert [] == router.slack.texts(OPS)


def test_what_may_be_among_the_rest_of_a_long_history_is_posted_again() -> None:
    """As without the permission to search: rather once more than never."""
    router = Router()
    die_after_posting(router)
    router.slack.posted[0].delivery_ids = ()
    router.slack.is_long = True
    router.faults.plan("post", unavailable())

    router.send(raw_finding(), tries=2)

    assert ["claimed"] == states(router)

    [job] = router.send(raw_finding(), tries=3)

    assert Outcome.POSTED == job.outcome
    assert 2 == len(router.slack.posted)


def test_nothing_found_is_posted_and_the_doubt_is_over() -> None:
    """A later failure before sending leaves certainly no message."""
    router = Router()
    router.faults.plan("post", killed)
    die(router)
    router.faults.plan("post", unavailable())

    router.send(raw_finding(), tries=2)

    assert ["released"] == states(router)


# Time


def test_out_of_time_the_rest_goes_back_at_once() -> None:
    """Claims are released, and the records become visible without delay."""
    router = Router({**EVERYTHING, "deliver": "card"})
    router.faults.plan("post", times=None, seconds=8)

    jobs = router.send(*(raw_finding(f"finding-{number}") for number in range(12)))

    posted = outcomes(jobs).count(Outcome.POSTED)
    assert 0 < posted < 12
    assert [Outcome.WAITING] * (12 - posted) == outcomes(jobs)[posted:]
    assert {Why.FIRST, "out of time"} == details(jobs)
    assert all(job.retry_seconds == 0 for job in jobs)
    assert "claimed" not in states(router)


def test_a_claim_that_took_too_long_is_given_back_without_posting() -> None:
    """The post and its record would not end in time."""
    router = Router()
    router.faults.plan("write", seconds=INVOCATION_SECONDS - 20)

    [job] = router.send(raw_finding())

    assert (Outcome.WAITING, "out of time") == (job.outcome, job.detail)
    assert [] == router.slack.posted
    assert ["released"] == states(router)


def test_nothing_starts_within_the_margin() -> None:
    """Not even a claim."""
    router = Router()
    router.faults.plan("read", seconds=INVOCATION_SECONDS - MARGIN_SECONDS)

    router.send(raw_finding())

    assert 0 == router.faults.count("write")


# Unexpected errors


def test_a_fault_of_our_own_hurts_only_its_message() -> None:
    """And the next try searches for the message all the same."""
    router = Router(*A_AND_B)
    router.faults.plan("post", lambda _: KeyError("ts"), about="#a", carried_out=True)

    first, other = router.send(to("a"), to("b"))
    [second] = router.send(to("a"), tries=2)

    assert (Outcome.FAILED, Outcome.POSTED) == (first.outcome, other.outcome)
    assert Outcome.POSTED == second.outcome
    assert 1 == len(router.slack.texts("#a"))


def test_a_wait_that_cannot_be_shared_and_is_too_long_brings_the_record_back() -> None:
    """When it may be posted."""
    router = Router(*A_AND_B)
    router.faults.plan("slow_down", store_down)
    router.faults.plan("post", rate_limited(100), about="#a")

    limited, other = router.send(to("a"), to("b"))

    assert (Outcome.WAITING, Outcome.POSTED) == (limited.outcome, other.outcome)
    assert 100 == limited.retry_seconds
