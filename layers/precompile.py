# ruff: noqa: INP001 -- scripts of the build, run by path
"""
Compile every module of a folder to bytecode that Lambda loads as it is.

``/opt`` and ``/var/task`` are read-only, so that Python would compile every module again at every
cold start. An unchecked hash makes it load the bytecode without comparing dates.
"""

import compileall
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

# Bytecode is only valid for one minor version: https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
RUNTIME = (3, 13)


def precompile(folder: Path, deployed_as: str) -> None:
    """
    Compile all of *folder*, with *deployed_as* as the path that tracebacks show.

    Raises:
        SystemExit: another Python than the runtime's runs this, or a module does not compile.

    """
    if sys.version_info[:2] != RUNTIME:
        sys.exit("precompile: needs Python {}.{}, as the Lambda runtime".format(*RUNTIME))
    compiled = compileall.compile_dir(
        folder,
        quiet=1,
        force=True,
        stripdir=folder,
        prependdir=deployed_as,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        sys.exit(f"precompile: not every module of {folder} compiles")


if __name__ == "__main__":
    precompile(Path(sys.argv[1]), sys.argv[2])
