"""CloudWatch alarms: told in the ops channel, each change of state once."""

import json
from typing import Any

import pytest

from fakes import MakeError, channel_refused, rate_limited, store_down, token_refused, unavailable
from finding_router.delivery.alarms import RED, read_alarms
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.limits.rate import POST_SECONDS
from finding_router.delivery.posting.notice import TELLING_SECONDS
from finding_router.errors import AlarmUntoldError
from finding_router.slack.kit.frame import ENDED_COLOUR
from finding_router.slack.messages.notice import AMBER
from hub_events import raw_finding
from router import DEFAULT, INVOCATION_SECONDS, OPS, Router
from sns_events import ALARM_ARN, DAY, sns_event, state

DESCRIPTION = "Look for their ids in the log. " * 20


def tell(router: Router, *messages: Any, seconds: float = INVOCATION_SECONDS) -> None:
    """Have the topic call the function with *messages*."""
    deadline = Deadline(seconds, clock=router.clock)
    router.pipeline.tell(read_alarms(sns_event(*messages)), deadline)


def told(router: Router) -> list[str]:
    """Return the summaries of what the ops channel has."""
    return router.slack.texts(OPS)


def test_an_alarm_is_told_in_the_ops_channel() -> None:
    """With its name, state, reason, Region, what to do, and a link."""
    router = Router()

    tell(router, state("ALARM", AlarmDescription="Move them back."))

    [said] = router.slack.posted
    assert OPS == said.channel
    assert "🚨 Alarm “router-dead-letters” went off" == said.text
    assert RED == said.message.colour
    for part in (
        "State: ALARM in eu-west-1, since 2026-09-21T14:13:20.123+0000",
        "Threshold Crossed: 1 datapoint [3.0]",
        "Move them back.",
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm",
    ):
        assert part in said.all.replace("`", "")


@pytest.mark.parametrize(
    ("new", "words", "colour"),
    [
        ("ALARM", "went off", RED),
        ("OK", "is over", ENDED_COLOUR),
        ("INSUFFICIENT_DATA", "has too little data", AMBER),
        ("UNHEARD_OF", "is UNHEARD_OF", AMBER),
    ],
)
def test_each_state_has_its_words(new: str, words: str, colour: str) -> None:
    """Also those that CloudWatch may think of one day."""
    router = Router()

    tell(router, state(new))

    [said] = router.slack.posted
    assert (colour, True) == (said.message.colour, words in said.text)


def test_each_change_is_told_once() -> None:
    """By whatever worker, and however late it is delivered again."""
    router = Router()
    changes = [state("ALARM"), state("OK", at="2026-09-21T15:00:00.000+0000")]
    for change in changes:
        tell(router, change)
    assert 2 == len(told(router))

    for days in (0, 0.1, 6, 7):
        router.clock.now += days * DAY
        router.restart()
        tell(router, *changes)
    assert 2 == len(told(router))

    tell(router, state("ALARM", at="2026-09-21T16:00:00.000+0000"))
    tell(router, state("ALARM", AlarmName="router-other", AlarmArn=f"{ALARM_ARN}-other"))
    assert 4 == len(told(router))


def test_an_ops_channel_that_does_not_exist_falls_back_to_the_default_channel() -> None:
    """And names itself; it is told once there, too."""
    router = Router(missing=[OPS])

    tell(router, state("ALARM"))
    router.restart()
    tell(router, state("ALARM"))

    [said] = router.slack.posted
    assert DEFAULT == said.channel
    assert f"For {OPS}" in said.all
    assert "which does not exist" in said.all
    assert "went off" in said.text
    assert "alarmsV2" in said.all


def test_without_an_ops_channel_the_default_channel_is_told() -> None:
    """With the defaults somebody hears of it."""
    router = Router(ops_channel="")

    tell(router, state("ALARM"))

    assert 1 == len(router.slack.texts(DEFAULT))


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ("post", unavailable()),
        ("post", unavailable("timeout", ambiguous=False)),
        ("post", token_refused()),
        ("once", store_down),
        ("slot", store_down),
    ],
)
def test_an_alarm_that_cannot_be_told_is_tried_again(operation: str, error: MakeError) -> None:
    """The call fails, and Lambda makes it again a minute later, with any worker."""
    router = Router()
    router.faults.plan(operation, error, times=None)
    with pytest.raises(AlarmUntoldError, match="1 of 1 alarms untold; first: Alarm “router-dead"):
        tell(router, state("ALARM"))
    assert [] == router.slack.posted

    router.faults.clear()
    router.clock.now += TELLING_SECONDS
    router.restart()
    tell(router, state("ALARM"))
    assert 1 == len(told(router))


