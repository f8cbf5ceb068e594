"""`finding-router routes`: check the routing table."""

from datetime import UTC, datetime
from typing import Any, Final

import click

from finding_router.counts import counted
from finding_router.errors import legible
from finding_router.lint.table import odd_items
from finding_router_cli.help_text import example
from finding_router_cli.routes_at_hand import running_routes
from finding_router_cli.routing_items import load_table, stack_options

_MOSTLY_FULL: Final = 0.8


@click.group()
def routes() -> None:
    """Check the routing table."""


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
    table = load_table(routes=file, **stack, at_hand=running_routes)
    over = table.over(datetime.now(UTC))
    for problem in table.problems:
        click.echo(f"wrong: {problem}")
    for kind, name in table.kept:
        click.echo(legible(f'in force: {kind} "{name}" goes on in its last valid version'))
    for problem in over:
        click.echo(f"over: {problem}")
    odd = list(odd_items(table))
    for line in odd:
        click.echo(f"odd: {line}")
    disabled = sum(not route.enabled for route in table.routes)
    shadows = sum(not route.is_live for route in table.routes)
    click.echo(
        f"{counted(len(table.routes), 'route')} "
        f"({disabled} not enabled, {counted(shadows, 'shadow')}), "
        f"{counted(len(table.aliases), 'account')}, "
        f"{counted(len(table.silences), 'silence')} ({len(over)} over), "
        f"{counted(table.skipped, 'wrong item')}"
    )
    if table.weight.share > _MOSTLY_FULL:
        click.echo(f"mostly full: {table.weight}; heavier items are left out")
    if table.problems or (strict and odd):
        raise click.exceptions.Exit(1)
