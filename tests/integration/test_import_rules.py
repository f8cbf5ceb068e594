"""`finding-router routes import-rules`: the usual set-up of rules, topics and a chatbot."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.stub import Stubber
from click.testing import CliRunner, Result
from moto import mock_aws

from cli import Cli
from finding_router_cli.account import Account
from finding_router_cli.imports import proof
from finding_router_cli.main import main
from hub_events import raw_finding

RULES = Path(__file__).parents[1] / "fixtures" / "rules"
FORMS = [RULES / "terraform.json", RULES / "aws-cli.json"]
CHANNELS = {
    "payments-guardduty": "C0PAYTHREAT",
    "payments-inspector": "C0PAYPATCH",
    "controls-failed": "C0CONTROLS",
}
LEFT = {
    "controls-failed": "also feeds something else",
    "old-experiment": "is disabled",
    "guardduty-direct": 'takes other events than findings of Security Hub: ["aws.guardduty"]',
    "findings-to-lambda": "feeds something else",
    "short-text": "changes its events",
    "nightly": "has no event pattern",
    "findings-by-mail": "of which no Slack channel of the chatbot hears",
}
PATTERN = {
    "source": ["aws.securityhub"],
    "detail-type": ["Security Hub Findings - Imported"],
    "detail": {"findings": {"Severity": {"Label": ["CRITICAL"]}}},
}
TOPIC = "arn:aws:sns:eu-west-1:111122223333:alerts"


def run(*words: str, code: int = 0) -> Result:
    """Run the command without a stack."""
    result = CliRunner().invoke(main, ["routes", "import-rules", *words], catch_exceptions=False)
    assert code == result.exit_code, result.output
    return result


def setup(path: Path, pattern: Any = PATTERN, **rule: Any) -> str:
    """Write a file with one rule that feeds one channel, and return its path."""
    one = {"Name": "r", "State": "ENABLED", "EventPattern": json.dumps(pattern), **rule}
    one.setdefault("Targets", [{"Id": "1", "Arn": TOPIC}])
    channels = [{"SlackChannelId": "C0123456789", "SnsTopicArns": [TOPIC]}]
    documents = [{"Rules": [one]}, {"SlackChannelConfigurations": channels}]
    file = path / "rules.json"
    file.write_text("\n".join(map(json.dumps, documents)), "utf-8")
    return str(file)


class TestUsualSetUp:
    """A rule for each channel, a topic, and the chatbot."""

    @pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
    def test_routes_are_written_and_proved(self, file: Path, tmp_path: Path) -> None:
        """With the channel of each rule; what is left has its reason."""
        output = tmp_path / "routes.yaml"

        said = json.loads(run(str(file), "-o", str(output), "--json").stdout)

        routes = yaml.safe_load(output.read_text("utf-8"))
        assert {route["name"]: route["channel"] for route in routes} == CHANNELS
        assert (9, []) == (said["rules"], said["proof"]["differences"])
        assert said["proof"]["findings"] > 60
        assert said["proof"]["matched"] > 20
        assert [] == said["proof"]["untried"]
        for rule, reason in LEFT.items():
            assert any(rule in one["rule"] and reason in one["reason"] for one in said["left"])
        assert len(LEFT) == len(said["left"])

    def test_the_files_are_valid_routes(self, tmp_path: Path) -> None:
        """As `routes check` sees them."""
        output = str(tmp_path / "routes.yaml")
        run(str(FORMS[0]), "-o", output)

        assert 0 == CliRunner().invoke(main, ["routes", "check", output, "--strict"]).exit_code

    def test_an_existing_file_keeps_its_items(self, tmp_path: Path, person: None) -> None:  # noqa: ARG002 -- sits at the terminal
        """And its comments."""
        output = tmp_path / "routes.yaml"
        output.write_text("# Ours.\n- {kind: route, name: mine, channel: '#mine'}\n", "utf-8")

        run(str(FORMS[0]), "-o", str(output), "--yes")

        assert output.read_text("utf-8").startswith("# Ours.\n- {kind: route, name: mine,")
        assert 4 == len(yaml.safe_load(output.read_text("utf-8")))

    @pytest.mark.usefixtures("person")
    @pytest.mark.parametrize("name", ["routes.yaml", "routes.json"])
    def test_an_item_without_a_name_stays_as_well(self, tmp_path: Path, name: str) -> None:
        """It is wrong, and its owner's."""
        output = tmp_path / name
        output.write_text('[{"kind": "route", "channel": "#nameless"}]', "utf-8")

        run(str(FORMS[0]), "-o", str(output), "--yes")

        items = yaml.safe_load(output.read_text("utf-8"))
        assert {"kind": "route", "channel": "#nameless"} == items[0]
        assert 4 == len(items)

    def test_a_dry_run_writes_nothing(self, tmp_path: Path) -> None:
        """But shows it."""
        result = run(str(FORMS[0]), "-o", str(tmp_path / "x.yaml"), "--dry-run")

        assert "9 rules read, 3 routes made" in result.stdout
        assert "all decided the same" in result.stdout
        assert not (tmp_path / "x.yaml").exists()

    def test_the_table_of_a_stack(self, cli: Cli) -> None:
        """As `routes apply` writes it; a second time nothing changes."""
        first = cli("routes", "import-rules", str(FORMS[1]), "--yes")
        second = cli("routes", "import-rules", str(FORMS[1]), "--yes")

        assert "3 to add, 0 to change, 0 to delete" in first.stdout
        assert "no changes" in second.stdout
        assert {item["name"]: item["channel"] for item in cli.items} == CHANNELS

    def test_a_stack_is_told_what_goes_elsewhere(self, cli: Cli) -> None:
        """Of last week's findings, as with every change, unless nobody wants to know."""
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        cli.import_findings([raw_finding(UpdatedAt=now)])
        words = ("routes", "import-rules", str(FORMS[0]), "--dry-run")

        told = cli.json(*words)
        quiet = cli.json(*words, "--no-impact")

        assert 1 == told["impact"]["findings"]
        assert "impact" not in quiet
        assert "proof" in quiet


