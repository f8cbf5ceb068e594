"""The Ledger in DynamoDB."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

import boto3

from finding_router.aws.attributes import from_item, to_item
from finding_router.aws.clients import AWS_ERRORS, CONFIG, error_code
from finding_router.delivery.ledger import Entry, EntryKey, State
from finding_router.errors import StoreError
from finding_router.findings.finding import Severity

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
KEYS_PER_READ: Final = 100
MAX_READS: Final = 10
DAY_SECONDS: Final = 86_400


class DynamoLedger:
    """One item per finding and channel, gone *days* after its last change."""

    def __init__(self, table: str, *, days: int) -> None:
        """Use the table of this name; the client is made at the first call."""
        self._table = table
        self._ttl_seconds = days * DAY_SECONDS

    @cached_property
    def _client(self) -> "DynamoDBClient":
        return boto3.client("dynamodb", config=CONFIG)

    def read(self, keys: Iterable[EntryKey]) -> dict[EntryKey, Entry]:
        """Give the entries there are, 100 a call, strongly consistent."""
        found: dict[EntryKey, Entry] = {}
        with self._translated("read"):
            for some in batched(dict.fromkeys(keys), KEYS_PER_READ, strict=False):
                for item in self._batch_get([_key(key) for key in some]):
                    entry = _to_entry(from_item(item))
                    found[entry.key] = entry
        return found

    def write(self, entry: Entry) -> bool:
        """Put *entry* if its version is the one after the stored; tell whether it was."""
        item = to_item(
            {
                "finding": entry.key.finding,
                "channel": entry.key.channel,
                "state": entry.state.value,
                "episode": entry.episode,
                "version": entry.version,
                "claimed_at": entry.claimed_at,
                "lease_until": entry.lease_until,
                "claimed_by": entry.claimed_by,
                "severity": entry.severity and entry.severity.value,
                "updated_at": entry.updated_at,
                "posted_to": entry.posted_to,
                "ts": entry.ts,
                "posted_at": entry.posted_at,
                "notified_at": entry.notified_at,
                "expires_at": int(entry.claimed_at) + self._ttl_seconds,
            }
        )
        condition: dict[str, Any] = (
            {"ConditionExpression": "attribute_not_exists(finding)"}
            if entry.version == 1
            else {
                "ConditionExpression": "version = :before",
                "ExpressionAttributeValues": {":before": {"N": str(entry.version - 1)}},
            }
        )
        return self._put(item, condition)

    def record_notified(self, keys: Sequence[EntryKey], *, at: float) -> None:
        """Remember that Security Hub took NOTIFIED for these; one that is gone is left alone."""
        with self._translated("update"):
            for key in keys:
                with suppress(self._client.exceptions.ConditionalCheckFailedException):
                    self._client.update_item(
                        TableName=self._table,
                        Key=_key(key),
                        UpdateExpression="SET notified_at = :at",
                        ConditionExpression="attribute_exists(finding)",
                        ExpressionAttributeValues={":at": {"N": str(at)}},
                    )

    def once(self, topic: str, *, every_seconds: float, now: float) -> bool:
        """Tell whether *topic* is due: true at most once in *every_seconds*, for all workers."""
        item = to_item(
            {
                "finding": f"notice#{topic}",
                "channel": "notice",
                "said_at": now,
                "expires_at": int(now + every_seconds) + DAY_SECONDS,
            }
        )
        condition: dict[str, Any] = {
            "ConditionExpression": "attribute_not_exists(finding) OR said_at <= :due",
            "ExpressionAttributeValues": {":due": {"N": str(now - every_seconds)}},
        }
        return self._put(item, condition)

    def _batch_get(self, keys: list[dict[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Read until nothing is left unprocessed: boto3 does not ask again for those by itself."""
        request: Any = {self._table: {"Keys": keys, "ConsistentRead": True}}
        for _ in range(MAX_READS):
            answer = self._client.batch_get_item(RequestItems=request)
            yield from answer["Responses"].get(self._table, [])
            request = answer["UnprocessedKeys"]
            if not request:
                return
        message = f"table {self._table}: DynamoDB left keys unread; the batch is tried again"
        raise StoreError(message)

    def _put(self, item: dict[str, Any], condition: dict[str, Any]) -> bool:
        """
        Write *item*; tell whether *condition* held.

        Where boto3 sends a write again because the answer was lost, the condition fails against
        what the first sending wrote: the same item.
        """
        with self._translated("write"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **condition,
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                stored: Mapping[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]  # the stubs leave it out
                return from_item(stored) == from_item(item)
        return True

    @contextmanager
    def _translated(self, verb: str) -> Iterator[None]:
        try:
            yield
        except AWS_ERRORS as error:
            message = (
                f"table {self._table}: cannot {verb}, {error_code(error)} from DynamoDB; "
                "the batch is tried again"
            )
            raise StoreError(message) from error


def _key(key: EntryKey) -> dict[str, Any]:
    return {"finding": {"S": key.finding}, "channel": {"S": key.channel}}


def _to_entry(values: Mapping[str, Any]) -> Entry:
    severity = values.get("severity")
    return Entry(
        key=EntryKey(values["finding"], values["channel"]),
        state=State(values["state"]),
        episode=values["episode"],
        version=values["version"],
        claimed_at=values["claimed_at"],
        lease_until=values["lease_until"],
        claimed_by=values["claimed_by"],
        severity=Severity(severity) if severity else None,
        updated_at=values.get("updated_at"),
        posted_to=values.get("posted_to"),
        ts=values.get("ts"),
        posted_at=values.get("posted_at"),
        notified_at=values.get("notified_at"),
    )
