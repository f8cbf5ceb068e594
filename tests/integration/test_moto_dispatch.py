"""DynamoDB answers the same past moto's application as by it."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from finding_router_local.aws import REGION, AwsServer

SCOPE = f"AWS4-HMAC-SHA256 Credential=local/20260101/{REGION}/dynamodb/aws4_request, Signature=x"
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
        yield server


def ask(aws: AwsServer, operation: str, body: str, **headers: str) -> tuple[int, Any, bytes]:
    """Send one request, and return its answer."""
    connection = HTTPConnection("127.0.0.1", aws.port)
    target = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Authorization": SCOPE}
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
