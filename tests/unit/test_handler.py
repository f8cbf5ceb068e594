"""The handler: the events that it takes, its answers, and its refusals."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from fakes import store_down, unavailable
from finding_router import handler
from finding_router.aws.queue import Queues, Sending
from finding_router.delivery.deliveries import Record
from finding_router.delivery.limits.deadline import Deadline
from finding_router.errors import AlarmUntoldError, EventError, StoreError
from finding_router.handler import BatchFailedError, lambda_handler, read_call, read_records
from hub_events import imported, raw_finding, sqs_record
from router import OPS, Router
from sns_events import sns_event, state

CONTEXT = SimpleNamespace(
    function_name="router",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:router",
    aws_request_id="request",
    get_remaining_time_in_millis=lambda: 90_000,
)


class FakeQueue:
    """Remembers for how long records are to stay away, and takes all but the *refused*."""

    name = "backlog"

    def __init__(self) -> None:
        """Start with none."""
        self.delays: dict[str, float] = {}
        self.sent: list[Sending] = []
        self.refused: set[str] = set()

    def delay(self, seconds_by_receipt: dict[str, float], deadline: Deadline) -> None:
        """Keep the delays."""
        assert deadline.remaining() > 0
        self.delays |= seconds_by_receipt

    def send(self, sendings: list[Sending], deadline: Deadline) -> set[Record]:
        """Take *sendings*; return those that are refused."""
        assert deadline.remaining() > 0
        self.sent += [each for each in sendings if each.record.id not in self.refused]
        return {each.record for each in sendings if each.record.id in self.refused}


class World:
    """A handler around a router of fakes."""

    def __init__(self) -> None:
        """Make all parts."""
        self.router = Router()
        self.queue: FakeQueue | None = FakeQueue()
        self.backlog: FakeQueue | None = None

    def invoke(self, event: Any) -> dict[str, Any]:
        """Invoke the function as Lambda does."""
        return lambda_handler(event, CONTEXT)  # type: ignore[arg-type]  # the part of the context that is used


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Replace the objects that bootstrap makes by fakes."""
    made = World()
    monkeypatch.setattr(
        handler, "_parts", lambda: (made.router.pipeline, Queues(made.queue, made.backlog))
    )
    return made


def fresh(finding_id: str, **changes: Any) -> dict[str, Any]:
    """Make the event of a finding."""
    return imported(raw_finding(finding_id, **changes))


def test_a_batch_that_went_well_has_no_failures(world: World) -> None:
    """SQS deletes every record of it."""
    world.router.hold(raw_finding("one"), raw_finding("two"))

    answer = world.invoke(
        {"Records": [sqs_record(fresh("one"), number=1), sqs_record(fresh("two"), number=2)]}
    )

    assert {"batchItemFailures": []} == answer
    assert 2 == len(world.router.slack.posted)


def test_only_the_records_that_failed_come_back(world: World) -> None:
    """After as long as each of them needs."""
    world.router.hold(raw_finding("one"), raw_finding("two"))
    world.router.faults.plan("post", unavailable())

    answer = world.invoke(
        {
            "Records": [
                sqs_record(fresh("one"), number=1, tries=3),
                sqs_record(fresh("two"), number=2),
            ]
        }
    )

    assert {"batchItemFailures": [{"itemIdentifier": "record-1"}]} == answer
    assert world.queue is not None
    assert {"receipt-1": 60.0} == world.queue.delays


def test_every_record_that_failed_comes_back(world: World) -> None:
    """An answer that left one out would delete it."""
    names = ["one", "two", "three", "four"]
    world.router.hold(*map(raw_finding, names))
    world.router.faults.plan("post", unavailable(), times=None)

    answer = world.invoke(
        {"Records": [sqs_record(fresh(name), number=n) for n, name in enumerate(names, 1)]}
    )

    failures = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
    assert {f"record-{number}" for number in range(1, 5)} == failures


def test_a_record_of_several_findings_waits_for_the_most_patient(world: World) -> None:
    """It is one record, however many of its findings failed."""
    event = imported(raw_finding("one"), raw_finding("two"))
    world.router.hold(raw_finding("one"))

    answer = world.invoke({"Records": [sqs_record(event, tries=2)]})

    assert {"batchItemFailures": [{"itemIdentifier": "record-1"}]} == answer
    assert world.queue is not None
    assert {"receipt-1": 30.0} == world.queue.delays


def test_without_a_queue_the_visibility_timeout_holds(world: World) -> None:
    """A laptop may have none."""
    world.queue = None
    world.router.faults.plan("post", unavailable())

    answer = world.invoke({"Records": [sqs_record(fresh("one"))]})

    assert [{"itemIdentifier": "record-1"}] == answer["batchItemFailures"]


