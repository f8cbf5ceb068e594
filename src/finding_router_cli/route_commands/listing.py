"""`routes list` and `routes show`: the routes of a stack."""

from typing import Any

import click

from finding_router.errors import RouteError
from finding_router.routing.items.route import label_of
from finding_router.routing.table import RoutingTable
from finding_router_cli.help_text import example
from finding_router_cli.items.item import Item, ordered
from finding_router_cli.items.opened import open_table
from finding_router_cli.items.words import match_words
from finding_router_cli.items.yaml_text import dump_item
from finding_router_cli.options import json_option
from finding_router_cli.output import print_json, print_table, remark, text
from finding_router_cli.routing_items import stack_options

_STYLES = {"live": "green", "off": "dim", "shadow": "cyan", "invalid": "bold red"}
_DEFAULT_ORDER = 100


@click.command("list", epilog=example("finding-router routes list"))
@json_option
@stack_options
def list_routes(*, for_programs: bool, **options: Any) -> None:
    """List the routes, the first to be looked at first."""
    opened = open_table(**options)
    routes = [item for key, item in opened.stored.items.items() if key.kind == "route"]
    routes.sort(key=_rank)
    table = opened.table
    if for_programs:
        shown = [{**ordered(item), "state": _state(item, table)} for item in routes]
        print_json({"routes": shown})
        return
    print_table(
        ["Order", "Name", "State", "Channel", "Matches"],
        [
            (
                str(item.get("order", _DEFAULT_ORDER)),
                str(item["name"]),
                text(state := _state(item, table), _STYLES[state]),
                _channel(item),
                match_words(item.get("match", {})),
            )
            for item in routes
        ],
    )


@click.command("show", epilog=example("finding-router routes show guardduty-payments"))
@click.argument("name")
@json_option
@stack_options
def show_route(name: str, *, for_programs: bool, **options: Any) -> None:
    """Show the route NAME as YAML, and its mistakes."""
    print_item("route", name, for_programs=for_programs, **options)


def print_item(kind: str, name: str, *, for_programs: bool, **options: Any) -> None:
    """
    Print an item of the table that *options* choose, as YAML or JSON, and its mistakes.

    Raises:
        click.ClickException: There is none of this name.

    """
    opened = open_table(**options)
    item = opened.item(kind, name)
    problems = _problems_of(item, opened.table)
    if for_programs:
        print_json({"item": ordered(item), "problems": list(map(str, problems))})
        return
    click.echo(dump_item(item), nl=False)
    for problem in problems:
        remark(f"wrong: {problem}")


def _problems_of(item: Item, table: RoutingTable) -> list[RouteError]:
    """Return the problems that *table* has with *item*."""
    wanted = (item["kind"], label_of(item))
    return [problem for problem in table.problems if (problem.kind, problem.name) == wanted]


def _rank(item: Item) -> tuple[float, str]:
    order = item.get("order", _DEFAULT_ORDER)
    is_number = isinstance(order, int | float) and not isinstance(order, bool)
    return (float(order) if is_number else float("inf")), str(item["name"])


def _state(item: Item, table: RoutingTable) -> str:
    if _problems_of(item, table):
        return "invalid"
    if item.get("enabled", True) is False:
        return "off"
    return str(item.get("mode", "live"))


def _channel(item: Item) -> str:
    action = item.get("action", "post")
    channel = str(item.get("channel", "")) if action == "post" else f"({action})"
    return f"{channel} (stop)" if item.get("stop") is True else channel
