"""Each alarm of the template: its cause shows where the alarm looks, and its remedy ends well."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from finding_router_cli.redrive import move, move_all
from finding_router_cli.redrive import redrive as redrive_command
from finding_router_local import TEMPLATE
from finding_router_local.faults import Fault
from finding_router_local.running import announce
from finding_router_local.stack import Stack
from hub_events import PRODUCT_ARN, imported, raw_finding
from router import ALERTS, EVERYTHING
from sns_events import sns_event, state

OPS = "#security-ops"
MOST_TRIES = 3
BACKLOG_SECONDS = 900
DOCUMENT = TEMPLATE.parent / "docs/operations.md"


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    """Run one stack for all tests here, with few tries."""
    with Stack() as stack:
        sqs = stack.aws.client("sqs")
        queues = stack.deployment.queues
        dead = sqs.get_queue_attributes(
            QueueUrl=queues["DeadLetters"], AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]
        policy = {"deadLetterTargetArn": dead, "maxReceiveCount": MOST_TRIES}
        sqs.set_queue_attributes(
            QueueUrl=queues["FindingsQueue"], Attributes={"RedrivePolicy": json.dumps(policy)}
        )
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    """Return an empty stack that routes everything to one channel."""
    running.reset()
    running.slack.set_token_state("active")
    running.put_routes([EVERYTHING])
    return running


def redrive(stack: Stack, queue: str) -> int:
    """Send the messages in *queue* back, as the command does."""
    urls = stack.deployment.queues
    return move_all(stack.aws.client("sqs"), source=urls[queue], target=urls["FindingsQueue"])


def counted(stack: Stack, metric: str) -> int:
    """Add up the values of *metric* that the function sent to CloudWatch."""
    total = 0
    for text in stack.journal.log:
        if '"_aws"' in text and f'"{metric}"' in text:
            value = json.loads(text)[metric]
            total += int(sum(value) if isinstance(value, list) else value)
    return total


def check_well(stack: Stack, finding_id: str = "finding-1") -> None:
    """Check that the finding is posted once, NOTIFIED, and no longer in a queue."""
    texts = [message.text for message in stack.slack.messages(ALERTS)]
    assert 1 == len([text for text in texts if finding_id in text])
    assert "NOTIFIED" == stack.workflow_status(PRODUCT_ARN, finding_id)
    assert not any(map(stack.queued, stack.deployment.queues))


def test_dead_letters(stack: Stack) -> None:
    """The dead letters of an outage are sent back, and posted."""
    stack.slack.faults.add(error="service_unavailable", times=None)
    stack.put(imported(raw_finding()))
    assert stack.drain()
    assert 1 == len(stack.queued("DeadLetters"))

    stack.slack.faults.clear()

    assert 1 == redrive(stack, "DeadLetters")
    assert stack.drain()
    check_well(stack)


def test_redrive_says_nothing_twice(stack: Stack) -> None:
    """A dead letter that was posted before the outage is only marked."""
    stack.aws.faults.add(Fault(effect="outage", service="securityhub", times=None))
    stack.put(imported(raw_finding()))
    assert stack.drain()
    assert 1 == len(stack.queued("DeadLetters"))
    assert 1 == len(stack.slack.messages(ALERTS))

    stack.aws.faults.clear()
    redrive(stack, "DeadLetters")

    assert stack.drain()
    check_well(stack)


def test_undelivered_events(stack: Stack) -> None:
    """Events that EventBridge could not put into the queue are moved on."""
    fault = Fault(effect="error", operation="SendMessage", containing="FindingsQueue", times=3)
    stack.aws.faults.add(fault)
    stack.put(imported(raw_finding()))
    assert 1 == len(stack.queued("UndeliveredEvents"))

    stack.aws.faults.clear()

    assert 1 == redrive(stack, "UndeliveredEvents")
    assert stack.drain()
    check_well(stack)


def test_undelivered_calls(stack: Stack) -> None:
    """Calls without an effect are moved on with events: a wake-up ends, an alarm is told once."""
    sqs, queue = stack.aws.client("sqs"), stack.deployment.queues["UndeliveredEvents"]
    untold = {"requestContext": {}, "requestPayload": sns_event(state("ALARM"))}
    before = counted(stack, "EventsRefused")
    for body in (stack.deployment.schedule.event, untold, untold, imported(raw_finding())):
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(body))
    stack.aws.security_hub.load(raw_finding())

    assert 4 == redrive(stack, "UndeliveredEvents")
    assert stack.drain()
    check_well(stack)
    texts = [message.text for message in stack.slack.messages()]
    assert 1 == len([text for text in texts if "“router-dead-letters” went off" in text])
    assert before == counted(stack, "EventsRefused")


def test_wake_ups(stack: Stack) -> None:
    """Only a wake-up that read what waits counts a zero, whatever batches count."""

    def zeros() -> int:
        lines = [
            text for text in stack.journal.log if '"_aws"' in text and "FindingsFailed" in text
        ]
        return sum(0.0 in json.loads(line)["FindingsFailed"] for line in lines)

    stack.slack.faults.add(http_status=503, times=1)
    stack.send([imported(raw_finding())], tries=1)
    before = zeros()
    stack.aws.faults.add(Fault(effect="outage", operation="Query", containing="bins", times=None))
    with suppress(OSError):
        stack.wake()
    assert before == zeros()

    stack.aws.faults.clear()
    stack.wake()

    assert before + 1 == zeros()
    assert stack.drain()
    check_well(stack)


def test_refused_events(stack: Stack) -> None:
    """What the function does not take is counted, and named in the log."""
    before = counted(stack, "EventsRefused")
    event = imported(raw_finding()) | {"detail-type": "Security Hub Findings - Changed"}
    stack.aws.client("sqs").send_message(
        QueueUrl=stack.deployment.queues["FindingsQueue"], MessageBody=json.dumps(event)
    )
    assert stack.drain()

    assert before + 1 == counted(stack, "EventsRefused")
    assert any("Security Hub Findings - Changed" in text for text in stack.journal.log)


def test_lost_events(stack: Stack) -> None:
    """Events that EventBridge lost are still NEW in Security Hub, which can send them again."""
    stack.aws.faults.add(Fault(effect="outage", operation="SendMessage", times=None))
    with pytest.raises(ConnectionError):
        stack.put(imported(raw_finding()))
    assert not any(map(stack.queued, stack.deployment.queues))

    stack.aws.faults.clear()
    stack.aws.client("securityhub").batch_update_findings(
        FindingIdentifiers=[{"ProductArn": PRODUCT_ARN, "Id": "finding-1"}],
        Workflow={"Status": "NEW"},
    )

    assert stack.drain()
    check_well(stack)


def test_backlog(stack: Stack) -> None:
    """Findings wait until a worker takes them, and are then posted."""
    stack.aws.faults.add(Fault(effect="outage", operation="ReceiveMessage", times=None))
    before = stack.journal.tries
    stack.put(imported(raw_finding()))
    stack.advance(BACKLOG_SECONDS)
    assert 1 == len(stack.queued_ids())
    assert before == stack.journal.tries

    stack.aws.faults.clear()

    assert stack.drain()
    check_well(stack)


def test_failing(stack: Stack) -> None:
    """Findings come back while Slack is down, counted each time, and are then posted."""
    stack.slack.faults.add(http_status=503, times=2)
    before = counted(stack, "FindingsFailed")
    [outcome] = stack.send([imported(raw_finding())], tries=2)
    assert "failed" == outcome.outcome
    assert 1 == len(stack.queued_ids())
    assert before + 2 == counted(stack, "FindingsFailed")

    assert stack.drain()
    check_well(stack)


def test_failing_beside_others(stack: Stack) -> None:
    """A record that is retried is counted though the rest of its batch is posted."""
    match = {"Id": ["finding-2"]}
    stack.put_routes([{"kind": "route", "name": "other", "match": match, "channel": "#other"}])
    stack.advance(2)
    stack.slack.faults.add(channel="#other", http_status=503)
    before = counted(stack, "FindingsFailed")
    event = imported(raw_finding(), raw_finding("finding-2"))
    assert ["posted", "failed"] == [each.outcome for each in stack.send([event], tries=1)]
    assert before + 1 == counted(stack, "FindingsFailed")

    assert stack.drain()
    check_well(stack, "finding-2")


def test_errors(stack: Stack) -> None:
    """A function that dies leaves its findings in the queue for the next one."""
    stack.aws.faults.add(Fault(effect="kill_before", service="dynamodb"))
    [outcome] = stack.send([imported(raw_finding())], tries=1)
    assert "failed" == outcome.outcome
    assert outcome.detail.startswith("Runtime exited")

    assert stack.drain()
    check_well(stack)


def test_slack_token(stack: Stack) -> None:
    """A token that is revoked is counted; with a valid one the findings go on."""
    stack.slack.set_token_state("revoked")
    stack.send([imported(raw_finding())], tries=1)
    assert counted(stack, "CredentialFailures")
    assert "NEW" == stack.workflow_status(PRODUCT_ARN, "finding-1")

    stack.slack.set_token_state("active")

    assert stack.drain()
    check_well(stack)


def test_invalid_routes(stack: Stack) -> None:
    """A wrong item is counted and named in the ops channel; mended, it counts no more."""
    wrong: dict[str, Any] = {"kind": "route", "name": "typo", "match": {"Severity": []}}
    stack.put_routes([{**wrong, "channel": "#typo"}])
    stack.send([imported(raw_finding())])
    assert counted(stack, "InvalidRoutes")
    assert any("typo" in str(message.sent) for message in stack.slack.messages(OPS))

    right = {"Severity": {"Label": ["HIGH"]}}
    stack.put_routes([{**wrong, "match": right, "channel": "#typo"}])
    stack.advance(2)
    before = counted(stack, "InvalidRoutes")
    [outcome] = stack.send([imported(raw_finding("finding-2"))])

    assert before == counted(stack, "InvalidRoutes")
    assert {ALERTS, "#typo"} == {each.channel for each in outcome.channels}


def test_redrive_command(stack: Stack, tmp_path: Any) -> None:
    """The command finds the running stack, and prints how many messages it moved."""
    stack.slack.faults.add(error="service_unavailable", times=None)
    stack.put(imported(raw_finding()))
    stack.drain()
    stack.slack.faults.clear()
    arguments = ["--template", str(tmp_path / "template.yaml")]

    with announce(stack.id, stack.aws.url, tmp_path):
        result = CliRunner().invoke(redrive_command, arguments)

    assert "1 message moved from DeadLetters to FindingsQueue\n" == result.output
    assert stack.drain()
    check_well(stack)


def test_redrive_command_without_a_stack(tmp_path: Any) -> None:
    """Where nothing runs, it asks for the name of the deployed stack."""
    result = CliRunner().invoke(redrive_command, ["--template", str(tmp_path / "template.yaml")])

    assert 1 == result.exit_code
    assert "--stack" in result.output


class MoveTasks:
    """The part of SQS that moves messages by itself, which the local one lacks."""

    def __init__(self, *states: dict[str, Any]) -> None:
        self.states = list(states)
        self.started: list[tuple[str, str | None]] = []

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> Any:  # noqa: ARG002, N803 -- boto3's names
        """Name a queue by its URL."""
        return {"Attributes": {"QueueArn": f"arn of {QueueUrl}"}}

    def start_message_move_task(self, *, SourceArn: str, DestinationArn: str | None = None) -> None:  # noqa: N803 -- same
        """Start a task; without a destination each message goes back to where it was given up."""
        self.started.append((SourceArn, DestinationArn))

    def list_message_move_tasks(self, *, SourceArn: str) -> Any:  # noqa: ARG002, N803 -- same
        """Return the next state of the task."""
        return {"Results": [self.states.pop(0)]}


def test_move_task_of_sqs(monkeypatch: pytest.MonkeyPatch) -> None:
    """In AWS the move is a task of SQS, which is waited for."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    sqs = MoveTasks(
        {"Status": "RUNNING"}, {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 7}
    )

    assert 7 == move(sqs, source="dead", target="queue")
    assert [("arn of dead", "arn of queue")] == sqs.started