def test_a_bare_event_is_answered_with_the_outcome_of_each_finding(world: World) -> None:
    """`sam local invoke` shows it."""
    world.router.hold(raw_finding("one"))

    answer = world.invoke(imported(raw_finding("one"), raw_finding("two", RecordState="ARCHIVED")))

    assert [("one", "posted"), ("two", "archived")] == [
        (each["finding_id"], each["outcome"]) for each in answer["outcomes"]
    ]


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_the_schedule_has_said_what_is_due(world: World) -> None:
    """The answer names the outcomes; most of the time there is nothing due."""
    assert {"outcomes": []} == world.invoke({"finding-router": "wake"})


def test_what_waits_on_is_no_failure_of_the_call(world: World) -> None:
    """The next call reports it; an alarm for each would be one for each minute."""
    silence = {"kind": "silence", "name": "short", "match": {}, "until": "2026-09-21T15:00:00Z"}
    world.router.items.append(silence)
    world.router.send(raw_finding())
    world.router.clock.now += 3600
    world.router.faults.plan("post", unavailable())

    [first] = world.invoke({"finding-router": "wake"})["outcomes"]
    world.router.clock.now += 60
    [second] = world.invoke({"finding-router": "wake"})["outcomes"]

    assert ("failed", "digested") == (first["outcome"], second["outcome"])


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_a_call_that_can_read_nothing_fails(world: World) -> None:
    """Otherwise the failure would go unnoticed."""
    world.router.faults.plan("bins", store_down)

    with pytest.raises(StoreError):
        world.invoke({"finding-router": "wake"})


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_the_alarm_topic_is_answered(world: World) -> None:
    """Its alarm is told, once."""
    for _ in range(2):
        assert {
            "outcomes": [{"alarm": "router-dead-letters", "state": "ALARM", "outcome": "told"}]
        } == world.invoke(sns_event(state("ALARM")))

    assert 1 == len(world.router.slack.texts(OPS))


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_an_alarm_that_nobody_takes_fails_the_call(world: World) -> None:
    """Lambda makes it again."""
    world.router.faults.plan("post", unavailable(), times=None)

    with pytest.raises(AlarmUntoldError):
        world.invoke(sns_event(state("ALARM")))


def dead(payload: Any) -> dict[str, Any]:
    """Return the dead letter of a call, as Lambda writes it."""
    return {
        "version": "1.0",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": payload,
        "responsePayload": {"errorType": "AlarmUntoldError"},
    }


WAKE = {"finding-router": "wake"}


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
@pytest.mark.parametrize("body", [WAKE, dead(WAKE), {"Input": json.dumps(WAKE)}])
def test_a_wake_up_that_was_moved_to_the_queue_is_dropped(
    world: World, body: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The schedule has come again since: it is no event that the router refuses."""
    record = {**sqs_record(fresh("one")), "body": json.dumps(body)}

    assert {"batchItemFailures": []} == world.invoke({"Records": [record]})
    assert "refused" not in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_an_alarm_that_was_moved_to_the_queue_is_told(world: World) -> None:
    """Beside the findings of its batch; if it cannot be told, it alone comes back."""
    world.router.hold(raw_finding("one"))
    records = [sqs_record(fresh("one"), number=1), sqs_record(fresh("one"), number=2, tries=2)]
    records[1]["body"] = json.dumps(dead(sns_event(state("ALARM"))))
    world.router.faults.plan("post", unavailable(), about=OPS)

    assert [{"itemIdentifier": "record-2"}] == world.invoke({"Records": records})[
        "batchItemFailures"
    ]
    assert world.queue is not None
    assert {"receipt-2": 30.0} == world.queue.delays

    world.router.clock.now += 60
    assert {"batchItemFailures": []} == world.invoke({"Records": records[1:]})
    assert ["#alerts", OPS] == [said.channel for said in world.router.slack.posted]


@pytest.mark.parametrize("body", ["[1]", "{", "1", '{"requestPayload": [1]}', "[" * 100_000])
def test_what_is_no_call_is_refused_as_ever(
    world: World, body: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is counted, and an alarm goes off."""
    record = {**sqs_record(fresh("one")), "body": body}

    assert {"batchItemFailures": []} == world.invoke({"Records": [record]})
    assert '"EventsRefused":[1.0]' in capsys.readouterr().out


def test_a_finding_that_speaks_of_wake_ups_is_a_finding() -> None:
    """Whoever writes findings cannot have one dropped."""
    event = imported(raw_finding(Title=json.dumps({"finding-router": "wake"})))

    assert read_call(json.dumps(event)) is None
    assert read_call(event) is None


def test_a_finding_without_identity_is_answered_too(world: World) -> None:
    """With the reason."""
    answer = world.invoke(imported({"Title": "No identity"}))

    [outcome] = answer["outcomes"]
    assert outcome["finding_id"] is None
    assert "posted_raw" == outcome["outcome"]
    assert "Id" in outcome["detail"]


def test_a_bare_event_that_failed_is_raised_so_that_it_is_tried_again(world: World) -> None:
    """A rule that invokes the function directly retries after an exception."""
    world.router.faults.plan("post", unavailable())

    with pytest.raises(BatchFailedError, match="1 of 1 findings failed"):
        world.invoke(fresh("one"))


def test_an_event_of_another_kind_is_refused_by_name_in_the_answer(world: World) -> None:
    """It is one of EventBridge, and none that the router takes."""
    answer = world.invoke(fresh("one") | {"detail-type": "Security Hub Insight Results"})

    [outcome] = answer["outcomes"]
    assert "refused" == outcome["outcome"]
    assert "Security Hub Insight Results" in outcome["detail"]


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({}, "(none)"),
        ({"a": 1, "b": 2}, "a, b"),
        ([], "list"),
        (None, "NoneType"),
        ("text", "str"),
        ({"source": "aws.events"}, "aws.events"),
        ({"Records": [{"eventSource": "aws:s3", "s3": {}}]}, "aws:s3"),
        ({"Records": [{"EventSource": "aws:sns", "Sns": {}}]}, "aws:sns"),
        ({"Records": "text"}, "Records"),
        ({"Records": ["text"]}, "Records"),
    ],
)
def test_anything_else_is_refused_by_name(event: Any, name: str) -> None:
    """The message names the event, and the valid ones."""
    with pytest.raises(EventError) as refused:
        read_records(event)

    assert name in str(refused.value)
    assert "SQS" in str(refused.value)


