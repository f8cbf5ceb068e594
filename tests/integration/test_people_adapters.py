"""What people set in the Security Hubs, and what Slack tells of people: the real adapters."""

from collections.abc import Iterator
from typing import Any

import pytest

from fakes import Clock, late
from faults.twins import in_ocsf
from finding_router.aws.people import PeopleCspm, PeopleV2
from finding_router.aws.routing_edits import DynamoRoutingEdits
from finding_router.aws.routing_table import DynamoRoutingTable
from finding_router.delivery.alerts.care import AskedStatus
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.people import Alike, Note
from finding_router.errors import ScopeError, StoreError, WorkflowUpdateError
from finding_router.findings.ocsf import in_asff
from finding_router.slack.api.client import SlackClient
from finding_router.slack.api.people import SlackPeople
from finding_router.slack.kit.message import Message
from finding_router_local.aws import AwsServer
from finding_router_local.slack import SlackServer
from hub_events import ACCOUNT, PRODUCT_ARN, PRODUCT_ARN_V2, raw_finding
from slack_caller import ALL_SCOPES

NOTE = Note("a pen test", "slack:U0JANE00001 (jane)")
LONG = Deadline(90, clock=lambda: 0.0)
CONTROL = {"Compliance": {"Status": "FAILED", "SecurityControlId": "S3.8"}}
ALIKE = Alike(account=ACCOUNT, control="S3.8", kind=None, product=PRODUCT_ARN)


class TestCspm:
    """Security Hub CSPM."""

    @pytest.fixture
    def hub(self, aws_environment: AwsServer) -> PeopleCspm:
        """Return the calls of a hub with three findings of one control and one of a type."""
        several = [raw_finding(each, **CONTROL) for each in ("a", "b", "c")]
        several[2]["Resources"] = [{"Type": "x", "Id": "elsewhere"}]
        typed = raw_finding("typed", Types=["TTPs/Scan"])
        for each in (*several, typed):
            aws_environment.security_hub.load(each)
        return PeopleCspm()

    def test_status_and_note_are_set(self, hub: PeopleCspm) -> None:
        """By one call, and what is not there is told."""
        keys = [(PRODUCT_ARN, each) for each in ("a", "nobody")]

        refused = hub.set(keys, AskedStatus.SUPPRESSED, NOTE, deadline=LONG)

        assert {keys[1]: "FindingNotFound"} == refused
        found = hub.read(keys, deadline=LONG)
        assert {keys[0]} == found.keys()
        assert "SUPPRESSED" == found[keys[0]]["Workflow"]["Status"]
        written = hub.with_status(found[keys[0]], AskedStatus.SUPPRESSED, NOTE)
        for name in ("Text", "UpdatedBy"):
            assert written["Note"][name] == found[keys[0]]["Note"][name]

    def test_a_finding_is_whole(self, hub: PeopleCspm, aws_environment: AwsServer) -> None:
        """Also where botocore knows no such member, as the layer's does of a resource's details."""
        finding = raw_finding("whole")
        finding["Resources"] = [
            {
                "Type": "AwsS3Bucket",
                "Id": "arn:aws:s3:::x",
                "Details": {"AwsNewThing": {"On": True}},
            }
        ]
        aws_environment.security_hub.load(finding)
        key = (PRODUCT_ARN, "whole")

        found = hub.read([key], deadline=LONG)

        assert finding["Resources"] == found[key]["Resources"]
        assert finding["UpdatedAt"] == found[key]["UpdatedAt"]

    def test_open_findings_that_are_alike(self, hub: PeopleCspm) -> None:
        """Of the control, on the resource or in the account, and as many as are wanted."""
        hub.set([(PRODUCT_ARN, "b")], AskedStatus.RESOLVED, NOTE, deadline=LONG)
        on_resource = ALIKE._replace(resource="arn:aws:s3:::invoices")
        by_type = ALIKE._replace(control=None, kind="TTPs/Scan")

        def ids(asked: Alike, most: int = 10) -> tuple[list[str], bool]:
            found = hub.alike(asked, most=most, deadline=LONG)
            return sorted(key[1] for key in found.findings), found.is_all

        assert (["a", "c"], True) == ids(ALIKE)
        assert (["a"], True) == ids(on_resource)
        assert (["typed"], True) == ids(by_type)
        assert 1 == len(ids(ALIKE, 1)[0])
        assert not ids(ALIKE, 1)[1]
        assert ([], True) == ids(ALIKE._replace(account="999999999999"))

    def test_no_call_starts_late(self, hub: PeopleCspm) -> None:
        """It might end after the function."""
        deadline = late(Clock(), 5)

        with pytest.raises(WorkflowUpdateError):
            hub.alike(ALIKE, most=1, deadline=deadline)
        refused = hub.set([(PRODUCT_ARN, "a")], AskedStatus.RESOLVED, NOTE, deadline=deadline)
        assert ["out of time"] == list(refused.values())