def test_presses_go_back_to_their_own_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """By SQS, or one by one where it may not be asked to."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    sqs = MoveTasks({"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 2})
    press, check = '{"v":1,"kind":"press"}', '{"v":1,"kind":"check"}'
    others = [json.dumps(imported(raw_finding())), "no JSON", "[]"]
    bodies = [press, *others, check]
    sent: dict[str, list[str]] = {"queue": [], "presses": []}
    receipts = [[{"Body": body, "ReceiptHandle": "r"} for body in bodies], []]
    one_by_one = SimpleNamespace(
        receive_message=lambda **_: {"Messages": receipts.pop(0)},
        send_message=lambda QueueUrl, MessageBody: sent[QueueUrl].append(MessageBody),  # noqa: N803 -- boto3's names
        delete_message=lambda **_: None,
    )

    assert 2 == move(sqs, source="dead", target="queue", presses="presses")
    assert [("arn of dead", None)] == sqs.started
    assert 5 == move_all(one_by_one, source="dead", target="queue", presses="presses")
    assert {"queue": others, "presses": [press, check]} == sent


def test_a_move_that_cannot_be_watched_is_no_failure(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The move has begun: the command says so, and that it cannot watch it."""
    urls = stack.deployment.queues
    tasks = MoveTasks()
    denied = {"Error": {"Code": "AccessDenied", "Message": "not allowed"}}

    def deny(**_: Any) -> None:
        raise ClientError(denied, "ListMessageMoveTasks")  # type: ignore[arg-type]  # all that AWS says

    tasks.list_message_move_tasks = deny  # type: ignore[method-assign]  # AWS, with fewer permissions
    monkeypatch.setattr("finding_router_cli.redrive._deployed", lambda *_: urls)
    monkeypatch.setattr("boto3.Session", lambda **_: SimpleNamespace(client=lambda _: tasks))

    result = CliRunner().invoke(redrive_command, ["--stack", "deployed"])

    assert 0 == result.exit_code
    assert "SQS is moving the messages from DeadLetters to FindingsQueue" in result.output
    assert "sqs:ListMessageMoveTasks" in result.output
    assert 1 == len(tasks.started)


