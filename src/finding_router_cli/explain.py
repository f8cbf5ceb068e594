"""`finding-router explain`: show the routing of findings without sending anything."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import click

from finding_router.findings.short_id import short_id
from finding_router.routing.items.channel import read_channel
from finding_router.routing.items.clock import read_moment
from finding_router.routing.patterns.mistake import MistakeError
from finding_router.routing.table import RoutingTable
from finding_router_cli.account import Account
from finding_router_cli.alerts import alerts_of
from finding_router_cli.documents import read_text
from finding_router_cli.explanation import (
    Explanation,
    alert_lines,
    as_json,
    as_lines,
    explain_event,
    fact,
)
from finding_router_cli.help_text import example
from finding_router_cli.inputs import envelope_of, read_events
from finding_router_cli.lookups.reference import is_reference, read_link
from finding_router_cli.options import json_option
from finding_router_cli.routes_at_hand import (
    RoutesAtHand,
    routes_at_hand,
    running_account,
    running_routes,
    running_stack,
)
from finding_router_cli.routing_items import Loaded, load, stack_options
from finding_router_cli.stack import LEDGER, SETTLE_SECONDS, Stack, deployed_stack, find_stack

if TYPE_CHECKING:
    from finding_router.aws.items import Items

NOWHERE: Final = "none"
_ALSO_IN_OCSF: Final = "It is in AWS Security Hub (OCSF), too, and goes to the same channels."


@click.command(
    epilog=example(
        "finding-router explain events/imported-two-findings.json",
        "finding-router explain 53a3abee",
    )
)
@click.argument("file", metavar="FILE|ID|LINK", required=False)
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
    "of its card. Without FILE, look it up in the stack.",
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
    file: str | None,
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

    In place of a FILE, one finding of the stack can be named, by its Id, its short id, a beginning
    or an end of its Id, or the LINK to its message in Slack. Then also the state of its message in
    each channel is shown, and what holds it, as the Ledger has them, and what to do next.
    """
    wanted = _read_expected(expected)
    now = _read_at(written_moment)
    reference = _reference(file, wanted_id)
    stack = _stack_of(source, is_needed=reference is not None)
    find = routes_at_hand if wanted is None else _routes_of_ones_own
    loaded = load(**{**source, "stack": stack if source["stack"] else None}, at_hand=find)
    _print_problems(loaded.table, now)
    looked_up = _LookedUp(reference, stack, ledger) if reference and stack else None
    events = looked_up.events() if looked_up else read_events(read_text(file or "-"), file or "-")
    told = [
        _Told(one)
        for event in events
        for one in explain_event(event, loaded.table, now, loaded.organization)
    ]
    if ledger:
        _add_alerts(told, events, ledger, loaded, now, stack=stack, source=source)
    if wanted_id is not None and looked_up is None:
        told = [each for each in told if _is_called(each.explanation, wanted_id)]
        if not told:
            message = f"no finding of {file} has the id {wanted_id}; take that of its small print"
            raise click.ClickException(message)
    if looked_up:
        looked_up.add_standings(told, loaded.table, now)
    if for_programs:
        click.echo(json.dumps({"findings": [each.as_json() for each in told]}, indent=2))
    else:
        _print(told, loaded.table, show_all=show_all, is_looked_up=looked_up is not None)
    if wanted is not None and not _are_as_expected([each.explanation for each in told], wanted):
        raise click.exceptions.Exit(1)


@dataclass(slots=True)
class _Told:
    """
    The *explanation* of a finding, and its state in the Ledger.

    *alerts* are the verdicts for each channel, with ``--ledger``; *lines* and *facts* are the state
    of a finding that was looked up.
    """

    explanation: Explanation
    alerts: list[dict[str, str]] | None = None
    lines: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        alerts = {} if self.alerts is None else {"alerts": self.alerts}
        return as_json(self.explanation) | alerts | self.facts


def _print_problems(table: RoutingTable, now: datetime) -> None:
    """Print the problems of items, and of those that are left out."""
    for problem in (*table.problems, *table.over(now)):
        is_kept = (problem.kind, problem.name) in table.kept_labels
        happened = "not valid, decided by its last valid version" if is_kept else "left out"
        click.echo(f"{happened}: {problem}", err=True)
    for problem in table.unmet:
        click.echo(f"without a ticket: {problem}", err=True)


def _add_alerts(
    told: Sequence[_Told],
    events: Sequence[Mapping[str, Any]],
    ledger: str,
    loaded: Loaded,
    now: datetime,
    *,
    stack: Stack | None,
    source: Mapping[str, Any],
) -> None:
    """Add the verdict of each channel, given its messages so far."""
    account, seconds = _account(**source), _settle_seconds(stack, source)
    found = [
        alerts
        for event in events
        for alerts in alerts_of(
            event, loaded.table, ledger, now, account, loaded.organization, settle_seconds=seconds
        )
    ]
    for each, alerts in zip(told, found, strict=True):
        each.alerts = alerts


