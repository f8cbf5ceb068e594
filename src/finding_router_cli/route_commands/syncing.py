"""`routes export` and `routes apply`: routes as files, for a repository."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from rich.text import Text

from finding_router.counts import counted
from finding_router_cli.help_text import example
from finding_router_cli.items.changes import write
from finding_router_cli.items.files import exported
from finding_router_cli.items.item import InvalidItemsError, Item, Key, keyed, mistakes, ordered
from finding_router_cli.items.opened import impact_choice, impact_options, open_table
from finding_router_cli.items.yaml_text import dump_block
from finding_router_cli.output import progress, remark, text
from finding_router_cli.plan import Change, Outcome, Verb, carry_out, consent, write_options
from finding_router_cli.routing_items import read_items_at, stack_options

KINDS: Final = ("route", "account", "silence", "ticket")
_EXPORTED: Final = ("route", "account", "ticket")
# As of `terraform plan -detailed-exitcode`.
_CHANGES_EXIT_CODE: Final = 2

kind_option = click.option(
    "--kind",
    "kinds",
    type=click.Choice(KINDS),
    multiple=True,
    help="Only items of this kind; give it again for each further one.",
)


@dataclass(kw_only=True)
class FilesPlan:
    """Files to write: their text *before* and *after*."""

    before: Mapping[Path, str]
    after: Mapping[Path, str]
    question: str = "overwrite this"

    @property
    def changed(self) -> list[Path]:
        """Return the files that would change."""
        return [path for path in self.after if self.before.get(path, "") != self.after[path]]

    @property
    def is_empty(self) -> bool:
        """Return True if every file already has its text."""
        return not self.changed

    def lines(self) -> Iterator[Text]:
        """Yield the diff of each file."""
        for path in self.changed:
            verb = Verb.CHANGE if path in self.before else Verb.ADD
            before = self.before.get(path, "")
            change = Change(verb=verb, subject=str(path), before=before, after=self.after[path])
            yield from change.lines()
        if self.is_empty:
            yield text("no changes", "bold")

    def as_json(self) -> dict[str, Any]:
        """Return the files that would change."""
        return {"files": list(map(str, self.changed))}


def write_files(plan: FilesPlan, done: str, **agreed: bool) -> None:
    """Show *plan*, ask where a file is there already, write, and remark *done*."""

    def do() -> None:
        for path in plan.changed:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(plan.after[path], "utf-8")
        remark(done)

    # Nothing is lost where a file is new.
    is_new = not any(path in plan.before for path in plan.changed)
    carry_out(plan, do, **{**agreed, "yes": agreed["yes"] or is_new})


@click.command(epilog=example("finding-router routes export routes.yaml"))
@click.argument("target", metavar="[FILE|FOLDER]", required=False)
@kind_option
@write_options
@stack_options
def export(
    target: str | None,
    *,
    kinds: Sequence[str],
    **options: Any,
) -> None:
    """
    Write routes into FILE or FOLDER.

    The names of accounts and the places of tickets are written as well. Without FILE or FOLDER they
    are printed, as YAML, or as JSON with --json. A file called *.json is written as JSON. In a file
    that is there, items that did not change stay as they are written, with their comments;
    so does the order. Items that the table no longer has leave the file. Silences are exported with
    --kind silence only.
    """
    agreed = consent(options)
    wanted = frozenset(kinds or _EXPORTED)
    opened = open_table(**options)
    items = {key: item for key, item in opened.stored.items.items() if key.kind in wanted}
    in_order = dict(sorted(items.items(), key=_rank))
    if target is None:
        _print(list(in_order.values()), for_programs=agreed["for_programs"])
        return
    with progress("comparing files"):
        after = exported(Path(target), in_order, wanted)
    before = {path: path.read_text("utf-8") for path in after if path.exists()}
    done = f"{counted(len(in_order), 'item')} exported to {target}"
    write_files(FilesPlan(before=before, after=after), done, **agreed)


@click.command(epilog=example("finding-router routes apply routes.yaml --dry-run"))
@click.argument("source", metavar="FILE|FOLDER")
@click.option("--prune", is_flag=True, help="Delete items that are in no file.")
@kind_option
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 0 if nothing was to be changed, with 2 if something was.",
)
@impact_options
@write_options
@stack_options
def apply(
    source: str,
    *,
    prune: bool,
    kinds: Sequence[str],
    detailed_exitcode: bool,
    **options: Any,
) -> None:
    """
    Make routes as FILE or FOLDER has them.

    So are silences, names of accounts and places of tickets. The files hold YAML or JSON. The plan
    says what is added, changed and deleted, and how many of last week's findings would go
    elsewhere. An item that somebody else changes meanwhile is not overwritten: it is told, and the
    exit code is 1. Nothing is written if any item is wrong.

    Items that are in no file stay, unless with --prune. That deletes items of the kinds that the
    files hold; silences, which are made in a hurry and elsewhere, with --kind silence only.
    """
    agreed, measure = consent(options), impact_choice(options)
    wanted = frozenset(kinds or KINDS)
    opened = open_table(**options)
    with progress("reading files"):
        read = read_items_at(source)
    if wrong := mistakes(read, allow_suppress=opened.allow_suppress):
        raise InvalidItemsError(wrong)
    items: dict[Key, Item | None] = {
        key: item for key, item in keyed(read, source) if key.kind in wanted
    }
    if prune:
        items |= dict.fromkeys(_left_over(opened.stored.items, items, kinds))
    plan = opened.plan_with_impact(items, **measure)
    outcome = write(opened.stored, plan, **agreed)
    if detailed_exitcode and outcome is not Outcome.NOTHING_TO_DO:
        raise click.exceptions.Exit(_CHANGES_EXIT_CODE)


def _left_over(
    stored: Mapping[Key, Item], items: Collection[Key], kinds: Collection[str]
) -> Iterator[Key]:
    """Yield the keys of items that `--prune` deletes."""
    pruned = frozenset(kinds) or {key.kind for key in items} - {"silence"}
    return (key for key in stored if key.kind in pruned and key not in items)


def _print(items: Sequence[Item], *, for_programs: bool) -> None:
    if for_programs:
        click.echo(json.dumps(list(map(ordered, items)), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(map(dump_block, items)), nl=False)


def _rank(entry: tuple[Key, Item]) -> tuple[int, float, str]:
    key, item = entry
    order = item.get("order", 100)
    is_number = isinstance(order, int | float) and key.kind == "route"
    return KINDS.index(key.kind), float(order) if is_number else 0.0, key.name
