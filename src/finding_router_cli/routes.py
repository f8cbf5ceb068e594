"""`finding-router routes`: check the routing table."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import click

from finding_router.counts import counted
from finding_router.routing.items.match import FINDING_FIELDS, Match, top_fields
from finding_router.routing.patterns.mistake import closest
from finding_router_cli.routing_items import load_table, stack_options

_MOSTLY_FULL: Final = 0.8


@click.group()
def routes() -> None:
    """Check the routing table."""


@routes.command()
@click.argument("file", metavar="[FILE]", required=False)
@stack_options
def check(file: str | None, **stack: Any) -> None:
    """
    Check every item of the routing table; exit with 1 if one is wrong.

    The items come from FILE, or else from the table of the stack. A field unknown to ASFF
    is reported as odd but not as wrong, since the format gains fields.
    """
    table = load_table(routes=file, **stack)
    over = table.over(datetime.now(UTC))
    for problem in (*table.problems, *over):
        click.echo(f"wrong: {problem}")
    matches = [(f'route "{route.name}"', route.match) for route in table.routes]
    matches += [(f'silence "{silence.name}"', silence.match) for silence in table.silences]
    for item, match in matches:
        for field, hint in _odd_fields(match):
            click.echo(f"odd: {item}, match.{field}: unknown to ASFF; {hint}")
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
    if table.problems or over:
        raise click.exceptions.Exit(1)


def _odd_fields(match: Match) -> Iterator[tuple[str, str]]:
    """Yield the top-level fields of *match* that are unknown to ASFF, each with a hint."""
    if match.of_event:
        return
    for field in sorted(set(top_fields(match.pattern)).difference(FINDING_FIELDS)):
        right = closest(field, FINDING_FIELDS)
        yield field, f'did you mean "{right}"?' if right else "is it spelt right?"
