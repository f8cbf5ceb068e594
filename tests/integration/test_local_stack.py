"""The whole router in the embedded stack: from an event on the bus to message and status."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import urllib3

from faults.twins import in_ocsf
from finding_router.findings.finding import Severity
from finding_router.slack.kit.frame import CIRCLES
from finding_router_cli.local_report import line
from finding_router_local import EXAMPLE_ROUTES, TEMPLATE
from finding_router_local.faults import Fault
from finding_router_local.stack import Stack
from hub_events import imported, raw_finding

EVENTS = TEMPLATE.parent / "events"
EVENT = json.loads((EVENTS / "imported-guardduty-port-probe.json").read_text())
ROUTES = [
    {"kind": "account", "name": "444455556666", "alias": "web-shop"},
    {"kind": "route", "name": "everything", "match": {}, "channel": "#{account}-{product}"},
]
CHANNEL = "#web-shop-guardduty"
SAMPLES = Path(__file__).parents[2].parent / "shared/samples"


def new_event(id_: str, **changes: Any) -> Any:
    """Make an event about another finding."""
    event = copy.deepcopy(EVENT)
    event["detail"]["findings"][0] |= {"Id": id_, **changes}
    return event


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    """Run one stack for all tests here: it takes seconds to start."""
    with Stack() as stack:
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    """Return an empty stack whose one route names a channel by account and product."""
    running.reset()
    running.slack.set_token_state("active")
    running.put_routes(ROUTES)
    return running


def texts(stack: Stack, channel: Any = CHANNEL) -> Any:
    """Return the texts of the messages of a channel."""
    name = channel.removeprefix("#")
    return [each.text for each in stack.slack.messages() if each.channel_name == name]


def test_finding_is_posted_and_notified(stack: Stack) -> None:
    """A finding becomes a message in the routed channel, and Security Hub has NOTIFIED."""
    [outcome] = stack.send([EVENT])

    assert "posted" == outcome.outcome
    [delivered] = outcome.channels
    assert (CHANNEL, ("everything",)) == (delivered.channel, delivered.routes)
    assert "NOTIFIED" == outcome.workflow_status
    assert 1 == len(texts(stack))
    assert texts(stack)[0].startswith(CIRCLES[Severity(outcome.severity)])


def test_rule_filters_as_deployed(stack: Stack) -> None:
    """An event that the template's rule does not match never reaches the function, and is named."""
    unknown = new_event("a", Compliance={"Status": "NOT_AVAILABLE"})
    other = {"detail-type": "Other", "source": "aws.health"}
    insight = {"detail-type": "Security Hub Insight Results", "source": "aws.securityhub"}

    outcomes = stack.send([unknown, other, insight])

    assert ["filtered"] * 3 == [outcome.outcome for outcome in outcomes]
    assert [] == stack.slack.messages()


def test_own_update_comes_back_and_is_not_posted(stack: Stack) -> None:
    """The event caused by NOTIFIED posts nothing."""
    stack.send([EVENT])

    assert stack.drain()
    assert 1 == len(texts(stack))


def test_what_was_never_said_ends_unseen(stack: Stack) -> None:
    """The function looks at it, and leaves it."""
    archived, told = new_event("a", RecordState="ARCHIVED"), new_event("b")
    told["detail"]["findings"][0]["Workflow"] = {"Status": "NOTIFIED"}

    outcomes = stack.send([archived, told])

    assert ["archived", "not_new"] == [outcome.outcome for outcome in outcomes]
    assert [] == stack.slack.messages()


def test_what_security_hub_does_not_take_is_said(stack: Stack) -> None:
    """The finding is posted all the same; why it is not marked is told with its outcome."""
    event = copy.deepcopy(EVENT)
    event["detail"]["findings"][0]["Severity"] = "HIGH"

    [outcome] = stack.send([event])

    assert outcome.workflow_status is None
    assert outcome.detail.endswith("Security Hub does not take it: Severity is no structure")
    assert line(outcome).endswith("Security Hub does not take it: Severity is no structure")
    assert 1 == len(texts(stack))


