"""The tables of the local stack, read and written as a whole."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from finding_router.aws.attributes import from_item


class Table:
    """One table, as JSON has its items."""

    def __init__(self, client: Any, name: str) -> None:
        """Use *client*, boto3's of DynamoDB."""
        self._client = client
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
        return [from_item(item) for item in self._scan()]

    def _scan(self) -> list[dict[str, Any]]:
        pages = self._client.get_paginator("scan").paginate(TableName=self._name)
        return [item for page in pages for item in page["Items"]]
