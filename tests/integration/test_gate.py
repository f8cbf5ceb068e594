"""Faults strike the planned calls, and calls of a service come one at a time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from finding_router_local.aws import AwsServer
from finding_router_local.faults import Fault


@pytest.fixture
def table(aws: AwsServer) -> Any:
    """Make a table; return a function that writes an item into it."""
    client = aws.client("dynamodb")
    client.create_table(
        TableName="numbers",
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    def write(name: str, **arguments: Any) -> None:
        client.put_item(TableName="numbers", Item={"name": {"S": name}}, **arguments)

    return write


def names(aws: AwsServer) -> Any:
    """Read the names in the table."""
    items = aws.client("dynamodb").scan(TableName="numbers")["Items"]
    return {item["name"]["S"] for item in items}


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        (Fault(effect="throttle"), "ProvisionedThroughputExceededException", 400),
        (Fault(effect="error"), "InternalServerError", 500),
        (Fault(effect="error", code="AccessDeniedException", status=400), "AccessDenied", 400),
    ],
)
def test_call_fails_as_told(
    aws: AwsServer, table: Any, fault: Fault, code: str, status: int
) -> None:
    """The answer is an error that boto3 knows, and nothing is done."""
    aws.faults.add(fault)

    with pytest.raises(ClientError, match=code) as raised:
        table("one")

    assert status == raised.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert set() == names(aws)


@pytest.mark.parametrize(("effect", "expected"), [("outage", set()), ("lose_answer", {"one"})])
def test_connection_breaks(aws: AwsServer, table: Any, effect: str, expected: object) -> None:
    """An outage comes before the deed; a lost answer after it."""
    aws.faults.add(Fault(effect=effect, operation="PutItem"))

    with pytest.raises(ConnectionClosedError):
        table("one")

    assert expected == names(aws)


@pytest.mark.parametrize(("effect", "expected"), [("outage", set()), ("lose_answer", {"one"})])
def test_http_connection_breaks(
    aws_environment: AwsServer, table: Any, effect: str, expected: object
) -> None:
    """Another program, whose calls come by HTTP, sees the same."""
    client = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))
    aws_environment.faults.add(Fault(effect=effect, operation="PutItem"))

    with pytest.raises(ConnectionClosedError):
        client.put_item(TableName="numbers", Item={"name": {"S": "one"}})

    assert expected == names(aws_environment)
    client.close()


def test_fault_is_counted_down(aws: AwsServer, table: Any) -> None:
    """A fault spares some calls, strikes as often as planned, and is over."""
    aws.faults.add(Fault(effect="throttle", operation="PutItem", skip=1, times=2))
    results = []

    for name in ("a", "b", "c", "d"):
        try:
            table(name)
        except ClientError:
            results.append("struck")
        else:
            results.append("passed")

    assert ["passed", "struck", "struck", "passed"] == results
    [state] = aws.faults.state()
    assert (2, 2, 0) == (state["chances"], state["hits"], state["left"])


def test_fault_concerns_what_it_names(aws: AwsServer, table: Any) -> None:
    """Other operations, services and bodies are left alone."""
    aws.faults.add(
        Fault(effect="error", service="sqs"),
        Fault(effect="error", operation="GetItem"),
        Fault(effect="error", containing="two"),
    )

    table("one")

    with pytest.raises(ClientError):
        table("two")


def test_delay_only_delays(aws: AwsServer, table: Any) -> None:
    """The call goes well, later."""
    aws.faults.add(Fault(effect="delay", seconds=0.2))
    began = time.monotonic()

    table("one")

    assert time.monotonic() - began >= 0.2
    assert {"one"} == names(aws)


def test_random_faults_repeat_by_their_seed(aws: AwsServer, table: Any) -> None:
    """A chance of one half strikes some calls and spares some."""
    aws.faults.add(Fault(effect="throttle", operation="PutItem", times=None, probability=0.5))
    passed = 0

    for number in range(40):
        try:
            table(str(number))
        except ClientError:
            continue
        passed += 1

    assert 5 < passed < 35


def test_fault_is_read_from_json() -> None:
    """The fields are those of the class; others are refused by name."""
    assert Fault(effect="outage", times=3) == Fault.from_json({"effect": "outage", "times": 3})
    with pytest.raises(ValueError, match="effect"):
        Fault.from_json({"effect": "outage", "count": 3})


def test_caller_is_killed_before_or_after(aws: AwsServer, table: Any) -> None:
    """The killer is called with the call, and the answer is never sent."""
    killed = []
    aws.gate.kill = lambda call: killed.append((call.operation, names(aws)))
    aws.faults.add(Fault(effect="kill_before", operation="PutItem"))
    aws.faults.add(Fault(effect="kill_after", operation="PutItem"))

    for name in ("one", "two"):
        with pytest.raises(ConnectionClosedError):
            table(name)

    assert [("PutItem", set()), ("PutItem", {"two"})] == killed


def test_conditional_writes_have_one_winner(aws: AwsServer, table: Any) -> None:
    """Of many workers that claim the same item at once, one gets it."""
    ready = threading.Barrier(8)

    def claim(_: Any) -> Any:
        ready.wait()
        try:
            table("claim", ConditionExpression="attribute_not_exists(#n)", **NAME)
        except ClientError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as threads:
        won = sum(threads.map(claim, range(8)))

    assert 1 == won


NAME = {"ExpressionAttributeNames": {"#n": "name"}}


def test_no_message_is_lost_or_doubled_between_threads(aws: AwsServer) -> None:
    """Sending, receiving and deleting at once leaves each message received exactly once."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="busy")["QueueUrl"]
    received = []

    def send(number: int) -> None:
        sqs.send_message(QueueUrl=url, MessageBody=str(number))

    def receive() -> None:
        idle = 0
        while idle < 2:
            messages = sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1
            ).get("Messages", [])
            idle = 0 if messages else idle + 1
            for message in messages:
                received.append(message["Body"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    readers = [threading.Thread(target=receive) for _ in range(3)]
    for reader in readers:
        reader.start()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(send, range(120)))
    for reader in readers:
        reader.join()

    assert sorted(map(str, range(120))) == sorted(received)


def test_long_poll_ends_with_a_message(aws: AwsServer) -> None:
    """A receiver that waits gets a message that comes meanwhile, and no sender waits for it."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="slow")["QueueUrl"]
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20)

        sqs.send_message(QueueUrl=url, MessageBody="here")

        assert "here" == waiting.result(timeout=15)["Messages"][0]["Body"]


def test_batches_are_done_in_part(aws: AwsServer, table: Any) -> None:
    """The first half of a batch for DynamoDB is done; the rest is returned as unprocessed."""
    client = aws.client("dynamodb")
    for effect_on in ("BatchWriteItem", "BatchGetItem"):
        aws.faults.add(Fault(effect="partial", operation=effect_on, times=2))
    table("none")
    writes = [{"PutRequest": {"Item": {"name": {"S": name}}}} for name in ("a", "b", "c")]

    left = client.batch_write_item(RequestItems={"numbers": writes})["UnprocessedItems"]

    assert {"numbers": writes[1:]} == left
    assert {"none", "a"} == names(aws)
    keys = [{"name": {"S": name}} for name in ("none", "a")]
    asked = {"numbers": {"Keys": keys, "ConsistentRead": True}}
    answer = client.batch_get_item(RequestItems=asked)
    assert {"numbers": [{"name": {"S": "none"}}]} == answer["Responses"]
    assert keys[1:] == answer["UnprocessedKeys"]["numbers"]["Keys"]
    # One alone is left as well.
    alone = client.batch_get_item(RequestItems=answer["UnprocessedKeys"])
    assert ({}, answer["UnprocessedKeys"]) == (alone["Responses"], alone["UnprocessedKeys"])
