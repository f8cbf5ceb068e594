"""Writes: plan, show, ask, do."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from rich.text import Text

from finding_router_cli import plan as plans
from finding_router_cli.plan import Change, Outcome, Verb, carry_out, diff, write_options


@dataclass
class Renaming:
    """A plan to rename things."""

    names: tuple[str, ...]
    question: str = "rename them"

    @property
    def is_empty(self) -> bool:
        """Return True without names."""
        return not self.names

    def lines(self) -> Iterator[Text]:
        """Yield a line for each name."""
        yield from (Text(f"~ {name}") for name in self.names)

    def as_json(self) -> dict[str, Any]:
        """Return the names."""
        return {"names": list(self.names)}


def run(*arguments: str, names: tuple[str, ...] = ("a",), answer: str = "") -> tuple[Result, int]:
    """Run a command that renames, and return how often it did."""
    done: list[Outcome] = []
    called: list[int] = []

    @click.command()
    @write_options
    def rename(**options: bool) -> None:
        done.append(
            carry_out(Renaming(names), lambda: called.append(1) or {"renamed": 1}, **options)
        )

    return CliRunner().invoke(rename, list(arguments), input=answer), len(called)


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sit somebody at the terminal."""
    monkeypatch.setattr(plans, "is_interactive", lambda: True)


def test_without_a_terminal_nothing_is_done_unasked() -> None:
    """The plan is shown all the same, and the sentence names both ways on."""
    result, times = run()

    assert (2, 0) == (result.exit_code, times)
    assert "~ a\n" == result.stdout
    assert "add --yes to do it, or --dry-run to see the plan alone" in result.stderr


def test_a_yes_is_not_asked() -> None:
    """For scripts."""
    result, times = run("--yes")

    assert (0, 1, "") == (result.exit_code, times, result.stderr)


def test_a_dry_run_does_nothing() -> None:
    """With --yes, too."""
    result, times = run("--dry-run", "--yes")

    assert (0, 0, "~ a\n") == (result.exit_code, times, result.stdout)


def test_nothing_to_do_is_not_asked() -> None:
    """And no failure."""
    result, times = run(names=())

    assert (0, 0) == (result.exit_code, times)


@pytest.mark.parametrize(("answer", "ended"), [("y\n", (0, 1)), ("n\n", (1, 0)), ("\n", (1, 0))])
def test_a_person_is_asked(person: None, answer: str, ended: tuple[int, int]) -> None:
    """On standard error, and a mere Return is a no."""
    result, times = run(answer=answer)

    assert ended == (result.exit_code, times)
    assert "rename them? [y/N]" in result.stderr


def test_programs_read_one_document(person: None) -> None:
    """The plan goes to the person on standard error where one is asked."""
    asked, _ = run("--json", answer="y\n")
    planned, _ = run("--json", "--dry-run")
    empty, _ = run("--json", names=())

    assert {"names": ["a"], "outcome": "done", "renamed": 1} == json.loads(asked.stdout)
    assert "~ a\n" in asked.stderr
    assert {"names": ["a"], "outcome": "planned"} == json.loads(planned.stdout)
    assert {"names": [], "outcome": "nothing to do"} == json.loads(empty.stdout)


def test_a_diff_shows_lines_around_those_that_differ() -> None:
    """Two on each side."""
    before = "\n".join("abcdefghij")
    after = before.replace("e", "E")

    shown = [line.plain for line in diff(before, after)]

    assert ["  c", "  d", "- e", "+ E", "  f", "  g"] == shown


def test_a_change_names_its_subject() -> None:
    """With a sign for each verb, as in a plan of Terraform."""
    change = Change(verb=Verb.CHANGE, subject='route "x"', before="a: 1\nb: 2", after="a: 1\nb: 3")

    shown = [line.plain for line in change.lines()]

    assert ['~ route "x"', "      a: 1", "    - b: 2", "    + b: 3"] == shown
