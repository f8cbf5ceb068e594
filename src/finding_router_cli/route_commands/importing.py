"""`routes import-rules`: routes that do the same as EventBridge rules with a chatbot."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, override

import click
from rich.text import Text

from finding_router.counts import counted
from finding_router_cli.account import Account
from finding_router_cli.documents import read_text
from finding_router_cli.help_text import example
from finding_router_cli.imports.joining import Joined, join
from finding_router_cli.imports.proof import Proof, prove, sample_events
from finding_router_cli.imports.setup import Setup, from_aws, from_files
from finding_router_cli.inputs import read_events
from finding_router_cli.items.changes import write
from finding_router_cli.items.files import extended
from finding_router_cli.items.opened import no_impact_option, open_table
from finding_router_cli.output import progress, text
from finding_router_cli.plan import consent, write_options
from finding_router_cli.route_commands.syncing import FilesPlan, write_files
from finding_router_cli.routes_at_hand import running_stack
from finding_router_cli.routing_items import stack_options
from finding_router_cli.stack import find_stack
from finding_router_local import TEMPLATE


@dataclass(kw_only=True)
class _FilePlan(FilesPlan):
    """The file to write, with the rules that are left and the proof."""

    notes: list[str]
    facts: dict[str, Any]

    @override
    def lines(self) -> Iterator[Text]:
        yield from super().lines()
        yield from map(text, self.notes)

    @override
    def as_json(self) -> dict[str, Any]:
        return {**super().as_json(), **self.facts}


@click.command(
    "import-rules",
    epilog=example("finding-router routes import-rules terraform.json -o imported.yaml"),
)
@click.argument("files", metavar="[FILE]...", nargs=-1)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    help="File to write the routes into, YAML or JSON.  [default: the table of the stack]",
)
@click.option(
    "--findings", metavar="FILE", help="Findings to decide both ways.  [default: the samples]"
)
@no_impact_option
@write_options
@stack_options
def import_rules(
    files: tuple[str, ...],
    *,
    output: str | None,
    findings: str | None,
    no_impact: bool,
    **options: Any,
) -> None:
    """
    Make routes of EventBridge rules that feed a chatbot.

    A route is made of each rule whose SNS topic feeds a Slack channel of the chatbot, with the
    pattern of the rule as its match. Each FILE has what `terraform show -json` prints, or the
    rules, targets and channels that the AWS CLI prints; "-" reads standard input. Without FILE they
    come from the account of the stack, or else from that of --profile and --region.

    Other rules are listed with the reason, and left. Findings are decided both ways, by the rules
    and by the routes; exits with 1 if a decision differs, or if no route can be made. No rule is
    changed. Before routes are written into a stack, it says how many findings, those of --findings
    or last week's, would go elsewhere.
    """
    agreed = consent(options)
    with progress("reading rules"):
        setup = from_files(files) if files else from_aws(_account(options))
    joined = join(setup)
    if findings is None:
        events = sample_events(TEMPLATE.parent / "events", joined)
    else:
        events = read_events(read_text(findings), findings)
    with progress("deciding findings both ways"):
        proof = prove(joined, events)
    notes, facts = _notes(setup, joined, proof), _facts(setup, joined, proof)
    if output is None:
        opened = open_table(**options)
        plan = opened.plan_with_impact(joined.routes, findings=findings, no_impact=no_impact)
        plan.notes += notes
        plan.facts |= facts
        write(opened.stored, plan, **agreed)
    else:
        _write_file(Path(output), joined, notes, facts, agreed)
    if proof.differences or not joined.routes:
        raise click.exceptions.Exit(1)


def _account(options: dict[str, Any]) -> Account:
    """Return the account that has the rules: that of the stack, else that of the environment."""
    named = {name: options[name] for name in ("stack", "table", "profile", "region")}
    is_own = named["profile"] or named["region"] or running_stack() is None
    if named["stack"] or named["table"] or not is_own:
        return find_stack(**named).account
    return Account(profile=named["profile"], region=named["region"])


def _write_file(
    path: Path,
    joined: Joined,
    notes: list[str],
    facts: dict[str, Any],
    agreed: dict[str, bool],
) -> None:
    """Write the routes into the file at *path*, whose other items stay."""
    before = {path: read_text(str(path))} if path.exists() else {}
    there = before.get(path, "")
    after = {path: extended(there, str(path), joined.routes)} if joined.routes else {}
    plan = _FilePlan(before=before, after=after, notes=notes, facts=facts)
    write_files(plan, f"{counted(len(joined.routes), 'route')} written to {path}", **agreed)


def _notes(setup: Setup, joined: Joined, proof: Proof) -> list[str]:
    made = counted(len(joined.routes), "route")
    read = f"{counted(len(setup.rules), 'rule')} read, {made} made"
    return [read, *map(str, joined.left), *proof.lines()]


def _facts(setup: Setup, joined: Joined, proof: Proof) -> dict[str, Any]:
    return {
        "rules": len(setup.rules),
        "routes": [key.name for key in joined.routes],
        "left": [{"rule": one.rule, "reason": one.reason} for one in joined.left],
        "proof": proof.as_json(),
    }
