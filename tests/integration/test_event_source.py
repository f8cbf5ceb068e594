"""The event source takes, invokes, deletes and leaves messages as Lambda does."""

import json
import threading
from copy import replace
from typing import Any

import pytest

from finding_router_local.aws import AwsServer
from finding_router_local.deployment import Source
from finding_router_local.event_source import EventSource
from finding_router_local.faults import Fault
from finding_router_local.invocation import Invocation


class StubFunction:
    """Answers each invocation with the next of its answers, and keeps the events."""

    def __init__(self, *answers: Any) -> None:
        """Take *answers* to be returned in turn, the last one for ever."""
        self.answers = list(answers)
        self.events = []

    def __call__(self, event: dict[str, Any]) -> Any:
        """Keep *event*."""
        self.events.append(event)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(event) if callable(answer) else answer

    @property
    def bodies(self) -> Any:
        """Return the bodies that came, batch by batch."""
        return [[record["body"] for record in event["Records"]] for event in self.events]


OK = Invocation(answer={"batchItemFailures": []})


@pytest.fixture
def queue(aws: AwsServer) -> Any:
    """Make a queue with dead letters after two tries."""
    sqs = aws.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = f"arn:aws:sqs:{aws.region}:{aws.account_id}:dead"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    attributes = {"VisibilityTimeout": "30", "RedrivePolicy": policy}
    return Queue(sqs, sqs.create_queue(QueueName="live", Attributes=attributes)["QueueUrl"], dead)


class Queue:
    """A queue and its dead letters."""

    def __init__(self, sqs: Any, url: Any, dead_url: Any) -> None:
        """Hold on to both."""
        self.sqs, self.url, self.dead_url = sqs, url, dead_url

    def send(self, *bodies: str) -> Any:
        """Put *bodies* into the queue, and return the ids."""
        return [
            self.sqs.send_message(
                QueueUrl=self.url,
                MessageBody=body,
                MessageAttributes={"from": {"DataType": "String", "StringValue": "test"}},
            )["MessageId"]
            for body in bodies
        ]

    def counts(self) -> Any:
        """Return how many messages are visible, being worked on, and dead."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        live = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        dead = self.sqs.get_queue_attributes(QueueUrl=self.dead_url, AttributeNames=names)
        return (*(int(live[name]) for name in names), int(dead["Attributes"][names[0]]))

    def show(self, event: dict[str, Any]) -> None:
        """Make the messages of *event* visible again, as time would."""
        for record in event["Records"]:
            self.sqs.change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0
            )


@pytest.fixture
def source(aws: AwsServer, queue: Queue) -> Any:
    """Return a function that makes an event source."""

    def make(invoke: Any, **changes: Any) -> Any:
        live = Source(
            queue="Live",
            queue_url=queue.url,
            queue_arn=f"arn:aws:sqs:{aws.region}:{aws.account_id}:live",
            batch_size=25,
            window_seconds=0,
            reports_item_failures=True,
        )
        return EventSource(
            replace(live, **changes), sqs=queue.sqs, region=aws.region, invoke=invoke
        )

    return make


def test_event_is_what_lambda_sends(queue: Queue, source: Any) -> None:
    """A record has all fields of Lambda's."""
    [id_] = queue.send('{"a": 1}')
    function = StubFunction(OK)

    source(function).run_once()

    [event] = function.events
    [record] = event["Records"]
    assert id_ == record["messageId"]
    assert '{"a": 1}' == record["body"]
    assert "aws:sqs" == record["eventSource"]
    assert record["eventSourceARN"].startswith("arn:aws:sqs:us-east-1:")
    assert record["eventSourceARN"].endswith(":live")
    assert "us-east-1" == record["awsRegion"]
    assert {"stringValue": "test", "dataType": "String"} == record["messageAttributes"]["from"]
    assert "1" == record["attributes"]["ApproximateReceiveCount"]
    assert record["attributes"].keys() >= {
        "SentTimestamp",
        "SenderId",
        "ApproximateFirstReceiveTimestamp",
    }
    assert record["receiptHandle"]
    assert record["md5OfBody"]


def test_batch_is_gathered_from_several_receives(queue: Queue, source: Any) -> None:
    """A batch holds more than the ten messages of one call, and no more than its size."""
    queue.send(*map(str, range(30)))
    function = StubFunction(OK)

    source(function).run_once()

    assert [list(map(str, range(25)))] == function.bodies
    assert (5, 0, 0) == queue.counts()


def test_batch_waits_for_its_window(queue: Queue, source: Any) -> None:
    """Messages that arrive within the window join the batch."""
    queue.send("first")
    function = StubFunction(OK)
    late = threading.Timer(0.2, queue.send, ["second"])
    late.start()

    source(function, window_seconds=3, batch_size=2).run_once()

    assert [["first", "second"]] == function.bodies