def test_what_the_other_security_hub_refuses_is_named(stack: Stack) -> None:
    """A finding in OCSF is posted, and its line says why it has no status."""
    finding = in_ocsf(raw_finding(), severity_id="4")
    event = imported(finding, sent_at=stack.clock())

    [outcome] = stack.send([event])

    assert (None, "posted") == (outcome.workflow_status, outcome.outcome)
    assert line(outcome).endswith("Security Hub does not take it: severity_id is no integer")


def test_duplicate_events_say_nothing_twice(stack: Stack) -> None:
    """The same event again, at once or later, is a duplicate."""
    together = stack.send([EVENT, EVENT])
    later = stack.send([EVENT])

    assert ["duplicate", "posted"] == sorted(outcome.outcome for outcome in together)
    assert ["duplicate"] == [outcome.outcome for outcome in later]
    assert 1 == len(texts(stack))


def test_route_edited_in_the_table_takes_effect(stack: Stack) -> None:
    """The edited item routes the next finding, without a deployment."""
    stack.send([new_event("before")])
    stack.put_routes([{**ROUTES[1], "channel": "#elsewhere"}])
    stack.advance(2)

    [outcome] = stack.send([new_event("after")])

    assert ["#elsewhere"] == [each.channel for each in outcome.channels]


def test_events_are_dated_by_the_clock_of_the_stack(stack: Stack) -> None:
    """After a jump of the clock, a reopened finding is later than its end, which the router saw."""
    hub, finding = stack.aws.security_hub, EVENT["detail"]["findings"][0]
    archived = finding | {"RecordState": "ARCHIVED", "UpdatedAt": "2026-11-20T10:00:00.000Z"}
    hub.load(archived)
    stack.advance(600)
    stack.bus.put(EVENT)
    stack.drain()

    hub.batch_import_findings([finding | {"UpdatedAt": "2026-11-21T10:00:00.000Z"}])
    stack.drain()

    assert 2 == len(texts(stack))
    assert "Reopened, 2nd time" in texts(stack)[1]


def test_two_findings_of_an_event_have_an_outcome_each(stack: Stack) -> None:
    """Outcomes are counted by finding, and name the event that they came with."""
    event = json.loads((EVENTS / "imported-two-findings.json").read_text())

    outcomes = stack.send([new_event("alone"), event])

    assert [(0, "posted"), (1, "posted"), (1, "posted")] == [
        (outcome.event, outcome.outcome) for outcome in outcomes
    ]


def test_failure_is_retried_without_waiting(stack: Stack) -> None:
    """A throttled Security Hub only costs another try, and that no time."""
    stack.aws.faults.add(Fault(effect="unprocessed", code="InternalFailure", containing="retry-me"))

    [outcome] = stack.send([new_event("retry-me")])

    assert ("NOTIFIED", 2) == (outcome.workflow_status, outcome.tries)
    assert 1 == len(texts(stack))


def test_what_fails_for_ever_is_told(stack: Stack) -> None:
    """After its tries, a finding is reported as failed, not NOTIFIED."""
    stack.slack.set_token_state("revoked")

    [outcome] = stack.send([EVENT], tries=3)

    assert ("failed", "NEW", 3) == (outcome.outcome, outcome.workflow_status, outcome.tries)
    assert not outcome.is_settled


def test_what_fails_for_ever_ends_in_the_dead_letters(stack: Stack) -> None:
    """A message received as often as the redrive policy allows is a dead letter."""
    sqs, url = stack.aws.client("sqs"), stack.deployment.queues["FindingsQueue"]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    shortened = json.loads(policy["RedrivePolicy"]) | {"maxReceiveCount": 3}
    attributes = {"RedrivePolicy": json.dumps(shortened)}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    stack.slack.set_token_state("revoked")

    stack.send([EVENT])
    sqs.set_queue_attributes(QueueUrl=url, Attributes=policy)

    assert [EVENT] == stack.queued("DeadLetters")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(effect="kill_before", service="dynamodb", operation="PutItem"),
        Fault(effect="kill_after", service="dynamodb", operation="PutItem"),
        Fault(effect="kill_before", service="securityhub"),
        Fault(effect="kill_after", service="securityhub"),
    ],
    ids=lambda fault: f"{fault.effect}-{fault.service}",
)
def test_worker_that_is_killed_is_replaced(stack: Stack, fault: Fault) -> None:
    """Killed at a call, the worker's batch comes again, and ends well."""
    stack.aws.faults.add(fault)
    [process] = stack.processes
    first = process.pid

    [outcome] = stack.send([EVENT])

    assert first != process.pid
    assert "NOTIFIED" == outcome.workflow_status
    assert outcome.is_settled
    assert 1 == len(texts(stack))


