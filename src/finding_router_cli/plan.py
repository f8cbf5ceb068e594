"""
Writes in four steps: plan, show, ask, do.

A command that writes makes a plan, shows it as a diff, asks, and only then carries it out. With
``--dry-run`` it ends after showing; with ``--yes`` it does not ask.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, Final, Protocol

import click
from rich.text import Text

from finding_router_cli.options import json_option, together
from finding_router_cli.output import print_json, print_lines, progress, remark, text

_NOT_ASKED: Final = (
    "nothing was changed: there is no terminal to ask on; "
    "add --yes to do it, or --dry-run to see the plan alone"
)
_CONTEXT_LINES: Final = 2
_CONSENT: Final = ("dry_run", "yes", "for_programs")


class Verb(StrEnum):
    """The effect of a change on its subject."""

    ADD = "add"
    CHANGE = "change"
    DELETE = "delete"


_SIGNS: Final = {Verb.ADD: ("+", "green"), Verb.CHANGE: ("~", "yellow"), Verb.DELETE: ("-", "red")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change, of *subject* as in ``route "payments"``: its text *before* and *after*."""

    verb: Verb
    subject: str
    before: str = ""
    after: str = ""

    def lines(self) -> Iterator[Text]:
        """Yield the subject, and the lines that differ with those around them."""
        sign, style = _SIGNS[self.verb]
        yield text(f"{sign} {self.subject}", f"bold {style}")
        yield from diff(self.before, self.after, indent=4)


class Plan(Protocol):
    """A write, before it is done."""

    @property
    def is_empty(self) -> bool:
        """Return True if there is nothing to do."""

    @property
    def question(self) -> str:
        """Return the question to a person, without a question mark."""

    def lines(self) -> Iterable[Text]:
        """Return the plan for people, with a sentence where it is empty."""

    def as_json(self) -> dict[str, Any]:
        """Return the plan for programs."""


class Outcome(StrEnum):
    """The end of a plan that was not declined."""

    NOTHING_TO_DO = "nothing to do"
    PLANNED = "planned"
    """Only shown, because of ``--dry-run``."""
    DONE = "done"


write_options = together(
    click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing."),
    click.option("--yes", "-y", is_flag=True, help="Do not ask."),
    json_option,
)
"""The options of every command that writes: ``--dry-run``, ``--yes`` and ``--json``."""


def consent(options: dict[str, Any]) -> dict[str, bool]:
    """Take those of `write_options` out of *options*, and return them for `carry_out`."""
    return {name: options.pop(name) for name in _CONSENT}


def carry_out(
    plan: Plan,
    do: Callable[[], Mapping[str, Any] | None],
    *,
    dry_run: bool,
    yes: bool,
    for_programs: bool,
) -> Outcome:
    """
    Show *plan*, ask, and call *do*, whose answer is added to the JSON for programs.

    Raises:
        click.UsageError: There is no terminal to ask on.
        click.exceptions.Exit: The person declined; the code is 1.

    """
    if not for_programs:
        with progress("comparing"):
            lines = list(plan.lines())
        print_lines(lines)
    if plan.is_empty or dry_run:
        outcome = Outcome.NOTHING_TO_DO if plan.is_empty else Outcome.PLANNED
        if for_programs:
            print_json({**plan.as_json(), "outcome": outcome})
        return outcome
    if not yes:
        if for_programs:
            for line in plan.lines():
                remark(line.plain)
        _ask(plan.question)
    answer = do() or {}
    if for_programs:
        print_json({**plan.as_json(), "outcome": Outcome.DONE, **answer})
    return Outcome.DONE


def is_interactive() -> bool:
    """Return True if a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def diff(before: str, after: str, *, indent: int = 0) -> Iterator[Text]:
    """Yield the lines of a diff, equal ones only around those that differ."""
    old, new, blank = before.splitlines(), after.splitlines(), " " * indent
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_CONTEXT_LINES)
    for number, group in enumerate(groups):
        if number:
            yield text(f"{blank}  …", "dim")
        for tag, old_start, old_end, new_start, new_end in group:
            if tag == "equal":
                yield from (text(f"{blank}  {line}", "dim") for line in old[old_start:old_end])
                continue
            yield from (text(f"{blank}- {line}", "red") for line in old[old_start:old_end])
            yield from (text(f"{blank}+ {line}", "green") for line in new[new_start:new_end])


def _ask(question: str) -> None:
    if not is_interactive():
        raise click.UsageError(_NOT_ASKED)
    if not click.confirm(f"{question}?", err=True):
        remark("nothing was changed")
        raise click.exceptions.Exit(1)