def _print(
    told: Sequence[_Told], table: RoutingTable, *, show_all: bool, is_looked_up: bool
) -> None:
    """Print *told*; of a finding that was looked up in two forms, the second only if it differs."""
    shown: set[tuple[object, frozenset[str]]] = set()
    for each in told:
        one = each.explanation
        known = (one.finding and one.finding.key, one.goes)
        if is_looked_up and known in shown:
            click.echo(f"{_ALSO_IN_OCSF}\n")
            continue
        shown.add(known)
        lines = [*as_lines(one, table=table, show_all=show_all), *alert_lines(each.alerts or ())]
        click.echo("\n".join([*lines, *each.lines]) + "\n")


class _LookedUp:
    """The finding that *reference* names in *stack*, whose Ledger may be named by *ledger*."""

    def __init__(self, reference: str, stack: Stack, ledger: str | None) -> None:
        self._reference = reference
        self._stack = stack
        self._ledger = ledger

    @cached_property
    def _items(self) -> "Items | None":
        """Return the items of the Ledger; None if only a RoutingTable is known."""
        if self._ledger:
            from finding_router.aws.items import Items  # noqa: PLC0415 -- loads boto3

            return Items(self._ledger, self._stack.account.dynamodb())
        return self._stack.ledger() if self._stack.resources.get(LEDGER) else None

    def events(self) -> list[dict[str, Any]]:
        """Return an event for each form of the finding; of a card, for each standard's."""
        # boto3 takes a while to import.
        from finding_router_cli.lookups.hubs import Hubs  # noqa: PLC0415 -- see above
        from finding_router_cli.lookups.search import find  # noqa: PLC0415 -- see above

        wanted = read_link(self._reference) or self._reference
        with self._stack.account.in_sentences():
            found = find(wanted, Hubs(self._stack), self._items, time.time())
        return [envelope_of(raw) for raw in found.raws]

    def add_standings(self, told: Sequence[_Told], table: RoutingTable, now: datetime) -> None:
        """Add the state in the Ledger, and the next steps, to each of *told*."""
        from finding_router_cli.lookups.standing import Standings  # noqa: PLC0415 -- loads boto3
        from finding_router_cli.lookups.words import (  # noqa: PLC0415 -- beside the above
            next_steps,
            standing_lines,
        )

        items, url = self._items, self._stack.slack_url
        standings = None if items is None else Standings(items, table, url, now.timestamp())
        name = None if items is None else items.table
        for each in told:
            one, standing = each.explanation, None
            if standings is not None and one.finding and one.decision:
                with self._stack.account.in_sentences(table=name):
                    standing = standings.of(one.finding, one.decision)
            steps = next_steps(one, standing, self._stack)
            each.lines += standing_lines(standing) if standing else ()
            each.lines += [fact("next", step) for step in steps]
            each.facts |= {"ledger": standing and standing.as_json(), "next": steps}


def _reference(file: str | None, wanted_id: str | None) -> str | None:
    """Return the name of the finding to look up; None if FILE holds the findings."""
    if file is None:
        if wanted_id is None:
            raise click.UsageError("Missing argument 'FILE|ID|LINK'.")
        return wanted_id.strip()
    if not is_reference(file):
        return None
    if wanted_id is not None:
        raise click.UsageError(f"{file} names a finding already; leave --finding out")
    if file.startswith(("http://", "https://")) and read_link(file) is None:
        raise click.UsageError(
            f"{file} is no link to a message; take that of Copy link in Slack: "
            "https://….slack.com/archives/C…/p…"
        )
    return file


def _stack_of(source: Mapping[str, Any], *, is_needed: bool) -> Stack | None:
    """Return the stack that the options name, looked up once; None if there is no need of one."""
    named = {name: source[name] for name in ("stack", "profile", "region", "table")}
    if is_needed:
        return find_stack(**named)
    if named["stack"] and not source["routes"]:
        return deployed_stack(
            Account(profile=named["profile"], region=named["region"]), named["stack"]
        )
    return None


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


def _settle_seconds(found: Stack | None, source: Mapping[str, Any]) -> float:
    """Return the settle time of the stack that is *found*, or that runs here."""
    names = ("routes", "stack", "table", "profile", "region")
    if found is None and not any(source[name] for name in names) and running_stack():
        found = find_stack(stack=None)
    return found.settle_seconds() if found else SETTLE_SECONDS


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
