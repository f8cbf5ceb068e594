"""The queue: records that come back stay away for as long as they should."""

import json
from typing import Any

import pytest

from fakes import Clock, late
from finding_router.aws.queue import MAX_SECONDS, Queue, Sending
from finding_router.delivery.deliveries import Record
from finding_router.delivery.limits.deadline import Deadline
from finding_router_local.aws import AwsServer
from finding_router_local.faults import Effect, Fault

IN_TIME = Deadline(90, clock=Clock())


class Records:
    """A queue with records that a worker has received."""

    def __init__(self, aws: AwsServer, count: int) -> None:
        """Receive *count* records."""
        self.aws = aws
        self.sqs = aws.client("sqs")
        self.url = self.sqs.create_queue(QueueName="findings")["QueueUrl"]
        for number in range(count):
            self.sqs.send_message(QueueUrl=self.url, MessageBody=str(number))
        self.receipts = [
            message["ReceiptHandle"] for _ in range(0, count, 10) for message in self.visible()
        ]
        self.queue = Queue(self.url)

    def visible(self) -> list[Any]:
        """Receive the visible messages."""
        return list(
            self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
        )

    def timeouts(self) -> list[int]:
        """Return the visibility time-outs that were asked for."""
        return [
            entry["VisibilityTimeout"]
            for call in self.aws.gate.recent
            if call.operation == "ChangeMessageVisibilityBatch"
            for entry in json.loads(call.body)["Entries"]
        ]


@pytest.fixture
def make_records(aws_environment: AwsServer) -> Any:
    """Make a queue of received records."""
    aws_environment.gate.recent.clear()
    return lambda count: Records(aws_environment, count)


def test_a_record_is_seen_again_after_its_seconds(make_records: Any) -> None:
    """At once, if there is nothing to wait for."""
    records = make_records(2)
    now, later = records.receipts

    records.queue.delay({now: 0.0, later: 300.0}, IN_TIME)

    assert 1 == len(records.visible())


def test_seconds_are_whole_and_within_what_sqs_takes(make_records: Any) -> None:
    """A Retry-After of days is cut, and time that is over already is none."""
    records = make_records(3)

    records.queue.delay(dict(zip(records.receipts, [1.6, -5.0, 1e9], strict=True)), IN_TIME)

    assert [2, 0, MAX_SECONDS] == records.timeouts()


def test_ten_records_are_changed_at_once(make_records: Any) -> None:
    """SQS takes no more in a call."""
    records = make_records(12)

    records.queue.delay(dict.fromkeys(records.receipts, 60.0), IN_TIME)

    assert 12 == len(records.timeouts())


def test_without_time_the_queues_own_timeout_holds(make_records: Any) -> None:
    """No call starts that may not end."""
    records = make_records(1)

    records.queue.delay(dict.fromkeys(records.receipts, 60.0), late(Clock(), 5))

    assert [] == records.timeouts()


def test_a_queue_that_fails_is_no_failure_of_the_batch(make_records: Any) -> None:
    """The next ten are tried all the same."""
    records = make_records(12)
    records.aws.faults.add(
        Fault(
            service="sqs",
            operation="ChangeMessageVisibilityBatch",
            effect=Effect.ERROR,
            code="AccessDenied",
            status=403,
        )
    )

    records.queue.delay(dict.fromkeys(records.receipts, 60.0), IN_TIME)

    assert 12 == len(records.timeouts())


def test_nothing_to_delay_asks_nothing(make_records: Any) -> None:
    """The usual case."""
    records = make_records(0)

    records.queue.delay({}, IN_TIME)

    assert [] == records.timeouts()


def sendings(count: int, size: int = 1) -> list[Sending]:
    """Return so many records to be sent, each with a body of *size* characters."""
    return [
        Sending(
            Record(
                body=f"{number:03}".ljust(size, "x"), id=str(number), first_id=f"first-{number}"
            ),
            0.0,
            frozenset({"#a", "#b"}),
        )
        for number in range(count)
    ]


def test_records_go_over_whole_and_say_where_they_belong(make_records: Any) -> None:
    """Their name and the channels of their digests go along."""
    records = make_records(0)

    assert set() == records.queue.send(sendings(1), IN_TIME)

    [message] = records.sqs.receive_message(QueueUrl=records.url, MessageAttributeNames=["All"])[
        "Messages"
    ]
    attributes = {name: each["StringValue"] for name, each in message["MessageAttributes"].items()}
    assert ("000", {"FirstId": "first-0", "Digests": "#a\n#b"}) == (message["Body"], attributes)


def test_a_flood_goes_over_ten_a_call_and_no_call_is_too_large(make_records: Any) -> None:
    """SQS takes ten messages and 1 MiB a call."""
    records = make_records(0)

    assert set() == records.queue.send([*sendings(25), *sendings(6, size=240_000)], IN_TIME)

    calls = [
        [len(entry["MessageBody"]) for entry in json.loads(call.body)["Entries"]]
        for call in records.aws.gate.recent
        if call.operation == "SendMessageBatch"
    ]
    assert 31 == sum(map(len, calls))
    assert all(len(sizes) <= 10 and sum(sizes) <= 1_000_000 for sizes in calls)


def test_what_the_queue_does_not_take_is_named(make_records: Any) -> None:
    """It comes again from where it is; without time nothing is sent."""
    records = make_records(0)
    several = sendings(25)
    records.aws.faults.add(Fault(effect=Effect.OUTAGE, operation="SendMessageBatch", times=None))

    refused = records.queue.send(several, IN_TIME)

    assert (
        {each.record for each in several}
        == refused
        == records.queue.send(several, late(Clock(), 5))
    )
