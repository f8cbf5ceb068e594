"""AWS Organizations, from the calls of the API to the channel of an OU."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from finding_router.aws.organizations import AwsOrganizations
from finding_router.errors import OrganizationsError
from finding_router_cli.main import main
from finding_router_local.aws import AwsServer
from finding_router_local.faults import Fault
from finding_router_local.organization import put_accounts
from finding_router_local.running import announce
from finding_router_local.stack import Stack
from hub_events import imported, raw_finding

PAYMENTS, SANDBOX, STRANGER = "111122223333", "222233334444", "999999999999"
DAY = 86_400
ACCOUNTS = [
    {
        "id": PAYMENTS,
        "name": "Payments Prod",
        "ou": "Workloads/Prod",
        "tags": {"team": "Red", "tier": "1"},
    },
    {"id": SANDBOX, "name": "Sandbox", "state": "SUSPENDED"},
]
BY_OU = {"kind": "route", "name": "by-ou", "channel": "#{ou}-{account_tag:team}-{account}"}


def of(account_id: str, finding_id: str = "1") -> dict[str, Any]:
    """Make an event of an account that calls itself "stated"."""
    return imported(raw_finding(finding_id, AwsAccountId=account_id, AwsAccountName="stated"))


class TestCalls:
    """The adapter, against moto."""

    @pytest.fixture
    def aws(self, aws_environment: AwsServer) -> AwsServer:
        """Return an AWS with an organization."""
        put_accounts(aws_environment, ACCOUNTS)
        return aws_environment

    def test_all_accounts_are_listed(self, aws: AwsServer) -> None:
        """With their states; moto has no paths."""
        listed, token = AwsOrganizations().accounts(None)

        by_id = {each.id: (each.name, each.state, each.path) for each in listed}
        assert token is None
        assert ("Payments Prod", "ACTIVE", None) == by_id[PAYMENTS]
        assert ("Sandbox", "SUSPENDED", None) == by_id[SANDBOX]
        assert aws.account_id in by_id

    def test_accounts_made_by_boto3_are_listed(self, aws: AwsServer) -> None:
        """The local AWS takes its calls."""
        client = aws.client("organizations")
        status = client.create_account(AccountName="Made", Email="made@example.com")
        made = status["CreateAccountStatus"]["AccountId"]
        client.tag_resource(ResourceId=made, Tags=[{"Key": "team", "Value": "blue"}])

        listed, _ = AwsOrganizations().accounts(None)

        assert made in {each.id for each in listed}
        assert {"team": "blue"} == AwsOrganizations().tags(made)

    def test_ous_are_found_by_parents(self, aws: AwsServer) -> None:
        """Up to the root."""
        source = AwsOrganizations()
        below = source.parent(PAYMENTS)
        above = source.parent(below)

        assert ("Prod", "Workloads") == (source.unit_name(below), source.unit_name(above))
        assert source.parent(above).startswith("r-")
        assert source.parent(SANDBOX) == source.parent(aws.account_id)

    @pytest.mark.usefixtures("aws")
    def test_tags_are_those_of_the_account(self) -> None:
        """All of them."""
        assert {"team": "Red", "tier": "1"} == AwsOrganizations().tags(PAYMENTS)

    @pytest.mark.usefixtures("aws")
    def test_account_that_left_has_no_tags(self) -> None:
        """It was listed a moment ago."""
        assert {} == AwsOrganizations().tags(STRANGER)

    def test_refusal_has_its_code(self, aws: AwsServer) -> None:
        """The reading decides by it."""
        fault = Fault(
            effect="error", service="organizations", code="AccessDeniedException", status=400
        )
        aws.faults.add(fault)

        with pytest.raises(OrganizationsError, match="ListAccounts is refused") as refused:
            AwsOrganizations().accounts(None)

        assert "AccessDeniedException" == refused.value.code

    def test_throttled_call_is_tried_again(self, aws: AwsServer) -> None:
        """By botocore."""
        aws.faults.add(Fault(effect="throttle", service="organizations", times=1))

        assert AwsOrganizations().accounts(None)[0]

    def test_answers_are_read_as_botocore_models_them(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """State before Status, which was retired, and the OUs of Paths; an empty page goes on."""
        pages = iter(
            [
                {"Accounts": [], "NextToken": "2"},
                {
                    "Accounts": [
                        {
                            "Id": PAYMENTS,
                            "Name": "Payments",
                            "State": "PENDING_CLOSURE",
                            "Status": "ACTIVE",
                            "Paths": [f"o-abcdefghij/r-ab12/ou-ab12-1/ou-ab12-2/{PAYMENTS}/"],
                        },
                        {"Id": SANDBOX, "Name": "S", "Status": "SUSPENDED", "Paths": ["o-a/r-b/"]},
                    ]
                },
            ]
        )

        class Client:
            def list_accounts(self, **_: str) -> Any:
                return next(pages)

        source = AwsOrganizations()
        monkeypatch.setitem(source.__dict__, "_client", Client())

        assert ([], "2") == source.accounts(None)
        (payments, sandbox), token = source.accounts("2")
        assert (PAYMENTS, "Payments", "PENDING_CLOSURE", ("ou-ab12-1", "ou-ab12-2")) == payments
        assert (SANDBOX, "S", "SUSPENDED", ()) == sandbox
        assert token is None


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("eu-west-1", "https://organizations.us-east-1.amazonaws.com"),
        ("cn-north-1", "https://organizations.cn-northwest-1.amazonaws.com.cn"),
        ("us-gov-east-1", "https://organizations.us-gov-west-1.amazonaws.com"),
    ],
)
def test_endpoint_is_that_of_the_partition(
    region: str, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the stack is."""
    from botocore.session import Session  # noqa: PLC0415 -- for this test alone

    client = Session().create_client(
        "organizations", region_name=region, aws_access_key_id="a", aws_secret_access_key="b"
    )

    assert endpoint == client.meta.endpoint_url


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    """Run one stack for all tests of the whole path."""
    with Stack(parameters={"OrganizationNames": "true"}) as stack:
        yield stack


