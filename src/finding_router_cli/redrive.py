"""`finding-router redrive`: sends what was given up, or never arrived, through the router again."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from finding_router.counts import counted
from finding_router_local import TEMPLATE
from finding_router_local.running import find_running

TARGET: Final = "FindingsQueue"
SOURCES: Final = ("DeadLetters", "UndeliveredEvents")
_MESSAGES_PER_CALL: Final = 10
# Without waiting SQS asks some of its servers only, and may give nothing of what there is.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
_WAIT_SECONDS: Final = 2
_POLL_SECONDS: Final = 1.0
_RUNNING: Final = frozenset({"RUNNING", "CANCELLING"})


class RedriveError(Exception):
    """Messages could not be moved; it says why, and those not moved stay where they are."""


class UnseenMoveError(Exception):
    """SQS moves messages, and does not let us see how far it is."""


@click.command()
@click.option(
    "--queue",
    type=click.Choice(SOURCES),
    default=SOURCES[0],
    show_default=True,
    help="Whose messages go back: findings that were given up, or events that never arrived.",
)
@click.option("--stack", help="Name of the deployed stack.  [default: what `local up` runs]")
@click.option("--region", help="Region of the deployed stack.  [default: that of your profile]")
@click.option(
    "--template",
    type=click.Path(dir_okay=False, path_type=Path),
    default=TEMPLATE,
    hidden=True,
)
def redrive(*, queue: str, stack: str | None, region: str | None, template: Path) -> None:
    """
    Send the messages of a dead letter queue through the router again.

    Do it once the cause is remedied: what was said before is not said again. In AWS the move is a
    task of SQS itself, with your credentials; where that is refused the messages are moved one by
    one.
    """
    try:
        if stack is None:
            sqs, urls = _local(template)
            count = move_all(sqs, source=urls[queue], target=urls[TARGET])
        else:
            session = boto3.Session(region_name=region)
            deployed = _deployed(session.client("cloudformation"), stack)
            count = move(session.client("sqs"), source=deployed[queue], target=deployed[TARGET])
    except UnseenMoveError as unseen:
        click.echo(f"SQS is moving the messages from {queue} to {TARGET}; {unseen}")
        return
    except (BotoCoreError, ClientError, RedriveError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{counted(count, 'message')} moved from {queue} to {TARGET}")


def move(sqs: Any, *, source: str, target: str) -> int:
    """
    Move every message of the queue at URL *source* to *target*; give how many there were.

    Raises:
        UnseenMoveError: the move has begun, and its end cannot be seen.
        RedriveError: SQS gave the move up.
        ClientError: SQS refuses both ways.

    """
    arns = {url: _arn(sqs, url) for url in (source, target)}
    try:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
        sqs.start_message_move_task(SourceArn=arns[source], DestinationArn=arns[target])
    except ClientError:
        return move_all(sqs, source=source, target=target)
    task = _task(sqs, arns[source])
    while task["Status"] in _RUNNING:
        time.sleep(_POLL_SECONDS)
        task = _task(sqs, arns[source])
    if task["Status"] != "COMPLETED":
        reason = task.get("FailureReason", "no reason given")
        raise RedriveError(f"SQS ended the move as {task['Status']}: {reason}")
    return int(task.get("ApproximateNumberOfMessagesMoved", 0))


def move_all(sqs: Any, *, source: str, target: str) -> int:
    """
    Move message by message; give how many there were.

    Each is deleted after it was sent: whoever dies in between leaves it in both queues, and the
    router takes the second for the duplicate that it is.
    """
    moved = 0
    while messages := _receive(sqs, source):
        for message in messages:
            sqs.send_message(QueueUrl=target, MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
    return moved


def _task(sqs: Any, source_arn: str) -> dict[str, Any]:
    """Give the newest move of a queue."""
    try:
        [task, *_] = sqs.list_message_move_tasks(SourceArn=source_arn)["Results"]
    except (BotoCoreError, ClientError) as error:
        raise UnseenMoveError(
            f"how many and how far is not to be seen ({error}): watch the queue, "
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


def _deployed(cloudformation: Any, stack: str) -> dict[str, str]:
    """Give the URLs of the stack's queues by logical id."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    urls = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::SQS::Queue"
    }
    if missing := {TARGET, *SOURCES} - urls.keys():
        names = ", ".join(sorted(missing))
        raise RedriveError(f"stack {stack} has no queue {names}: it is not one of this router")
    return urls


def _local(template: Path) -> tuple[Any, Mapping[str, str]]:
    running = find_running(template.parent)
    if running is None:
        raise RedriveError("name the deployed stack with --stack: no local one is running")
    sqs = boto3.client(
        "sqs",
        endpoint_url=running.url,
        region_name=running.region,
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 -- opens nothing but the local stack
    )
    return sqs, running.queues