def test_two_workers_share_a_flood() -> None:
    """Two processes work at the same time; each finding is posted once."""
    findings = [
        # Accounts of one name would be an alert to the operators.
        new_event(
            f"finding-{number}",
            AwsAccountId=f"{number % 8:012}",
            AwsAccountName=f"account-{number % 8}",
        )
        for number in range(40)
    ]
    with Stack(workers=2, parameters={"BatchSize": 5}) as stack:
        stack.put_routes(ROUTES)

        outcomes = stack.send(findings)

        with stack.aws.gate.holding("dynamodb"):
            callers = {call.caller for call in list(stack.aws.gate.recent) if call.caller}
        assert {"worker-0", "worker-1"} == callers
        assert {"posted"} == {outcome.outcome for outcome in outcomes}
        assert 40 == len(stack.slack.messages())


def test_function_that_fails_is_told() -> None:
    """Where the function itself breaks, its error is the detail."""
    with Stack(parameters={"DefaultChannel": "#security"}, make_invoke=_broken) as stack:
        [outcome] = stack.send([EVENT], tries=1)

    assert ("failed", "ImportError: no") == (outcome.outcome, outcome.detail)


def test_event_that_cannot_be_queued_is_kept(stack: Stack) -> None:
    """Like EventBridge the bus tries again, then leaves the event to the rule's dead letters."""
    fault = Fault(effect="error", operation="SendMessage", containing="FindingsQueue", times=4)
    stack.aws.faults.add(fault)

    undelivered, delivered = stack.send([new_event("first"), new_event("second")])

    assert ("missing", "posted") == (undelivered.outcome, delivered.outcome)
    assert not undelivered.is_settled
    assert ["first"] == [
        event["detail"]["findings"][0]["Id"] for event in stack.queued("UndeliveredEvents")
    ]
    assert ["NEW", "NOTIFIED"] == [each["Workflow"]["Status"] for each in stack.findings()]


def test_faults_are_planned_over_http(stack: Stack) -> None:
    """A program in another process adds, lists and clears faults."""
    address = f"{stack.aws.url}/_local/faults"

    added = urllib3.request("POST", address, json={"effect": "throttle", "service": "dynamodb"})
    refused = urllib3.request("POST", address, json={"effect": "throttle", "often": 3})
    urllib3.request("DELETE", address)

    assert [(0, 1)] == [(each["hits"], each["left"]) for each in added.json()]
    assert (400, "ValueError") == (refused.status, refused.json()["problem"].split(":")[0])
    assert [] == stack.aws.faults.state()


def test_stack_describes_itself(stack: Stack) -> None:
    """Another program learns addresses, tables and environment."""
    said = urllib3.request("GET", f"{stack.aws.url}/_local").json()

    assert stack.id == said["id"]
    assert stack.aws.url == said["environment"]["AWS_ENDPOINT_URL"]
    assert stack.deployment.tables == said["tables"]
    assert 404 == urllib3.request("GET", f"{stack.aws.url}/_local/nothing").status


def test_environment_names_the_machine_as_containers_do(stack: Stack) -> None:
    """All addresses in it lead to the host that is asked for."""
    environment = stack.environment("host.docker.internal")

    assert not [value for value in environment.values() if "127.0.0.1" in value]
    assert environment["SLACK_API_URL"].startswith("http://host.docker.internal:")


