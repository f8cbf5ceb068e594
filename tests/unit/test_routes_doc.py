"""The documentation about routes is true."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import finding_router_local
from finding_router.findings.asff import read_finding
from finding_router.routing.items import weight
from finding_router.routing.items.channel import MAX_NAME_CHARS, MAX_PLACEHOLDERS, PLACEHOLDERS
from finding_router.routing.items.match import MAX_DEPTH
from finding_router.routing.items.mention import MAX_MENTIONS
from finding_router.routing.items.reading import MAX_NAME_BYTES
from finding_router.routing.items.remind import Remind, Until
from finding_router.routing.items.route import Account, Action, Deliver, Listing, Mode, Route
from finding_router.routing.items.schedule import ActiveHours, Schedule
from finding_router.routing.items.silence import OnExpiry, Silence
from finding_router.routing.table import RoutingTable

PAGE = (Path(__file__).parents[2] / "docs" / "routes.md").read_text("utf-8")
EXAMPLES = re.findall(r"^\| `(\{.*\})` \| `(\{.*\})` \| (.*) \|$", PAGE, re.MULTILINE)
ITEMS = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
MOMENTS = re.findall(r"^\| ([A-Z]\w\w `.*`) \| `(\w+)` \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
EXAMPLE_ROUTES = Path(finding_router_local.__file__).with_name("example_routes.json")


@pytest.mark.parametrize(("finding", "route", "channel"), EXAMPLES)
def test_the_examples_do_what_they_say(finding: str, route: str, channel: str) -> None:
    """Each finding goes by the route beside it to the channel beside that."""
    raw = {"Id": "1", "ProductArn": "arn:aws:securityhub:eu-west-1::product/x/y"}
    item: dict[str, Any] = {"kind": "route", "name": "example"} | json.loads(route)
    table = RoutingTable.from_items([item], default_channel="#the-default-channel")
    assert table.problems == ()

    decision = table.decide(read_finding(raw | json.loads(finding)))

    told = {"none": [], "the default channel": ["#the-default-channel"]}
    expected = told.get(channel, [channel.strip("`")])
    assert expected == [destination.channel for destination in decision.channels]


def test_the_items_of_the_page_are_right() -> None:
    """The items shown can be pasted."""
    items = [json.loads(text) for text in ITEMS]
    table = RoutingTable.from_items(items, default_channel="#default")

    assert len(EXAMPLES) > 8
    assert len(MOMENTS) > 4
    assert len(items) > 8
    assert table.problems == ()
    assert len(table.routes) + len(table.aliases) + len(table.silences) == len(items)


@pytest.mark.parametrize(
    "limit",
    [
        f"{MAX_NAME_BYTES} bytes in UTF-8",
        f"{MAX_NAME_CHARS} characters and {MAX_PLACEHOLDERS} placeholders",
        f"{MAX_MENTIONS} entries",
        f"{weight.MAX_ITEM_BYTES:,} bytes in its names",
        f"{MAX_DEPTH} levels",
        f"{weight.MAX_ITEM_FIELDS:,} in all of them together",
        f"{weight.MAX_TABLE_ITEMS:,} items, {weight.MAX_TABLE_BYTES:,} bytes",
        f"{weight.MAX_TABLE_FIELDS:,} fields in all combinations",
    ],
)
def test_the_limits_of_the_page_are_right(limit: str) -> None:
    """They are those of the code."""
    assert f" {limit}" in PAGE


@pytest.mark.parametrize(("comes", "severity", "in_hours", "on_schedule"), MOMENTS)
def test_routes_post_when_it_is_said(
    comes: str, severity: str, in_hours: str, on_schedule: str
) -> None:
    """At once or at the moment beside it, which has its right weekday."""
    names = {"working-hours", "weekday-digest"}
    items = [item for item in map(json.loads, ITEMS) if item["name"] in names]
    table = RoutingTable.from_items(items, default_channel="#default")
    raw = {"Id": "1", "ProductArn": "arn:aws:securityhub:eu-west-1::product/x/y"}
    finding = read_finding(raw | {"Severity": {"Label": severity}})

    decision = table.decide(finding, now=_moment(comes))

    expected = {"working-hours": in_hours, "weekday-digest": on_schedule}
    assert {name: _moment(text) for name, text in expected.items()} == {
        name: one.hold and one.hold.due_at for one in decision.channels for name in one.routes
    }


def _moment(text: str) -> datetime | None:
    if text == "at once":
        return None
    weekday, moment = text.split()
    read = datetime.fromisoformat(moment.strip("`"))
    assert f"{read:%a}" == weekday
    return read


def test_every_word_of_the_table_is_explained() -> None:
    """No attribute, value or placeholder is without its place on the page."""
    models = (Route, Account, Silence, Schedule, ActiveHours, Remind)
    attributes = {
        field.alias or name for model in models for name, field in model.model_fields.items()
    }
    words = {*attributes, *Action, *Deliver, *Mode, *OnExpiry, *Listing, *Until}

    assert set() == {word for word in words if f"`{word}`" not in PAGE}
    assert set() == {word for word in PLACEHOLDERS if f"`{{{word}}}`" not in PAGE}


def test_the_example_routes_are_right() -> None:
    """The routes that the local stack begins with have no mistake."""
    items = json.loads(EXAMPLE_ROUTES.read_text("utf-8"))
    table = RoutingTable.from_items(items, default_channel="#default")

    assert table.problems == ()
    assert len(table.routes) == 5
