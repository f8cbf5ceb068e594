"""`finding-router explain`: show the routing of findings without sending anything."""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

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
)
from finding_router_cli.routing_items import load, stack_options
from finding_router_cli.stack import LEDGER, Stack, deployed_stack, find_stack

if TYPE_CHECKING:
    from finding_router.aws.items import Items
    from finding_router.routing.table import RoutingTable

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
    found = _stack_of(source, is_needed=reference is not None)
    find = routes_at_hand if wanted is None else _routes_of_ones_own
    loaded = load(**{**source, "stack": found if source["stack"] else None}, at_hand=find)
    table, organization = loaded.table, loaded.organization
    for problem in (*table.problems, *table.over(now)):
        is_kept = (problem.kind, problem.name) in table.kept_labels
        happened = "not valid, decided by its last valid version" if is_kept else "left out"
        click.echo(f"{happened}: {problem}", err=True)
    for problem in table.unmet:
        click.echo(f"without a ticket: {problem}", err=True)
    looked_up = _LookedUp(reference, found, ledger) if reference and found else None
    if looked_up:
        events = looked_up.events()
    else:
        assert file is not None  # noqa: S101 -- `_reference` asks for one of both
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
    if wanted_id is not None and looked_up is None:
        told = [(one, those) for one, those in told if _is_called(one, wanted_id)]
        explanations = [one for one, _ in told]
        if not told:
            message = f"no finding of {file} has the id {wanted_id}; take that of its small print"
            raise click.ClickException(message)
    nothing: tuple[list[str], dict[str, Any]] = ([], {})
    more = looked_up.more(explanations, table, now) if looked_up else [nothing] * len(told)
    if for_programs:
        results = [
            as_json(one) | ({} if those is None else {"alerts": those}) | facts
            for (one, those), (_, facts) in zip(told, more, strict=True)
        ]
        click.echo(json.dumps({"findings": results}, indent=2))
    else:
        shown: set[tuple[object, frozenset[str]]] = set()
        for (one, those), (besides, _) in zip(told, more, strict=True):
            known = (one.finding and one.finding.key, one.goes)
            if looked_up and known in shown:
                click.echo(f"{_ALSO_IN_OCSF}\n")
                continue
            shown.add(known)
            lines = [*as_lines(one, table=table, show_all=show_all), *alert_lines(those or ())]
            click.echo("\n".join([*lines, *besides]) + "\n")
    if wanted is not None and not _are_as_expected(explanations, wanted):
        raise click.exceptions.Exit(1)


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

    def more(
        self, explanations: Sequence[Explanation], table: "RoutingTable", now: datetime
    ) -> list[tuple[list[str], dict[str, Any]]]:
        """Return lines and facts of each finding: its state in the Ledger, and what to do next."""
        from finding_router_cli.lookups.standing import Standings  # noqa: PLC0415 -- loads boto3
        from finding_router_cli.lookups.words import (  # noqa: PLC0415 -- beside the above
            next_steps,
            standing_lines,
        )

        told: list[tuple[list[str], dict[str, Any]]] = []
        for one in explanations:
            standing = None
            if self._items is not None and one.finding and one.decision:
                url = self._stack.slack_url
                with self._stack.account.in_sentences(table=self._items.table):
                    standings = Standings(self._items, table, url, now.timestamp())
                    standing = standings.of(one.finding, one.decision)
            steps = next_steps(one, standing, self._stack)
            lines = [*(standing_lines(standing) if standing else ())]
            lines += [fact("next", step) for step in steps]
            facts = {"ledger": standing and standing.as_json(), "next": steps}
            told.append((lines, facts))
        return told


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
