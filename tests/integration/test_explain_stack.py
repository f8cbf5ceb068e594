"""`finding-router` against the table of a stack."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from finding_router_cli.main import main
from finding_router_local.aws import CREDENTIALS, AwsServer

FINDING = {
    "Id": "finding-1",
    "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty",
    "AwsAccountId": "111122223333",
    "Severity": {"Label": "HIGH"},
}


@pytest.fixture
def dynamodb(aws: AwsServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a boto3 client of the AWS that the environment points to, as the command's will."""
    for name, value in {"AWS_ENDPOINT_URL": aws.url, **CREDENTIALS}.items():
        monkeypatch.setenv(name, value)
    return aws.client("dynamodb")


@pytest.fixture
def table(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a RoutingTable with an item of each kind, named by the environment."""
    dynamodb.create_table(
        TableName="Routes",
        KeySchema=[
            {"AttributeName": "kind", "KeyType": "HASH"},
            {"AttributeName": "name", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "kind", "AttributeType": "S"},
            {"AttributeName": "name", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for item in (
        {"kind": "account", "name": "111122223333", "alias": "payments"},
        {"kind": "route", "name": "all", "channel": "#{account}-{severity}"},
        {"kind": "silence", "name": "s", "match": '{"Title": ["x"]}', "until": "9999-01-01T00:00Z"},
    ):
        typed = {name: {"S": value} for name, value in item.items()}
        numbers = {"order": {"N": "5"}} if item["kind"] == "route" else {}
        dynamodb.put_item(TableName="Routes", Item=typed | numbers)
    monkeypatch.setenv("ROUTING_TABLE", "Routes")
    return "Routes"


def test_routes_come_from_the_table_of_the_environment(table: str, tmp_path: Path) -> None:
    """Without a file, explain asks the stack that ROUTING_TABLE names."""
    path = tmp_path / "finding.json"
    path.write_text(json.dumps(FINDING), "utf-8")

    result = CliRunner().invoke(main, ["explain", str(path), "--expect", "#payments-high"])

    assert result.exit_code == 0, result.output


def test_the_table_of_a_stack_is_checked(table: str) -> None:
    """Numbers of DynamoDB are read as the router reads them."""
    result = CliRunner().invoke(main, ["routes", "check"])

    assert result.output == (
        "1 route (0 not enabled, 0 shadows), 1 account, 1 silence (0 over), 0 wrong items\n"
    )


def test_a_table_that_cannot_be_read_is_named(dynamodb: Any) -> None:
    """A wrong name is a sentence, not a traceback."""
    result = CliRunner().invoke(main, ["routes", "check", "--table", "Missing"])

    assert result.exit_code == 1
    assert "table Missing: ResourceNotFoundException" in result.stderr
