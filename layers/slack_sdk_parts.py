# ruff: noqa: INP001 -- scripts of the build, run by path
"""
Reduce slack_sdk to its base client, which the router calls.

Importing any part of slack_sdk imports all of its clients, its models of blocks and asyncio, which
takes more of a cold start than all that the router has of its own. The models are named in checks
of types only: here they are classes of which there is no object.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from files import remove, require, rewrite

# Packages that import their own modules for the convenience of others.
EMPTIED: Final = ("__init__.py", "web/__init__.py")
REMOVED: Final = ("models", "web/chat_stream.py", "web/client.py", "webhook")
MODELS: Final[Mapping[str, tuple[str, ...]]] = {
    "attachments": ("Attachment",),
    "blocks": ("Block",),
    "messages/chunk": ("Chunk",),
    "metadata": ("EntityMetadata", "EventAndEntityMetadata", "Metadata"),
}
# Its check of a type, too: the base client makes no calls that are waited for.
REPLACED: Final = {
    "web/internal_utils.py": ("from asyncio import Future\n", "class Future: ...\n"),
}


def reduce(package: Path) -> None:
    """
    Reduce *package*, the installed slack_sdk.

    Raises:
        SystemExit: a file, or a line of it, is not there any more.

    """
    for name in (*EMPTIED, *REMOVED, *REPLACED):
        require(package, name)
    for name in EMPTIED:
        rewrite(package / name, "")
    for name in REMOVED:
        remove(package / name)
    for name, classes in MODELS.items():
        module = package / "models" / f"{name}.py"
        module.parent.mkdir(parents=True, exist_ok=True)
        (module.parent / "__init__.py").touch()
        module.write_text("".join(f"class {each}: ...\n" for each in classes))
    for name, (line, other) in REPLACED.items():
        source = (package / name).read_text()
        if source.count(line) != 1:
            sys.exit(f"slack_sdk_parts: {name} has no line {line.strip()!r} any more")
        rewrite(package / name, source.replace(line, other))


if __name__ == "__main__":
    reduce(Path(sys.argv[1]) / "slack_sdk")
