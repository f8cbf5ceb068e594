"""Options that several commands share, and groups of them."""

from collections.abc import Callable
from typing import Any

import click

json_option = click.option("--json", "for_programs", is_flag=True, help="Print JSON.")


def together[C: Callable[..., Any]](*options: Callable[[Any], Any]) -> Callable[[C], C]:
    """Return a decorator that adds *options* to a command, in the order of its help."""

    def add(command: C) -> C:
        for option in reversed(options):
            command = option(command)
        return command

    return add