class TestV2:
    """AWS Security Hub."""

    @pytest.fixture
    def hub(self, aws_environment: AwsServer) -> PeopleV2:
        """Return the calls of a hub with findings."""
        several = [raw_finding(each, **CONTROL) for each in ("a", "b")]
        for each in several:
            aws_environment.security_hub.v2.load(in_ocsf(each))
        return PeopleV2()

    def test_status_and_comment_are_set(self, hub: PeopleV2) -> None:
        """The comment stands for the note."""
        key = (PRODUCT_ARN_V2, "a", ACCOUNT)

        assert {} == hub.set([key], AskedStatus.SUPPRESSED, NOTE, deadline=LONG)

        [found] = hub.read([key], deadline=LONG).values()
        assert ("SUPPRESSED", "a pen test") == (
            found["Workflow"]["Status"],
            found["Note"]["Text"],
        )
        written: Any = in_asff(hub.with_status(found, AskedStatus.RESOLVED, NOTE))
        assert "RESOLVED" == written["Workflow"]["Status"]

    def test_open_findings_that_are_alike(self, hub: PeopleV2) -> None:
        """Those that are New or In Progress."""
        hub.set([(PRODUCT_ARN_V2, "b", ACCOUNT)], AskedStatus.RESOLVED, NOTE, deadline=LONG)

        found = hub.alike(ALIKE, most=10, deadline=LONG)

        assert [(PRODUCT_ARN_V2, "a", ACCOUNT)] == list(found.findings)


class TestRoutingEdits:
    """Items of presses."""

    def test_an_item_is_added_once(self, make_table: Any) -> None:
        """What is there stays as it is."""
        table = make_table("routes", "kind", "name")
        edits = DynamoRoutingEdits(table)
        edits.add({"kind": "silence", "name": "x", "reason": "first"})
        edits.add({"kind": "silence", "name": "x", "reason": "second"})

        assert ["first"] == [each["reason"] for each in DynamoRoutingTable(table).items()]

    def test_a_table_that_is_not_there(self, aws_environment: AwsServer) -> None:
        """It is an error of the store."""
        assert aws_environment.url
        with pytest.raises(StoreError):
            DynamoRoutingEdits("nowhere").add({"kind": "silence", "name": "x"})


class TestSlackPeople:
    """Slack's word about people."""

    @pytest.fixture
    def server(self) -> Iterator[SlackServer]:
        """Run a Slack."""
        with SlackServer(channels=["alerts"], scopes=(*ALL_SCOPES, "users:read")) as server:
            yield server

    @pytest.fixture
    def people(self, server: SlackServer) -> SlackPeople:
        """Return the calls of it."""
        client = SlackClient(token=lambda _: server.token, base_url=server.base_url)
        return SlackPeople(client, base_url=server.base_url)

    @pytest.mark.parametrize(
        ("user", "is_full"),
        [("U0JANE00001", True), ("U0GUS000001", False), ("U0SOLO00001", False)],
    )
    def test_members_and_guests(
        self,
        people: SlackPeople,
        user: str,
        is_full: bool,  # noqa: FBT001
    ) -> None:
        """Who is a full member of the workspace."""
        profile = people.profile(user, seconds=5)

        assert is_full == profile.is_full_member
        assert "T0LOCALTEAM" in profile.teams

    def test_who_is_in_a_channel(self, server: SlackServer, people: SlackPeople) -> None:
        """By its id."""
        message = server.add_message("#alerts", "hello")

        members = people.members(message.channel, seconds=5)

        assert "U0JANE00001" in members
        assert "U0NELLY0001" not in members

    def test_a_scope_is_named(self, server: SlackServer, people: SlackPeople) -> None:
        """Which the app lacks."""
        server.set_scopes(ALL_SCOPES)

        with pytest.raises(ScopeError) as raised:
            people.profile("U0JANE00001", seconds=5)
        assert "users:read" == raised.value.scope

    @pytest.mark.parametrize(
        "url",
        [
            "https://example.com/actions",
            "http://hooks.slack.com/actions",
            "https://hooks.slack.com@example.com/",
            "https://hooks.slack.com:444/x",
            "https://user@hooks.slack.com/x",
            "https://[",
            "",
        ],
    )
    def test_answers_go_to_slack_alone(self, people: SlackPeople, url: str) -> None:
        """A press might name any address."""
        assert not people.may_answer_at(url)

    def test_slacks_own_addresses(self, server: SlackServer, people: SlackPeople) -> None:
        """Also those of a local Slack, which has the host of its API."""
        assert people.may_answer_at("https://hooks.slack.com/actions/T/1/x")
        assert people.may_answer_at("https://hooks.slack-gov.com/actions/T/1/x")
        assert people.may_answer_at(server.base_url.replace("/api/", "/actions/x"))
        real = SlackPeople(people._slack, base_url="https://slack.com/api/")
        assert not real.may_answer_at("https://slack.com/actions/x")
        own = SlackPeople(people._slack, base_url="https://acme.slack.com/api/")
        assert not own.may_answer_at("https://acme.slack.com/actions/x")

    def test_an_answer_without_an_address(self, server: SlackServer, people: SlackPeople) -> None:
        """It is posted for the person alone."""
        message = server.add_message("#alerts", "hello")

        assert people.tell(
            Message(text="Only you"),
            user="U0JANE00001",
            channel=message.channel,
            thread_ts=None,
            response_url="https://example.com/x",
            seconds=5,
        )

        [seen] = server.ephemerals()
        assert "Only you" == seen.text