def test_token_may_be_a_parameter() -> None:
    """The token can stand in the Systems Manager parameter store instead."""
    with Stack(keeper="ssm") as stack:
        stack.put_routes(ROUTES)

        [outcome] = stack.send([EVENT])

        assert ":ssm:" in stack.function.environment["SLACK_TOKEN_ARN"]
        assert "posted" == outcome.outcome


def test_token_is_in_no_log_line(stack: Stack) -> None:
    """No log line of the function has the token."""
    stack.send([EVENT, new_event("other")])

    assert stack.journal.log
    assert not [line for line in stack.journal.log if stack.slack.token in line]


@pytest.mark.skipif(not SAMPLES.exists(), reason="the collected samples are not on this machine")
@pytest.mark.parametrize("name", ["events.ndjson", "findings.ndjson"])
def test_every_collected_finding_comes_to_a_named_end(stack: Stack, name: str) -> None:
    """Findings and events collected elsewhere all end in an outcome, none in an exception."""
    from finding_router_cli.inputs import read_events  # noqa: PLC0415 -- only where they are there

    events = read_events((SAMPLES / name).read_text(), name)
    stack.put_routes(json.loads(EXAMPLE_ROUTES.read_text()))

    outcomes = stack.send(events)

    assert len(outcomes) >= len(events)
    assert [] == [outcome for outcome in outcomes if not outcome.is_settled]
    assert not [line for line in stack.journal.log if "Traceback" in line]


def _broken(_function: Any) -> Any:
    def invoke(_event: Any) -> Any:
        from finding_router_local.invocation import Invocation  # noqa: PLC0415

        return Invocation(error="ImportError: no")

    return invoke


class TestFindingsV2:
    """Security Hub V2 beside CSPM: findings come in by import or by event."""

    FINDING: Final = {
        "activity_id": 1,
        "class_uid": 2004,
        "cloud": {"account": {"uid": "444455556666"}},
        "finding_info": {"title": "A port is probed", "uid": "finding-1"},
        "metadata": {
            "product": {"uid": "arn:aws:securityhub:eu-central-1::productv2/aws/guardduty"},
            "uid": "uid-1",
        },
        "severity_id": 4,
        "status_id": 3,
    }

    def test_import_stores_and_publishes(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The answer names what was imported, and what was not; the event is like AWS's."""
        published: list[Any] = []
        monkeypatch.setattr(stack.aws.security_hub, "publish", published.append)

        answer = _import_v2(stack, {"findings": [self.FINDING, {}]})

        assert 200 == answer.status
        assert ["uid-1"] == answer.json()["metadata_uids"]
        assert [1] == [each["index"] for each in answer.json()["failed"]]
        [found] = stack.aws.client("securityhub").get_findings_v2()["Findings"]
        assert "Suppressed" == found["status"]
        [event] = published
        assert ("Findings Imported V2", ["uid-1"]) == (event["detail-type"], event["resources"])

    @pytest.mark.parametrize("sent", [{}, {"findings": {}}, {"findings": "x"}, []])
    def test_import_names_a_mistake(self, stack: Stack, sent: object) -> None:
        """Anything but a list of findings is a mistake of the caller."""
        answer = _import_v2(stack, sent)

        assert 400 == answer.status
        assert answer.json()["problem"].startswith('an import is an object with "findings"')

    def test_event_is_known_to_v2_alone(self, stack: Stack) -> None:
        """A finding in an event of V2 is stored where BatchUpdateFindingsV2 finds it."""
        event = {"detail-type": "Findings Imported V2", "detail": {"findings": [self.FINDING, 1]}}

        stack.load(event)

        product = self.FINDING["metadata"]["product"]["uid"]
        assert "Suppressed" == stack.workflow_status(product, "finding-1")
        assert [] == stack.findings()
        stack.reset()
        assert stack.workflow_status(product, "finding-1") is None


def _import_v2(stack: Stack, sent: object) -> urllib3.BaseHTTPResponse:
    """Ask the control address to import findings of V2."""
    return urllib3.request("POST", f"{stack.aws.url}/_local/findings-v2", json=sent)
