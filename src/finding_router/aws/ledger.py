"""The Ledger in DynamoDB."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import cached_property
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

import boto3

from finding_router.aws.attributes import from_item, to_item
from finding_router.aws.clients import AWS_ERRORS, CONFIG, error_code
from finding_router.delivery.ledger import Entry, EntryKey, Member, Saying, Slot, State
from finding_router.errors import StoreError
from finding_router.findings.finding import Severity

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
KEYS_PER_READ: Final = 100
MAX_READS: Final = 10
DAY_SECONDS: Final = 86_400
# No channel is called so: the item that lists the channels of a finding.
CHANNELS: Final = "*"


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
                "saying": entry.saying.value,
                "episode": entry.episode,
                "sequence": entry.sequence,
                "version": entry.version,
                "claimed_at": entry.claimed_at,
                "lease_until": entry.lease_until,
                "claimed_by": entry.claimed_by,
                "severity": entry.severity.value,
                "shown": entry.shown.value,
                "members": {name: asdict(member) for name, member in entry.members.items()},
                "posted_to": entry.posted_to,
                "ts": entry.ts,
                "posted_at": entry.posted_at,
                "digest": entry.digest,
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

    def slot(self, name: str, *, every_seconds: float, now: float, latest: float) -> Slot:
        """
        Take the next free slot of *name* that starts by *latest*, for all workers together.

        `next_at` is when the next slot starts. A single conditional update takes it: where slots
        are waited for it moves on by one, where none is it starts from now.
        """
        queued = self._advance(
            name,
            "SET next_at = next_at + :every",
            "next_at > :now AND next_at <= :latest",
            {":every": every_seconds, ":now": now, ":latest": latest},
        )
        if queued.get("taken"):
            return Slot(at=queued["next_at"] - every_seconds, is_taken=True)
        if queued.get("next_at", 0.0) > now:
            return Slot(at=queued["next_at"], is_taken=False)
        idle = self._advance(
            name,
            "SET next_at = :next, expires_at = :expires_at",
            "attribute_not_exists(next_at) OR next_at <= :now",
            {
                ":next": now + every_seconds,
                ":now": now,
                ":expires_at": int(now) + DAY_SECONDS,
            },
        )
        if idle.get("taken"):
            return Slot(at=now, is_taken=True)
        # Another worker was first; the next try finds it waiting.
        return Slot(at=idle["next_at"], is_taken=False)

    def slow_down(self, name: str, *, until: float) -> int:
        """Give no slot of *name* before *until*; tell how often in a row that was asked for."""
        values = {":until": until, ":one": 1, ":expires_at": int(until) + DAY_SECONDS}
        with self._translated("update"):
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(_slots(name)),
                UpdateExpression="SET next_at = :until, expires_at = :expires_at ADD refusals :one",
                ExpressionAttributeValues=to_item(values),
                ReturnValues="UPDATED_NEW",
            )
        return int(from_item(answer["Attributes"])["refusals"])

    def speed_up(self, name: str) -> None:
        """Forget how often *name* was slowed down."""
        with self._translated("update"):
            self._client.update_item(
                TableName=self._table,
                Key=_key(_slots(name)),
                UpdateExpression="REMOVE refusals",
            )

    def _advance(
        self, name: str, update: str, condition: str, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Give the item after *update*, as `taken`, or as it is where *condition* does not hold."""
        with self._translated("update"):
            try:
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=_key(_slots(name)),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=to_item(values),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                stored: Mapping[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]  # the stubs leave it out
                return from_item(stored)
        return {**from_item(answer["Attributes"]), "taken": True}

    def channels(self, findings: Iterable[str]) -> dict[str, list[str]]:
        """Give the channels that have an entry about each of these; one call for a hundred."""
        found: dict[str, list[str]] = {}
        with self._translated("read"):
            for some in batched(dict.fromkeys(findings), KEYS_PER_READ, strict=False):
                for item in self._batch_get([_key(EntryKey(each, CHANNELS)) for each in some]):
                    values = from_item(item)
                    found[values["finding"]] = values["channels"]
        return found

    def note_channel(self, key: EntryKey) -> None:
        """Let `channels` know of *key*."""
        with self._translated("update"):
            self._client.update_item(
                TableName=self._table,
                Key=_key(EntryKey(key.finding, CHANNELS)),
                UpdateExpression="ADD channels :channel SET expires_at = :expires_at",
                ExpressionAttributeValues={
                    ":channel": {"SS": [key.channel]},
                    # As long as the entry, which is written next.
                    ":expires_at": {"N": str(int(time.time()) + self._ttl_seconds)},
                },
            )

    def record_notified(self, member: str, keys: Sequence[EntryKey], *, at: float) -> None:
        """Remember that Security Hub took NOTIFIED for these; one that is gone is left alone."""
        with self._translated("update"):
            for key in keys:
                with suppress(self._client.exceptions.ConditionalCheckFailedException):
                    self._client.update_item(
                        TableName=self._table,
                        Key=_key(key),
                        # A new version, so that nobody who read the entry before overwrites this.
                        UpdateExpression="SET members.#member.notified_at = :at ADD version :one",
                        ConditionExpression="attribute_exists(members.#member)",
                        ExpressionAttributeNames={"#member": member},
                        ExpressionAttributeValues={":at": {"N": str(at)}, ":one": {"N": "1"}},
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


def _slots(name: str) -> EntryKey:
    return EntryKey(f"pace#{name}", "pace")


def _to_entry(values: Mapping[str, Any]) -> Entry:
    return Entry(
        key=EntryKey(values["finding"], values["channel"]),
        state=State(values["state"]),
        saying=Saying(values["saying"]),
        episode=values["episode"],
        sequence=values["sequence"],
        version=values["version"],
        claimed_at=values["claimed_at"],
        lease_until=values["lease_until"],
        claimed_by=values["claimed_by"],
        severity=Severity(values["severity"]),
        shown=Severity(values["shown"]),
        members={
            name: Member(**{"said_at": None, "heard_at": None, **member})
            for name, member in values["members"].items()
        },
        posted_to=values.get("posted_to"),
        ts=values.get("ts"),
        posted_at=values.get("posted_at"),
        digest=values.get("digest"),
    )
