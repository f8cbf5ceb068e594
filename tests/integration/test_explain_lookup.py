"""`finding-router explain` by a finding's id, or by its message."""

import json
import time
from collections.abc import Iterator
from copy import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from alerts import make_claim
from cli import Cli, lines
from faults.twins import in_ocsf
from finding_router.aws.items import Items
from finding_router.aws.ledger import DynamoLedger
from finding_router.delivery.alerts.alert import Form
from finding_router.delivery.alerts.care import Care, Person, Ticket
from finding_router.delivery.alerts.identity import AlertKey, subject_of
from finding_router.findings.asff import read_finding
from finding_router.findings.ocsf import in_asff
from finding_router_cli.lookups import hubs
from finding_router_cli.lookups.search import Search
from finding_router_cli.stack import find_stack
from finding_router_local.aws import CREDENTIALS
from finding_router_local.faults import Effect, Fault
from finding_router_local.stack import Stack
from hub_events import FSBP, PCI, control, custom_action, imported, raw_finding
from ocsf_findings import DETECTION_ID, detection

UUID = "d2337539-234e-5102-bd1f-cfe8ffbe8e4d"
WHOLE = f"arn:aws:guardduty:eu-west-1:123456789012:detector/d/finding/{UUID}"
ALL = {"kind": "route", "name": "all", "channel": "#all"}
LISTED = {**ALL, "deliver": "digest"}
NIGHT = {
    **ALL,
    "name": "night",
    "deliver": "scheduled",
    "schedule": {"time": "03:00", "zone": "UTC"},
}


@pytest.fixture(scope="module")
def cli_stack() -> Iterator[Stack]:
    """Run a stack with a worker, which posts and fills the Ledger."""
    with Stack(answers_edits=True) as stack:
        yield stack


def send(cli: Cli, *findings: Any) -> None:
    """Send *findings* through the router in one event."""
    cli.stack.send([imported(*findings, sent_at=time.time())])


def link(cli: Cli, number: int = -1) -> str:
    """Return the link to a message of the channel: edits are answered in another."""
    message = cli.stack.slack.messages("#all")[number]
    return f"https://x.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}"


def denied(operation: str) -> Fault:
    """Return the fault that the credentials may not call *operation* of Security Hub."""
    return Fault(
        effect=Effect.ERROR,
        service="securityhub",
        operation=operation,
        times=None,
        code="AccessDeniedException",
        status=403,
    )


def ledger(cli: Cli) -> DynamoLedger:
    """Return the stack's Ledger."""
    return DynamoLedger(items(cli), days=1)


def items(cli: Cli) -> Items:
    """Return the items of the stack's Ledger."""
    return cli.stack._ledger()


