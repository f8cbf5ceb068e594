"""
Where `make deploy` deploys to: account, Region and stack, as lines of NAME=VALUE.

The Makefile keeps them beside the answers that it asks for, so that those of one account are not
used in another.
"""

import sys
import tomllib
from typing import Any

import click

from finding_router_cli.account import Account
from finding_router_local import TEMPLATE


def place(account: Account, stack: str | None = None) -> dict[str, str]:
    """
    Return account id, Region and the name of the *stack*, by default that of samconfig.toml.

    Raises:
        click.ClickException: No credentials or no Region are set, or AWS refuses.

    """
    with account.in_sentences():
        identity = account.client("sts").get_caller_identity()
    if stack is None:
        settings: dict[str, Any] = tomllib.loads(
            TEMPLATE.with_name("samconfig.toml").read_text("utf-8")
        )
        stack = str(settings["default"]["global"]["parameters"]["stack_name"])
    region = str(account.session.region_name)
    return {"Account": str(identity["Account"]), "Region": region, "Stack": stack}


def main(arguments: list[str]) -> int:
    """Print the place, of the stack that *arguments* may name; return the exit code."""
    try:
        found = place(Account(), *arguments[:1])
    except click.ClickException as error:
        error.show()
        return error.exit_code
    for name, value in found.items():
        click.echo(f"{name}={value}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
