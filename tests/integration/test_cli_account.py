"""The account and the stack that commands talk to, and AWS's errors in sentences."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from finding_router.aws.clients import DynamoDB
from finding_router.aws.items import Items
from finding_router.aws.last_valid import DynamoLastValid
from finding_router.aws.organization import DynamoOrganization
from finding_router.delivery.organization import CURRENT, write_current
from finding_router.findings.finding import OrganizationAccount
from finding_router.routing.last_valid import LastValid
from finding_router.routing.organization import Organization
from finding_router_cli.account import Account
from finding_router_cli.health.site import Site
from finding_router_cli.main import main
from finding_router_cli.stack import find_stack
from finding_router_local.aws import AwsServer

FINDING = {
    "Id": "finding-1",
    "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty",
    "AwsAccountId": "111122223333",
    "Severity": {"Label": "HIGH"},
}
TEMPLATE = {
    "Parameters": {
        "DefaultChannel": {"Type": "String"},
        "AllowSuppress": {"Type": "String"},
    },
    "Resources": {
        "RoutingTable": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "stack-routes",
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [
                    {"AttributeName": "kind", "KeyType": "HASH"},
                    {"AttributeName": "name", "KeyType": "RANGE"},
                ],
                "AttributeDefinitions": [
                    {"AttributeName": "kind", "AttributeType": "S"},
                    {"AttributeName": "name", "AttributeType": "S"},
                ],
            },
        }
    },
}
COMMANDS = (["routes", "check"], ["explain"], ["redrive"], ["routes", "list"], ["silence", "list"])


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the stacks and the settings of this machine."""
    for name in (
        "ROUTING_TABLE",
        "LEDGER_TABLE",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_REGION",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("finding_router_cli.routes_at_hand.find_running", lambda _: None)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def finding(tmp_path: Path) -> str:
    """Return the path of a file with a finding."""
    path = tmp_path / "finding.json"
    path.write_text(json.dumps(FINDING), "utf-8")
    return str(path)


def run(*arguments: str) -> Result:
    """Run a command; whatever is no click error is none of a person's business."""
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def table_of(name: str, partition_key: str, sort_key: str) -> dict[str, Any]:
    """Return a table as a template has it."""
    keys = {partition_key: "HASH", sort_key: "RANGE"}
    properties = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": key, "KeyType": type_} for key, type_ in keys.items()],
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in keys],
    }
    return {"Type": "AWS::DynamoDB::Table", "Properties": properties}


def make_stack_with_organization(name: str) -> None:
    """Make a stack whose router reads AWS Organizations, with the tables for that."""
    keys = {"RoutingTable": ("kind", "name"), "Ledger": ("finding", "channel")}
    template = {
        "Parameters": {"OrganizationNames": {"Type": "String"}},
        "Resources": {table: table_of(f"{name}-{table}", *both) for table, both in keys.items()},
    }
    boto3.client("cloudformation", "us-east-1").create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "OrganizationNames", "ParameterValue": "true"}],
    )