class TestStack:
    """The whole path."""

    @pytest.fixture
    def stack(self, running: Stack) -> Stack:
        """Return a stack that has read its organization."""
        running.reset()
        running.put_routes([BY_OU])
        running.put_organization(ACCOUNTS)
        running.advance(DAY + 3600)
        running.wake()
        return running

    def test_finding_arrives_in_the_channel_of_its_ou(self, stack: Stack) -> None:
        """And by the name of its account; others go to the default channel."""
        stack.send([of(PAYMENTS, "1"), of(SANDBOX, "2"), of(STRANGER, "3")])

        [message] = stack.slack.messages("#workloads-prod-red-payments-prod")
        assert "Payments Prod" in json.dumps(message.blocks) + json.dumps(message.attachments)
        assert 2 == len(stack.slack.messages("#security"))

    def test_change_is_read_the_next_day(self, stack: Stack) -> None:
        """An account that moved."""
        stack.put_organization([{**ACCOUNTS[0], "ou": "Old"}])
        stack.advance(DAY + 3600)
        stack.wake()

        stack.send([of(PAYMENTS)])

        assert 1 == len(stack.slack.messages("#old-red-payments-prod"))

    def test_failure_keeps_the_old_names(self, stack: Stack) -> None:
        """And the ops channel is told."""
        fault = Fault(
            effect="error",
            service="organizations",
            code="AccessDeniedException",
            status=400,
            times=None,
        )
        stack.aws.faults.add(fault)
        stack.advance(DAY + 3600)
        stack.wake()

        stack.send([of(PAYMENTS)])

        assert 1 == len(stack.slack.messages("#workloads-prod-red-payments-prod"))
        [notice] = stack.slack.messages("#security-ops")
        assert "AWS Organizations cannot be read" in str(notice)

    def test_commands_show_what_was_read(
        self, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`explain` the account of a finding, `routes check` how many there are."""
        path = tmp_path / "event.json"
        path.write_text(json.dumps(of(PAYMENTS)))
        root = tmp_path / "project"
        root.mkdir()
        monkeypatch.setattr("finding_router_cli.routes_at_hand.TEMPLATE", root / "template.yaml")
        with announce(stack.id, stack.aws.url, root):
            shown = CliRunner().invoke(main, ["explain", str(path)])
            told = CliRunner().invoke(main, ["explain", str(path), "--json"])
            checked = CliRunner().invoke(main, ["routes", "check"])

        assert "OU and tags Workloads/Prod, team=Red, tier=1, named Payments Prod" in shown.stdout
        assert "#workloads-prod-red-payments-prod" in shown.stdout
        [one] = json.loads(told.stdout)["findings"]
        assert "Workloads/Prod" == one["account"]["Ou"]
        assert "Payments Prod" == one["account_name"]
        assert "organization: 3 accounts in 1 OU, with tags, read " in checked.stdout
        assert "odd" not in checked.stdout

    def test_commands_go_on_without_damaged_accounts(self, stack: Stack) -> None:
        """As the router does."""
        assert stack.routing()["organization"] is not None
        stack.aws.client("dynamodb").update_item(
            TableName=stack.deployment.tables["Ledger"],
            Key={"finding": {"S": "organization#current"}, "channel": {"S": "0"}},
            UpdateExpression="SET accounts = :text",
            ExpressionAttributeValues={":text": {"S": "many"}},
        )

        assert stack.routing()["organization"] is None


def test_stack_without_the_parameter_reads_nothing_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its routes by OU are odd."""
    monkeypatch.setattr("finding_router_cli.routes_at_hand.TEMPLATE", tmp_path / "template.yaml")
    with Stack() as stack:
        stack.put_routes(
            [BY_OU | {"match": {"Account": {"Ou": ["x"], "State": ["active"], "Owner": ["x"]}}}]
        )
        stack.wake()
        with announce(stack.id, stack.aws.url, tmp_path):
            checked = CliRunner().invoke(main, ["routes", "check"])
        calls = {service for service, _ in stack.aws.gate.counts}

    assert "organizations" not in calls
    lines = checked.stdout.splitlines()
    assert (
        'odd: route "by-ou", match.Account.State: has the text "active", which is no state'
        in (lines[0])
    )
    assert "match.Account.Owner: unknown to ASFF" in lines[1]
    assert "channel: has {ou}, which is never filled; deploy with" in lines[2]
    assert "channel: has {account_tag:team}, which is never filled" in lines[3]
    assert "match.Account.Ou: is a field that no finding has; deploy with" in lines[4]
