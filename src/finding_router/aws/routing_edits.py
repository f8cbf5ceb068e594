"""New items of the RoutingTable, which the worker of presses may put."""

from collections.abc import Mapping
from typing import Any

from finding_router.aws.attributes import to_item
from finding_router.aws.clients import AWS_ERRORS, DynamoDB, error_code
from finding_router.errors import StoreError


class DynamoRoutingEdits:
    """Adds items to the RoutingTable; never changes one that is there."""

    def __init__(self, table: str, dynamodb: DynamoDB | None = None) -> None:
        """Write the table named *table*, with a new client if *dynamodb* is None."""
        self._table = table
        self._dynamodb = dynamodb or DynamoDB()

    def add(self, item: Mapping[str, Any]) -> None:
        """
        Put *item*, unless there is one of its kind and name.

        Raises:
            StoreError: DynamoDB does not answer, or refuses.

        """
        client = self._dynamodb.client
        try:
            client.put_item(
                TableName=self._table,
                Item=to_item(item),
                ConditionExpression="attribute_not_exists(#name)",
                ExpressionAttributeNames={"#name": "name"},
            )
        except client.exceptions.ConditionalCheckFailedException:
            return
        except AWS_ERRORS as error:
            message = (
                f"table {self._table}: {error_code(error)} from DynamoDB; "
                "check that the worker may put silences and routes"
            )
            raise StoreError(message) from error
