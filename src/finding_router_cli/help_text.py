"""Parts of help texts that all commands share."""

from typing import Final

EXAMPLE: Final = "Example:"


def example(*commands: str) -> str:
    r"""
    Return the epilog of a help text that shows *commands*, each in a line of its own.

    Tests run these lines, so that each must work in the project's folder. ``\b`` keeps click from
    joining them.
    """
    lines = "".join(f"\n  {command}" for command in commands)
    return f"\b\n{EXAMPLE}{lines}"
