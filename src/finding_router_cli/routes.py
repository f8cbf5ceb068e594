"""`finding-router routes`: look after the routing table."""

from datetime import UTC, datetime
from typing import Any

import click

from finding_router.routing.match import FINDING_FIELDS, top_fields
from finding_router.routing.mistake import closest
from finding_router_cli.routing_items import load_table, stack_options


@click.group()
def routes() -> None:
    """Look after the routing table."""


@routes.command()
@click.argument("file", metavar="[FILE]", required=False)
@stack_options
def check(file: str | None, **stack: Any) -> None:
    """
    Check every item of the routing table; exit with 1 if one is wrong.

    The items come from FILE, or else from the table of the stack. A field that no
    finding is known to have is pointed out, but not wrong: the format gains fields.
    """
    table = load_table(routes=file, **stack)
    over = table.over(datetime.now(UTC))
    for problem in (*table.problems, *over):
        click.echo(f"wrong: {problem}")
    for item in (*table.routes, *table.silences):
        if item.match.of_event:
            continue
        for field in sorted(set(top_fields(item.match.pattern)).difference(FINDING_FIELDS)):
            right = closest(field, FINDING_FIELDS)
            hint = f'did you mean "{right}"?' if right else "is it spelt right?"
            click.echo(f'odd: {item.kind} "{item.name}", match.{field}: unknown to ASFF; {hint}')
    disabled = sum(not route.enabled for route in table.routes)
    shadows = sum(not route.is_live for route in table.routes)
    click.echo(
        f"{len(table.routes)} routes ({disabled} not enabled, {shadows} shadows), "
        f"{len(table.aliases)} accounts, {len(table.silences)} silences ({len(over)} over), "
        f"{table.skipped} wrong items"
    )
    if table.problems or over:
        raise click.exceptions.Exit(1)
