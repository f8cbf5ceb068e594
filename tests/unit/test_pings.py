"""Pings: a burst calls people once, and that once is not lost to a passing trouble."""

import pytest

from fake_slack import Said
from fakes import Killed, channel_refused, killed, message_refused, rate_limited, unavailable
from finding_router.delivery.limits.rate import PING_SECONDS
from hub_events import raw_finding
from router import ALERTS, DEFAULT, EVERYTHING, Router

CALLING = {**EVERYTHING, "mention": ["@here"]}
CARDS = {**CALLING, "deliver": "card"}


def calls(said: Said) -> bool:
    """Return True if *said* notified people when it was posted."""
    return "<!here>" in str(said.first.arguments())


def test_a_retry_calls_whom_the_failed_try_was_to_call() -> None:
    """The mention was not yet posted."""
    router = Router(CALLING)
    router.faults.plan("post", unavailable("service_unavailable"))

    router.send(raw_finding())
    router.clock.now += 15
    router.send(raw_finding(), tries=2)

    assert calls(router.card)


def test_the_next_worker_calls_where_one_died_before_the_post() -> None:
    """Within the five minutes."""
    router = Router(CALLING)
    router.faults.plan("post", killed)
    with pytest.raises(Killed):
        router.send(raw_finding())
    router.restart()
    router.clock.now += 200

    router.send(raw_finding(), tries=2)

    assert calls(router.card)


@pytest.mark.parametrize("error", [rate_limited(1), message_refused()])
def test_a_digest_calls_at_its_second_try(error: object) -> None:
    """After Slack asked to wait, or took only the plain one."""
    router = Router(CALLING)
    router.faults.plan("post", error, about=ALERTS)  # type: ignore[arg-type]  # one of the two above

    router.send(*[raw_finding(f"f{number}") for number in range(8)])

    assert calls(router.card)


def test_five_minutes_count_from_the_last_try() -> None:
    """When people were called, not when they were first to be."""
    router = Router(CARDS)
    router.faults.plan("post", unavailable("service_unavailable"))
    router.send(raw_finding("one"))
    router.clock.now += PING_SECONDS - 10
    router.send(raw_finding("one"), tries=2)
    router.clock.now += 20

    router.send(raw_finding("two"))

    assert [True, False] == [calls(said) for said in router.slack.opened(ALERTS)]


def test_of_two_workers_one_calls() -> None:
    """The one that asks first."""
    router = Router(CARDS)
    mine = router.pipeline

    def intrude() -> None:
        router.restart()
        router.send(raw_finding("theirs"))
        router.pipeline = mine

    router.faults.plan("once", meanwhile=intrude)

    router.send(raw_finding("mine"))

    assert [True, False] == [calls(said) for said in router.slack.opened(ALERTS)]


def test_what_dead_channels_send_to_the_default_channel_calls_there_once() -> None:
    """The five minutes are those of the channel that people sit in."""
    names = [f"dead{number}" for number in range(4)]
    items = [{**CALLING, "name": name, "channel": f"#{name}"} for name in names]
    router = Router(*items, missing=[f"#{name}" for name in names])

    router.send(raw_finding())

    assert 4 == len(router.slack.opened(DEFAULT))
    assert 1 == sum(map(calls, router.slack.posted))


def test_a_message_that_may_not_call_in_its_own_channel_may_in_the_default_one() -> None:
    """The mention was not posted there."""
    router = Router(CARDS)
    router.send(raw_finding("one"))
    router.faults.plan("post", channel_refused(), about=ALERTS)

    router.send(raw_finding("two"))

    [said] = router.slack.opened(DEFAULT)
    assert calls(said)


def test_a_digest_calls_for_every_route_that_it_lists() -> None:
    """Not only for that of the worst; and its small print names them all."""
    few = {
        **CALLING,
        "name": "few",
        "order": 200,
        "match": {"Severity": {"Label": ["MEDIUM"]}},
    }
    router = Router(EVERYTHING, few)
    others = [raw_finding(f"h{number}") for number in range(6)]

    router.send(*others, raw_finding("m", Severity={"Label": "MEDIUM"}))

    assert calls(router.card)
    assert all(name in router.card.all for name in ("everything", "few"))


def test_a_mention_below_its_severity_does_not_call_with_the_others() -> None:
    """Each finding brings the mentions that it would have by itself."""
    router = Router({**CALLING, "mention_from": "CRITICAL"})

    router.send(*[raw_finding(f"f{number}") for number in range(8)])

    assert not calls(router.card)


def test_a_digest_that_goes_on_names_the_routes_of_the_next_batch() -> None:
    """It mentions no one again: the burst has had its ping."""
    other = {**CALLING, "name": "other", "match": {"Title": [{"prefix": "Title of o"}]}}
    router = Router(EVERYTHING, other)
    router.send(*[raw_finding(f"f{number}") for number in range(8)])
    router.clock.now += 60

    router.send(raw_finding("o"))

    assert not calls(router.card)
    assert "other" in router.card.all