def test_window_ends_when_nothing_more_is_to_come(queue: Queue, source: Any) -> None:
    """After hurry(now=True), the poller takes the messages that are there."""
    queue.send("only")
    function = StubFunction(OK)
    waiting = source(function, window_seconds=600)
    waiting.hurry(now=True)

    waiting.run_once()

    assert [["only"]] == function.bodies


def test_failed_items_stay(queue: Queue, source: Any) -> None:
    """Named records remain invisible until their time-out, the others are deleted."""
    ids = queue.send("good", "bad")
    failures = {"batchItemFailures": [{"itemIdentifier": ids[1]}]}

    batch = source(StubFunction(Invocation(answer=failures))).run_once()

    assert {ids[1]} == batch.failed
    assert (0, 1, 0) == queue.counts()


@pytest.mark.parametrize(
    "invocation",
    [
        Invocation(error="ValueError: x"),
        Invocation(answer={"batchItemFailures": [{"itemIdentifier": "nobody"}]}),
        Invocation(answer={"batchItemFailures": [{"itemIdentifier": ""}]}),
        Invocation(answer={"batchItemFailures": ["id"]}),
        Invocation(answer="done"),
    ],
)
def test_whole_batch_stays(queue: Queue, source: Any, invocation: Invocation) -> None:
    """An error, or an answer that cannot be trusted, leaves everything in the queue."""
    queue.send("one", "two")

    source(StubFunction(invocation)).run_once()

    assert (0, 2, 0) == queue.counts()


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": None}, {"other": 1}])
def test_nothing_said_is_success(queue: Queue, source: Any, answer: Any) -> None:
    """Without failures in the answer the batch is done."""
    queue.send("one", "two")

    source(StubFunction(Invocation(answer=answer))).run_once()

    assert (0, 0, 0) == queue.counts()


def test_answer_counts_only_where_it_was_agreed(queue: Queue, source: Any) -> None:
    """Without ReportBatchItemFailures the answer is ignored, as Lambda does."""
    [id_] = queue.send("one")
    answer = {"batchItemFailures": [{"itemIdentifier": id_}]}

    source(StubFunction(Invocation(answer=answer)), reports_item_failures=False).run_once()

    assert (0, 0, 0) == queue.counts()


def test_message_ends_in_the_dead_letters(queue: Queue, source: Any) -> None:
    """After as many tries as the redrive policy allows, a message moves on."""
    queue.send("poison")
    function = StubFunction(Invocation(error="no"))
    failing = source(function)

    for _ in range(2):
        queue.show(failing.run_once().event)

    assert failing.run_once() is None
    assert ["1", "2"] == [
        event["Records"][0]["attributes"]["ApproximateReceiveCount"] for event in function.events
    ]
    assert (0, 0, 1) == queue.counts()


def test_function_may_change_visibility(queue: Queue, source: Any) -> None:
    """A record that the function wants back at once comes back at once."""
    [id_] = queue.send("again")

    def want_back(event: dict[str, Any]) -> Any:
        queue.show(event)
        return Invocation(answer={"batchItemFailures": [{"itemIdentifier": id_}]})

    function = StubFunction(want_back, OK)
    again = source(function)

    again.run_once()
    again.run_once()

    assert [["again"], ["again"]] == function.bodies
    assert (0, 0, 0) == queue.counts()


def test_poller_outlives_an_outage_of_the_queue(aws: AwsServer, queue: Queue, source: Any) -> None:
    """Messages that could not be deleted come again; those not received come later."""
    aws.faults.add(
        Fault(effect="outage", service="sqs", operation="ReceiveMessage", times=3),
        Fault(effect="error", service="sqs", operation="DeleteMessageBatch"),
    )
    done = threading.Event()

    def work(_event: Any) -> Any:
        done.set()
        return OK

    polling = source(work)
    polling.start()
    queue.send("one")
    assert done.wait(20)
    polling.stop()

    assert (0, 1, 0) == queue.counts()


def test_two_workers_share_the_queue(queue: Queue, source: Any) -> None:
    """Each message goes to one of two pollers that work at the same time."""
    queue.send(*map(str, range(40)))
    both_at_work = threading.Barrier(2, timeout=20)

    def work(event: dict[str, Any]) -> Any:
        if len(event["Records"]) == 10:
            both_at_work.wait()
        return OK

    functions = [StubFunction(work), StubFunction(work)]
    pollers = [source(function, batch_size=10) for function in functions]
    for poller in pollers:
        poller.start()
    while queue.counts() != (0, 0, 0):
        threading.Event().wait(0.05)
    for poller in pollers:
        poller.stop()

    bodies = [body for function in functions for batch in function.bodies for body in batch]
    assert sorted(map(str, range(40))) == sorted(bodies)
    assert all(function.events for function in functions)
