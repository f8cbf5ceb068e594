"""The part of docs/cli.md that is made from the help texts."""

from collections.abc import Iterator

import click

from finding_router_cli.main import main

NAME = "finding-router"
MARK = (
    "<!-- From here on, this page is made from the help texts: "
    "pytest --update-goldens writes it. -->\n"
)
_WIDTH = 100


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield each command that does something, by its whole name."""
    yield from _below(main, click.Context(main, info_name=NAME))


def generated() -> str:
    """Return the text of the page below `MARK`."""
    return "".join(
        f"\n## {name.removeprefix(NAME).strip()}\n\n```text\n{_help(name, command)}\n```\n"
        for name, command in commands()
    )


def examples(command: click.Command) -> list[str]:
    """Return the lines of the example in the help text of *command*."""
    lines = (command.epilog or "").splitlines()
    return [line.strip() for line in lines[2:]]


def _below(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, parent=context, info_name=name)
        if isinstance(command, click.Group):
            yield from _below(command, inner)
        else:
            yield inner.command_path, command


def _help(name: str, command: click.Command) -> str:
    context = click.Context(
        command,
        info_name=name,
        terminal_width=_WIDTH,
        max_content_width=_WIDTH,
        help_option_names=["-h", "--help"],
    )
    text = click.unstyle(command.get_help(context))
    return "\n".join(line.rstrip() for line in text.splitlines())
