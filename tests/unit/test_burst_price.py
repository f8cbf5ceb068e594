"""The price of a burst counts each call as AWS charges for it."""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from finding_router_local.gate import Call

BENCH = Path(__file__).parents[2] / "bench"
ITEM = {"finding": {"S": "lines#1"}, "channel": {"S": "a"}, "text": {"S": "x" * 1_500}}


@pytest.fixture
def burst(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the module, which is a program of the project and no part of its package."""
    monkeypatch.syspath_prepend(str(BENCH))
    spec = importlib.util.spec_from_file_location("burst", BENCH / "burst.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "burst", module)
    spec.loader.exec_module(module)
    return module


def _dynamodb(operation: str, **request: Any) -> Call:
    return Call("dynamodb", operation, json.dumps(request).encode(), None)


def test_units_are_those_of_dynamodb(burst: Any) -> None:
    """A transaction costs twice, and a query what its partition holds."""
    meter = burst.Meter()
    puts = [{"PutRequest": {"Item": ITEM}}] * 10

    meter.append(_dynamodb("TransactWriteItems", TransactItems=[{"Put": {"Item": ITEM}}]))
    meter.append(_dynamodb("TransactWriteItems", TransactItems=[{"Update": {}}]))
    meter.append(_dynamodb("BatchWriteItem", RequestItems={"ledger": puts}))
    meter.append(_dynamodb("UpdateItem"))
    meter.append(_dynamodb("BatchGetItem", RequestItems={"ledger": {"Keys": [1, 2, 3]}}))
    meter.append(_dynamodb("Query", ExpressionAttributeValues={":finding": {"S": "lines#1"}}))

    assert 4 + 2 + 20 + 1 == meter.units["writes"]
    assert 3 + 4 == meter.units["reads"]


def test_requests_are_those_of_sqs(burst: Any) -> None:
    """A large call counts for each 64 KB; what is deleted was received before."""
    meter = burst.Meter()

    meter.append(Call("sqs", "SendMessageBatch", b"x" * 65_537, None))
    meter.append(Call("sqs", "DeleteMessageBatch", b"x", None))
    meter.append(Call("sqs", "ReceiveMessage", b"x", None))

    assert 2 + 2 == meter.units["SQS requests"]
    assert 0 == len(meter)
