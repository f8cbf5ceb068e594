"""`finding-router redrive`: send dead letters and undelivered events through the router again."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
from botocore.exceptions import BotoCoreError, ClientError

from finding_router.counts import counted
from finding_router_cli.account import Account, account_options
from finding_router_cli.help_text import example
from finding_router_local import TEMPLATE
from finding_router_local.running import find_running

TARGET: Final = "FindingsQueue"
# Presses of buttons have a queue of their own, where the stack takes any.
PRESSES: Final = "ActionsQueue"
_KINDS: Final = frozenset({"press", "check"})
SOURCES: Final = ("DeadLetters", "UndeliveredEvents")
_MESSAGES_PER_CALL: Final = 10
# Without a wait time, SQS queries only some of its servers and may miss messages.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
_WAIT_SECONDS: Final = 2
_POLL_SECONDS: Final = 1.0
_RUNNING: Final = frozenset({"RUNNING", "CANCELLING"})


class RedriveError(Exception):
    """Messages could not be moved; they stay in their queue."""


class UnseenMoveError(Exception):
    """SQS is moving messages, but its progress cannot be read."""


@click.command(epilog=example("finding-router redrive --queue UndeliveredEvents"))
@click.option(
    "--queue",
    type=click.Choice(SOURCES),
    default=SOURCES[0],
    show_default=True,
    help="Whose messages go back: findings that were given up, or events that never arrived.",
)
@account_options
@click.option(
    "--template",
    type=click.Path(dir_okay=False, path_type=Path),
    default=TEMPLATE,
    hidden=True,
)
def redrive(
    *,
    queue: str,
    stack: str | None,
    profile: str | None,
    region: str | None,
    template: Path,
) -> None:
    """
    Send the messages of a dead letter queue through the router again.

    Without --stack, they are those of the stack that `local up` keeps running. Run it once the
    cause is fixed; findings already posted are not posted again. In AWS the move
    is an SQS message move task under your credentials. If SQS refuses it, the messages are moved
    one by one.
    """
    try:
        if stack is None:
            if profile or region:
                raise click.UsageError("name the deployed stack with --stack")
            account, urls = _local(template)
        else:
            account = Account(profile=profile, region=region)
            urls = _deployed(account, stack)
        with account.in_sentences():
            sqs = account.client("sqs")
            moved = move_all if stack is None else move
            presses = urls.get(PRESSES) if queue == SOURCES[0] else None
            count = moved(sqs, source=urls[queue], target=urls[TARGET], presses=presses)
    except UnseenMoveError as unseen:
        click.echo(f"SQS is moving the messages from {queue} to {TARGET}; {unseen}")
        return
    except RedriveError as error:
        raise click.ClickException(str(error)) from error
    to = TARGET if presses is None else f"{TARGET}, or to {PRESSES} if they are presses"
    click.echo(f"{counted(count, 'message')} moved from {queue} to {to}")


def move(sqs: Any, *, source: str, target: str, presses: str | None = None) -> int:
    """
    Move all messages of the queue at URL *source* to *target*, and return their number.

    With a queue of *presses*, SQS moves each message to the queue that gave it up.

    Raises:
        UnseenMoveError: The move has started, but its progress cannot be read.
        RedriveError: SQS ended the move early.
        ClientError: SQS refuses both the task and moving one by one.

    """
    arns = {url: _arn(sqs, url) for url in (source, target)}
    try:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
        to = {"DestinationArn": arns[target]} if presses is None else {}
        sqs.start_message_move_task(SourceArn=arns[source], **to)
    except ClientError:
        return move_all(sqs, source=source, target=target, presses=presses)
    task = _task(sqs, arns[source])
    while task["Status"] in _RUNNING:
        time.sleep(_POLL_SECONDS)
        task = _task(sqs, arns[source])
    if task["Status"] != "COMPLETED":
        reason = task.get("FailureReason", "no reason given")
        raise RedriveError(f"SQS ended the move as {task['Status']}: {reason}")
    return int(task.get("ApproximateNumberOfMessagesMoved", 0))


def move_all(sqs: Any, *, source: str, target: str, presses: str | None = None) -> int:
    """
    Move the messages one by one, and return their number; those of presses go to *presses*.

    Each message is deleted after it is sent. A crash in between leaves it in both queues, and the
    router recognises the second as a duplicate.
    """
    moved = 0
    while messages := _receive(sqs, source):
        for message in messages:
            to = presses if presses and _is_press(message["Body"]) else target
            sqs.send_message(QueueUrl=to, MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
    return moved


def _is_press(body: str) -> bool:
    """Return True for a message of the queue of presses."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("kind") in _KINDS


def _task(sqs: Any, source_arn: str) -> dict[str, Any]:
    """Return the most recent move task of a queue."""
    try:
        [task, *_] = sqs.list_message_move_tasks(SourceArn=source_arn)["Results"]
    except (BotoCoreError, ClientError) as error:
        raise UnseenMoveError(
            f"its progress cannot be read ({error}): watch the queue, "
            "or allow sqs:ListMessageMoveTasks"
        ) from error
    return dict(task)


def _receive(sqs: Any, queue_url: str) -> list[dict[str, Any]]:
    answer = sqs.receive_message(
        QueueUrl=queue_url,
        MaxNumberOfMessages=_MESSAGES_PER_CALL,
        WaitTimeSeconds=_WAIT_SECONDS,
    )
    return list(answer.get("Messages", []))


def _arn(sqs: Any, url: str) -> str:
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


def _deployed(account: Account, stack: str) -> dict[str, str]:
    """Return the URLs of the stack's queues by logical id."""
    urls = {
        logical_id: physical_id
        for logical_id, (physical_id, kind) in account.resources(stack).items()
        if kind == "AWS::SQS::Queue"
    }
    if missing := {TARGET, *SOURCES} - urls.keys():
        names = ", ".join(sorted(missing))
        raise RedriveError(f"stack {stack} has no queue {names}: it is not one of this router")
    return urls


def _local(template: Path) -> tuple[Account, Mapping[str, str]]:
    running = find_running(template.parent)
    if running is None:
        raise RedriveError("name the deployed stack with --stack: no local one is running")
    return Account.of_running(running.url, running.region), running.queues
