"""The `finding-router` command."""

import io
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click

from finding_router_cli import terminal

# Modules are imported when called: the local stack alone takes seconds to import.
_COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "audit": ("finding_router_cli.audit", "Show who pressed which button, and what came of it."),
    "baseline": ("finding_router_cli.baseline", "Tell once what was there before, and mark it."),
    "doctor": ("finding_router_cli.doctor", "Check that the router works; name what cures it."),
    "explain": ("finding_router_cli.explain", "Tell where findings would go, and why."),
    "local": ("finding_router_cli.local", "Run the whole router on this machine."),
    "manifest": ("finding_router_cli.manifest", "Print the manifest of the Slack app."),
    "preview": ("finding_router_cli.preview", "Show the cards of findings, without posting them."),
    "redrive": ("finding_router_cli.redrive", "Send dead letters through the router again."),
    "replay": ("finding_router_cli.replay", "Count the messages of late, by other routes too."),
    "routes": ("finding_router_cli.routes", "List, check, test and change the routes of a stack."),
    "silence": ("finding_router_cli.silences", "Silence findings for a time."),
    "stats": ("finding_router_cli.stats", "Show the numbers of a stack, from its Ledger."),
}


class _LateCommands(click.Group):
    """A group that imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(import_module(_COMMANDS[cmd_name][0]), cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


@click.group(cls=_LateCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="security-hub-slack-router")
@click.pass_context
def main(context: click.Context) -> None:
    """Route AWS Security Hub findings to Slack channels."""
    context.color = terminal.colours()
    # A name in a script that the encoding does not have is no reason to fail.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