class TestById:
    """A finding that Security Hub has."""

    @pytest.mark.parametrize(
        "wanted", [WHOLE, UUID, "d2337539", WHOLE[:60], "be8e4d", "d2337539-23"]
    )
    def test_it_is_explained_with_its_state(self, cli: Cli, wanted: str) -> None:
        """Its routing as of a file, its message with a link, and what to do: nothing."""
        cli.put(ALL)
        send(cli, raw_finding(WHOLE), raw_finding("another"))

        [told] = cli.json("explain", wanted)["findings"]
        said = lines(cli("explain", wanted))

        assert (WHOLE, "not_new", "ASFF") == (told["finding_id"], told["not_posted"], told["form"])
        [channel] = told["ledger"]["channels"]
        assert ("#all", "open", True, 1, "HIGH", True) == tuple(
            channel[name]
            for name in (
                "channel",
                "state",
                "is_routed",
                "episode",
                "severity_shown",
                "is_notified",
            )
        )
        assert channel["message"]["link"].endswith(f"p{channel['message']['ts'].replace('.', '')}")
        assert channel["posted_at"].startswith("20")
        assert ["nothing to do: it was said, and its card changes when the finding does"] == told[
            "next"
        ]
        assert "  goes to     #all  by all" in said
        assert any("in channel  #all  said; card from " in line for line in said)
        assert any(channel["message"]["link"] in line for line in said)

    def test_a_whole_id_of_any_form_is_an_option(self, cli: Cli) -> None:
        """Partners write what they like."""
        cli.import_findings([raw_finding("crowd.strike/one two")])

        [told] = cli.json("explain", "--finding", "crowd.strike/one two")["findings"]

        assert "crowd.strike/one two" == told["finding_id"]
        assert "is too short" in cli("explain", "--finding", "abc", code=2).stderr
        assert "Missing argument" in cli("explain", code=2).stderr

    def test_several_are_listed(self, cli: Cli) -> None:
        """With what tells them apart."""
        cli.import_findings([raw_finding(f"arn:aws:x/{number}") for number in range(12)])

        result = cli("explain", "arn:aws:x/", code=1)

        assert "12 findings are called arn:aws:x/; name one by its Id or short id" in result.stderr
        assert "Title of arn:aws:x/3" in result.stderr
        assert "… and 2 more" in result.stderr

    def test_an_end_is_looked_for_to_the_last_page(
        self, cli: Cli, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two that end alike are found on different pages; no more are read than is promised."""
        cli.import_findings([raw_finding(f"{number:03}-5a3c1") for number in (1, 101)])
        monkeypatch.setattr("finding_router_cli.findings_pages.FINDINGS_PER_CALL", 1)

        both = cli("explain", "5a3c1", code=1)
        monkeypatch.setattr(hubs, "MOST_LOOKED_AT", 1)
        one = cli.json("explain", "5a3c1")

        assert "2 findings are called 5a3c1" in both.stderr
        assert 1 == len(one["findings"])

    def test_an_unknown_one_is_told(self, cli: Cli) -> None:
        """With how many were looked through."""
        cli.import_findings([raw_finding("another")])

        result = cli("explain", "deadbeef", code=1)
        whole = cli("explain", f"{WHOLE}x", code=1)

        assert "no finding in Security Hub is called deadbeef, of 1 looked through" in result.stderr
        assert "looked through" not in whole.stderr

    def test_one_that_was_never_said(self, cli: Cli) -> None:
        """Its channels are those of its routes, and the log knows more."""
        cli.put(ALL)
        cli.import_findings([raw_finding(WHOLE)])

        [told] = cli.json("explain", WHOLE)["findings"]

        assert ["unsaid"] == [each["state"] for each in told["ledger"]["channels"]]
        assert told["next"][0].startswith("it is said with its next event; what became of the last")

    def test_one_that_a_route_drops(self, cli: Cli) -> None:
        """The route is named."""
        cli.put({"kind": "route", "name": "quiet", "action": "drop"})
        cli.import_findings([raw_finding(WHOLE)])

        [told] = cli.json("explain", WHOLE)["findings"]

        assert [] == told["ledger"]["channels"]
        assert "finding-router routes show quiet" in told["next"][0]

    def test_routes_of_a_file_decide(self, cli: Cli, tmp_path: Any) -> None:
        """The state is still that of the stack, where no route of the file leads."""
        cli.put(ALL)
        send(cli, raw_finding(WHOLE))
        path = tmp_path / "routes.json"
        path.write_text(json.dumps([{**ALL, "channel": "#other"}]), "utf-8")

        [told] = cli.json("explain", WHOLE, "--routes", str(path), "--expect", "#other", code=1)[
            "findings"
        ]

        states = {each["channel"]: each["state"] for each in told["ledger"]["channels"]}
        assert {"#all": "open", "#other": "unsaid"} == states
        assert "no route leads to #all any more" in told["next"][-1]


class TestStates:
    """What the Ledger may have about a finding."""

    def test_what_waits_for_a_schedule(self, cli: Cli) -> None:
        """Until when, by whom, and that a digest will list it."""
        cli.put(NIGHT)
        send(cli, raw_finding(WHOLE))

        [told] = cli.json("explain", UUID)["findings"]
        said = lines(cli("explain", UUID))

        assert ["held"] == [each["state"] for each in told["ledger"]["channels"]]
        [held] = told["ledger"]["held"]
        assert ("schedule", "night", "#all") == (held["by"], held["name"], held["channel"])
        assert "T03:00:00" in held["due_at"]
        assert ["to have it now, change the route: finding-router routes edit night"] == told[
            "next"
        ]
        assert any("by route night since" in line and "digest" in line for line in said)

    def test_what_a_silence_holds(self, cli: Cli) -> None:
        """The silence that holds it, which can be ended."""
        cli.put(
            ALL,
            {"kind": "silence", "name": "s", "match": {}, "until": "2999-01-01T00:00:00Z"},
        )
        send(cli, raw_finding(WHOLE))

        [told] = cli.json("explain", UUID)["findings"]

        assert "s" == told["silenced_by"]
        assert [("silence", "s", "2999-01-01T00:00:00+00:00")] == [
            (each["by"], each["name"], each["due_at"]) for each in told["ledger"]["held"]
        ]
        assert ["to have it now: finding-router silence expire s"] == told["next"]

    def test_a_claim_that_stands(self, cli: Cli) -> None:
        """Somebody posts it, or died over it."""
        cli.put(ALL)
        key = AlertKey(subject_of(read_finding(raw_finding(WHOLE))), "#all")
        send(cli, raw_finding(WHOLE))
        alert = ledger(cli).read([key])[key]
        now = time.time()
        claimed = alert.claimed(make_claim(claimed_at=now, lease_until=now + 600))
        assert ledger(cli).write(claimed)

        [posting] = cli.json("explain", WHOLE)["findings"]
        assert ledger(cli).write(claimed.abandoned())
        [ended] = cli.json("explain", WHOLE)["findings"]

        assert ["posting"] == [each["state"] for each in posting["ledger"]["channels"]]
        assert "card" == posting["ledger"]["channels"][0]["claim"]["for"]
        assert ["interrupted"] == [each["state"] for each in ended["ledger"]["channels"]]
        assert "the next try looks in the channel first" in ended["next"][0]

    def test_a_control_that_the_other_form_has_said(self, cli: Cli) -> None:
        """By another name of its resource."""
        cli.put(ALL)
        finding = control(FSBP, Id=WHOLE)
        cli.stack.aws.security_hub.load(finding)
        thing = [{"uid": "thing-1", "type": "AWS::New::Thing"}]
        cli.stack.send([imported(in_ocsf(finding, resources=thing))])

        told = cli.json("explain", UUID)["findings"]

        states = [[each["state"] for each in one["ledger"]["channels"]] for one in told]
        assert [["open"], ["open"]] == states

    def test_a_finding_that_is_over(self, cli: Cli) -> None:
        """Its card says so."""
        cli.put(ALL)
        send(cli, raw_finding(WHOLE))
        send(cli, raw_finding(WHOLE, RecordState="ARCHIVED", UpdatedAt="2026-09-02T10:00:00Z"))

        [told] = cli.json("explain", WHOLE)["findings"]

        assert ["over"] == [each["state"] for each in told["ledger"]["channels"]]
        assert ["nothing to do: it is over, and its card says so"] == told["next"]

    def test_a_line_of_a_digest(self, cli: Cli) -> None:
        """The message is the digest."""
        cli.put(LISTED)
        send(cli, *(raw_finding(f"{number}/{UUID[:-1]}{number}") for number in range(7)))

        [told] = cli.json("explain", f"{UUID[:-1]}3")["findings"]

        [channel] = told["ledger"]["channels"]
        assert channel["in_digest"]
        assert cli.stack.slack.messages("#all")[0].ts == channel["message"]["ts"]

    def test_a_request_by_custom_action(self, cli: Cli) -> None:
        """It has a message of its own beside the finding's."""
        cli.put(ALL)
        send(cli, raw_finding(WHOLE))
        cli.stack.send([custom_action(raw_finding(WHOLE))])

        [told] = cli.json("explain", WHOLE)["findings"]

        assert [("#all", False), ("#all", True)] == [
            (each["channel"], each["is_requested"]) for each in told["ledger"]["channels"]
        ]

    def test_what_people_did_about_it(self, cli: Cli) -> None:
        """Who owns it, and its ticket."""
        cli.put(ALL)
        send(cli, raw_finding(WHOLE))
        key = AlertKey(subject_of(read_finding(raw_finding(WHOLE))), "#all")
        alert = ledger(cli).read([key])[key]
        ticket = Ticket(to="security", label="#7", url="https://github.com/x/y/issues/7")
        care = Care(owner=Person("U1", "anna", 1.0), ticket=ticket)
        assert ledger(cli).write(alert.cared_for(care, at=time.time()))

        [told] = cli.json("explain", WHOLE)["findings"]
        said = cli("explain", WHOLE).stdout

        [channel] = told["ledger"]["channels"]
        assert ("anna", ticket.url) == (channel["owner"], channel["ticket"])
        assert f"owned by anna; ticket {ticket.url}" in said

    def test_an_item_that_cannot_be_read(self, cli: Cli) -> None:
        """It is named, and does not hide the others."""
        cli.put(ALL, {**ALL, "name": "more", "channel": "#more"})
        send(cli, raw_finding(WHOLE))
        subject = subject_of(read_finding(raw_finding(WHOLE)))
        cli.stack.aws.client("dynamodb").update_item(
            TableName=items(cli).table,
            Key={"finding": {"S": subject}, "channel": {"S": "#all"}},
            UpdateExpression="SET episode = :text",
            ExpressionAttributeValues={":text": {"S": "many"}},
        )

        [told] = cli.json("explain", WHOLE)["findings"]

        states = {each["channel"]: each["state"] for each in told["ledger"]["channels"]}
        assert {"#all": "unreadable", "#more": "open"} == states


class TestBothHubs:
    """Findings in OCSF."""

    def test_one_of_aws_security_hub_alone(self, cli: Cli) -> None:
        """It is found by its id there; it has no NOTIFIED."""
        cli.put(ALL)
        cli.stack.send([imported(detection(), sent_at=time.time())])

        [told] = cli.json("explain", DETECTION_ID)["findings"]
        said = cli("explain", DETECTION_ID).stdout

        assert ("OCSF", "open") == (told["form"], told["ledger"]["channels"][0]["state"])
        assert "not NOTIFIED" not in said

    def test_one_of_both_is_one_finding(self, cli: Cli) -> None:
        """With a form each for programs; people read it once."""
        view = in_asff(detection())
        cli.put(ALL)
        cli.import_findings([raw_finding(view["Id"], ProductArn=view["ProductArn"])])
        cli.stack.send([imported(detection(), sent_at=time.time())])

        told = cli.json("explain", DETECTION_ID)["findings"]
        said = cli("explain", DETECTION_ID).stdout

        assert ["ASFF", "OCSF"] == [each["form"] for each in told]
        assert 1 == said.count("in channel")
        assert "It is in AWS Security Hub (OCSF), too" in said

    def test_one_that_may_not_be_asked(self, cli: Cli) -> None:
        """The other is asked all the same."""
        cli.import_findings([raw_finding(WHOLE)])
        cli.stack.aws.faults.add(denied("GetFindingsV2"))

        result = cli("explain", WHOLE)

        assert "AWS Security Hub (OCSF) was not asked: AccessDeniedException" in result.stderr

    def test_an_outage_is_told(self, cli: Cli) -> None:
        """It is not taken for a finding that is unknown."""
        cli.stack.aws.faults.add(denied("GetFindings"))

        result = cli("explain", WHOLE, code=1)

        assert "your credentials may not do this" in result.stderr


class TestByMessage:
    """The link that Slack copies."""

    def test_a_card_leads_to_its_finding(self, cli: Cli) -> None:
        """By the summaries that the Ledger keeps of decided findings."""
        cli.put(ALL)
        send(cli, raw_finding(WHOLE))

        [told] = cli.json("explain", link(cli))["findings"]

        assert WHOLE == told["finding_id"]

    @pytest.mark.parametrize("by", ["time", "page"])
    def test_without_summaries_security_hub_is_searched(
        self, cli: Cli, by: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """First by the time of the finding's last update, then one by one."""
        cli.put(ALL)
        send(cli, raw_finding(WHOLE))
        monkeypatch.setattr(Search, "_decided", lambda _: iter(()))
        if by == "page":
            monkeypatch.setattr(hubs.Hubs, "updated_at", lambda *_: [])

        [told] = cli.json("explain", link(cli))["findings"]

        assert WHOLE == told["finding_id"]

    def test_an_alert_that_people_may_act_on_has_its_names(
        self, cli: Cli, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """So that nothing is searched."""
        cli.put(ALL)
        send(cli, raw_finding(WHOLE))
        finding = read_finding(raw_finding(WHOLE))
        alert = ledger(cli).read([AlertKey(subject_of(finding), "#all")]).popitem()[1]
        names = {member: {Form.ASFF: finding.key} for member in alert.members}
        assert ledger(cli).write(replace(alert, version=alert.version + 1, names=names))
        monkeypatch.setattr(Search, "_decided", lambda _: pytest.fail("searched"))

        [told] = cli.json("explain", link(cli))["findings"]

        assert WHOLE == told["finding_id"]

    def test_a_card_of_several_standards(self, cli: Cli) -> None:
        """Each is explained."""
        cli.put(ALL)
        send(cli, control(FSBP), control(PCI))

        told = cli.json("explain", link(cli))["findings"]

        assert {f"{FSBP}/S3.8", f"{PCI}/S3.8"} == {each["finding_id"] for each in told}
        assert 2 == told[0]["ledger"]["channels"][0]["findings"]

    def test_a_digest_lists_its_findings(self, cli: Cli) -> None:
        """One of them is to be named."""
        cli.put(LISTED)
        send(cli, *(raw_finding(f"finding-{number}") for number in range(7)))

        result = cli("explain", link(cli, 0), code=1)

        assert "the message is a digest of 7 findings; name one by" in result.stderr
        assert "Title of finding-3" in result.stderr

    def test_a_digest_of_one(self, cli: Cli) -> None:
        """There is nothing to choose."""
        cli.put(LISTED)
        send(cli, raw_finding(WHOLE))

        [told] = cli.json("explain", link(cli, 0))["findings"]

        assert WHOLE == told["finding_id"]

    def test_a_message_that_the_ledger_does_not_know(self, cli: Cli) -> None:
        """A notice, or that of another stack."""
        other = "https://x.slack.com/archives/C0123456789/p1771234567123456"

        result = cli("explain", other, code=1)

        assert "the Ledger knows no message 1771234567.123456 in C0123456789" in result.stderr

    def test_a_finding_that_is_gone(self, cli: Cli) -> None:
        """Security Hub keeps none for ever."""
        cli.put(ALL)
        send(cli, raw_finding(WHOLE))
        cli.stack.aws.security_hub.forget()

        result = cli("explain", link(cli), code=1)

        assert "Security Hub has its finding no more" in result.stderr

    def test_a_link_to_no_message(self, cli: Cli) -> None:
        """It is said what a link looks like; it is no file."""
        result = cli("explain", "https://x.slack.com/archives/C0123456789", code=2)

        assert "is no link to a message" in result.stderr
        assert "leave --finding out" in cli("explain", WHOLE, "--finding", "x", code=2).stderr


class TestDeployed:
    """A stack by its name, and a table without one."""

    @pytest.fixture
    def deployed(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Make the stack of this process known as "router", and return the calls for its parts."""
        for name, value in CREDENTIALS.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", cli.stack.aws.url)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        tables = cli.stack.deployment.tables
        asked: list[str] = []

        def resources(_: Any, name: str) -> dict[str, tuple[str, str]]:
            asked.append(name)
            return {each: (table, "AWS::DynamoDB::Table") for each, table in tables.items()}

        account = "finding_router_cli.account.Account"
        monkeypatch.setattr(f"{account}.resources", resources)
        settings = {"DefaultChannel": "#rest", "TakeV2": "false"}
        monkeypatch.setattr(f"{account}.parameters", lambda *_: settings)
        return asked

    def test_it_is_looked_up_once(self, cli: Cli, deployed: list[str]) -> None:
        """Its name stands in what to do next, and V2 is not asked."""
        cli.put(NIGHT)
        send(cli, raw_finding(WHOLE))

        [told] = cli.json("explain", WHOLE, "--stack", "router")["findings"]

        assert ["router"] == deployed
        assert told["next"][0].endswith("routes edit night --stack router")

    @pytest.mark.usefixtures("deployed")
    def test_a_table_alone_knows_no_ledger(self, cli: Cli) -> None:
        """It may be named as well; without it no message is found."""
        cli.put(ALL)
        send(cli, raw_finding(WHOLE))
        tables = cli.stack.deployment.tables
        options = ("--table", tables["RoutingTable"])

        [without] = cli.json("explain", WHOLE, *options)["findings"]
        [named] = cli.json("explain", WHOLE, *options, "--ledger", tables["Ledger"])["findings"]
        refused = cli("explain", link(cli), *options, code=2)

        assert without["ledger"] is None
        assert "--stack" in without["next"][0]
        assert "open" == named["ledger"]["channels"][0]["state"]
        assert "a link needs the Ledger" in refused.stderr


def test_a_security_hub_may_be_off(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no findings then."""

    def off(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "InvalidAccessException"}}, "GetFindings")

    found = hubs.Hubs(find_stack(stack=None))
    monkeypatch.setattr(found, "_get", off)

    assert [] == found.with_ids([WHOLE])
