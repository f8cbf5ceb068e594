"""The entry of the worker: a batch of ActionsQueue, or its schedule's call."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, Final, NamedTuple

from finding_router.actions.worker.desk import Desk
from finding_router.actions.worker.parts import Parts
from finding_router.actions.worker.ticket import work_on_tickets
from finding_router.aws.audit import DynamoAudit
from finding_router.aws.clients import DynamoDB
from finding_router.aws.items import Items
from finding_router.aws.people import PeopleCspm, PeopleV2
from finding_router.aws.queue import Queue
from finding_router.aws.routing_edits import DynamoRoutingEdits
from finding_router.bootstrap import make_desk, make_pipeline, make_routes, make_slack, make_stores
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.limits.deadline import SLACK_SECONDS, Deadline, RemainingTime
from finding_router.isolation import isolated
from finding_router.settings import Settings
from finding_router.slack.api.client import SlackClient
from finding_router.slack.api.people import SlackPeople
from finding_router.slack.kit.links import message_url
from finding_router.telemetry import logger, metrics, traced

SCHEDULE: Final = "finding-router.actions-schedule"


class _Worker(NamedTuple):
    desk: Desk
    queue: Queue
    parts: Parts


@cache
def _worker() -> _Worker:
    # Messages of the stack have buttons, or nobody could press; cards are always followed.
    settings = Settings.from_environment()._replace(actions=True, track_lifecycle=True)
    dynamodb = DynamoDB()
    items = Items(settings.ledger_table, dynamodb)
    stores = make_stores(settings, items)
    slack = make_slack(settings)
    queue = Queue(settings.actions_queue_url or "")
    routes = make_routes(settings, items, dynamodb)
    parts = Parts(
        ledger=stores.ledger,
        digests=stores.digests,
        locks=stores.locks,
        audit=DynamoAudit(items, days=settings.ledger_days),
        hubs=(PeopleCspm(), PeopleV2()),
        pipeline=make_pipeline(settings, dynamodb),
        table=routes.table,
        edits=DynamoRoutingEdits(settings.routing_table, dynamodb),
        people=SlackPeople(slack, base_url=settings.slack_api_url),
        slack=slack,
        later=queue,
        clock=time.time,
        stack=settings.stack_name or "",
        tickets=partial(
            make_desk,
            settings,
            stores,
            routes.table,
            card_url=partial(_card_url, cache(partial(_workspace_url, slack))),
        ),
        reminders=stores.reminders,
    )
    return _Worker(Desk(parts), queue, parts)


@logger.inject_lambda_context
@traced
@metrics.log_metrics
def lambda_handler(event: Mapping[str, Any], context: RemainingTime) -> dict[str, Any]:
    """
    Do what the presses in *event* ask for.

    Returns:
        For a batch `{"batchItemFailures": [{"itemIdentifier": id}]}` with the messages that come
        again; for the schedule's call an empty object.

    """
    deadline = Deadline.of(context)
    if event.get("source") == SCHEDULE:
        work_on_tickets(_worker().parts, deadline)
        return {}
    return _batch(event.get("Records", ()), deadline)


def _batch(records: Sequence[Mapping[str, Any]], deadline: Deadline) -> dict[str, Any]:
    desk, queue, _ = _worker()
    delays: dict[str, float] = {}
    again: list[str] = []
    for record in records:
        seconds: float | None = 1.0
        if deadline.allows():
            tries = _tries(record)
            seconds = desk.work(record.get("body"), tries=tries, deadline=deadline)
        if seconds is not None:
            again.append(record["messageId"])
            delays[str(record.get("receiptHandle"))] = seconds
    queue.delay(delays, deadline)
    return {"batchItemFailures": [{"itemIdentifier": each} for each in again]}


def _workspace_url(slack: SlackClient) -> str | None:
    """Return the address of the workspace, such as https://acme.slack.com/; None if not known."""
    with isolated("workspace not known"):
        url = slack.call("auth.test", {}, channel="", seconds=SLACK_SECONDS).get("url")
        return url if isinstance(url, str) and url.startswith("http") else None
    return None


def _card_url(workspace_url: Callable[[], str | None], alert: Alert) -> str | None:
    """Return the address of the card of *alert*, or of the digest that lists it."""
    if not (alert.ts and alert.posted_to):
        return None
    url = workspace_url()
    return message_url(url, alert.posted_to, alert.ts) if url else None


def _tries(record: Mapping[str, Any]) -> int:
    written = str((record.get("attributes") or {}).get("ApproximateReceiveCount", 1))
    return int(written) if written.isdecimal() else 1
