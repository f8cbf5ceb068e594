# ruff: noqa: INP001 -- used by the scripts of the build
"""Changes to the files of an installed layer."""

import shutil
import sys
from pathlib import Path


def require(folder: Path, name: str) -> None:
    """
    Check that *name* is in *folder*.

    Raises:
        SystemExit: it is not; the message names the script that asks.

    """
    if not (folder / name).exists():
        script = Path(sys.argv[0]).stem
        sys.exit(f"{script}: {name} is not there any more; look where it went")


def rewrite(file: Path, text: str) -> None:
    """Write a new file: the one that is there may be a link into the installer's cache."""
    file.unlink()
    file.write_text(text)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
