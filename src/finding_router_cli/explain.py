"""`finding-router explain`: show the routing of findings without sending anything."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

from finding_router.findings.short_id import short_id
from finding_router.routing.items.channel import read_channel
from finding_router.routing.items.clock import read_moment
from finding_router.routing.patterns.mistake import MistakeError
from finding_router_cli.account import Account
from finding_router_cli.alerts import alerts_of
from finding_router_cli.documents import read_text
from finding_router_cli.explanation import (
    Explanation,
    alert_lines,
    as_json,
    as_lines,
    explain_event,
)
from finding_router_cli.help_text import example
from finding_router_cli.inputs import read_events
from finding_router_cli.options import json_option
from finding_router_cli.routes_at_hand import (
    RoutesAtHand,
    routes_at_hand,
    running_account,
    running_routes,
)
from finding_router_cli.routing_items import load, stack_options

NOWHERE: Final = "none"


@click.command(epilog=example("finding-router explain events/imported-two-findings.json"))
@click.argument("file", metavar="FILE")
@click.option("--routes", metavar="FILE", help="File or folder with items, JSON or YAML.")
@stack_options
@click.option(
    "--ledger",
    metavar="NAME",
    envvar="LEDGER_TABLE",
    help="The stack's Ledger: tells what each channel would hear, given what was said there.  "
    "[env: LEDGER_TABLE]",
)
@json_option
@click.option("--all", "show_all", is_flag=True, help="Print every route that does not match.")
@click.option(
    "--finding",
    "wanted_id",
    metavar="ID",
    help="Explain only the finding of FILE with this Id, or with the short id in the small print "
    "of its card.",
)
@click.option(
    "--at",
    "written_moment",
    metavar="MOMENT",
    help="Explain what would happen then, not now; for example 2030-03-09T22:00:00+01:00.",
)
@click.option(
    "--expect",
    "expected",
    metavar="CHANNEL",
    multiple=True,
    help="Exit with 1 unless every finding goes to this channel; give it again for each further "
    f"one, or {NOWHERE} for findings that go nowhere.",
)
def explain(
    file: str,
    *,
    ledger: str | None,
    for_programs: bool,
    show_all: bool,
    wanted_id: str | None,
    written_moment: str | None,
    expected: Sequence[str],
    **source: Any,
) -> None:
    """
    Show where the findings of FILE would go, and why, without sending anything.

    FILE holds an EventBridge event, an SQS batch, a finding, a list of these, the output of
    get-findings, or JSON lines; "-" reads standard input. The routes come from the file --routes
    or from the table of a stack, named by --stack or --table. Without these, they come from the
    stack that `local up` keeps running, or else from the project's examples.
    """
    wanted = _read_expected(expected)
    now = _read_at(written_moment)
    find = routes_at_hand if wanted is None else _routes_of_ones_own
    loaded = load(**source, at_hand=find)
    table, organization = loaded.table, loaded.organization
    for problem in (*table.problems, *table.over(now)):
        is_kept = (problem.kind, problem.name) in table.kept_labels
        happened = "not valid, decided by its last valid version" if is_kept else "left out"
        click.echo(f"{happened}: {problem}", err=True)
    for problem in table.unmet:
        click.echo(f"without a ticket: {problem}", err=True)
    events = read_events(read_text(file), file)
    explanations = [
        one for event in events for one in explain_event(event, table, now, organization)
    ]
    account = _account(**source) if ledger else None
    alerts = (
        [
            each
            for event in events
            for each in alerts_of(event, table, ledger, now, account, organization)
        ]
        if ledger and account
        else [None] * len(explanations)
    )
    told = list(zip(explanations, alerts, strict=True))
    if wanted_id is not None:
        told = [(one, those) for one, those in told if _is_called(one, wanted_id)]
        explanations = [one for one, _ in told]
        if not told:
            message = f"no finding of {file} has the id {wanted_id}; take that of its small print"
            raise click.ClickException(message)
    if for_programs:
        found = [as_json(one) | ({} if those is None else {"alerts": those}) for one, those in told]
        click.echo(json.dumps({"findings": found}, indent=2))
    else:
        for one, those in told:
            lines = [*as_lines(one, table=table, show_all=show_all), *alert_lines(those or ())]
            click.echo("\n".join(lines) + "\n")
    if wanted is not None and not _are_as_expected(explanations, wanted):
        raise click.exceptions.Exit(1)


def _routes_of_ones_own() -> RoutesAtHand:
    """Return the routes of the stack that runs: an expectation is none of the examples."""
    running = running_routes()
    if running is None:
        message = "--expect tests routes of your own; give them with --routes, --stack or --table"
        raise click.UsageError(message)
    return running


def _account(
    *,
    routes: str | None,
    table: str | None,
    stack: str | None,
    profile: str | None,
    region: str | None,
    **_settings: Any,
) -> Account:
    """Return the account that the routes are of, for the Ledger."""
    is_named = any((routes, table, stack, profile, region))
    running = None if is_named else running_account()
    return running or Account(profile=profile, region=region)


def _is_called(one: Explanation, wanted: str) -> bool:
    return one.finding is not None and wanted.strip() in {
        one.finding.id,
        short_id(one.finding.id),
    }


def _read_at(written: str | None) -> datetime:
    if written is None:
        return datetime.now(UTC)
    try:
        return read_moment(written)
    except MistakeError as error:
        raise click.BadParameter(str(error), param_hint="--at") from error


def _read_expected(expected: Sequence[str]) -> set[str] | None:
    """Return the channels of ``--expect`` in normalised spelling; None without the option."""
    if not expected:
        return None
    try:
        return {read_channel(written).text for written in expected if written != NOWHERE}
    except MistakeError as error:
        raise click.BadParameter(str(error), param_hint="--expect") from error


def _are_as_expected(explanations: Sequence[Explanation], wanted: set[str]) -> bool:
    is_so = True
    for one in explanations:
        if one.goes != wanted:
            is_so = False
            goes, should = (", ".join(sorted(names)) or NOWHERE for names in (one.goes, wanted))
            click.echo(f'expected {should}, but "{one.title}" goes to {goes}', err=True)
    return is_so
