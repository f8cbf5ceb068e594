"""Read the RoutingTable with one paginated Query per kind of item."""

from collections.abc import Iterator
from typing import Any, Final

from finding_router.aws.attributes import readable_item
from finding_router.aws.clients import AWS_ERRORS, DynamoDB, error_code
from finding_router.errors import StoreError

KINDS: Final = ("route", "account", "silence", "ticket")


class DynamoRoutingTable:
    """The items of the RoutingTable, not yet parsed."""

    def __init__(self, table: str, dynamodb: DynamoDB | None = None) -> None:
        """Read the table named *table*, with a new client if *dynamodb* is None."""
        self._table = table
        self._dynamodb = dynamodb or DynamoDB()

    def items(self) -> list[dict[str, Any]]:
        """
        Return all items of every kind in `KINDS`.

        Raises:
            StoreError: A query failed.

        """
        try:
            return [item for kind in KINDS for item in self._query(kind)]
        except AWS_ERRORS as error:
            message = (
                f"table {self._table}: {error_code(error)} from DynamoDB; "
                "check that the table exists and that the function may query it"
            )
            raise StoreError(message) from error

    def _query(self, kind: str) -> Iterator[dict[str, Any]]:
        pages = self._dynamodb.client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#kind = :kind",
            ExpressionAttributeNames={"#kind": "kind"},
            ExpressionAttributeValues={":kind": {"S": kind}},
        )
        for page in pages:
            yield from (readable_item(item) for item in page["Items"])
