"""The steps of the pipeline, as calls that can be seen and made to fail from outside."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from finding_router_local.gate import Call

SLACK: Final = "slack"
DYNAMODB: Final = "dynamodb"
SECURITY_HUB: Final = "securityhub"
SQS: Final = "sqs"
_CLAIMED: Final = '"state": {"S": "claimed"}'
_POSTED: Final = '"state": {"S": "posted"}'
# The family of the item follows its state.
_OF_ALERT: Final = ', "family": {"S": "alert"}'
_OF_DIGEST: Final = ', "family": {"S": "digest"}'


@dataclass(frozen=True, slots=True)
class Step:
    """A kind of call: *containing* distinguishes it from others of the same operation."""

    name: str
    service: str
    operation: str
    containing: str = ""

    def is_about(self, call: Call) -> bool:
        """Return True if *call* is this step's."""
        return (self.service, self.operation) == (call.service, call.operation) and (
            self.containing.encode() in call.body
        )


POST: Final = "chat.postMessage"
LIST: Final = "conversations.list"
# Of these DynamoDB may do a part.
BATCHES: Final = frozenset({"BatchGetItem", "BatchWriteItem"})
_WRITES: Final = ("PutItem", "UpdateItem", "TransactWriteItems")
STEPS: Final[Sequence[Step]] = (
    Step("read routes", DYNAMODB, "Query", "#kind = :kind"),
    Step("read bins", DYNAMODB, "Query", '{"S": "bins"}'),
    Step("read bin", DYNAMODB, "Query", '{"S": "held#'),
    Step("read due", DYNAMODB, "Query", '{"S": "due#'),
    Step("count lines", DYNAMODB, "Query", "finding = :finding"),
    Step("read channels", DYNAMODB, "BatchGetItem", '"channel": {"S": "*"}'),
    Step("read digest", DYNAMODB, "BatchGetItem", '{"S": "digest#'),
    Step("read parent", DYNAMODB, "BatchGetItem", '{"S": "lines#'),
    Step("read cards", DYNAMODB, "BatchGetItem", '{"S": "seats#'),
    Step("take from bin", DYNAMODB, "BatchGetItem", '{"S": "held#'),
    Step("read ledger", DYNAMODB, "BatchGetItem"),
    Step("note channel", DYNAMODB, "UpdateItem", "ADD channels"),
    Step("slot to update", DYNAMODB, "UpdateItem", "pace#updates"),
    Step("slot", DYNAMODB, "UpdateItem", "pace#"),
    Step("remember NOTIFIED", DYNAMODB, "UpdateItem", "notified_at"),
    Step("open digest", DYNAMODB, "PutItem", _CLAIMED + _OF_DIGEST),
    Step("record parent", DYNAMODB, "PutItem", _POSTED + _OF_DIGEST),
    Step("claim", DYNAMODB, "PutItem", _CLAIMED + _OF_ALERT),
    Step("record", DYNAMODB, "PutItem", _POSTED + _OF_ALERT),
    Step("claim several", DYNAMODB, "TransactWriteItems", _CLAIMED + _OF_ALERT),
    Step("record several", DYNAMODB, "TransactWriteItems", _POSTED + _OF_ALERT),
    Step("remember several NOTIFIED", DYNAMODB, "TransactWriteItems", "notified_at"),
    Step("put due", DYNAMODB, "BatchWriteItem", '{"PutRequest": {"Item": {"finding": {"S": "due#'),
    Step("delete due", DYNAMODB, "BatchWriteItem", "DeleteRequest"),
    Step("tally", DYNAMODB, "BatchWriteItem", '{"S": "tally#'),
    Step("put lines", DYNAMODB, "BatchWriteItem"),
    Step("count", DYNAMODB, "UpdateItem", '{"S": "count"}'),
    Step("keep last digest", DYNAMODB, "UpdateItem", '{"S": "said#'),
    Step("close bin", DYNAMODB, "DeleteItem", '{"S": "bins"}'),
    Step("let go", DYNAMODB, "DeleteItem"),
    Step("take cards", DYNAMODB, "PutItem", '{"S": "seats#'),
    Step("tell trouble", DYNAMODB, "PutItem", '{"S": "notice'),
    Step("ask status", SECURITY_HUB, "GetFindings"),
    Step("mark", SECURITY_HUB, "BatchUpdateFindings"),
    Step("ask status in V2", SECURITY_HUB, "GetFindingsV2"),
    Step("mark in V2", SECURITY_HUB, "BatchUpdateFindingsV2"),
    Step("post", SLACK, POST),
    Step("update", SLACK, "chat.update"),
    Step("search channel", SLACK, "conversations.history"),
    Step("search thread", SLACK, "conversations.replies"),
    Step("list channels", SLACK, LIST),
    Step("take from queue", SQS, "DeleteMessageBatch"),
    Step("put off", SQS, "ChangeMessageVisibilityBatch"),
    Step("hand over", SQS, "SendMessageBatch"),
)


# A worker makes these calls once after an edit of the routes, whatever it works on:
# tests/unit/test_route_cache.py and tests/unit/test_edited_routes.py make them fail.
ONCE: Final[Sequence[Step]] = (
    Step("read valid routes", DYNAMODB, "BatchGetItem", '{"S": "routing-table"}'),
    Step("store valid routes", DYNAMODB, "PutItem", '{"S": "routing-table"}'),
)


@dataclass(frozen=True, slots=True)
class Site:
    """The call to fail: the one after *skip* others of its step."""

    step: Step
    skip: int
    channel: str = ""
    """Where a message goes, *skip_there* after others."""
    skip_there: int = 0

    @property
    def name(self) -> str:
        """Name it, counting from 1."""
        return f"{self.step.name} {self.skip + 1}"


def is_made_once(call: Call) -> bool:
    """Return True if *call* belongs to no scene, but to the worker."""
    return call.operation == "GetSecretValue" or any(step.is_about(call) for step in ONCE)


def step_of(call: Call) -> Step | None:
    """Return the first step that *call* is about: later ones are the more general."""
    if is_made_once(call):
        return None
    return next((step for step in STEPS if step.is_about(call)), None)


def sites_of(calls: Iterable[Call]) -> list[Site]:
    """
    Return each call to Slack, the first and last of the writes, and the first of all others.

    The writes between are the same, finding by finding.
    """
    by_step: dict[Step, list[Call]] = defaultdict(list)
    for call in calls:
        if step := step_of(call):
            by_step[step].append(call)
    return [
        _site(step, those, skip)
        for step, those in by_step.items()
        for skip in _skips(step, len(those))
    ]


def _site(step: Step, calls: Sequence[Call], skip: int) -> Site:
    if step.operation != POST:
        return Site(step, skip)
    channels = [call.body.decode() for call in calls]
    return Site(step, skip, channels[skip], channels[:skip].count(channels[skip]))


def _skips(step: Step, count: int) -> Sequence[int]:
    if step.service == SLACK:
        return range(count)
    return sorted({0, count - 1}) if step.operation in _WRITES else (0,)