class TestSentences:
    """What a person reads where AWS refuses."""

    @pytest.fixture(autouse=True)
    def _environment(self, aws_environment: AwsServer) -> None:
        """Lead every call to the local AWS."""

    @pytest.mark.parametrize("command", COMMANDS)
    def test_a_profile_that_is_not_there(
        self, command: list[str], finding: str, tmp_path: Path
    ) -> None:
        """The others are named."""
        (tmp_path / "config").write_text("[profile audit]\nregion = eu-west-1\n[default]\n")
        more = [finding] if command == ["explain"] else []

        result = run(*command, *more, "--stack", "router", "--profile", "adit")

        assert 1 == result.exit_code
        assert "Error: there is no profile adit; there are audit, default\n" == result.stderr

    def test_the_profile_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It may be wrong, too."""
        monkeypatch.setenv("AWS_PROFILE", "gone")

        result = run("routes", "check", "--table", "routes")

        assert "there is no profile gone; there is none: aws configure makes one" in result.stderr

    @pytest.mark.parametrize("command", COMMANDS)
    def test_no_region(
        self, command: list[str], finding: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is said how to set one."""
        for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
            monkeypatch.delenv(name, raising=False)
        more = [finding] if command == ["explain"] else []

        result = run(*command, *more, "--stack", "router")

        assert 1 == result.exit_code
        assert "Error: no Region is set; name one with --region" in result.stderr

    @pytest.mark.parametrize("command", COMMANDS)
    def test_no_credentials(
        self, command: list[str], finding: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is said how to sign in."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        more = [finding] if command == ["explain"] else []

        result = run(*command, *more, "--stack", "router")

        assert 1 == result.exit_code
        assert "Error: no credentials for AWS were found; sign in (aws sso login)" in result.stderr

    @pytest.mark.parametrize("command", COMMANDS)
    def test_a_stack_that_is_not_there(self, command: list[str], finding: str) -> None:
        """The others are named."""
        cloudformation = boto3.client("cloudformation", "us-east-1")
        cloudformation.create_stack(StackName="other", TemplateBody=json.dumps({"Resources": {}}))
        more = [finding] if command == ["explain"] else []

        result = run(*command, *more, "--stack", "router")

        assert 1 == result.exit_code
        assert "Error: there is no stack router in us-east-1; there is other\n" == result.stderr

    def test_a_table_that_is_not_there(self, make_table: Any) -> None:
        """The others are named."""
        make_table("Routes", "kind", "name")

        result = run("routes", "check", "--table", "Rotes", "--region", "us-east-1")

        assert (
            "Error: table Rotes: ResourceNotFoundException: "
            "there is no such table in us-east-1; there is Routes\n"
        ) == result.stderr

    def test_a_region_without_tables(self) -> None:
        """Nothing is there, which is said as well."""
        result = run("routes", "check", "--table", "Routes", "--region", "eu-west-1")

        assert "in eu-west-1; there is none: perhaps it is in another Region" in result.stderr

    def test_a_ledger_that_is_not_there(self, finding: str, make_table: Any) -> None:
        """It is a table like another."""
        make_table("Routes", "kind", "name")

        result = run("explain", finding, "--table", "Routes", "--ledger", "Leger")

        assert "table Leger: ResourceNotFoundException: there is no such table" in result.stderr

    @pytest.mark.parametrize(
        ("code", "told"),
        [
            ("ExpiredTokenException", "your credentials have expired; sign in"),
            ("UnrecognizedClientException", "AWS does not know your credentials; sign in"),
            ("AccessDeniedException", "your credentials may not do this"),
            ("ResourceNotFoundException", "which there are, your credentials may not ask; perhaps"),
            ("InternalServerError", "InternalServerError: An error occurred"),
        ],
    )
    def test_refusals(self, code: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each has its remedy, and none is a traceback."""

        def refuse(*_: Any, **__: Any) -> None:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Query")

        client = SimpleNamespace(get_paginator=refuse)
        session = SimpleNamespace(client=lambda _: client, region_name="eu-west-1")
        monkeypatch.setattr("boto3.Session", lambda **_: session)

        result = run("routes", "check", "--table", "Routes")

        assert 1 == result.exit_code
        assert f"Error: table Routes: {code}" in result.stderr
        assert told in result.stderr


def test_a_region_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no address, and the closest one is named."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")

    result = run("routes", "check", "--table", "t", "--region", "eu west 1")

    assert 'there is no Region eu west 1; did you mean "eu-west-1"?' in result.stderr


def test_the_region_of_the_environment(
    aws_environment: AwsServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may be set as the AWS CLI takes it."""
    monkeypatch.setenv("AWS_REGION", "eu-west-3")

    assert "no such table in eu-west-3" in run("routes", "check", "--table", "Rotes").stderr


class TestStack:
    """A deployed stack, by its name."""

    @pytest.fixture(autouse=True)
    def _deployed(self, aws_environment: AwsServer) -> None:
        """Deploy a stack with a routing table."""
        parameters = {"DefaultChannel": "#security", "AllowSuppress": "true"}
        boto3.client("cloudformation", "us-east-1").create_stack(
            StackName="router",
            TemplateBody=json.dumps(TEMPLATE),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )
        aws_environment.client("dynamodb").put_item(
            TableName="stack-routes",
            Item={
                "kind": {"S": "route"},
                "name": {"S": "low"},
                "action": {"S": "suppress"},
                "match": {"S": '{"Severity": {"Label": ["LOW"]}}'},
            },
        )

    def test_its_routes_are_listed_and_changed(self) -> None:
        """With its settings: this one may suppress."""
        listed = run("routes", "list", "--stack", "router")
        run("routes", "disable", "low", "--stack", "router", "--yes")
        shown = run("routes", "show", "low", "--stack", "router")

        assert ["low", "live", "(suppress)"] == listed.stdout.splitlines()[1].split()[1:4]
        assert "enabled: false" in shown.stdout

    def test_it_is_explained_by_its_table_and_parameters(self, finding: str) -> None:
        """Nobody has to look up what the table is called."""
        result = run("explain", finding, "--stack", "router", "--expect", "#security")

        assert "" == result.stderr
        assert "  goes to     #security  no route matches\n" in result.stdout

    def test_its_accounts_of_organizations_are_read(
        self, aws_environment: AwsServer, finding: str
    ) -> None:
        """From its Ledger, if its parameter says that it reads them."""
        make_stack_with_organization("other")
        none = run("routes", "check", "--stack", "other")
        account = OrganizationAccount(name="Payments", ou="Prod")
        organization = Organization(
            {str(FINDING["AwsAccountId"]): account}, read_at=1_790_000_000.0
        )
        shared = DynamoDB()
        shared.client = aws_environment.client("dynamodb")
        store = DynamoOrganization(Items("other-Ledger", shared), days=400)
        store.save(CURRENT, write_current(organization), at=1_790_000_000.0)

        some = run("routes", "check", "--stack", "other")
        explained = run("explain", finding, "--stack", "other")

        assert "organization: no account was read yet" in none.stdout
        assert "organization: 1 account in 1 OU, without tags, read 2026-09-21" in some.stdout
        assert "  OU and tags Prod, named Payments\n" in explained.stdout

    def test_damaged_accounts_of_organizations_are_left_out(
        self, aws_environment: AwsServer, finding: str
    ) -> None:
        """As the router does it, and as doctor does; it is said."""
        make_stack_with_organization("other")
        aws_environment.client("dynamodb").put_item(
            TableName="other-Ledger",
            Item={"finding": {"S": "organization#current"}, "channel": {"S": "0"}},
        )

        result = run("explain", finding, "--stack", "other")

        assert 0 == result.exit_code
        assert "decided without the accounts of AWS Organizations, as the router" in result.stderr
        assert {} == Site(find_stack(stack="other", region="us-east-1")).organization.accounts

    @pytest.mark.parametrize("words", [("replay",), ("preview", "FILE"), ("explain", "FILE")])
    def test_it_is_looked_up_once(
        self, words: tuple[str, ...], finding: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """For its routes and for its settings together."""
        asked: list[str] = []
        resources = Account.resources

        def counted(account: Account, stack: str) -> Any:
            asked.append(stack)
            return resources(account, stack)

        monkeypatch.setattr(Account, "resources", counted)
        run(*(finding if word == "FILE" else word for word in words), "--stack", "router")

        assert ["router"] == asked

    def test_it_is_checked(self) -> None:
        """By the same name."""
        result = run("routes", "check", "--stack", "router", "--region", "us-east-1")

        assert result.output.startswith("1 route (0 not enabled, 0 shadows)")

    def test_another_stack_has_no_table(self) -> None:
        """It is not one of this router."""
        boto3.client("cloudformation", "us-east-1").create_stack(
            StackName="other", TemplateBody=json.dumps({"Resources": {}})
        )

        result = run("routes", "check", "--stack", "other")

        assert "stack other has no RoutingTable: it is not one of this router" in result.stderr

    def test_another_stack_has_no_queues(self) -> None:
        """It is not one of this router."""
        result = run("redrive", "--stack", "router")

        assert "stack router has no queue DeadLetters, FindingsQueue" in result.stderr


class TestLastValid:
    """A deployed stack with an item that is not valid any more."""

    BROKEN: ClassVar = {
        "kind": {"S": "route"},
        "name": {"S": "mine"},
        "chanel": {"S": "#mine"},
    }

    @pytest.fixture(autouse=True)
    def _deployed(self, aws_environment: AwsServer) -> None:
        """Deploy a stack whose Ledger has the version that was valid last."""
        ledger = {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                **TEMPLATE["Resources"]["RoutingTable"]["Properties"],
                "TableName": "stack-ledger",
                "KeySchema": [
                    {"AttributeName": "finding", "KeyType": "HASH"},
                    {"AttributeName": "channel", "KeyType": "RANGE"},
                ],
                "AttributeDefinitions": [
                    {"AttributeName": "finding", "AttributeType": "S"},
                    {"AttributeName": "channel", "AttributeType": "S"},
                ],
            },
        }
        resources = {**TEMPLATE["Resources"], "Ledger": ledger}
        parameters = {"DefaultChannel": "#security", "AllowSuppress": "false"}
        boto3.client("cloudformation", "us-east-1").create_stack(
            StackName="router",
            TemplateBody=json.dumps({**TEMPLATE, "Resources": resources}),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )
        self.dynamodb = aws_environment.client("dynamodb")
        self.dynamodb.put_item(TableName="stack-routes", Item=self.BROKEN)
        route = {"kind": "route", "name": "mine", "channel": "#mine"}
        DynamoLastValid(Items("stack-ledger")).write(
            LastValid(items={("route", "mine"): route}, read_at=1.0, version=1)
        )

    def test_it_is_in_force_and_said_so(self, finding: str) -> None:
        """By the check, which fails all the same, and by the explanation."""
        checked = run("routes", "check", "--stack", "router", "--region", "us-east-1")
        explained = run("explain", finding, "--stack", "router", "--expect", "#mine")

        assert 1 == checked.exit_code
        assert 'wrong: route "mine", chanel: is no attribute of a route' in checked.stdout
        assert 'in force: route "mine" goes on in its last valid version\n' in checked.stdout
        assert 0 == explained.exit_code
        assert 'not valid, decided by its last valid version: route "mine"' in explained.stderr

    def test_a_ledger_that_cannot_be_read_is_named(self) -> None:
        """Its reader may read the routing table alone."""
        self.dynamodb.delete_table(TableName="stack-ledger")
        checked = run("routes", "check", "--stack", "router", "--region", "us-east-1")

        assert 1 == checked.exit_code
        assert "which versions of wrong items are in force is not known" in checked.stderr
        assert "in force:" not in checked.stdout


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--profile", "--region"])
def test_an_account_alone_names_no_stack(command: list[str], option: str, finding: str) -> None:
    """Examples, or a stack on this machine, would be an answer to another question."""
    more = [finding] if command == ["explain"] else []

    result = run(*command, *more, option, "x")

    assert 2 == result.exit_code
    assert "--stack" in result.stderr
