# ruff: noqa: INP001 -- scripts of the build, run by path
"""
Make the typed dictionaries of pydantic's core schemas plain ones.

Only type checkers read their keys. At the import each annotation would be compiled: most of a
hundred classes take a hundredth of a second.
"""

import re
import sys
from pathlib import Path
from typing import Final

from files import require, rewrite

MODULE: Final = "pydantic_core/core_schema.py"
_CLASS: Final = re.compile(r"^class (\w+)\((\w+)(?:, total=False)?\):", re.MULTILINE)


def make_plain(layer: Path) -> None:
    """
    Rewrite the module in *layer*.

    Raises:
        SystemExit: the module is not there any more, or has no typed dictionaries.

    """
    require(layer, MODULE)
    typed = {"TypedDict"}

    def plain(found: re.Match[str]) -> str:
        name, base = found.groups()
        if base not in typed:
            return found[0]
        typed.add(name)
        return f"class {name}({'dict' if base == 'TypedDict' else base}):"

    text = _CLASS.sub(plain, (layer / MODULE).read_text())
    if len(typed) == 1:
        sys.exit(f"plain_types: {MODULE} has no typed dictionaries any more")
    rewrite(layer / MODULE, text)


if __name__ == "__main__":
    make_plain(Path(sys.argv[1]))
