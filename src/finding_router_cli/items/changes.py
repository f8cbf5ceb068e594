"""Changes of items: the plan that is shown, and its execution, an item at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import click
from rich.text import Text

from finding_router.counts import counted
from finding_router_cli.items.item import Item, Key, ordered
from finding_router_cli.items.stored import ChangedMeanwhileError, StoredItems
from finding_router_cli.items.yaml_text import dump_item
from finding_router_cli.output import progress, remark, text
from finding_router_cli.plan import Change, Outcome, Verb, carry_out, diff


@dataclass(kw_only=True)
class ItemsPlan:
    """Items to write: *after* by key, None for one to delete; *before* has those that are there."""

    before: Mapping[Key, Item]
    after: Mapping[Key, Item | None]
    notes: list[str] = field(default_factory=list)
    """Sentences about its effect, shown below the numbers."""
    facts: dict[str, Any] = field(default_factory=dict)
    """The same for programs."""

    @property
    def changes(self) -> list[Change]:
        """Return the changes, by kind and name."""
        return [
            Change(
                verb=verb,
                subject=str(key),
                before=_as_text(self.before.get(key)),
                after=_as_text(self.after[key]),
            )
            for key, verb in self._verbs()
        ]

    @property
    def is_empty(self) -> bool:
        """Return True if every item is already as it would be written."""
        return not self._verbs()

    @property
    def question(self) -> str:
        """Return the question to a person."""
        return "write this"

    def lines(self) -> Iterator[Text]:
        """Yield the diff of each item, the numbers, and the notes."""
        for change in self.changes:
            yield from change.lines()
            yield Text()
        yield text("no changes" if self.is_empty else self._numbers(), "bold")
        yield from map(text, self.notes)

    def as_json(self) -> dict[str, Any]:
        """Return each item before and after, and the facts."""
        changes = [
            {
                "verb": verb,
                **key._asdict(),
                "before": _as_json(self.before.get(key)),
                "after": _as_json(self.after[key]),
            }
            for key, verb in self._verbs()
        ]
        return {"changes": changes, **self.facts}

    def _verbs(self) -> list[tuple[Key, Verb]]:
        verbs = []
        for key, item in sorted(self.after.items()):
            was = self.before.get(key)
            if was is None and item is not None:
                verbs.append((key, Verb.ADD))
            elif was is not None and item is None:
                verbs.append((key, Verb.DELETE))
            elif was is not None and item is not None and ordered(was) != ordered(item):
                verbs.append((key, Verb.CHANGE))
        return verbs

    def _numbers(self) -> str:
        verbs = [verb for _, verb in self._verbs()]
        return ", ".join(f"{verbs.count(verb)} to {verb}" for verb in Verb)


def write(stored: StoredItems, plan: ItemsPlan, **options: bool) -> Outcome:
    """
    Show *plan*, ask, and write its items; *options* are those of `write_options`.

    Raises:
        click.exceptions.Exit: Somebody changed an item meanwhile, which is told; the code is 1.

    """
    refused: list[ChangedMeanwhileError] = []

    def do() -> dict[str, Any]:
        changed = [key for key, _ in plan._verbs()]  # noqa: SLF001 -- this module's own
        with progress("writing items", len(changed)) as advance:
            for key in changed:
                try:
                    stored.write(key, plan.after[key])
                except ChangedMeanwhileError as error:
                    refused.append(error)
                advance(1)
        written = len(changed) - len(refused)
        if not options["for_programs"]:
            click.echo(f"{counted(written, 'item')} written")
        return {
            "written": written,
            "changed_meanwhile": [
                {**error.key._asdict(), "now": _as_json(error.now)} for error in refused
            ],
        }

    outcome = carry_out(plan, do, **options)
    for error in refused:
        _report(error, plan.before.get(error.key))
    if refused:
        raise click.exceptions.Exit(1)
    return outcome


def _report(error: ChangedMeanwhileError, read: Item | None) -> None:
    if error.now is None:
        remark(f"not written: somebody deleted {error.key} meanwhile; run the command again")
        return
    remark(f"not written: somebody changed {error.key} meanwhile; run the command again")
    for line in diff(_as_text(read), _as_text(error.now), indent=2):
        remark(line.plain)


def _as_text(item: Item | None) -> str:
    return "" if item is None else dump_item(item)


def _as_json(item: Item | None) -> dict[str, Any] | None:
    return None if item is None else ordered(item)
