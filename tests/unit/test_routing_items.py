"""Where the commands get routes from."""

import json
from pathlib import Path

import click
import pytest

from finding_router_cli.documents import UnreadableError
from finding_router_cli.routing_items import load_table, read_items

ROUTE = {"kind": "route", "name": "a", "channel": "#a", "order": 5, "mention": ["@here"]}
TYPED = {
    "kind": {"S": "route"},
    "name": {"S": "a"},
    "channel": {"S": "#a"},
    "order": {"N": "5"},
    "mention": {"SS": ["@here"]},
}


@pytest.mark.parametrize(
    "given",
    [
        [ROUTE],
        ROUTE,
        {"name": "a", **ROUTE},
        [TYPED],
        TYPED,
        {"Items": [TYPED], "Count": 1, "ScannedCount": 1},
        {"Item": TYPED},
        {"RoutingTable": [{"PutRequest": {"Item": TYPED}}]},
    ],
)
def test_every_shape_that_items_come_in_is_read(given: object) -> None:
    """Lists, single items, and the formats that the AWS CLI prints and takes, typed or not."""
    assert [ROUTE] == read_items(json.dumps(given), "f")


def test_items_may_stand_a_line_each() -> None:
    """Scripts write JSON lines."""
    text = f"{json.dumps(ROUTE)}\n{json.dumps(TYPED)}\n"

    assert [ROUTE, ROUTE] == read_items(text, "f")


def test_what_is_no_item_is_left_to_the_table() -> None:
    """The table names the mistake of an item, so that it gets everything in a list."""
    assert [5, {}] == read_items("[5, {}]", "f")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("5", "f"),
        ("{}", "f"),
        (f"{json.dumps(ROUTE)}\n5", "f, line 2"),
        ('{"T": [{"DeleteRequest": {}}]}', "f, request 1"),
    ],
)
def test_what_holds_no_items_is_named(text: str, place: str) -> None:
    """The error names the place, and a valid form."""
    with pytest.raises(UnreadableError) as caught:
        read_items(text, "f")

    expected = (
        f"{place} holds no items of a routing table; "
        "write a list of items, or what aws dynamodb scan prints"
    )
    assert expected == caught.value.message


def test_a_table_is_loaded_from_a_file(tmp_path: Path) -> None:
    """The options of the stack are those of the table."""
    path = tmp_path / "routes.json"
    path.write_text(json.dumps([ROUTE, {**ROUTE, "name": "b", "action": "suppress"}]), "utf-8")

    strict = load_table(
        routes=str(path), table="ignored", default_channel="x", allow_suppress=False
    )
    lenient = load_table(routes=str(path), table=None, default_channel="x", allow_suppress=True)

    assert strict.default_channel == "#x"
    assert ["a"] == [route.name for route in strict.routes]
    assert ["a", "b"] == [route.name for route in lenient.routes]


def test_without_file_and_table_there_are_no_routes() -> None:
    """The error names the options."""
    with pytest.raises(click.UsageError, match="no routes: give a file of them, or --table"):
        load_table(routes=None, table=None, default_channel="x", allow_suppress=False)


def test_a_wrong_default_channel_is_a_mistake_of_usage(tmp_path: Path) -> None:
    """Its error is that of any other wrong option."""
    path = tmp_path / "routes.json"
    path.write_text("[]", "utf-8")

    with pytest.raises(click.UsageError, match="default channel: is empty"):
        load_table(routes=str(path), table=None, default_channel="", allow_suppress=False)
