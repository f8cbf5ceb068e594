"""Items about tickets, and the tickets of routes, as people write them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from finding_router.errors import RouteError
from finding_router.findings.finding import Severity
from finding_router.routing.items.route import Route, parse_item
from finding_router.routing.items.ticket import API_URL, CONNECTOR, Ticket, When
from finding_router.routing.table import RoutingTable

SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:github-AbCdEf"
HUB = "arn:aws:securityhub:eu-central-1:111122223333:connectorv2/abc"
COPY = "copy it from Security Hub's page of integrations"


def ticket(**attributes: Any) -> dict[str, Any]:
    """Write tickets named platform, in acme/infra, with *attributes* of github."""
    github = {"repository": "acme/infra", "token": SECRET} | attributes
    return {"kind": "ticket", "name": "platform", "github": github}


def route(wanted: object, **attributes: Any) -> dict[str, Any]:
    """Write a route with the tickets *wanted*."""
    return {"kind": "route", "name": "r", "channel": "#a", "ticket": wanted} | attributes


def mistakes_of(item: object) -> list[RouteError]:
    """Return every mistake of *item*."""
    with pytest.raises(RouteError) as caught:
        parse_item(item)
    return [caught.value, *caught.value.others]


def table(*items: Mapping[str, Any]) -> RoutingTable:
    """Return a table of *items*."""
    return RoutingTable.from_items(items, default_channel="#default")


def test_a_repository_and_a_token_are_enough() -> None:
    """The address is GitHub's own; an end closes the issue, a return within a month opens it."""
    item = parse_item(ticket())

    assert isinstance(item, Ticket)
    assert item.github is not None
    assert (API_URL, (), {}) == (item.github.base_url, item.github.labels, item.github.assignees)
    assert (True, 30, None) == (item.close_on_end, item.reopen_days, item.connector)


def test_assignees_go_by_tag() -> None:
    """A map names people by the tag of a resource or an account; a list names them for all."""
    by_tag = parse_item(ticket(assignees={"team = payments": "@octocat", "*": ["jane", "jane"]}))
    for_all = parse_item(ticket(assignees=["jane"]))

    assert isinstance(by_tag, Ticket)
    assert isinstance(for_all, Ticket)
    assert by_tag.github is not None
    assert for_all.github is not None
    assert {"team=payments": ("octocat",), "*": ("jane",)} == by_tag.github.assignees
    assert {"*": ("jane",)} == for_all.github.assignees


def test_an_app_stands_for_a_token() -> None:
    """Ids may be numbers or texts; the key is a secret or one of KMS."""
    key = "arn:aws:kms:eu-central-1:111122223333:key/1"
    app = {"app_id": 1.0, "installation_id": "22", "key": key}

    item = parse_item(ticket(token=None, app=app, base_url="https://ghe.example.com/api/v3/"))

    assert isinstance(item, Ticket)
    assert item.github is not None
    assert item.github.app is not None
    assert ("1", "22", key) == (
        item.github.app.app_id,
        item.github.app.installation_id,
        item.github.app.key,
    )
    assert "https://ghe.example.com/api/v3" == item.github.base_url


@pytest.mark.parametrize(
    ("attributes", "field", "problem"),
    [
        ({"repository": "infra"}, "github.repository", 'is the text "infra", which is no'),
        ({"repository": None}, "github.repository", "is null"),
        ({"token": "ghp_secret"}, "github.token", "which is no ARN of a secret"),
        ({"token": None}, "github.app", "is missing, and so is a token"),
        ({"app": {"app_id": 1, "installation_id": 2, "key": SECRET}}, "github.app", "is there"),
        ({"base_url": "http://evil.example"}, "github.base_url", "is the text"),
        ({"base_url": "https://u:p@evil.example"}, "github.base_url", "is the text"),
        ({"base_url": "https://a.example/?x=#"}, "github.base_url", "is the text"),
        ({"labels": 5}, "github.labels", "is the number 5"),
        ({"labels": ["a,b"]}, "github.labels", "which is no label"),
        ({"labels": ["l" * 51]}, "github.labels", "which is no label"),
        ({"labels": ["l"] * 21}, "github.labels", "has more than 20 entries"),
        ({"assignees": 5}, "github.assignees", "is the number 5"),
        ({"assignees": ["a b"]}, "github.assignees", "which is no login"),
        ({"assignees": {"team": "jane"}}, "github.assignees", "which is no tag with a value"),
        ({"assignees": {"a=b": ["x"] * 11}}, "github.assignees", "has more than 10 people"),
        ({"assignees": {f"a={n}": [] for n in range(201)}}, "github.assignees", "more than 200"),
        ({"title": ""}, "github.title", 'is the text ""'),
        ({"title": "{sev}"}, "github.title", 'has the unknown placeholder "{sev}"'),
        ({"title": "{tag:}"}, "github.title", 'has the unknown placeholder "{tag:}"'),
        ({"title": "a } b"}, "github.title", 'is the text "a } b"'),
        ({"tokens": SECRET}, "github.tokens", "is no attribute of github"),
    ],
)
def test_a_mistake_is_told_with_a_remedy(
    attributes: Mapping[str, Any], field: str, problem: str
) -> None:
    """Each names the field; none repeats a token that was pasted in the wrong place at length."""
    [mistake] = mistakes_of(ticket(**attributes))

    assert (field, "ticket", "platform") == (mistake.field, mistake.kind, mistake.name)
    assert problem in mistake.problem
    assert mistake.remedy


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        ({"github": None}, "connector"),
        ({"connector": {"arn": HUB}}, "connector"),
        ({"github": None, "connector": {"arn": SECRET}}, "connector.arn"),
        ({"github": "acme/infra"}, "github"),
        ({"reopen_days": -1}, "reopen_days"),
        ({"reopen_days": "x"}, "reopen_days"),
        ({"close_on_end": "yes"}, "close_on_end"),
        ({"name": "connector"}, "name"),
        ({"repository": "acme/infra"}, "repository"),
    ],
)
def test_an_item_has_one_place_for_its_tickets(attributes: Mapping[str, Any], field: str) -> None:
    """It is a repository or a connector."""
    [mistake] = mistakes_of(ticket() | attributes)

    assert field == mistake.field
    assert mistake.remedy