def test_one_record_of_another_source_refuses_the_batch() -> None:
    """No queue sends such a mixture, so that it is no batch of a queue's."""
    stranger = sqs_record(fresh("two")) | {"eventSource": "aws:kinesis"}

    with pytest.raises(EventError):
        read_records({"Records": [sqs_record(fresh("one")), stranger]})


def test_an_empty_batch_has_no_records() -> None:
    """And is no mistake."""
    assert [] == read_records({"Records": []})


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"ApproximateReceiveCount": "4"}, 4),
        ({}, 1),
        (None, 1),
        ({"ApproximateReceiveCount": "?"}, 1),
    ],
)
def test_a_record_knows_how_often_it_was_tried(attributes: object, expected: int) -> None:
    """Without SQS's count, it is the first time."""
    [record] = read_records({"Records": [sqs_record(fresh("one")) | {"attributes": attributes}]})

    assert expected == record.tries


def test_a_batch_without_bodies_is_read_all_the_same(world: World) -> None:
    """Each record ends alone."""
    hollow = sqs_record(fresh("one"))
    del hollow["body"], hollow["receiptHandle"]

    assert {"batchItemFailures": []} == world.invoke({"Records": [hollow]})


def test_the_parts_are_made_once_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A warm invocation makes nothing anew, and nothing is called to make them."""
    for name, value in {
        "ROUTING_TABLE": "routes",
        "LEDGER_TABLE": "ledger",
        "DEFAULT_CHANNEL": "#security",
        "SLACK_TOKEN_ARN": "arn:aws:ssm:eu-west-1:123456789012:parameter/token",
        "FINDINGS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/findings",
    }.items():
        monkeypatch.setenv(name, value)
    handler._parts.cache_clear()

    first, second = handler._parts(), handler._parts()

    handler._parts.cache_clear()
    assert first is second
    assert first[1] is not None


def test_what_can_wait_goes_to_the_backlog_and_what_that_refuses_comes_back(world: World) -> None:
    """A record that goes over is deleted from its own queue; none is in neither."""
    world.backlog = FakeQueue()
    world.backlog.refused = {"record-3"}
    names = ["one", "two", "three"]
    world.router.hold(*map(raw_finding, names))

    answer = world.invoke(
        {"Records": [sqs_record(fresh(name), number=n) for n, name in enumerate(names, 1)]}
    )

    assert {"batchItemFailures": [{"itemIdentifier": "record-3"}]} == answer
    assert ["record-2"] == [each.record.id for each in world.backlog.sent]
    assert world.queue is not None
    assert ["receipt-3"] == list(world.queue.delays)


def test_a_record_of_the_backlog_comes_again_there(world: World) -> None:
    """It is known by the queue of its batch, and has kept the name of its first record."""
    world.backlog = FakeQueue()
    world.router.faults.plan("post", unavailable())
    sent = sqs_record(fresh("one")) | {
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:backlog",
        "messageAttributes": {
            "FirstId": {"stringValue": "first", "dataType": "String"},
            "Digests": {"stringValue": "#a\n#b", "dataType": "String"},
        },
    }

    [record] = read_records({"Records": [sent]})
    answer = world.invoke({"Records": [sent]})

    assert ("first", frozenset({"#a", "#b"})) == (record.first_id, record.digests)
    assert {"batchItemFailures": [{"itemIdentifier": "record-1"}]} == answer
    assert {"receipt-1": 15.0} == world.backlog.delays