def test_a_worker_that_failed_tells_it_with_its_next_run_and_only_once() -> None:
    """Whichever comes first, that or the next try."""
    router = Router()
    router.faults.plan("post", unavailable())
    with pytest.raises(AlarmUntoldError):
        tell(router, state("ALARM"))

    router.clock.now += 10
    router.wake()
    assert 1 == len(told(router))

    router.clock.now += TELLING_SECONDS
    router.restart()
    tell(router, state("ALARM"))
    assert 1 == len(told(router))


def test_where_no_channel_takes_it_the_call_fails() -> None:
    """An alarm about Slack cannot go to Slack: it becomes a dead letter in the end."""
    router = Router()
    router.faults.plan("post", channel_refused(), times=None)

    with pytest.raises(AlarmUntoldError):
        tell(router, state("ALARM"))


def test_an_alarm_waits_for_a_slot_in_a_busy_channel() -> None:
    """Longer than other notices: it has nothing else to do."""
    router = Router(ops_channel="")
    now = router.clock.now
    for _ in range(40):
        router.rates.slot(DEFAULT, every_seconds=POST_SECONDS, now=now, latest=now + 60)

    tell(router, state("ALARM"))

    [said] = router.slack.opened(DEFAULT)
    assert now + 40 < said.at < now + INVOCATION_SECONDS


def test_slack_may_ask_for_patience() -> None:
    """It is told as soon as Slack takes it."""
    router = Router()
    router.faults.plan("post", rate_limited(20))

    tell(router, state("ALARM"))

    assert 1 == len(told(router))


def test_an_alarm_about_the_routing_table_is_told_without_it() -> None:
    """It has no routes to go by."""
    router = Router()
    router.faults.plan("items", store_down, times=None)

    tell(router, state("ALARM"))

    assert 1 == len(told(router))


def test_several_alarms_of_one_call_are_told_each() -> None:
    """At the rate of their channel; one that fails brings all back, and none is told twice."""
    router = Router()
    changes = [state("ALARM", at=f"2026-09-21T14:13:2{number}.000+0000") for number in range(3)]
    router.faults.plan("post", unavailable(), skip=2)
    with pytest.raises(AlarmUntoldError, match="1 of 3"):
        tell(router, *changes)

    router.clock.now += TELLING_SECONDS
    router.restart()
    tell(router, *changes)

    assert 3 == len(told(router))


def test_what_is_no_alarm_is_told_as_it_is() -> None:
    """Somebody tries the topic, or another service publishes there."""
    router = Router()
    tell(router, "Can you hear me?", "[" * 100_000, json.dumps({"AlarmName": "half"}))

    first, second, third = told(router)
    assert "Message on the alarm topic in eu-west-1: Subject" in first
    assert "Can you hear me?" in router.slack.posted[0].all
    assert second == third == first

    router.restart()
    tell(router, "Can you hear me?")
    assert 3 == len(told(router))


@pytest.mark.parametrize(
    "changes",
    [
        {"AlarmArn": None, "NewStateReason": None, "AlarmDescription": None},
        {"AlarmArn": "arn:aws:sqs:eu-west-1:1:alarm", "StateChangeTime": 12},
        {"AlarmName": "*<!channel>*", "NewStateReason": "<!here> " * 500},
        {"AlarmDescription": DESCRIPTION * 20},
        {"NewStateValue": ""},
    ],
)
def test_an_alarm_of_another_shape_is_told_all_the_same(changes: dict[str, Any]) -> None:
    """Within Slack's limits, and without a mention."""
    router = Router()

    tell(router, state("ALARM", **changes))

    [said] = router.slack.posted
    assert OPS == said.channel
    assert all(
        len(block["text"]["text"]) <= 3000 for block in said.message.blocks if "text" in block
    )
    assert "<!" not in said.all


@pytest.mark.parametrize(
    "event",
    [
        None,
        {},
        {"Records": []},
        {"Records": [{"EventSource": "aws:sns", "Sns": {}}]},
        {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": 1}}]},
        {"Records": [{"EventSource": "aws:ses", "Sns": {"Message": ""}}]},
        {"Records": [{"eventSource": "aws:sqs", "messageId": "1"}]},
    ],
)
def test_nothing_else_is_taken_for_an_alarm(event: object) -> None:
    """A batch of findings least of all."""
    assert [] == read_alarms(event)


def test_an_alarm_does_not_keep_a_batch_waiting() -> None:
    """What another run left untold is a notice like any other there."""
    router = Router()
    router.faults.plan("post", unavailable(), about=OPS)
    with pytest.raises(AlarmUntoldError):
        tell(router, state("ALARM"))

    router.send(raw_finding())

    assert ["#alerts", OPS] == [said.channel for said in router.slack.posted]
