"""The quicker parsers of attributes read what those of moto and botocore do."""

import json
from typing import Any

import pytest
from botocore.parsers import JSONParser as AnswerParser
from botocore.serialize import JSONSerializer
from botocore.session import Session
from moto.core.model import ServiceModel
from moto.core.parse import JSONParser

from finding_router_local import boto_speed
from finding_router_local.moto_speed import Parser

_DYNAMODB = Session().get_service_model("dynamodb")


ATTRIBUTES: list[dict[str, Any]] = [
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
]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_attributes_are_read_alike(attribute: dict[str, Any]) -> None:
    """Bytes are decoded, and what DynamoDB does not know is left out."""
    body = json.dumps({"TableName": "t", "Item": {"it": attribute}, "Unknown": 1}).encode()
    model = ServiceModel(_DYNAMODB._service_description, "dynamodb")
    operation = model.operation_model("PutItem")

    assert JSONParser(operation).parse({"body": body}) == Parser(operation).parse({"body": body})


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_answers_are_read_alike(attribute: dict[str, Any]) -> None:
    """By the client, that is."""
    shape = _DYNAMODB.shape_for("AttributeMap")
    parser: Any = AnswerParser()

    read = boto_speed._handle_map(parser, shape, {"it": attribute})

    assert boto_speed._handle_any_map(parser, shape, {"it": attribute}) == read


@pytest.mark.parametrize(
    "attribute",
    [
        {"S": "text"},
        {"B": b"\x00\x01"},
        {"M": {"in": {"L": [{"S": "deep"}, {"BS": [b"\x00"]}]}}},
        {"M": {"in": {"L": [{"S": "deep"}, {"M": {}}]}, "flag": {"BOOL": True}}},
    ],
)
def test_requests_are_written_alike(attribute: dict[str, Any]) -> None:
    """By the client as well."""
    shape = _DYNAMODB.shape_for("AttributeMap")
    serializer: Any = JSONSerializer()
    one: dict[str, Any] = {}
    other: dict[str, Any] = {}

    boto_speed._serialize_map(serializer, one, {"it": attribute}, shape, "Item")
    boto_speed._serialize_any_map(serializer, other, {"it": attribute}, shape, "Item")

    assert other == one
