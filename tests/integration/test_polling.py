"""Event sources take from local queues as boto3's client would."""

from collections.abc import Iterator
from typing import Any

import pytest

from finding_router_local.aws import AwsServer
from finding_router_local.faults import Effect, Fault
from finding_router_local.polling import QueueCalls


@pytest.fixture
def aws() -> Iterator[AwsServer]:
    """Serve an AWS of its own."""
    with AwsServer() as server:
        yield server


def _queue(aws: AwsServer) -> tuple[Any, str]:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="waiting", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    first_id = {"FirstId": {"DataType": "String", "StringValue": "a"}}
    sqs.send_message(QueueUrl=url, MessageBody="body", MessageAttributes=first_id)
    return sqs, url


def _asked(url: str) -> dict[str, Any]:
    return {
        "QueueUrl": url,
        "MaxNumberOfMessages": 10,
        "WaitTimeSeconds": 0,
        "MessageSystemAttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
    }


def test_messages_are_those_of_the_client(aws: AwsServer) -> None:
    """With all attributes that an event source passes on; each receipt is another."""
    sqs, url = _queue(aws)

    [own] = QueueCalls(aws).receive_message(**_asked(url))["Messages"]
    [plain] = sqs.receive_message(**_asked(url))["Messages"]

    assert own.pop("ReceiptHandle") != plain.pop("ReceiptHandle")
    counts = [each["Attributes"].pop("ApproximateReceiveCount") for each in (own, plain)]
    assert ["1", "2"] == counts
    del plain["MD5OfMessageAttributes"]
    assert plain == own


def test_calls_are_recorded_and_delete(aws: AwsServer) -> None:
    """Like those of everybody else."""
    sqs, url = _queue(aws)
    calls = QueueCalls(aws)
    [message] = calls.receive_message(**_asked(url))["Messages"]

    calls.delete_message_batch(
        QueueUrl=url, Entries=[{"Id": "0", "ReceiptHandle": message["ReceiptHandle"]}]
    )

    assert "Messages" not in sqs.receive_message(**_asked(url))
    assert ["ReceiveMessage", "DeleteMessageBatch"] == [
        each.operation for each in list(aws.gate.recent)[-3:-1]
    ]


def test_planned_faults_strike(aws: AwsServer) -> None:
    """Then the calls take the ordinary way."""
    _, url = _queue(aws)
    aws.faults.add(Fault(effect=Effect.ERROR, service="sqs", operation="ReceiveMessage"))
    calls = QueueCalls(aws)

    with pytest.raises(Exception, match="ReceiveMessage"):
        calls.receive_message(**_asked(url))
    assert 1 == len(calls.receive_message(**_asked(url))["Messages"])
