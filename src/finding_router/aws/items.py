"""The table that the adapters of the Ledger share, with errors in the router's own words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from finding_router.aws.attributes import from_item, to_item
from finding_router.aws.clients import AWS_ERRORS, DynamoDB, error_code
from finding_router.aws.keys import Key
from finding_router.errors import StoreError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DAY_SECONDS: Final = 86_400
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
KEYS_PER_READ: Final = 100
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
ITEMS_PER_WRITE: Final = 25
MAX_CALLS: Final = 10
CONDITION_FAILED: Final = "ConditionalCheckFailed"


class Items:
    """The items of one table with the keys `finding` and `channel`, as plain values."""

    def __init__(self, table: str, dynamodb: DynamoDB | None = None) -> None:
        """Use the table of this name, with a client of its own where none is given."""
        self.table = table
        self._dynamodb = dynamodb or DynamoDB()

    @property
    def client(self) -> "DynamoDBClient":
        """The client of DynamoDB."""
        return self._dynamodb.client

    def read(self, keys: Iterable[Key]) -> list[dict[str, Any]]:
        """Return the stored items, 100 a call, strongly consistent."""
        found: list[dict[str, Any]] = []
        with self.translated("read"):
            for some in batched(dict.fromkeys(keys), KEYS_PER_READ, strict=False):
                found += (from_item(item) for item in self._batch_get(some))
        return found

    def query(self, finding: str, only: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return all items of one partition, strongly consistent, or *only* some attributes."""
        arguments: dict[str, Any] = {}
        if only:
            names = {f"#{number}": name for number, name in enumerate(only)}
            arguments["ProjectionExpression"] = ", ".join(names)
            arguments["ExpressionAttributeNames"] = names
        with self.translated("read"):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="finding = :finding",
                ExpressionAttributeValues={":finding": {"S": finding}},
                ConsistentRead=True,
                **arguments,
            )
            return [from_item(item) for page in pages for item in page["Items"]]

    def put(
        self,
        values: Mapping[str, Any],
        condition: str | None = None,
        given: Mapping[str, Any] | None = None,
    ) -> bool:
        """
        Write *values*; return False if *condition*, with the values *given*, did not hold.

        If boto3 sends a write again because the answer was lost, the condition fails against the
        item of the first sending, which is the same.
        """
        item = to_item(values)
        arguments: dict[str, Any] = {}
        if condition is not None:
            arguments["ConditionExpression"] = condition
            arguments["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if given:
            arguments["ExpressionAttributeValues"] = to_item(given)
        with self.translated("write"):
            try:
                self.client.put_item(TableName=self.table, Item=item, **arguments)
            except self.client.exceptions.ConditionalCheckFailedException as error:
                stored: Mapping[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]  # the stubs leave it out
                return from_item(stored) == from_item(item)
        return True

    def put_version(self, values: Mapping[str, Any]) -> bool:
        """Write *values* if its `version` follows the stored one; return False if it does not."""
        before = values["version"] - 1
        if before == 0:
            return self.put(values, "attribute_not_exists(finding)")
        return self.put(values, "version = :before", {":before": before})

    def put_versions(
        self, several: Sequence[Mapping[str, Any]], *, besides: Sequence[Mapping[str, Any]] = ()
    ) -> list[Mapping[str, Any]]:
        """
        Write each of *several* whose `version` follows the stored one; return those written.

        *besides* are updates of other items, as TransactWriteItems takes them, written as well. All
        go in one transaction; without those whose condition fails, in another. What a transaction
        cannot do because of other workers is done one by one.
        """
        left = list(several)
        while left:
            actions = [*besides, *(self._versioned(each) for each in left)]
            reasons = self._transact(actions)
            if not reasons:
                return left
            own = reasons[len(besides) :]
            if {*reasons} - {None, CONDITION_FAILED} or CONDITION_FAILED not in own:
                for each in besides:
                    self._transact([each], alone=True)
                return [each for each in left if self.put_version(each)]
            # A lost answer makes a condition fail against the very same item.
            lost = [each for each, why in zip(left, own, strict=True) if why is not None]
            same = [each for each in lost if self.put_version(each)]
            left = [each for each, why in zip(left, own, strict=True) if why is None]
            if same:
                return [*same, *self.put_versions(left, besides=besides)]
        return []

    def _versioned(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the action of a transaction that writes *values* as `put_version` does."""
        before = values["version"] - 1
        action: dict[str, Any] = {"TableName": self.table, "Item": to_item(values)}
        if before == 0:
            action["ConditionExpression"] = "attribute_not_exists(finding)"
        else:
            action["ConditionExpression"] = "version = :before"
            action["ExpressionAttributeValues"] = to_item({":before": before})
        return {"Put": action}

    def change(
        self,
        key: Key,
        change: str,
        given: Mapping[str, Any],
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the action of a transaction that changes an item as `update` does."""
        action: dict[str, Any] = {
            "TableName": self.table,
            "Key": key_of(key),
            "UpdateExpression": change,
            "ExpressionAttributeValues": to_item(given),
        }
        if condition is not None:
            action["ConditionExpression"] = condition
        if names:
            action["ExpressionAttributeNames"] = names
        return {"Update": action}

    def change_all(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Do *actions* of different items in one transaction, but those whose condition fails."""
        left = list(actions)
        while left and (reasons := self._transact(left)):
            if {*reasons} - {None, CONDITION_FAILED}:
                for each in left:
                    self._transact([each], alone=True)
                return
            left = [each for each, why in zip(left, reasons, strict=True) if why is None]

    def _transact(
        self, actions: Sequence[Mapping[str, Any]], *, alone: bool = False
    ) -> list[str | None]:
        """
        Write *actions* together; return the reason for each if they were cancelled, else nothing.

        An action *alone* is cancelled by its condition only, or the Ledger does not answer.
        """
        with self.translated("write"):
            try:
                self.client.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]  # the stubs want TypedDicts
            except self.client.exceptions.TransactionCanceledException as error:
                found: Any = error.response.get("CancellationReasons", [])
                codes = [None if each["Code"] == "None" else each["Code"] for each in found]
                if alone and codes != [CONDITION_FAILED]:
                    raise
                return codes
        return []

    def put_all(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Write *items*, 25 a call."""
        with self.translated("write"):
            for some in batched(items, ITEMS_PER_WRITE, strict=False):
                self._batch_write([{"PutRequest": {"Item": to_item(each)}} for each in some])

    def delete(self, key: Key, condition: str, given: Mapping[str, Any]) -> bool:
        """Delete an item; return False if *condition* did not hold."""
        arguments: dict[str, Any] = {"ExpressionAttributeValues": to_item(given)} if given else {}
        with self.translated("delete"):
            try:
                self.client.delete_item(
                    TableName=self.table,
                    Key=key_of(key),
                    ConditionExpression=condition,
                    **arguments,
                )
            except self.client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def update(
        self,
        key: Key,
        change: str,
        given: Mapping[str, Any],
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
    ) -> tuple[dict[str, Any], bool]:
        """Change an item; return its new attributes, and False if *condition* did not hold."""
        arguments: dict[str, Any] = {}
        if condition is not None:
            arguments["ConditionExpression"] = condition
            arguments["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if names:
            arguments["ExpressionAttributeNames"] = names
        if given:
            arguments["ExpressionAttributeValues"] = to_item(given)
        with self.translated("update"):
            try:
                answer = self.client.update_item(
                    TableName=self.table,
                    Key=key_of(key),
                    UpdateExpression=change,
                    ReturnValues="ALL_NEW",
                    **arguments,
                )
            except self.client.exceptions.ConditionalCheckFailedException as error:
                stored: Mapping[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]  # the stubs leave it out
                return from_item(stored), False
        return from_item(answer["Attributes"]), True

    def _batch_get(self, keys: Iterable[Key]) -> Iterator[Mapping[str, Any]]:
        """Read until nothing is left unprocessed: boto3 does not ask again for those by itself."""
        wanted = [key_of(key) for key in keys]
        request: Any = {self.table: {"Keys": wanted, "ConsistentRead": True}}
        for _ in range(MAX_CALLS):
            answer = self.client.batch_get_item(RequestItems=request)
            yield from answer["Responses"].get(self.table, [])
            request = answer["UnprocessedKeys"]
            if not request:
                return
        message = f"table {self.table}: DynamoDB left keys unread; the batch is tried again"
        raise StoreError(message)

    def _batch_write(self, requests: list[dict[str, Any]]) -> None:
        request: Any = {self.table: requests}
        for _ in range(MAX_CALLS):
            request = self.client.batch_write_item(RequestItems=request)["UnprocessedItems"]
            if not request:
                return
        message = f"table {self.table}: DynamoDB left items unwritten; the batch is tried again"
        raise StoreError(message)

    @contextmanager
    def translated(self, verb: str) -> Iterator[None]:
        """Turn DynamoDB's errors into StoreError."""
        try:
            yield
        except AWS_ERRORS as error:
            message = (
                f"table {self.table}: cannot {verb}, {error_code(error)} from DynamoDB; "
                "the batch is tried again"
            )
            raise StoreError(message) from error


def key_of(key: Key) -> dict[str, Any]:
    """Return *key* as DynamoDB takes it."""
    finding, channel = key
    return {"finding": {"S": finding}, "channel": {"S": channel}}
