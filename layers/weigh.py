# ruff: noqa: INP001 -- scripts of the build, run by path
"""Print the size of a built folder, stored and zipped, and its largest packages."""

import sys
import zipfile
from collections import Counter
from io import BytesIO
from pathlib import Path

LISTED = 6


def weigh(folder: Path) -> tuple[Counter[str], int]:
    """Return the bytes of each package below *folder*, and the bytes of all of it zipped."""
    packages: Counter[str] = Counter()
    zipped = BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            relative = file.relative_to(folder)
            packages[relative.parts[0]] += file.stat().st_size
            archive.write(file, relative)
    return packages, zipped.tell()


def report(title: str, folder: Path) -> str:
    """Return a line for the whole folder and a line for the largest packages."""
    packages, zipped = weigh(folder)
    heaviest = ", ".join(
        f"{name} {_megabytes(size)}" for name, size in packages.most_common(LISTED)
    )
    whole = f"{_megabytes(packages.total())} MB ({_megabytes(zipped)} MB zipped)"
    return f"{title}: {whole}\n  heaviest (MB): {heaviest}"


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.2f}"


if __name__ == "__main__":
    print(report(sys.argv[1], Path(sys.argv[2])))  # noqa: T201 -- its purpose is the report
