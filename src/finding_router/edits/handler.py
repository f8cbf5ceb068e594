"""The entry of the function that answers edits: a batch of the RoutingTable's stream."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from finding_router.aws.attributes import readable_item
from finding_router.aws.clients import DynamoDB
from finding_router.aws.decided import DynamoDecided
from finding_router.aws.items import Items
from finding_router.aws.last_valid import DynamoLastValid
from finding_router.aws.routing_table import KINDS, DynamoRoutingTable
from finding_router.bootstrap import make_pipeline
from finding_router.delivery.limits.deadline import Deadline, RemainingTime
from finding_router.edits.edit import Change
from finding_router.edits.review import Reviewer
from finding_router.edits.words import answer
from finding_router.errors import RouterError
from finding_router.isolation import isolated
from finding_router.pipeline import Pipeline
from finding_router.routing.items.item_key import key_of
from finding_router.settings import Settings
from finding_router.slack.kit.links import table_url
from finding_router.telemetry import logger, metrics

# The rest of a run is for Slack.
_POSTING_SECONDS: Final = 20.0


class _Parts(NamedTuple):
    settings: Settings
    reviewer: Reviewer
    pipeline: Pipeline


@cache
def _parts() -> _Parts:
    settings = Settings.from_environment()
    dynamodb = DynamoDB()
    items = Items(settings.ledger_table, dynamodb)
    reviewer = Reviewer(
        DynamoRoutingTable(settings.routing_table, dynamodb).items,
        DynamoLastValid(items),
        DynamoDecided(items),
        default_channel=settings.default_channel,
        allow_suppress=settings.allow_suppress,
    )
    return _Parts(settings, reviewer, make_pipeline(settings, dynamodb))


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: Mapping[str, Any], context: RemainingTime) -> dict[str, Any]:
    """
    Answer the edits in *event*, a batch of the RoutingTable's stream, with one notice.

    Returns:
        `{"batchItemFailures": []}`, or the first record there if the batch needs another try, which
        is then the same batch: what a stream has after it waits.

    """
    records = event.get("Records", [])
    try:
        return {"batchItemFailures": _answer(records, Deadline.of(context))}
    except RouterError as error:
        logger.warning("edits not answered", reason=str(error))
        return {"batchItemFailures": _first(records)}


def _answer(records: Sequence[Any], deadline: Deadline) -> list[dict[str, str]]:
    changes = read_changes(records)
    if not changes:
        return []
    settings, reviewer, pipeline = _parts()
    review = reviewer.review(changes, is_late=lambda: deadline.remaining() < _POSTING_SECONDS)
    if review is None:
        return []
    logger.info(
        "routing table edited",
        edits=[f"{edit.kind} {edit.name} {edit.verb}" for edit in review.edits],
        problems=list(map(str, review.after.problems)),
    )
    notice = answer(
        review,
        # Each try of the batch has the same topic, and a topic is posted once.
        topic=f"edits {_sequence_number(records[0])} {_sequence_number(records[-1])}",
        table=table_url(settings.aws_region, settings.routing_table) or "",
        cache_seconds=settings.route_cache_seconds,
    )
    return _first(records) if pipeline.post([notice], deadline) else []


def read_changes(records: Sequence[Any]) -> list[Change]:
    """Return the changes of *records*, in order; what is no record of an item is left out."""
    changes = []
    for record in records:
        with isolated("record of the stream not read", sequence=_sequence_number(record)):
            changed = record["dynamodb"]
            key = key_of(readable_item(changed["Keys"]))
            if key[0] in KINDS:
                before, after = (
                    readable_item(changed[image]) if image in changed else None
                    for image in ("OldImage", "NewImage")
                )
                changes.append(Change(key=key, before=before, after=after))
    return changes


def _first(records: Sequence[Any]) -> list[dict[str, str]]:
    return [{"itemIdentifier": _sequence_number(records[0])}] if records else []


def _sequence_number(record: Any) -> str:
    match record:
        case {"dynamodb": {"SequenceNumber": number}}:
            return str(number)
    return ""
