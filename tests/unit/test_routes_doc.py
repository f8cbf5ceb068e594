"""What the documentation says about routes is so."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import finding_router_local
from finding_router.findings.asff import read_finding
from finding_router.routing.channel import PLACEHOLDERS
from finding_router.routing.route import Account, Action, Deliver, Route
from finding_router.routing.table import RoutingTable

PAGE = (Path(__file__).parents[2] / "docs" / "routes.md").read_text("utf-8")
EXAMPLES = re.findall(r"^\| `(\{.*\})` \| `(\{.*\})` \| (.*) \|$", PAGE, re.MULTILINE)
ITEMS = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
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
    """What is shown can be pasted."""
    items = [json.loads(text) for text in ITEMS]
    table = RoutingTable.from_items(items, default_channel="#default")

    assert len(EXAMPLES) > 8
    assert len(items) > 4
    assert table.problems == ()
    assert len(table.routes) + len(table.aliases) == len(items)


def test_every_word_of_the_table_is_explained() -> None:
    """No attribute, value or placeholder is without its place on the page."""
    words = {*Route.model_fields, *Account.model_fields, *Action, *Deliver}

    assert set() == {word for word in words if f"`{word}`" not in PAGE}
    assert set() == {word for word in PLACEHOLDERS if f"`{{{word}}}`" not in PAGE}


def test_the_example_routes_are_right() -> None:
    """The routes that the local stack begins with have no mistake."""
    items = json.loads(EXAMPLE_ROUTES.read_text("utf-8"))
    table = RoutingTable.from_items(items, default_channel="#default")

    assert table.problems == ()
    assert len(table.routes) == 5
