"""DynamoDB and SQS answer the same past moto's application as by it."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from finding_router_local.aws import REGION, AwsServer

SCOPE = f"AWS4-HMAC-SHA256 Credential=local/20260101/{REGION}/{{}}/aws4_request, Signature=x"
# They differ in each answer.
OWN = {"x-amzn-requestid", "date", "access-control-allow-origin", "vary"}


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsServer]:
    """Serve a table of one item."""
    with AwsServer() as server:
        dynamodb = server.client("dynamodb")
        dynamodb.create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.put_item(
            TableName="table", Item={"key": {"S": "it"}, "m": {"M": {"n": {"N": "1"}}}}
        )
        server.client("sqs").create_queue(QueueName="queue")
        yield server


def ask(
    aws: AwsServer,
    operation: str,
    body: str,
    *,
    service: str = "DynamoDB_20120810",
    **headers: str,
) -> tuple[int, Any, bytes]:
    """Send one request, and return its answer."""
    connection = HTTPConnection("127.0.0.1", aws.port)
    scope = SCOPE.format("sqs" if service == "AmazonSQS" else "dynamodb")
    target = {"X-Amz-Target": f"{service}.{operation}", "Authorization": scope}
    content_type = {"Content-Type": "application/x-amz-json-1.0"}
    connection.request("POST", "/", body, {**target, **content_type, **headers})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    kept = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in OWN}
    return answer.status, kept, content


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("GetItem", {"Key": {"key": {"S": "it"}}}),
        ("GetItem", {"Key": {"key": {"S": "another"}}}),
        ("GetItem", {"Key": {"other": {"S": "it"}}}),
        ("Query", {"KeyConditionExpression": "nonsense"}),
        (
            "PutItem",
            {
                "Item": {"key": {"S": "it"}, "n": {"N": "2"}},
                "ConditionExpression": "attribute_not_exists(#k)",
                "ExpressionAttributeNames": {"#k": "key"},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            },
        ),
        ("DescribeTable", {}),
        ("DescribeTable", {"TableName": "missing"}),
    ],
)
def test_answers_are_those_of_motos_application(
    aws: AwsServer, operation: str, request_: dict[str, Any]
) -> None:
    """Requests of a browser still go there."""
    body = json.dumps({"TableName": "table", **request_})

    by_application = ask(aws, operation, body, Origin="http://somewhere.example")

    assert by_application == ask(aws, operation, body)


@pytest.mark.parametrize(
    ("operation", "queue", "request_"),
    [
        ("GetQueueUrl", "queue", {"QueueName": "queue"}),
        ("GetQueueUrl", "missing", {"QueueName": "missing"}),
        ("GetQueueAttributes", "queue", {"AttributeNames": ["VisibilityTimeout"]}),
        ("SendMessageBatch", "missing", {"Entries": [{"Id": "1", "MessageBody": "it"}]}),
        ("SendMessageBatch", "queue", {"Entries": []}),
        ("ReceiveMessage", "queue", {"MaxNumberOfMessages": 10}),
        ("ReceiveMessage", "queue", {"MaxNumberOfMessages": 11}),
        ("DeleteMessageBatch", "queue", {"Entries": [{"Id": "1", "ReceiptHandle": "none"}]}),
    ],
)
def test_answers_about_queues_are_those_of_motos_application(
    aws: AwsServer, operation: str, queue: str, request_: dict[str, Any]
) -> None:
    """Errors, too."""
    url = f"{aws.url}/{aws.account_id}/{queue}"
    body = json.dumps({"QueueUrl": url, **request_})
    by_application = ask(
        aws, operation, body, service="AmazonSQS", Origin="http://somewhere.example"
    )

    assert by_application == ask(aws, operation, body, service="AmazonSQS")
