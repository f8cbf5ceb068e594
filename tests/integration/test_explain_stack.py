"""`finding-router` against the table of a stack."""

import json
from copy import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from alerts import make_alert
from finding_router.aws.items import Items
from finding_router.aws.ledger import DynamoLedger
from finding_router.delivery.deliveries import Record
from finding_router.delivery.intake import read_jobs
from finding_router_cli.account import Account
from finding_router_cli.main import main
from finding_router_cli.stack import SETTLE_SECONDS, Stack
from finding_router_local.aws import AwsServer
from hub_events import imported

FINDING = {
    "Id": "finding-1",
    "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty",
    "AwsAccountId": "111122223333",
    "Severity": {"Label": "HIGH"},
}


@pytest.fixture
def dynamodb(aws_environment: AwsServer) -> Any:
    """Return a boto3 client of the AWS that the environment points to, as the command's will."""
    return aws_environment.client("dynamodb")


@pytest.fixture
def table(dynamodb: Any, make_table: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a RoutingTable with an item of each kind, named by the environment."""
    name: str = make_table("Routes", "kind", "name")
    for item in (
        {"kind": "account", "name": "111122223333", "alias": "payments"},
        {"kind": "route", "name": "all", "channel": "#{account}-{severity}"},
        {"kind": "silence", "name": "s", "match": '{"Title": ["x"]}', "until": "9999-01-01T00:00Z"},
    ):
        typed = {each: {"S": value} for each, value in item.items()}
        numbers = {"order": {"N": "5"}} if item["kind"] == "route" else {}
        dynamodb.put_item(TableName=name, Item=typed | numbers)
    monkeypatch.setenv("ROUTING_TABLE", name)
    return name


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


def test_explain_says_what_each_channel_would_hear(
    dynamodb: Any, table: str, make_table: Any, tmp_path: Path
) -> None:
    """Why a finding is a duplicate shows in what was said before."""
    make_table("Ledger", "finding", "channel")
    path = tmp_path / "event.json"
    path.write_text(json.dumps(imported(FINDING, sent_at=1_790_000_000.0)), "utf-8")

    def ask(*options: str) -> Any:
        arguments = ["explain", str(path), "--table", table, "--ledger", "Ledger", *options]
        return CliRunner().invoke(main, arguments)

    [first] = json.loads(ask("--json").stdout)["findings"]
    [job] = read_jobs(Record(body=imported(FINDING, sent_at=1_790_000_000.0)))
    said = make_alert(key=job.alert_key("#payments-high"), version=1).merged([job.facts])
    said = replace(said, members={job.facts.member: said.members[job.facts.member]})
    assert DynamoLedger(Items("Ledger"), days=1).write(said)
    again = ask()

    assert [
        {"channel": "#payments-high", "verdict": "post", "why": "not said here before"}
    ] == first["alerts"]
    assert "would hear  #payments-high  duplicate: same event" in again.stdout


def test_the_settle_time_is_that_of_the_function() -> None:
    """Somebody may have set it there; a value that is none counts as the router's default."""
    answers = iter([{"SETTLE_MINUTES": "60"}, {"SETTLE_MINUTES": "soon"}, {}])

    class Lambda:
        """Answers what the function's environment is."""

        def get_function_configuration(self, **_: str) -> Any:
            return {"Environment": {"Variables": next(answers)}}

    class Deployed(Account):
        """An account with one function."""

        def client(self, service: str, **_: Any) -> Any:
            assert service == "lambda"
            return Lambda()

    deployed = Stack(
        account=Deployed(),
        origin="stack router",
        resources={"RouterFunction": "router-router"},
        parameters={},
        name="router",
    )
    here = replace(deployed, name=None, is_local=True, environment={"SETTLE_MINUTES": "5"})

    assert [3600.0, SETTLE_SECONDS, 900.0] == [deployed.settle_seconds() for _ in range(3)]
    assert 300.0 == here.settle_seconds()


def test_explain_names_a_ledger_that_is_not_there(table: str, tmp_path: Path) -> None:
    """Instead of a traceback."""
    path = tmp_path / "finding.json"
    path.write_text(json.dumps(FINDING), "utf-8")

    result = CliRunner().invoke(main, ["explain", str(path), "--ledger", "Nowhere"])

    assert 1 == result.exit_code
    assert "Nowhere" in result.stderr
