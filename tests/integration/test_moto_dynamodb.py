"""The quicker transactions of the local DynamoDB do exactly the same as moto's own."""

import copy
from typing import Any

import pytest
from moto.dynamodb.exceptions import DynamodbException
from moto.dynamodb.models import DynamoDBBackend

from finding_router_local import moto_dynamodb

TABLE = "ledger"


def _update(name: str, expression: str, condition: str = "", **values: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "TableName": TABLE,
        "Key": {"finding": {"S": name}, "channel": {"S": "c"}},
        "UpdateExpression": expression,
        "ExpressionAttributeValues": {f":{each}": value for each, value in values.items()},
    }
    if condition:
        asked |= {
            "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    if "#" in expression:
        asked["ExpressionAttributeNames"] = {"#m": "m-1"}
    return {"Update": asked}


def _put(name: str, condition: str = "", **values: Any) -> dict[str, Any]:
    item = {"finding": {"S": name}, "channel": {"S": "c"}, **values}
    asked: dict[str, Any] = {"TableName": TABLE, "Item": item}
    return {"Put": asked | ({"ConditionExpression": condition} if condition else {})}


N = {"N": "2"}
SET = {"SS": ["x", "y"]}
TRANSACTIONS = {
    "puts": [_put("new", n=N), _put("old", n=N)],
    "put of a new item over an old one": [
        _put("new"),
        _put("old", "attribute_not_exists(finding)"),
    ],
    "sums and unions": [_update("old", "ADD n :n, s :s SET t = :t", n=N, s=SET, t={"S": "t"})],
    "an update of a new item": [_update("new", "SET t = :t ADD s :s", t={"S": "t"}, s=SET)],
    "a path": [_update("old", "SET m.#m.t = :t ADD n :n", t={"S": "t"}, n=N)],
    "a path that is not there": [_put("new"), _update("old", "SET q.#m.t = :t", t=N)],
    "a sum of other types": [_put("new"), _update("old", "ADD s :n", n=N)],
    "an if_not_exists": [_update("old", "SET n = if_not_exists(n, :n)", n=N)],
    "a removal": [_update("old", "SET t = :n REMOVE n", n=N)],
    "a condition that fails": [_put("new"), _update("old", "SET t = :n", "n > :n", n=N)],
    "the same item twice": [_put("old"), _update("old", "SET t = :n", n=N)],
    "a delete": [
        {
            "Delete": {
                "TableName": TABLE,
                "Key": {"finding": {"S": "old"}, "channel": {"S": "c"}},
            }
        }
    ],
}


def _backend() -> DynamoDBBackend:
    backend = DynamoDBBackend("us-east-1", "123456789012")
    backend.create_table(
        TABLE,
        schema=[
            {"AttributeName": "finding", "KeyType": "HASH"},
            {"AttributeName": "channel", "KeyType": "RANGE"},
        ],
        throughput=None,
        attr=[
            {"AttributeName": "finding", "AttributeType": "S"},
            {"AttributeName": "channel", "AttributeType": "S"},
        ],
        global_indexes=None,
        indexes=None,
        streams=None,
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    inner = {"M": {"m-1": {"M": {"t": {"S": "before"}}}}}
    backend.put_item(TABLE, _put("old", n={"N": "1"}, s={"SS": ["x"]}, m=inner)["Put"]["Item"])
    return backend


def _after(transact: Any, actions: list[dict[str, Any]]) -> tuple[Any, Any]:
    backend = _backend()
    failure = None
    try:
        transact(backend, copy.deepcopy(actions))
    except DynamodbException as error:
        failure = (type(error).__name__, error.description)
    items = [
        item.to_json()
        for partition in backend.get_table(TABLE).items.values()
        for item in partition.values()  # type: ignore[union-attr]  # the table has a sort key
    ]
    return sorted(items, key=str), failure


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_transaction_ends_as_with_moto(name: str) -> None:
    """Items and failures are those of moto's own transactions."""
    quick = _after(DynamoDBBackend.transact_write_items, TRANSACTIONS[name])
    own = _after(moto_dynamodb._transact_write_items, TRANSACTIONS[name])

    assert own == quick
