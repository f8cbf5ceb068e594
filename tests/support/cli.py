"""The command line in this process, against a stack of this process."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from click.testing import CliRunner, Result

from finding_router_cli.main import main
from finding_router_local.running import RunningStack
from finding_router_local.stack import Stack


@dataclass
class Cli:
    """Commands for *stack*, which they find as if it ran in another process."""

    stack: Stack

    def __call__(self, *arguments: str, answer: str | None = None, code: int = 0) -> Result:
        """Run a command, whose exit code must be *code*; *answer* is its standard input."""
        result = CliRunner().invoke(main, list(arguments), input=answer, catch_exceptions=False)
        assert code == result.exit_code, result.output
        return result

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Return what a command prints for programs."""
        return json.loads(self(*arguments, "--json", code=code).stdout)

    @property
    def items(self) -> list[dict[str, Any]]:
        """Return the items of the stack's RoutingTable."""
        return self.stack.routes()

    def item(self, name: str) -> dict[str, Any] | None:
        """Return one item by its name; None if there is none."""
        return next((item for item in self.items if item["name"] == name), None)

    def put(self, *items: Mapping[str, Any]) -> None:
        """Write *items* as a person does in the console."""
        self.stack.put_routes(items)

    def import_findings(self, findings: Iterable[Mapping[str, Any]]) -> None:
        """Make Security Hub know *findings*."""
        for finding in findings:
            self.stack.load({"detail": {"findings": [finding]}})


def as_running(stack: Stack) -> RunningStack:
    """Return *stack* as another process would find it."""
    said = stack.describe()
    return RunningStack(
        said["endpoint_url"],
        region=said["region"],
        queues=said["queues"],
        tables=said["tables"],
        environment=said["environment"],
    )


def lines(result: Result) -> Sequence[str]:
    """Return the lines of standard output, without blanks at their ends."""
    return [line.rstrip() for line in result.stdout.splitlines()]
