"""`finding-router routes`: check the routing table."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from finding_router.counts import counted
from finding_router.errors import legible
from finding_router.lint.fields import Odd
from finding_router.lint.table import OddItem, odd_items
from finding_router.routing.organization import Organization, fields_of_organization
from finding_router.routing.table import RoutingTable
from finding_router_cli.help_text import example
from finding_router_cli.route_commands.editing import add, disable, edit, enable, remove
from finding_router_cli.route_commands.importing import import_rules
from finding_router_cli.route_commands.listing import list_routes, show_route
from finding_router_cli.route_commands.syncing import apply, export
from finding_router_cli.route_commands.testing import test_routes
from finding_router_cli.routes_at_hand import running_routes
from finding_router_cli.routing_items import load, stack_options

if TYPE_CHECKING:
    from finding_router.routing.items.route import Route
    from finding_router.routing.items.silence import Silence

_MOSTLY_FULL: Final = 0.8
_READ_IT: Final = 'deploy with the parameter OrganizationNames set to "true", or leave it out'


@click.group()
def routes() -> None:
    """List, check, test and change the routes of a stack."""


for _command in (
    *(add, apply, disable, edit, enable, export, import_rules),
    *(list_routes, remove, show_route, test_routes),
):
    routes.add_command(_command)


@routes.command(epilog=example("finding-router routes check --strict"))
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--strict", is_flag=True, help="Exit with 1 if anything is odd, too.")
@stack_options
def check(file: str | None, *, strict: bool, **stack: Any) -> None:
    """
    Check every item of the routing table; exit with 1 if one is wrong.

    The items come from FILE, or else from the table of a stack: the one of --stack or --table, or
    else the one that `local up` keeps running. What cannot match any finding,
    such as a field unknown to ASFF, is reported as odd but not as wrong, since the format gains
    fields and values. A silence that has ended is reported as over. Of a wrong item in the table of
    a stack, its last valid version may be in force, which is reported as well.
    """
    loaded = load(routes=file, **stack, at_hand=running_routes)
    table = loaded.table
    over = table.over(datetime.now(UTC))
    for problem in (*table.problems, *table.unmet):
        click.echo(f"wrong: {problem}")
    for kind, name in table.kept:
        click.echo(legible(f'in force: {kind} "{name}" goes on in its last valid version'))
    for problem in over:
        click.echo(f"over: {problem}")
    odd = list(odd_items(table))
    if loaded.names_accounts is False:
        odd += _unfilled(table)
    for line in odd:
        click.echo(f"odd: {line}")
    disabled = sum(not route.enabled for route in table.routes)
    shadows = sum(not route.is_live for route in table.routes)
    tickets = f"{counted(len(table.tickets), 'ticket')}, " if table.tickets else ""
    click.echo(
        f"{counted(len(table.routes), 'route')} "
        f"({disabled} not enabled, {counted(shadows, 'shadow')}), "
        f"{counted(len(table.aliases), 'account')}, "
        f"{counted(len(table.silences), 'silence')} ({len(over)} over), {tickets}"
        f"{counted(table.skipped, 'wrong item')}"
    )
    if loaded.names_accounts:
        click.echo(_accounts(loaded.organization))
    if table.weight.share > _MOSTLY_FULL:
        click.echo(f"mostly full: {table.weight}; heavier items are left out")
    if table.problems or table.unmet or (strict and odd):
        raise click.exceptions.Exit(1)


routes.add_command(check, "lint")


def _unfilled(table: RoutingTable) -> Iterator[OddItem]:
    """Yield each part of an item that AWS Organizations would fill, but is not read."""
    for route in table.routes:
        if route.channel is not None:
            for placeholder in route.channel.of_organization:
                problem = f"has {{{placeholder}}}, which is never filled"
                yield OddItem(route.kind, route.name, Odd("channel", problem, _READ_IT))
    for each in (*map(_unfilled_fields, table.routes), *map(_unfilled_fields, table.silences)):
        yield from each


def _unfilled_fields(item: "Route | Silence") -> Iterator[OddItem]:
    for field in fields_of_organization(item.match):
        problem = "is a field that no finding has"
        yield OddItem(item.kind, item.name, Odd(f"match.{field}", problem, _READ_IT))


def _accounts(organization: Organization) -> str:
    """Return a line on the accounts that the stack has read."""
    if not organization.accounts:
        return "organization: no account was read yet"
    units = {account.ou for account in organization.accounts.values() if account.ou}
    tags = "with" if organization.has_tags else "without"
    read_at = datetime.fromtimestamp(organization.read_at, UTC)
    return (
        f"organization: {counted(len(organization.accounts), 'account')} "
        f"in {counted(len(units), 'OU')}, {tags} tags, read {read_at:%Y-%m-%d %H:%M} UTC; "
        f"{counted(len(organization.shared_names), 'name')} of several accounts"
    )