class TestAws:
    """Rules of an account."""

    @mock_aws
    def test_rules_are_read_from_aws(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of its Region, and the channels of the chatbot."""
        monkeypatch.setattr("finding_router_cli.routes_at_hand.find_running", lambda _: None)
        events = boto3.client("events", region_name="eu-west-1")
        for name, state in (("mine", "ENABLED"), ("off", "DISABLED")):
            events.put_rule(Name=name, EventPattern=json.dumps(PATTERN), State=state)
            events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": TOPIC}])
        chatbot = boto3.client("chatbot", region_name="us-east-2")
        channel = {
            "SlackTeamName": "Example",
            "SlackTeamId": "T0EXAMPLE",
            "SlackChannelId": "C0123456789",
            "SlackChannelName": "alerts",
            "ChatConfigurationArn": "arn:aws:chatbot::111122223333:chat-configuration/x",
            "IamRoleArn": "arn:aws:iam::111122223333:role/chatbot",
            "SnsTopicArns": [TOPIC],
        }
        stub = Stubber(chatbot)
        stub.add_response(
            "describe_slack_channel_configurations", {"SlackChannelConfigurations": [channel]}
        )
        client = Account.client
        monkeypatch.setattr(
            Account,
            "client",
            lambda self, service, **options: (
                chatbot if service == "chatbot" else client(self, service, **options)
            ),
        )

        with stub:
            said = run("--region", "eu-west-1", "-o", str(tmp_path / "routes.json"))

        [route] = json.loads((tmp_path / "routes.json").read_text("utf-8"))
        assert ("mine", "C0123456789", PATTERN) == (
            route["name"],
            route["channel"],
            route["match"],
        )
        assert 'left: rule "off" is disabled' in said.stdout


class TestProof:
    """Findings decided both ways."""

    def test_findings_of_a_file(self, tmp_path: Path) -> None:
        """Each is counted."""
        findings = tmp_path / "findings.json"
        made = [raw_finding(Severity={"Label": label}) for label in ("CRITICAL", "LOW")]
        findings.write_text(json.dumps({"Findings": made}), "utf-8")
        output = str(tmp_path / "r.yaml")

        result = run(setup(tmp_path), "-o", output, "--findings", str(findings))

        assert "compared: 2 findings by rules and by routes, all decided the same" in result.stdout
        assert "a rule matches 1" in result.stdout

    def test_a_difference_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A route of both Security Hubs is no rule of one; the exit code is 1."""
        monkeypatch.setattr("finding_router_cli.imports.joining._same_events", lambda it: it)
        pattern = {name: PATTERN[name] for name in ("source", "detail")}

        result = run(setup(tmp_path, pattern), "-o", str(tmp_path / "r.yaml"), code=1)

        assert "not all decided the same" in result.stdout
        assert 'differs: only the route "r" matches' in result.stdout

    def test_a_rule_without_detail_type_is_one_of_cspm(self, tmp_path: Path) -> None:
        """Where it names fields of ASFF, which EventBridge finds in no other event."""
        pattern = {name: PATTERN[name] for name in ("source", "detail")}

        run(setup(tmp_path, pattern), "-o", str(tmp_path / "r.yaml"))

        [route] = yaml.safe_load((tmp_path / "r.yaml").read_text("utf-8"))
        assert "Security Hub Findings - Imported" in route["match"]["detail-type"]

    def test_a_sample_is_made_to_match(self) -> None:
        """With the first value of each field."""
        wanted = {"$or": [{"a": ["x"]}], "b": {"c": [{"numeric": [">=", 7]}]}, "d": {"e": ["f"]}}

        assert {"a": "x", "b": {"c": 7}, "d": [{"e": "f"}]} == proof._fitted({"d": [{}]}, wanted)


class TestLeft:
    """What no route is made of."""

    @pytest.mark.parametrize(
        ("rule", "reason"),
        [
            ({"EventBusName": "custom"}, "is on the event bus custom"),
            ({"Targets": []}, "has no target"),
            ({"EventPattern": "{"}, "has a pattern that cannot be a match"),
            ({"EventPattern": '{"account": ["111122223333"]}'}, "names no source"),
            ({"State": "DISABLED"}, "is disabled"),
            ({"Targets": [{"Arn": TOPIC, "InputPath": "$.detail"}]}, "(InputPath)"),
        ],
    )
    def test_a_rule_is_left(self, rule: dict[str, Any], reason: str, tmp_path: Path) -> None:
        """With the reason; nothing is written, and the exit code is 1."""
        result = run(setup(tmp_path, **rule), "-o", str(tmp_path / "r.yaml"), code=1)

        assert reason in result.stdout
        assert not (tmp_path / "r.yaml").exists()

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("{}", "holds no rules, no targets and no channels"),
            ('{"Rules": []}', "holds no rule of EventBridge"),
            ('{"Rules": [1]}', "has something else than a map in a list"),
            ('{"Targets": []}', "add it: jq '. + {Rule: \"NAME\"}'"),
            ('{"planned_values": {}}', "is a plan"),
            ('{"version": 4, "terraform_version": "1.9.8"}', "is a state file"),
            ('{"values": {"root_module": {"resources": 5}}}', "holds no rule of EventBridge"),
            ('{"values": {"root_module": {"resources": [5]}}}', "has something else than a map"),
            ("nonsense", "is no JSON"),
        ],
    )
    def test_another_file_is_refused(self, content: str, message: str, tmp_path: Path) -> None:
        """With the remedy; the exit code is 2."""
        file = tmp_path / "x.json"
        file.write_text(content, "utf-8")

        assert message in run(str(file), "-o", str(tmp_path / "r.yaml"), code=2).stderr

    def test_rules_of_one_name_make_routes_of_two(self, tmp_path: Path) -> None:
        """As those of two modules do."""
        file = Path(setup(tmp_path))
        text = file.read_text("utf-8")
        file.write_text(f"{text}\n{text.splitlines()[0]}", "utf-8")

        run(str(file), "-o", str(tmp_path / "r.yaml"))

        names = [one["name"] for one in yaml.safe_load((tmp_path / "r.yaml").read_text("utf-8"))]
        assert ["r", "r-2"] == names
