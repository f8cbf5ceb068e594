"""The table that the adapters of the Ledger share, with errors in the router's own words."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from finding_router.aws.attributes import from_item, to_item
from finding_router.aws.clients import AWS_ERRORS, DynamoDB, error_code
from finding_router.aws.keys import SHAPE, Key, utc_day
from finding_router.delivery.unreadable import Unreadable
from finding_router.errors import StoreError, UnreadableError
from finding_router.isolation import isolated
from finding_router.stored import AttributeProblemError, Stored
from finding_router.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DAY_SECONDS: Final = 86_400
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
KEYS_PER_READ: Final = 100
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
ITEMS_PER_WRITE: Final = 25
MAX_CALLS: Final = 10
# Items of a newer shape are neither changed nor deleted.
_OWN_SHAPE: Final = "(attribute_not_exists(shape) OR shape <= :shape)"
# DynamoDB's code for an update that the attributes stored do not allow, and for a key that it does
# not take. Requests are the same for every item: it concerns this one.
_VALIDATION: Final = "ValidationException"
CONDITION_FAILED: Final = "ConditionalCheckFailed"
# The same as a reason in a transaction.
_INVALID: Final = "ValidationError"


class Items:
    """The items of one table with the keys `finding` and `channel`, as plain values."""

    def __init__(self, table: str, dynamodb: DynamoDB | None = None) -> None:
        """Use the table of this name, with a client of its own where none is given."""
        self.table = table
        self.unreadable = Unreadable()
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

    def parsed[Value](self, values: Mapping[str, Any], parse: Callable[[Stored], Value]) -> Value:
        """
        Return a stored item, parsed by *parse*.

        Raises:
            UnreadableError: its shape is newer than this version's, or an attribute is not of its
                type; that is noted.

        """
        item = _name(values)
        why = ""
        with isolated("item not read", item=item) as trouble:
            try:
                stored = Stored(values)
                stored.compared_number("shape")
                if (shape := stored.whole("shape", SHAPE)) <= SHAPE:
                    return parse(stored)
                why = f"shape {shape} is of a newer version, this one reads shape {SHAPE}"
            except AttributeProblemError as error:
                why = str(error)
        raise self.unreadable.note(item, why or trouble.while_("reading it"))

    def query(self, finding: str, only: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return all items of one partition, strongly consistent, or *only* some attributes."""
        return list(self.each(finding, only))

    def each(
        self, finding: str, only: Sequence[str] = (), *, is_backwards: bool = False
    ) -> Iterator[dict[str, Any]]:
        """
        Yield the items that `query` returns, page by page.

        With *is_backwards* the last one comes first, and the newest may be missing: such a read
        costs half.
        """
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
                ConsistentRead=not is_backwards,
                ScanIndexForward=not is_backwards,
                **arguments,
            )
            for page in pages:
                yield from map(from_item, page["Items"])

    def newest[Value](
        self,
        key_of: Callable[[str, str], Key],
        parse: Callable[[Stored], Value],
        *,
        since: float,
        now: float,
    ) -> Iterator[Value]:
        """
        Yield the parsed items of a family that has a partition for each UTC day, newest first.

        The days are those from *now* back to that of *since*. Unreadable items are left out.
        """
        at = now
        while at > since - DAY_SECONDS:
            finding, _ = key_of(utc_day(at), "")
            for item in self.each(finding, is_backwards=True):
                try:
                    found = self.parsed(item, parse)
                except UnreadableError:
                    continue
                yield found
            at -= DAY_SECONDS

    def before(self, finding: str, end: str) -> Iterator[dict[str, Any]]:
        """Yield the items of a partition with sort keys before *end*, strongly consistent."""
        with self.translated("read"):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="finding = :finding AND channel < :end",
                ExpressionAttributeValues={":finding": {"S": finding}, ":end": {"S": end}},
                ConsistentRead=True,
            )
            for page in pages:
                yield from map(from_item, page["Items"])

    def put(
        self,
        values: Mapping[str, Any],
        condition: str,
        given: Mapping[str, Any] | None = None,
        *,
        parse: Callable[[Stored], object],
        names: Mapping[str, str] | None = None,
    ) -> bool:
        """
        Write *values*; return False if *condition*, with the values *given*, did not hold.

        If boto3 sends a write again because the answer was lost, the condition fails against the
        item of the first sending, which is the same.

        Raises:
            UnreadableError: it did not hold, and *parse* cannot read the stored item.

        """
        arguments = self._putting(values, condition, given, names)
        stored: dict[str, Any] = {}
        with self.translated("write", _name(values)):
            try:
                self.client.put_item(**arguments, ReturnValuesOnConditionCheckFailure="ALL_OLD")
            except self.client.exceptions.ConditionalCheckFailedException as error:
                stored = from_item(error.response.get("Item", {}))  # type: ignore[arg-type]  # the stubs leave it out
            else:
                return True
        if stored == from_item(arguments["Item"]):
            return True
        if stored:
            self.parsed(stored, parse)
        return False

    def put_version(self, values: Mapping[str, Any], parse: Callable[[Stored], object]) -> bool:
        """Write *values* if its `version` follows the stored one; return False if it does not."""
        return self.put(values, *_follows(values), parse=parse)

    def put_versions(
        self,
        several: Sequence[Mapping[str, Any]],
        parse: Callable[[Stored], object],
        *,
        besides: Sequence[Mapping[str, Any]] = (),
    ) -> list[Mapping[str, Any]]:
        """
        Write each of *several* whose `version` follows the stored one; return those written.

        *besides* are updates of other items, as TransactWriteItems takes them, written as well. All
        go in one transaction; without those whose condition fails, in another. If other
        workers interfere with a transaction, its writes are made one by one. An item that *parse*
        cannot read is neither overwritten nor updated.
        """
        left = list(several)
        while left:
            if len(left) == 1 and not besides:
                # A write alone costs half of one in a transaction.
                return [each for each in left if self._may_put(each, parse)]
            actions = [*besides, *(self._versioned(each) for each in left)]
            reasons = self._transact(actions)
            if not reasons:
                return left
            own = reasons[len(besides) :]
            if {*reasons} - {None, CONDITION_FAILED} or CONDITION_FAILED not in own:
                for each in besides:
                    self._transact([each], alone=True)
                return [each for each in left if self._may_put(each, parse)]
            # A lost answer makes a condition fail against the very same item.
            lost = [each for each, why in zip(left, own, strict=True) if why is not None]
            same = [each for each in lost if self._may_put(each, parse)]
            left = [each for each, why in zip(left, own, strict=True) if why is None]
            if same:
                return [*same, *self.put_versions(left, parse, besides=besides)]
        return []

    def _may_put(self, values: Mapping[str, Any], parse: Callable[[Stored], object]) -> bool:
        """Return the result of `put_version`; False, with a note, for an unreadable item."""
        try:
            return self.put_version(values, parse)
        except UnreadableError:
            return False

    def _versioned(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the action of a transaction that writes *values* as `put_version` does."""
        return {"Put": self._putting(values, *_follows(values))}

    def change(
        self,
        key: Key,
        change: str,
        given: Mapping[str, Any],
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the action of a transaction that changes an item as `update` does."""
        asked = {"Key": key_of(key), "UpdateExpression": change}
        return {"Update": asked | self._asking(condition, given, names)}

    def change_all(self, actions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """
        Do *actions* of different items in one transaction, but those whose condition fails.

        Return those that were done.
        """
        left = list(actions)
        while left and (reasons := self._transact(left)):
            if {*reasons} - {None, CONDITION_FAILED}:
                return [each for each in left if not self._transact([each], alone=True)]
            left = [each for each, why in zip(left, reasons, strict=True) if why is None]
        return left

    def _transact(
        self, actions: Sequence[Mapping[str, Any]], *, alone: bool = False
    ) -> list[str | None]:
        """
        Write *actions* together; return the reason for each if they were cancelled, else nothing.

        An action *alone* is cancelled by its condition or by the item, which then counts as
        unreadable; else the Ledger does not answer.
        """
        with self.translated("write"):
            try:
                self.client.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]  # the stubs want TypedDicts
            except self.client.exceptions.TransactionCanceledException as error:
                found: Any = error.response.get("CancellationReasons", [])
                codes = [None if each["Code"] == "None" else each["Code"] for each in found]
                if alone and codes == [_INVALID]:
                    [action] = actions
                    key = next(iter(action.values())).get("Key", {})
                    self.unreadable.note(_name(from_item(key)), "cannot update it")
                elif alone and codes != [CONDITION_FAILED]:
                    raise
                return codes
        return []

    def put_all(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Write *items*, 25 a call."""
        with self.translated("write"):
            for some in batched(items, ITEMS_PER_WRITE, strict=False):
                self._batch_write([{"PutRequest": {"Item": to_item(each)}} for each in some])

    def delete_all(self, several: Iterable[Key]) -> None:
        """Delete items that no other worker changes, 25 a call."""
        with self.translated("delete"):
            for some in batched(several, ITEMS_PER_WRITE, strict=False):
                self._batch_write([{"DeleteRequest": {"Key": key_of(each)}} for each in some])

    def delete(self, key: Key, condition: str, given: Mapping[str, Any]) -> bool:
        """Delete an item; return False if *condition* did not hold."""
        with self.translated("delete", "/".join(key)):
            try:
                self.client.delete_item(Key=key_of(key), **self._asking(condition, given))
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
        """
        Change an item; return its new attributes, and False if *condition* did not hold.

        Raises:
            UnreadableError: a newer version has written it, or it has attributes that cannot be
                changed so.

        """
        arguments = self.change(key, change, given, condition, names)["Update"]
        with self.translated("update", "/".join(key)):
            try:
                answer = self.client.update_item(
                    **arguments,
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
                return from_item(answer["Attributes"]), True
            except self.client.exceptions.ConditionalCheckFailedException as error:
                stored = from_item(error.response.get("Item", {}))  # type: ignore[arg-type]  # the stubs leave it out
        if stored:
            self.parsed(stored, lambda _: None)
        return stored, False

    def _putting(
        self,
        values: Mapping[str, Any],
        condition: str,
        given: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the arguments of a put, alone or in a transaction."""
        return {"Item": to_item(values), **self._asking(condition, given or {}, names)}

    def _asking(
        self,
        condition: str | None,
        given: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the arguments of every conditional write, which a newer shape never meets."""
        arguments: dict[str, Any] = {
            "TableName": self.table,
            "ConditionExpression": _guarded(condition),
            "ExpressionAttributeValues": to_item({":shape": SHAPE, **given}),
        }
        return arguments | ({"ExpressionAttributeNames": names} if names else {})

    def _batch_get(self, keys: Iterable[Key]) -> Iterator[Mapping[str, Any]]:
        """
        Read until nothing is left unprocessed: boto3 does not ask again for those by itself.

        A key that DynamoDB does not take, an item of another family may have named it, takes the
        others of its call along: halve until it is alone.
        """
        several = list(keys)
        try:
            yield from list(self._batch_get_all(several))
        except AWS_ERRORS as error:
            if error_code(error) != _VALIDATION:
                raise
            if len(several) == 1:
                self.unreadable.note("/".join(several[0])[:200], "DynamoDB takes no such key")
                return
            middle = len(several) // 2
            yield from self._batch_get(several[:middle])
            yield from self._batch_get(several[middle:])

    def _batch_get_all(self, keys: Iterable[Key]) -> Iterator[Mapping[str, Any]]:
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
    def translated(self, verb: str, item: str | None = None) -> Iterator[None]:
        """Turn DynamoDB's errors, in a call about one *item* or about several, into StoreError."""
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            logger.exception("answer not read", verb=verb, item=item)
            message = (
                f"table {self.table}: cannot {verb}, the answer of DynamoDB cannot be read; "
                "the batch is tried again"
            )
            raise StoreError(message) from error
        except AWS_ERRORS as error:
            if item is not None and error_code(error) == _VALIDATION:
                raise self.unreadable.note(item, f"cannot {verb} it: {error}") from error
            message = (
                f"table {self.table}: cannot {verb}, {error_code(error)} from DynamoDB; "
                "the batch is tried again"
            )
            raise StoreError(message) from error


def key_of(key: Key) -> dict[str, Any]:
    """Return *key* as DynamoDB takes it."""
    finding, channel = key
    return {"finding": {"S": finding}, "channel": {"S": channel}}


def _follows(values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the condition that the stored version comes before that of *values*."""
    before = values["version"] - 1
    if before == 0:
        return "attribute_not_exists(finding)", {}
    return "version = :before", {":before": before}


def _guarded(condition: str | None) -> str:
    """Return *condition* with the one that a newer version's items do not meet."""
    return _OWN_SHAPE if condition is None else f"({condition}) AND {_OWN_SHAPE}"


def _name(values: Mapping[str, Any]) -> str:
    return f"{values.get('finding')}/{values.get('channel')}"
