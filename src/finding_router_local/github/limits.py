"""
GitHub's limits, by number.

https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api unless said otherwise.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

REQUESTS_PER_HOUR: Final = 5_000
CONTENT_PER_MINUTE: Final = 80
CONTENT_PER_HOUR: Final = 500
POINTS_PER_MINUTE: Final = 900
READ_POINTS: Final = 1
WRITE_POINTS: Final = 5

MAX_TITLE: Final = 256
# "body is too long (maximum is 65536 characters)": undocumented, widely observed.
MAX_BODY: Final = 65_536
MAX_ASSIGNEES: Final = 10
MAX_LABEL: Final = 50
DEFAULT_PAGE: Final = 30
MAX_PAGE: Final = 100
TOKEN_SECONDS: Final = 3_600
MAX_JWT_SECONDS: Final = 600

_MINUTE: Final = 60.0
_HOUR: Final = 3_600.0


class Pace:
    """Count requests against the limits; *clock* returns seconds and never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._recent: dict[str, deque[tuple[float, int]]] = {}

    def clear(self) -> None:
        """Forget all counts."""
        self._recent.clear()

    def wait_for_request(self) -> float:
        """Count a request; return the seconds until the hour allows it, else 0."""
        return self._wait("requests", _HOUR, REQUESTS_PER_HOUR, 1)

    def wait_for_second_limit(self, *, is_write: bool) -> float:
        """Count a request against the secondary limits; return the seconds to wait, else 0."""
        points = WRITE_POINTS if is_write else READ_POINTS
        waits = [self._wait("points", _MINUTE, POINTS_PER_MINUTE, points)]
        if is_write:
            waits.append(self._wait("minute", _MINUTE, CONTENT_PER_MINUTE, 1))
            waits.append(self._wait("hour", _HOUR, CONTENT_PER_HOUR, 1))
        return max(waits)

    def _wait(self, name: str, span: float, most: int, points: int) -> float:
        now, recent = self._clock(), self._recent.setdefault(name, deque())
        if self._sum(name, span) + points > most:
            return recent[0][0] + span - now
        recent.append((now, points))
        return 0.0

    def _sum(self, name: str, span: float) -> int:
        recent = self._recent.setdefault(name, deque())
        while recent and recent[0][0] <= self._clock() - span:
            recent.popleft()
        return sum(points for _, points in recent)