class SomeServers:
    """SQS, where every other receipt that does not wait meets servers without messages."""

    def __init__(self, count: int) -> None:
        self.left = [{"Body": str(number), "ReceiptHandle": "r"} for number in range(count)]
        self.moved: list[str] = []
        self.receipts = 0

    def receive_message(self, *, MaxNumberOfMessages: int, **how: Any) -> Any:  # noqa: N803 -- boto3's name
        """Return some, unless it asks the wrong servers."""
        self.receipts += 1
        if not how.get("WaitTimeSeconds") and self.receipts % 2 == 0:
            return {}
        some, self.left = self.left[:MaxNumberOfMessages], self.left[MaxNumberOfMessages:]
        return {"Messages": some} if some else {}

    def send_message(self, *, MessageBody: str, **_: Any) -> None:  # noqa: N803 -- same
        """Keep it."""
        self.moved.append(MessageBody)

    def delete_message(self, **_: Any) -> None:
        """Forget it."""


def test_one_by_one_all_are_moved() -> None:
    """Wherever in SQS they are."""
    sqs = SomeServers(25)

    assert 25 == move_all(sqs, source="dead", target="queue")
    assert [str(number) for number in range(25)] == sqs.moved


def test_move_where_sqs_refuses_the_task(stack: Stack) -> None:
    """Without move tasks messages are moved one by one."""
    fault = Fault(
        effect="error",
        operation="StartMessageMoveTask",
        code="AWS.SimpleQueueService.UnsupportedOperation",
        status=400,
    )
    stack.aws.faults.add(fault)
    urls = stack.deployment.queues
    sqs = stack.aws.client("sqs")
    sqs.send_message(
        QueueUrl=urls["DeadLetters"], MessageBody=json.dumps(imported(raw_finding("finding-3")))
    )
    stack.aws.security_hub.load(raw_finding("finding-3"))

    assert 1 == move(sqs, source=urls["DeadLetters"], target=urls["FindingsQueue"])
    assert stack.drain()
    check_well(stack, "finding-3")


def test_document_names_every_alarm() -> None:
    """The document states the meaning and the remedy of every alarm."""
    alarms = re.findall(
        r"AlarmName: !Sub \$\{AWS::StackName\}-([\w-]+)", TEMPLATE.read_text("utf-8")
    )
    headings = re.findall(r"^### `…-([\w-]+)`", DOCUMENT.read_text("utf-8"), re.MULTILINE)

    assert sorted(alarms) == sorted(headings)
