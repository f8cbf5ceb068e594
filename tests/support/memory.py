"""Memory of processes, as Linux tells it."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_PEAK: Final = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


def peak_megabytes(pids: Iterable[int | None]) -> float | None:
    """Return the most that one of *pids* has held until now; None where no process tells it."""
    statuses = (Path(f"/proc/{pid}/status") for pid in pids)
    found = (_PEAK.search(each.read_text()) for each in statuses if each.exists())
    return max((int(each[1]) / 1024 for each in found if each), default=None)
