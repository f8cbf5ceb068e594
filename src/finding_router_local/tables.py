"""The tables of the local stack, read and written as a whole."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models import table as moto_table

from finding_router.aws.attributes import from_item
from finding_router_local.aws import AwsServer


class Table:
    """One table, as JSON has its items."""

    def __init__(self, aws: AwsServer, name: str) -> None:
        """Use the table of *aws* with this name."""
        self._aws = aws
        self._client = aws.client("dynamodb")
        self._name = name

    def put(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Write *items*."""
        serializer = TypeSerializer()
        for item in items:
            exact = json.loads(json.dumps(item), parse_float=Decimal)
            self._client.put_item(
                TableName=self._name,
                Item={name: serializer.serialize(value) for name, value in exact.items()},
            )

    def items(self) -> list[dict[str, Any]]:
        """Return all items."""
        with self._aws.gate.holding("dynamodb"):
            return [from_item(item.to_json()["Attributes"]) for item in self._table.all_items()]

    def clear(self) -> None:
        """Delete all items at once."""
        with self._aws.gate.holding("dynamodb"):
            self._table.items.clear()

    def stream(self) -> list[dict[str, Any]]:
        """Return all records of the table's stream, as Lambda hands them over; none without one."""
        with self._aws.gate.holding("dynamodb"):
            shard = self._table.stream_shard
            return [] if shard is None else [_record(each.to_json()) for each in shard.items]

    @property
    def _table(self) -> moto_table.Table:
        backend = dynamodb_backends[self._aws.account_id][self._aws.region]
        return backend.get_table(self._name)


def _record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a *record* of moto as JSON has it."""
    changed = record["dynamodb"]
    created = changed["ApproximateCreationDateTime"].timestamp()
    return {**record, "dynamodb": {**changed, "ApproximateCreationDateTime": created}}
