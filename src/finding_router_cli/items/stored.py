"""
The items of a RoutingTable, written only where they still are as they were read.

.. code-block:: text

    read ──► plan, show, ask ──► write if the item is as it was read
                                   │ somebody else changed it meanwhile: not written, and told

DynamoDB has no condition about attributes whose names are not known. So a change sets and removes
only the attributes that it is about, and leaves those alone that somebody added meanwhile.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any

from finding_router.aws.attributes import readable_item, to_item
from finding_router.aws.routing_table import KINDS
from finding_router_cli.items.item import ATTRIBUTES, Item, Key, key_of, ordered
from finding_router_cli.stack import Stack

type _Typed = Mapping[str, Any]


class ChangedMeanwhileError(Exception):
    """Somebody else changed the item since it was read; *now* is the item, None if it is gone."""

    def __init__(self, key: Key, now: Item | None) -> None:
        """Keep *key* and *now*."""
        super().__init__(f'{key.kind} "{key.name}" was changed meanwhile')
        self.key = key
        self.now = now


class StoredItems:
    """The items of the RoutingTable of *stack*, read once."""

    def __init__(self, stack: Stack) -> None:
        """Read on first use."""
        self._table = stack.routing_table
        self._account = stack.account
        self._typed: dict[Key, _Typed] = {}

    @cached_property
    def _client(self) -> Any:
        return self._account.client("dynamodb")

    @cached_property
    def items(self) -> dict[Key, Item]:
        """
        Return the items by key.

        Raises:
            click.ClickException: The table cannot be read.

        """
        with self._account.in_sentences(table=self._table):
            found = list(chain.from_iterable(map(self._query, KINDS)))
        read: dict[Key, Item] = {}
        for typed in found:
            item = readable_item(typed)
            key = key_of(item)
            self._typed[key], read[key] = typed, item
        return read

    def write(self, key: Key, after: Item | None) -> None:
        """
        Make the item of *key* equal *after*; delete it if that is None.

        Raises:
            ChangedMeanwhileError: It is no longer as it was read; nothing is written.
            click.ClickException: AWS refuses.

        """
        before = self._typed.get(key) if key in self.items else None
        with self._account.in_sentences(table=self._table):
            try:
                if before is None:
                    self._put(to_item(after or {}))
                elif after is None:
                    self._delete(before)
                else:
                    self._change(before, self._as_stored(key, after))
            except self._client.exceptions.ConditionalCheckFailedException as error:
                found = error.response.get("Item") or self._get(key)
                now = readable_item(found) if found else None
                # The answer to a first try may have been lost, which botocore tries again.
                if (now and ordered(now)) != (after and ordered(after)):
                    raise ChangedMeanwhileError(key, now) from error

    def _query(self, kind: str) -> Iterator[_Typed]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="#kind = :kind",
            ExpressionAttributeNames={"#kind": "kind"},
            ExpressionAttributeValues={":kind": {"S": kind}},
        )
        for page in pages:
            yield from page["Items"]

    def _get(self, key: Key) -> _Typed | None:
        found = self._client.get_item(
            TableName=self._table, Key=to_item(key._asdict()), ConsistentRead=True
        )
        item: _Typed | None = found.get("Item")
        return item

    def _as_stored(self, key: Key, after: Item) -> dict[str, Any]:
        """Return *after* with DynamoDB's types, those of an attribute that is as it was read."""
        typed, before = self._typed[key], self.items[key]
        return {
            name: typed[name] if name in before and before[name] == after[name] else value
            for name, value in to_item(after).items()
        }

    def _put(self, item: _Typed) -> None:
        """Write *item*, whose key nothing may have."""
        self._client.put_item(
            TableName=self._table,
            Item=item,
            ConditionExpression="attribute_not_exists(#kind)",
            ExpressionAttributeNames={"#kind": "kind"},
        )

    def _delete(self, before: _Typed) -> None:
        condition = _Expression()
        condition.add_unchanged(before)
        answer = self._client.delete_item(
            TableName=self._table,
            Key={name: before[name] for name in Key._fields},
            ConditionExpression=condition.text,
            ReturnValues="ALL_OLD",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **condition.arguments,
        )
        deleted = answer["Attributes"]
        if deleted.keys() != before.keys():
            # Somebody added an attribute that the condition could not name: it is put back.
            self._put(deleted)
            key = key_of(readable_item(deleted))
            raise ChangedMeanwhileError(key, readable_item(deleted))

    def _change(self, before: _Typed, after: _Typed) -> None:
        condition = _Expression()
        condition.add_unchanged(before)
        sets = [
            f"{condition.name(name)} = {condition.value(value)}"
            for name, value in after.items()
            if before.get(name) != value
        ]
        removes = [condition.name(name) for name in before.keys() - after.keys()]
        update = [f"SET {', '.join(sets)}"] if sets else []
        update += [f"REMOVE {', '.join(removes)}"] if removes else []
        if not update:
            return
        self._client.update_item(
            TableName=self._table,
            Key={name: before[name] for name in Key._fields},
            UpdateExpression=" ".join(update),
            ConditionExpression=condition.text,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **condition.arguments,
        )


class _Expression:
    """A condition, with the placeholders for its names and values."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self._terms: list[str] = []

    def name(self, name: str) -> str:
        """Return the placeholder of an attribute."""
        return self._names.setdefault(name, f"#n{len(self._names)}")

    def value(self, value: Any) -> str:
        """Return a placeholder for *value*, which has DynamoDB's type."""
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = value
        return placeholder

    def add_unchanged(self, item: _Typed) -> None:
        """Demand each attribute of *item*, and no other that its kind may have."""
        for name, value in item.items():
            self._terms.append(f"{self.name(name)} = {self.value(value)}")
        for name in _absent(item):
            self._terms.append(f"attribute_not_exists({self.name(name)})")

    @property
    def text(self) -> str:
        """Return the condition."""
        return " AND ".join(self._terms)

    @property
    def arguments(self) -> dict[str, Any]:
        """Return the arguments of a call with the names and values."""
        names = {placeholder: name for name, placeholder in self._names.items()}
        return {"ExpressionAttributeNames": names, "ExpressionAttributeValues": self._values}


def _absent(item: _Typed) -> Iterable[str]:
    known = ATTRIBUTES.get(item["kind"].get("S", ""), ())
    return (name for name in known if name not in item)
