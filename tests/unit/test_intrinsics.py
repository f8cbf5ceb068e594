"""CloudFormation's functions are resolved as CloudFormation does it."""

from typing import Any

import pytest

from finding_router_local.intrinsics import Resolver


@pytest.fixture
def resolver() -> Any:
    """Return a resolver with a few parameters, conditions and one resource."""
    attributes = {("Queue", "Ref"): "https://queue", ("Queue", "Arn"): "arn:aws:sqs:::queue"}

    def attribute(resource: Any, name: str) -> Any:
        return attributes[resource, name]

    return Resolver(
        parameters={"Name": "router", "Size": 50, "AWS::Region": "us-east-1"},
        conditions={
            "IsRouter": {"Fn::Equals": [{"Ref": "Name"}, "router"]},
            "IsOther": {"Fn::Not": [{"Condition": "IsRouter"}]},
        },
        attribute=attribute,
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ({"Ref": "Size"}, 50),
        ({"Ref": "Queue"}, "https://queue"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:aws:sqs:::queue"),
        ({"Fn::GetAtt": "Queue.Arn"}, "arn:aws:sqs:::queue"),
        (
            {"Fn::Sub": "${Name}-${AWS::Region}-${Queue.Arn}"},
            "router-us-east-1-arn:aws:sqs:::queue",
        ),
        ({"Fn::Sub": ["${Own} ${Name}", {"Own": {"Ref": "Size"}}]}, "50 router"),
        ({"Fn::Sub": "${!Literal}"}, "${Literal}"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Name"}, 1]]}, "a-router-1"),
        ({"Fn::Select": [1, {"Fn::Split": [":", "a:b:c"]}]}, "b"),
        ({"Fn::If": ["IsRouter", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsOther", "yes", "no"]}, "no"),
        ({"Fn::And": [{"Condition": "IsRouter"}, {"Condition": "IsOther"}]}, False),
        ({"Fn::Or": [{"Condition": "IsRouter"}, {"Condition": "IsOther"}]}, True),
        ({"Fn::Equals": [{"Ref": "Size"}, "50"]}, True),
        ({"a": 1, "b": {"Ref": "AWS::NoValue"}}, {"a": 1}),
        ([1, {"Fn::If": ["IsOther", 2, {"Ref": "AWS::NoValue"}]}], [1]),
        ({"Ref": "Name", "Other": 1}, {"Ref": "Name", "Other": 1}),
    ],
)
def test_resolves(resolver: Resolver, value: object, expected: object) -> None:
    """A function is replaced by its value, wherever it stands."""
    assert expected == resolver.resolve(value)


@pytest.mark.parametrize("value", [{"Fn::ImportValue": "x"}, {"Fn::If": ["Unknown", 1, 2]}])
def test_names_what_it_cannot_resolve(resolver: Resolver, value: object) -> None:
    """Something that is not known is an error that names it."""
    with pytest.raises(ValueError, match=r"ImportValue|Unknown"):
        resolver.resolve(value)
