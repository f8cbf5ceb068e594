"""Reading the RoutingTable as people fill it in the console."""

from collections.abc import Iterator
from typing import Any

import pytest

from finding_router.aws.routing_table import DynamoRoutingTable
from finding_router.errors import StoreError
from finding_router.routing.table import RoutingTable
from finding_router_local.aws import AwsServer
from finding_router_local.faults import Effect, Fault

TABLE = "routes"


@pytest.fixture
def store(make_table: Any, aws_environment: AwsServer) -> Iterator[Any]:
    """Make the table, and return a function that puts items into it."""
    make_table(TABLE, "kind", "name")
    client = aws_environment.client("dynamodb")

    def put(*items: dict[str, Any]) -> None:
        for item in items:
            client.put_item(TableName=TABLE, Item=item)

    return put


def route(name: str, **attributes: Any) -> dict[str, Any]:
    """Make a route as DynamoDB has it."""
    return {"kind": {"S": "route"}, "name": {"S": name}, "channel": {"S": "#a"}, **attributes}


def test_an_empty_table_has_no_items(store: Any) -> None:
    """A stack is deployed before its first route is written."""
    assert [] == DynamoRoutingTable(TABLE).items()


def test_routes_and_accounts_are_read_and_nothing_else(store: Any) -> None:
    """Items of other tools in the table are ignored."""
    store(
        route("one"),
        {"kind": {"S": "account"}, "name": {"S": "123456789012"}, "alias": {"S": "a"}},
        {"kind": {"S": "note"}, "name": {"S": "to myself"}},
    )

    assert [("route", "one"), ("account", "123456789012")] == [
        (item["kind"], item["name"]) for item in DynamoRoutingTable(TABLE).items()
    ]


def test_every_type_of_the_console_becomes_plain_json(store: Any) -> None:
    """Numbers, sets and nested maps too, since people choose types by hand."""
    store(
        route(
            "one",
            order={"N": "100"},
            share={"N": "0.5"},
            enabled={"BOOL": True},
            nothing={"NULL": True},
            mention={"SS": ["@here", "@channel"]},
            numbers={"NS": ["3", "20"]},
            match={"M": {"Severity": {"M": {"Normalized": {"L": [{"N": "70"}]}}}}},
        )
    )

    [item] = DynamoRoutingTable(TABLE).items()

    assert {
        "kind": "route",
        "name": "one",
        "channel": "#a",
        "order": 100,
        "share": 0.5,
        "enabled": True,
        "nothing": None,
        "mention": ["@channel", "@here"],
        "numbers": [3, 20],
        "match": {"Severity": {"Normalized": [70]}},
    } == item
    assert isinstance(item["order"], int)


def test_what_is_read_is_a_table(store: Any) -> None:
    """DynamoDB's types are those that routes are read from."""
    store(
        route(
            "one",
            order={"N": "5"},
            match={"M": {"Severity": {"M": {"Label": {"SS": ["HIGH", "CRITICAL"]}}}}},
            mention={"SS": ["@here"]},
        )
    )

    table = RoutingTable.from_items(
        DynamoRoutingTable(TABLE).items(), default_channel="#security", allow_suppress=False
    )

    assert () == table.problems
    assert [("one", 5, ("@here",))] == [
        (each.name, each.order, each.mention) for each in table.routes
    ]


def test_a_table_of_more_than_a_megabyte_is_read_to_its_end(
    store: Any, aws_environment: AwsServer
) -> None:
    """A Query returns a megabyte at a time."""
    text = "x" * 300_000
    store(*(route(f"route-{number}", description={"S": text}) for number in range(5)))

    items = DynamoRoutingTable(TABLE).items()

    assert 5 == len(items)
    assert 2 < aws_environment.gate.counts["dynamodb", "Query"]


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"effect": Effect.THROTTLE}, "ProvisionedThroughputExceededException"),
        ({"effect": Effect.OUTAGE}, "ConnectionClosedError"),
        (
            {"effect": Effect.ERROR, "code": "AccessDeniedException", "status": 400},
            "AccessDeniedException",
        ),
    ],
)
def test_a_table_that_cannot_be_read_is_an_error_with_dynamodbs_word(
    store: Any, aws_environment: AwsServer, how: dict[str, Any], code: str
) -> None:
    """The error names the table, and the settings to check."""
    aws_environment.faults.add(Fault(service="dynamodb", operation="Query", times=None, **how))

    with pytest.raises(StoreError) as failed:
        DynamoRoutingTable(TABLE).items()

    assert all(word in str(failed.value) for word in (TABLE, code, "check"))


def test_a_table_that_there_is_not_is_an_error(aws_environment: AwsServer) -> None:
    """As after a mistyped name."""
    with pytest.raises(StoreError, match="ResourceNotFoundException"):
        DynamoRoutingTable("nowhere").items()
