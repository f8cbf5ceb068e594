"""`finding-router doctor` finds each trouble that is made on purpose, and says what cures it."""

import json
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from copy import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from moto.sns.models import sns_backends

from finding_router.aws.last_valid import DynamoLastValid
from finding_router.routing.last_valid import LastValid
from finding_router_cli import routes_at_hand
from finding_router_cli.health import checks, hub, needs, slack, trial, wiring
from finding_router_cli.health.result import Mark, Result
from finding_router_cli.health.site import Site
from finding_router_cli.main import main
from finding_router_cli.stack import Stack as FoundStack
from finding_router_cli.stack import find_stack
from finding_router_local import TEMPLATE
from finding_router_local.faults import Fault
from finding_router_local.security_hub.responses import SecurityHubResponse
from finding_router_local.serving import Reply
from finding_router_local.slack import SlackServer
from finding_router_local.slack.workspace import DEFAULT_SCOPES
from finding_router_local.stack import Stack
from finding_router_local.template import read_template
from hub_events import raw_finding
from router import EVERYTHING
from running_stack import found_stack

CHANNELS = ("#security", "#security-ops", "#alerts")
MEMBER = "111122223333"
# What UpdateSchedule takes of GetSchedule's answer.
SCHEDULE = ("Name", "State", "ScheduleExpression", "FlexibleTimeWindow", "Target")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run one stack for all tests here; its Slack makes no channels."""
    with (
        SlackServer() as server,
        found_stack(
            tmp_path_factory.mktemp("doctor"), slack=server, parameters={"BatchWindowSeconds": 1}
        ) as stack,
    ):
        yield stack


@pytest.fixture
def stack(running: Stack) -> Iterator[Stack]:
    """Return the stack, in which nothing is wrong."""
    running.slack.set_token_state("active")
    running.slack.set_scopes(DEFAULT_SCOPES)
    for channel in CHANNELS:
        running.slack.add_channel(channel)
    running.put_routes([EVERYTHING])
    yield running
    running.reset()
    running.slack.faults.clear()


@pytest.fixture
def site(stack: Stack) -> Site:
    """Return what the checks look at."""
    return Site(find_stack(stack=None))


def one(check: Callable[[], Iterable[Result]], topic: str, site: Site) -> Result:
    """Return the one result of *check* about *topic*."""
    [found] = [each for each in checks.results_of(topic, check, site) if each.topic == topic]
    return found


def doctor(*options: str) -> tuple[int, dict[str, Any]]:
    """Run the command for programs."""
    result = CliRunner().invoke(main, ["doctor", "--json", *options], catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout)


class TestCommand:
    """The command as a whole."""

    def test_nothing_is_wrong_with_the_local_stack(self, stack: Stack) -> None:
        """It passes, and what is worth a look is explained; nothing is posted or changed."""
        code, said = doctor()

        assert 0 == code
        assert said["ok"]
        marks = {each["topic"]: each["mark"] for each in said["checks"]}
        assert {"alarms"} == {topic for topic, mark in marks.items() if mark != "good"}
        assert {
            *("credentials", "clock", "Security Hub", "administrator", "home Region", "rule"),
            *("pattern", "source FindingsQueue", "source BacklogQueue", "concurrency"),
            *(
                "wake-ups",
                "FindingsQueue",
                "BacklogQueue",
                "dead letters",
                "undelivered events",
                "alarms",
            ),
            *("alarm topic", "version", "routes", "Slack token", "scopes", "channels", "cards"),
        } == marks.keys()
        assert [] == stack.slack.messages()

    def test_people_read_a_table(self, stack: Stack) -> None:
        """A fault is a line with its cure, and the exit code is 1."""
        stack.slack.add_channel("#alerts", archived=True)

        result = CliRunner().invoke(main, ["doctor"], catch_exceptions=False)

        assert 1 == result.exit_code
        [line] = [each for each in result.stdout.splitlines() if "archived channels" in each]
        assert line.startswith("✗")
        assert "unarchive in Slack: #alerts" in line
        assert "1 fault, 1 worth a look" in result.stderr

    @pytest.mark.usefixtures("stack")
    def test_its_entry_point(self) -> None:
        """A process of its own finds the stack, too."""
        code = (
            "import pathlib, finding_router_cli.routes_at_hand as at_hand\n"
            f"at_hand.TEMPLATE = pathlib.Path({str(routes_at_hand.TEMPLATE)!r})\n"
            "from finding_router_cli.__main__ import run; run()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, "doctor", "--json"], capture_output=True, check=False
        )

        assert 0 == done.returncode, done.stderr.decode()
        assert json.loads(done.stdout)["ok"]

    def test_without_credentials(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """There is one fault, which comes before all others."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(name, "/nowhere")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

        code, said = doctor("--stack", "router", "--region", "eu-west-1")

        assert 1 == code
        [check] = said["checks"]
        assert ("credentials", "bad") == (check["topic"], check["mark"])
        assert "no credentials for AWS were found" in check["found"]

    def test_without_a_stack(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """That is a mistake in the call."""
        monkeypatch.setattr("finding_router_cli.routes_at_hand.find_running", lambda _: None)

        result = CliRunner().invoke(main, ["doctor"])

        assert 2 == result.exit_code
        assert "no stack: name a deployed one with --stack" in result.stderr

    def test_what_may_not_be_asked_is_no_fault(self, stack: Stack, site: Site) -> None:
        """It is named, with the permission that is missing."""
        stack.faults.add(refusal("events", "DescribeRule", "AccessDeniedException"))

        found = one(lambda: wiring.check_rule(site), "rule", site)

        assert Mark.UNSURE is found.mark
        assert "your credentials may not ask (DescribeRule)" == found.found

    def test_what_hangs_is_not_waited_for(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The time of all checks together is limited."""
        ends = threading.Event()
        monkeypatch.setattr(site, "remaining", lambda: 0.0)
        monkeypatch.setattr(wiring, "check_rule", lambda _: iter([ends.wait()]))

        found = checks.check_all(site, lambda _: None)

        assert "no answer in time" in {each.found for each in found if each.topic == "rule"}
        ends.set()

    def test_an_exception_ends_one_check(self, site: Site) -> None:
        """The others go on."""

        def check() -> Iterator[Result]:
            raise KeyError("a field")
            yield

        found = one(check, "rule", site)

        assert Mark.UNSURE is found.mark
        assert "KeyError" in found.found


def refusal(service: str, operation: str, code: str) -> Fault:
    """Make a call fail with *code*."""
    return Fault(
        effect="error", service=service, operation=operation, code=code, status=400, times=None
    )


class TestAccount:
    """Clock, Security Hub, administrator, home Region."""

    def test_a_clock_that_is_off(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        """AWS would refuse calls before long."""
        monkeypatch.setattr(hub, "now", lambda: datetime.now(UTC).timestamp() + 120)

        found = one(lambda: hub.check_identity(site), "clock", site)

        assert Mark.BAD is found.mark
        assert "12" in found.found
        assert "timedatectl" in found.cure

    def test_security_hub_is_off(self, stack: Stack, site: Site) -> None:
        """Neither of both is on."""
        stack.faults.add(refusal("securityhub", "DescribeHub", "InvalidAccessException"))
        for operation in ("/hubv2", "DescribeSecurityHubV2"):
            stack.faults.add(refusal("securityhub", operation, "ResourceNotFoundException"))

        found = one(lambda: hub.check_hub(site), "Security Hub", site)

        assert Mark.BAD is found.mark
        assert "CSPM is off, AWS Security Hub (OCSF) is off" == found.found
        assert "aws securityhub enable-security-hub" == found.cure

    def test_a_member_account(
        self, stack: Stack, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Only the administrator gets the findings of all accounts."""
        stack.faults.add(
            refusal("securityhub", "DescribeOrganizationConfiguration", "InvalidAccessException")
        )
        above = json.dumps({"Administrator": {"AccountId": MEMBER}})
        monkeypatch.setattr(SecurityHubResponse, "get_administrator_account", lambda _: above)

        found = one(lambda: hub.check_hub(site), "administrator", site)

        assert Mark.BAD is found.mark
        assert f"deploy the stack in account {MEMBER}" in found.cure

    def test_an_account_of_no_organisation(self, stack: Stack, site: Site) -> None:
        """That may be meant so."""
        stack.faults.add(
            refusal("securityhub", "DescribeOrganizationConfiguration", "InvalidAccessException")
        )

        found = one(lambda: hub.check_hub(site), "administrator", site)

        assert Mark.UNSURE is found.mark

    def test_another_home_region(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        """Findings of all Regions arrive there, and not here."""
        told = json.dumps(
            {"FindingAggregationRegion": "eu-west-1", "RegionLinkingMode": "ALL_REGIONS"}
        )
        monkeypatch.setattr(SecurityHubResponse, "get_finding_aggregator", lambda _: told)

        found = one(lambda: hub.check_hub(site), "home Region", site)

        assert Mark.BAD is found.mark
        assert "deploy the stack in eu-west-1" == found.cure

    def test_no_aggregation(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        """Only one Region's findings arrive, which may be meant so."""
        told = json.dumps({"FindingAggregators": []})
        monkeypatch.setattr(SecurityHubResponse, "list_finding_aggregators", lambda _: told)

        found = one(lambda: hub.check_hub(site), "home Region", site)

        assert Mark.UNSURE is found.mark
        assert "create-finding-aggregator" in found.cure


class TestWiring:
    """Rule, event sources, queues, alarms, topic, version."""

    def test_a_rule_that_is_disabled(self, stack: Stack, site: Site) -> None:
        """No finding arrives; the command that cures it is named, and works."""
        events, name = stack.aws.client("events"), stack.deployment.rule.physical_name
        events.disable_rule(Name=name)

        found = one(lambda: wiring.check_rule(site), "rule", site)

        assert Mark.BAD is found.mark
        assert f"aws events enable-rule --name {name}" == found.cure
        events.enable_rule(Name=name)
        assert Mark.GOOD is one(lambda: wiring.check_rule(site), "rule", site).mark

    def test_a_pattern_that_somebody_changed(self, stack: Stack, site: Site) -> None:
        """It is not that of the template any more, until that is put back."""
        events, rule = stack.aws.client("events"), stack.deployment.rule
        events.put_rule(
            Name=rule.physical_name, EventPattern=json.dumps({"source": ["aws.securityhub"]})
        )

        found = one(lambda: wiring.check_rule(site), "pattern", site)

        assert Mark.BAD is found.mark
        events.put_rule(Name=rule.physical_name, EventPattern=json.dumps(rule.pattern))
        assert Mark.GOOD is one(lambda: wiring.check_rule(site), "pattern", site).mark

    @pytest.mark.parametrize("tracks", ["true", "false"])
    def test_the_pattern_of_a_deployed_template(
        self, site: Site, tracks: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is resolved with the stack's parameters, as CloudFormation does."""
        values = {
            "SlackTokenArn": "arn:aws:ssm:eu-west-1:111122223333:parameter/token",
            "DefaultChannel": "#security",
            "TrackLifecycle": tracks,
        }
        template = read_template(TEMPLATE, values, region="eu-west-1")
        body = {
            "Conditions": template.conditions,
            "Resources": {
                "FindingsRule": {"Properties": template.resources["FindingsRule"].properties}
            },
        }
        deployed = FoundStack(
            account=site.stack.account,
            origin="stack router",
            name="router",
            resources={},
            parameters={name: str(value) for name, value in template.parameters.items()},
        )
        other = Site(deployed)
        monkeypatch.setattr(other, "client", lambda _: Answering({"TemplateBody": body}))

        pattern = wiring.wanted_pattern(other)

        has_archived = any(
            each.get("detail") == {"findings": {"RecordState": ["ARCHIVED"]}}
            for each in pattern["$or"]
        )
        assert (tracks == "true") is has_archived

    def test_an_event_source_that_is_off(self, stack: Stack, site: Site) -> None:
        """Findings wait until it is switched on."""
        client = stack.aws.client("lambda")
        uuid = stack.deployment.others["RouterFunctionFindings"]
        client.update_event_source_mapping(UUID=uuid, Enabled=False)

        found = one(lambda: wiring.check_sources(site), "source FindingsQueue", site)

        assert Mark.BAD is found.mark
        assert f"aws lambda update-event-source-mapping --uuid {uuid} --enabled" == found.cure
        client.update_event_source_mapping(UUID=uuid, Enabled=True)

    def test_a_schedule_that_is_disabled(self, stack: Stack, site: Site) -> None:
        """The whole command that cures it is named, and works."""
        client, name = stack.aws.client("scheduler"), stack.deployment.others["WakeSchedule"]
        known = client.get_schedule(Name=name)
        whole = {each: known[each] for each in SCHEDULE}
        client.update_schedule(**{**whole, "State": "DISABLED"})

        found = one(lambda: wiring.check_schedule(site), "wake-ups", site)

        assert Mark.BAD is found.mark
        words = shlex.split(found.cure)
        assert ["aws", "scheduler", "update-schedule", "--name", name] == words[:5]
        assert known["Target"] == json.loads(words[-1])
        client.update_schedule(**{**whole, "State": "ENABLED"})
        assert Mark.GOOD is one(lambda: wiring.check_schedule(site), "wake-ups", site).mark

    def test_a_schedule_that_calls_something_else(self, stack: Stack, site: Site) -> None:
        """Nothing that waits is said."""
        client, name = stack.aws.client("scheduler"), stack.deployment.others["WakeSchedule"]
        known = client.get_schedule(Name=name)
        whole = {each: known[each] for each in SCHEDULE}
        target = {**known["Target"], "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:other"}
        client.update_schedule(**{**whole, "Target": target})

        found = one(lambda: wiring.check_schedule(site), "wake-ups", site)

        assert Mark.BAD is found.mark
        assert "function:other, and not finding-router-RouterFunction" in found.found
        client.update_schedule(**whole)

    def test_a_schedule_that_is_gone(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        """CloudFormation does not make it again by itself."""
        resources = {**site.stack.resources, "WakeSchedule": "another"}
        monkeypatch.setattr(type(site.stack), "resources", resources, raising=False)

        found = one(lambda: wiring.check_schedule(site), "wake-ups", site)

        assert (Mark.BAD, "another is not there: nothing that waits is said") == (
            found.mark,
            found.found,
        )

    @pytest.mark.parametrize(
        ("values", "mark", "words"),
        [([1.0, 0.0], Mark.GOOD, "the last at 10:01 UTC"), ([1.0], Mark.UNSURE, "no wake-up")],
    )
    def test_the_last_wake_up_of_a_deployed_stack(
        self,
        site: Site,
        values: list[float],
        mark: Mark,
        words: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Batches count failed findings; wake-ups alone count a zero."""
        times = [datetime(2029, 3, 7, 10, 2 - minute, tzinfo=UTC) for minute in range(len(values))]
        data = {"MetricDataResults": [{"Timestamps": times, "Values": values}]}
        deployed = replace(site.stack, is_local=False, name="router")
        other = Site(deployed)
        real = other.client
        answers = {"cloudwatch": Answering(data)}
        monkeypatch.setattr(other, "client", lambda name: answers.get(name) or real(name))

        found = one(lambda: wiring.check_schedule(other), "wake-ups", other)

        assert mark is found.mark
        assert words in found.found

    @pytest.mark.parametrize(
        ("reserved", "mark"), [(0, Mark.BAD), (3, Mark.UNSURE), (4, Mark.GOOD)]
    )
    def test_concurrency(
        self, stack: Stack, site: Site, reserved: int, mark: Mark, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With none the function never runs; with too little it is throttled."""
        key = ("lambda", f"/2019-09-30/functions/{stack.function.name}/concurrency")
        reply = Reply({"ReservedConcurrentExecutions": reserved})
        monkeypatch.setitem(stack.aws.gate.own, key, lambda _: reply)

        assert mark is one(lambda: wiring.check_sources(site), "concurrency", site).mark

    def test_findings_that_wait_too_long(
        self, stack: Stack, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The age of the oldest comes from CloudWatch."""
        monkeypatch.setattr(
            wiring, "_waiting", lambda _, url: 3 if url.endswith("BacklogQueue") else 0
        )
        stack.aws.client("cloudwatch").put_metric_data(
            Namespace="AWS/SQS",
            MetricData=[
                {
                    "MetricName": "ApproximateAgeOfOldestMessage",
                    "Dimensions": [{"Name": "QueueName", "Value": "finding-router-BacklogQueue"}],
                    "Timestamp": datetime.now(UTC) - timedelta(minutes=2),
                    "Value": 7200.0,
                }
            ],
        )

        found = one(lambda: wiring.check_queues(site), "BacklogQueue", site)

        assert Mark.BAD is found.mark
        assert "3 messages wait, the oldest for 120 minutes" == found.found

    @pytest.mark.parametrize(
        ("queue", "topic", "cure"),
        [
            ("DeadLetters", "dead letters", "finding-router redrive"),
            (
                "UndeliveredEvents",
                "undelivered events",
                "finding-router redrive --queue UndeliveredEvents",
            ),
        ],
    )
    def test_messages_that_were_given_up(
        self, stack: Stack, site: Site, queue: str, topic: str, cure: str
    ) -> None:
        """They are redriven by the command that is named."""
        stack.aws.client("sqs").send_message(
            QueueUrl=stack.deployment.queues[queue], MessageBody="{}"
        )

        found = one(lambda: wiring.check_queues(site), topic, site)

        assert Mark.BAD is found.mark
        assert found.found.startswith("1 message ")
        assert found.cure.endswith(cure)

    def test_an_alarm_that_rings(self, stack: Stack, site: Site) -> None:
        """It is named with its reason, and with where to read on."""
        client, name = stack.aws.client("cloudwatch"), "finding-router-backlog"
        client.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="too old")

        found = one(lambda: wiring.check_alarms(site), "alarm", site)

        assert (Mark.BAD, "finding-router-backlog rings: too old") == (found.mark, found.found)
        assert "see …-backlog in docs/operations.md" == found.cure
        client.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="")

    def test_an_alarm_that_tells_nobody(self, stack: Stack, site: Site) -> None:
        """Its actions are off."""
        client, names = stack.aws.client("cloudwatch"), ["finding-router-backlog"]
        client.disable_alarm_actions(AlarmNames=names)

        found = one(lambda: wiring.check_alarms(site), "alarms", site)

        assert (Mark.UNSURE, "tell nobody: finding-router-backlog") == (found.mark, found.found)
        client.enable_alarm_actions(AlarmNames=names)

    def test_an_alarm_that_is_gone(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        """A deployment brings it back."""
        resources = {**site.stack.resources, "RouterNewAlarm": "finding-router-new"}
        monkeypatch.setattr(type(site.stack), "resources", resources, raising=False)

        found = one(lambda: wiring.check_alarms(site), "alarms", site)

        assert (Mark.BAD, "not there: finding-router-new") == (found.mark, found.found)

    def test_a_subscription_that_nobody_confirmed(self, stack: Stack, site: Site) -> None:
        """The address and the way to ask again are named."""
        topic = stack.deployment.others["AlarmTopic"]
        client = stack.aws.client("sns")
        arn = client.subscribe(
            TopicArn=topic,
            Protocol="email",
            Endpoint="ops@example.com",
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        known = sns_backends[stack.aws.account_id][stack.aws.region].subscriptions[arn]
        known.arn = "PendingConfirmation"

        found = one(lambda: wiring.check_alarms(site), "alarm topic", site)

        assert Mark.BAD is found.mark
        assert "not confirmed: ops@example.com" == found.found
        assert "aws sns subscribe" in found.cure
        known.arn = arn
        client.unsubscribe(SubscriptionArn=arn)

    @pytest.mark.parametrize(
        ("status", "theirs", "marks"),
        [
            ("UPDATE_COMPLETE", "0.1.0", [Mark.GOOD, Mark.GOOD]),
            ("UPDATE_COMPLETE", "0.0.9", [Mark.GOOD, Mark.UNSURE]),
            ("UPDATE_COMPLETE", None, [Mark.GOOD, Mark.UNSURE]),
            ("UPDATE_ROLLBACK_FAILED", "0.1.0", [Mark.UNSURE, Mark.GOOD]),
        ],
    )
    def test_the_version_of_a_deployed_stack(
        self,
        site: Site,
        status: str,
        theirs: str | None,
        marks: list[Mark],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """It is compared with that of this command."""
        outputs = [{"OutputKey": "Version", "OutputValue": theirs}] if theirs else []
        answer = {"Stacks": [{"StackStatus": status, "Outputs": outputs}]}
        monkeypatch.setattr(wiring, "version", lambda _: "0.1.0")
        other = Site(
            FoundStack(
                account=site.stack.account,
                origin="stack router",
                name="router",
                resources={},
                parameters={},
            )
        )
        monkeypatch.setattr(other, "client", lambda _: Answering(answer))

        assert marks == [each.mark for each in wiring.check_version(other)]


class Answering:
    """A client that gives one answer to every call."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __getattr__(self, _: str) -> Callable[..., Any]:
        return lambda **_: self._answer


class TestSlack:
    """Token, scopes, channels, cards."""

    @pytest.fixture
    def ready(self, site: Site) -> Site:
        """Return the site, whose token was checked."""
        list(slack.check_token(site))
        return site

    def needed(self, site: Site) -> needs.Needs:
        """Return the channels that the routes need."""
        found = needs.Needs()
        list(needs.check_routes(site, found))
        return found

    def channels(self, site: Site, topic: str = "channels") -> Result:
        """Return the result about channels."""
        found = self.needed(site)
        return one(lambda: slack.check_channels(site, found), topic, site)

    def test_a_secret_without_a_token(self, stack: Stack, site: Site) -> None:
        """It has to hold a bot token."""
        client, arn = stack.aws.client("secretsmanager"), site.parameters["SlackTokenArn"]
        client.put_secret_value(SecretId=arn, SecretString="password")

        found = one(lambda: slack.check_token(site), "Slack token", site)

        assert Mark.BAD is found.mark
        assert "holds no Slack token" in found.found
        assert "password" not in found.found
        client.put_secret_value(SecretId=arn, SecretString=stack.slack.token)

    def test_a_token_that_may_not_be_read(self, stack: Stack, site: Site) -> None:
        """The permission is named."""
        stack.faults.add(refusal("secretsmanager", "GetSecretValue", "AccessDeniedException"))

        found = one(lambda: slack.check_token(site), "Slack token", site)

        assert (Mark.UNSURE, "allow GetSecretValue to them") == (found.mark, found.cure)

    def test_a_token_that_slack_refuses(self, stack: Stack, site: Site) -> None:
        """Slack's code says why."""
        stack.slack.set_token_state("revoked")

        found = one(lambda: slack.check_token(site), "Slack token", site)

        assert Mark.BAD is found.mark
        assert "Slack does not take it: token_revoked" == found.found

    def test_a_slack_that_is_out_of_reach(self, stack: Stack, site: Site) -> None:
        """That says nothing of the token: the function may reach it."""
        stack.slack.faults.add(method="auth.test", http_status=503)

        found = one(lambda: slack.check_token(site), "Slack token", site)

        assert Mark.UNSURE is found.mark
        assert "Slack does not answer this machine (HTTP 503)" == found.found

    @pytest.mark.parametrize(
        ("scopes", "mark"),
        [(["channels:read"], Mark.BAD), (["chat:write"], Mark.UNSURE)],
    )
    def test_scopes(self, stack: Stack, site: Site, scopes: list[str], mark: Mark) -> None:
        """Without chat:write nothing is posted, without chat:write.public only by invitation."""
        stack.slack.set_scopes(scopes)

        assert mark is one(lambda: slack.check_token(site), "scopes", site).mark

    def test_channels_that_cannot_be_looked_at(self, stack: Stack, site: Site) -> None:
        """They are named all the same."""
        stack.slack.set_scopes(["chat:write", "chat:write.public"])
        list(slack.check_token(site))

        found = self.channels(site)

        assert Mark.UNSURE is found.mark
        assert "#alerts, #security, #security-ops" in found.found
        assert "channels:read" in found.cure

    def test_a_channel_that_a_route_names_is_missing(self, stack: Stack, ready: Site) -> None:
        """It is listed, to be created."""
        stack.put_routes([{"kind": "route", "name": "new", "order": 3, "channel": "#nowhere"}])

        found = self.channels(ready, "missing channels")

        assert Mark.BAD is found.mark
        assert ["#nowhere"] == found.facts["missing"]
        assert "create in Slack: #nowhere" == found.cure
        assert 'route "new"' in found.found

    def test_a_channel_that_a_template_needs_is_missing(self, stack: Stack, ready: Site) -> None:
        """It is filled by the router's own decision about the findings of the last days."""
        stack.put_routes(
            [
                {"kind": "account", "name": MEMBER, "alias": "payments"},
                {"kind": "route", "name": "a", "order": 3, "channel": "#{account}-{product}"},
            ]
        )
        now = datetime.now(UTC).isoformat()
        for number, account in enumerate((MEMBER, MEMBER, "444455556666")):
            stack.aws.security_hub.load(
                raw_finding(f"finding-{number}", AwsAccountId=account, UpdatedAt=now)
            )
        stack.aws.security_hub.load(
            raw_finding("old", AwsAccountId="777788889999", UpdatedAt="2020-01-01T00:00:00Z")
        )

        found = self.channels(ready, "missing channels")

        assert ["#444455556666-guardduty", "#payments-guardduty"] == found.facts["missing"]
        assert "3 findings of 30 days" in found.found

    def test_a_channel_that_is_archived(self, stack: Stack, ready: Site) -> None:
        """Slack takes no messages for it."""
        stack.slack.add_channel("#alerts", archived=True)

        found = self.channels(ready, "archived channels")

        assert (Mark.BAD, ["#alerts"]) == (found.mark, found.facts["archived"])

    def test_a_channel_without_the_app(self, stack: Stack, site: Site) -> None:
        """It needs an invitation if the app may not post everywhere."""
        stack.slack.set_scopes(["chat:write", "channels:read"])
        stack.slack.add_channel("#alerts", member=False)
        list(slack.check_token(site))

        found = self.channels(site, "closed channels")

        assert (Mark.BAD, ["#alerts"]) == (found.mark, found.facts["closed"])
        assert "/invite @Security Hub" in found.cure

    def test_an_item_of_the_table_is_wrong(self, stack: Stack, site: Site) -> None:
        """The command that tells more is named."""
        stack.put_routes([{"kind": "route", "name": "bad", "order": 3, "channel": "Not A Channel"}])

        found = one(lambda: needs.check_routes(site, needs.Needs()), "routes", site)

        assert Mark.BAD is found.mark
        assert "finding-router routes check" == found.cure

    def test_a_wrong_item_that_goes_on_in_its_last_valid_version(
        self, stack: Stack, site: Site
    ) -> None:
        """The channels that the router posts to are those of that version."""
        stack.put_routes([{"kind": "route", "name": "bad", "order": 3, "channel": "Not A Channel"}])
        before = {"kind": "route", "name": "bad", "channel": "#before"}
        DynamoLastValid(site.stack.ledger()).write(
            LastValid(items={("route", "bad"): before}, read_at=1.0, version=1)
        )
        needed = needs.Needs()

        found = one(lambda: needs.check_routes(site, needed), "routes", site)

        assert Mark.BAD is found.mark
        assert "1 of the items are wrong, 1 go on in a valid version" in found.found
        assert "#before" in needed.channels

    def test_a_card_that_slack_refuses(self, stack: Stack, ready: Site) -> None:
        """It is named; the router would post it as plain text."""
        stack.slack.faults.add(method="blocks.validate", error="invalid_message")

        found = one(lambda: slack.check_cards(ready), "cards", ready)

        assert Mark.BAD is found.mark
        assert "Slack refuses 1 of" in found.found

    def test_a_slack_that_checks_no_cards(self, stack: Stack, ready: Site) -> None:
        """The check is skipped, and says so."""
        stack.slack.faults.add(method="blocks.validate", error="unknown_method")

        found = one(lambda: slack.check_cards(ready), "cards", ready)

        assert (Mark.UNSURE, "skipped: blocks.validate answers unknown_method") == (
            found.mark,
            found.found,
        )


class TestSend:
    """`--send`: one finding on its whole way, and back."""

    def test_it_comes_and_goes(self, stack: Stack) -> None:
        """The message is posted and deleted, the finding NOTIFIED and archived."""
        code, said = doctor("--send", "--seconds", "20")

        assert 0 == code, [each for each in said["checks"] if each["mark"] != "good"]
        sent, away = said["checks"][-2:]
        assert ("finding sent", "good", ["#alerts"], True) == (
            sent["topic"],
            sent["mark"],
            sent["channels"],
            sent["is_notified"],
        )
        assert ("taken away", "good") == (away["topic"], away["mark"])
        stack.drain()
        assert [] == stack.slack.messages()
        calls = stack.slack.statistics.calls
        assert (1, 1) == (calls["chat.postMessage"], calls["chat.delete"])
        [finding] = stack.findings()
        assert ("NOTIFIED", "ARCHIVED") == (finding["Workflow"]["Status"], finding["RecordState"])

    def test_it_does_not_come(self, stack: Stack, site: Site) -> None:
        """The way is broken, and where to look is said; the finding is archived all the same."""
        events, name = stack.aws.client("events"), stack.deployment.rule.physical_name
        events.disable_rule(Name=name)
        list(slack.check_token(site))

        [found] = trial.send_trial(site, seconds=0.5)

        assert Mark.BAD is found.mark
        assert "nothing in the Ledger" in found.found
        assert "aws logs tail" in found.cure
        assert ["ARCHIVED"] == [each["RecordState"] for each in stack.findings()]
        events.enable_rule(Name=name)

    def test_a_message_that_cannot_be_deleted(self, stack: Stack, site: Site) -> None:
        """Its channel is named."""
        stack.slack.faults.add(method="chat.delete", error="cant_delete_message")
        list(slack.check_token(site))

        _, found = trial.send_trial(site, seconds=20)

        assert Mark.UNSURE is found.mark
        assert "#alerts (cant_delete_message)" in found.found

    def test_routes_that_drop_it(self, stack: Stack, site: Site) -> None:
        """Nothing is sent."""
        stack.put_routes([{**EVERYTHING, "action": "drop"}])
        list(slack.check_token(site))

        [found] = trial.send_trial(site, seconds=1)

        assert (Mark.UNSURE, []) == (found.mark, stack.findings())