def test_a_route_makes_tickets_by_click_or_always() -> None:
    """By click is what a route means that says nothing; severities count from the least."""
    by_click = parse_item(route({"to": "platform"}))
    always = parse_item(route({"to": "platform", "when": "always", "from": "HIGH"}))

    assert isinstance(by_click, Route)
    assert isinstance(always, Route)
    assert by_click.ticket is not None
    assert always.ticket is not None
    assert When.CLICK == by_click.ticket.when
    assert not by_click.ticket.is_due(Severity.CRITICAL)
    assert always.ticket.is_due(Severity.HIGH)
    assert not always.ticket.is_due(Severity.MEDIUM)


@pytest.mark.parametrize(
    ("wanted", "field", "problem", "remedy"),
    [
        ({}, "ticket.to", "is missing", "write the name of an item of the kind ticket"),
        (5, "ticket", "is the number 5", 'write a map such as {"to": "platform"}'),
        ({"to": CONNECTOR}, "ticket.arn", f'is missing, though to is "{CONNECTOR}"', COPY),
        (
            {"to": "platform", "arn": HUB},
            "ticket.arn",
            "is there, though to names a ticket of the table",
            f'set to to "{CONNECTOR}", or leave the arn out',
        ),
        (
            {"to": "p", "when": "Always"},
            "ticket.when",
            'is the text "Always"',
            'did you mean "always"?',
        ),
        ({"to": "p", "from": "HIG"}, "ticket.from", 'is the text "HIG"', 'did you mean "HIGH"?'),
        (
            {"to": "p", "form": "HIGH"},
            "ticket.form",
            "is no attribute of the ticket of a route",
            'did you mean "from"?',
        ),
    ],
)
def test_a_mistake_of_a_route_is_told_likewise(
    wanted: object, field: str, problem: str, remedy: str
) -> None:
    """The ticket of a route is checked as the rest of it."""
    [mistake] = mistakes_of(route(wanted))

    assert (field, problem, remedy) == (mistake.field, mistake.problem, mistake.remedy)


def test_a_route_that_posts_nothing_makes_no_ticket() -> None:
    """It would be a ticket about something that nobody is told of."""
    [mistake] = mistakes_of(route({"to": "platform"}, action="drop", channel=None))

    assert "ticket" == mistake.field


def test_a_route_names_a_ticket_of_the_table() -> None:
    """One that is not there is told, and the route stays in force all the same."""
    read = table(ticket(), route({"to": "platforms"}), route({"to": "platform"}, name="s"))

    [problem] = read.unmet

    assert (
        'route "r", ticket.to: is "platforms", which is no ticket of the table; '
        'did you mean "platform"?' == str(problem)
    )
    assert () == read.problems
    assert read.route("r") is not None
    assert ("ticket", "platform") in read.keys
    assert read.ticket_of(["r"]) is None
    assert "platform" == getattr(read.ticket_of(["r", "s"]), "to", None)


def test_a_connector_needs_no_item() -> None:
    """Its ARN in the route is enough."""
    read = table(route({"to": CONNECTOR, "arn": HUB}))
    wanted = read.ticket_of(["r"])

    assert () == read.unmet
    assert wanted is not None
    assert HUB == wanted.target
    assert HUB == getattr(getattr(read.ticket(wanted), "connector", None), "arn", None)


def test_of_several_routes_one_that_always_makes_tickets_counts() -> None:
    """One channel gets one card, and a finding one ticket there."""
    read = table(
        ticket(),
        route({"to": "platform"}),
        route({"to": "platform", "when": "always"}, name="s"),
    )

    assert When.ALWAYS == getattr(read.ticket_of(["r", "s"]), "when", None)


def test_the_examples_of_the_page_are_valid() -> None:
    """Each item in docs/tickets.md can be pasted."""
    page = (Path(__file__).parents[2] / "docs/tickets.md").read_text("utf-8")
    items = [json.loads(each) for each in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]

    read = table(*(item | {"name": item["name"] + str(n)} for n, item in enumerate(items)))

    assert [] == list(read.problems)
    assert 4 == len(items)
