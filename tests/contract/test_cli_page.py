"""docs/cli.md is what the help texts say, and each of them has an example."""

from pathlib import Path

import click
import pytest

from cli_page import MARK, NAME, commands, examples, generated
from finding_router_cli.help_text import EXAMPLE

COMMANDS = dict(commands())
PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_is_made_from_the_help_texts(request: pytest.FixtureRequest) -> None:
    """So that it cannot go stale."""
    head, mark, rest = PAGE.read_text("utf-8").partition(MARK)
    if request.config.getoption("update_goldens"):
        PAGE.write_text(head + MARK + generated(), "utf-8")
        rest = generated()

    assert MARK == mark
    assert generated() == rest, (
        "write it anew with: pytest --update-goldens tests/contract/test_cli_page.py"
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_text_has_an_example(name: str) -> None:
    """Of this very command."""
    command = COMMANDS[name]
    found = examples(command)

    assert (command.epilog or "").startswith(f"\b\n{EXAMPLE}\n")
    assert found
    # `lint` is another name of `check`.
    words = name.removeprefix(NAME).replace(" lint", " check")
    assert all(f"{NAME}{words}" in line for line in found)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    """And begins with a sentence that fits into a list of commands."""
    command = COMMANDS[name]
    options = [each for each in command.params if isinstance(each, click.Option)]

    assert [] == [each.name for each in options if not each.help and not each.hidden]
    assert not command.get_short_help_str(limit=95).endswith("..."), name
