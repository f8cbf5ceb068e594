"""moto's quicker parser reads what moto's own does."""

import json
from typing import Any

import pytest
from botocore.session import Session
from moto.core.model import ServiceModel
from moto.core.parse import JSONParser

from finding_router_local.moto_speed import Parser

_DYNAMODB = Session().get_service_model("dynamodb")


@pytest.mark.parametrize(
    "attribute",
    [
        {"S": "text"},
        {"N": "1.5"},
        {"BOOL": False},
        {"NULL": True},
        {"SS": ["one", "two"]},
        {"NS": ["1"]},
        {"B": "AAEC"},
        {"BS": ["AAEC", "AQ=="]},
        {"M": {"in": {"L": [{"S": "deep"}, {"M": {}}]}, "flag": {"BOOL": True}}},
        {"M": {"in": {"L": [{"S": "deep"}, {"B": "AAEC"}]}}},
        {"L": []},
        {"S": None},
        {"M": {"in": {"N": None}}},
        {"S": "text", "Other": 1},
        {"Other": 1},
        {},
    ],
)
def test_attributes_are_read_alike(attribute: dict[str, Any]) -> None:
    """Bytes are decoded, and what DynamoDB does not know is left out."""
    body = json.dumps({"TableName": "t", "Item": {"it": attribute}, "Unknown": 1}).encode()
    model = ServiceModel(_DYNAMODB._service_description, "dynamodb")
    operation = model.operation_model("PutItem")

    assert JSONParser(operation).parse({"body": body}) == Parser(operation).parse({"body": body})
