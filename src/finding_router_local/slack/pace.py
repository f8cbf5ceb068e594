"""Slack's rate limits: a bucket per channel, a sliding minute per method."""

from collections import deque
from collections.abc import Callable

from finding_router_local.slack.limits import POST_BURST, POSTS_PER_SECOND

_MINUTE_SECONDS = 60.0


class Pace:
    """
    Count posts and calls against the limits.

    *clock* returns seconds and never goes back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}
        self._recent: dict[str, deque[float]] = {}

    def clear(self) -> None:
        """Forget all counts."""
        self._buckets.clear()
        self._recent.clear()

    def wait_for_post(self, channel: str) -> float:
        """Count a post to *channel*; return the seconds to wait if it comes too early, else 0."""
        now = self._clock()
        tokens, then = self._buckets.get(channel, (float(POST_BURST), now))
        tokens = min(float(POST_BURST), tokens + (now - then) * POSTS_PER_SECOND)
        # A token that lacks this little is full but for rounding.
        if tokens < 1 - 1e-6:
            self._buckets[channel] = (tokens, now)
            return (1 - tokens) / POSTS_PER_SECOND
        self._buckets[channel] = (tokens - 1, now)
        return 0.0

    def wait_for_call(self, method: str, per_minute: int) -> float:
        """Count a call of *method*; return the seconds to wait if it is one too many, else 0."""
        now = self._clock()
        recent = self._recent.setdefault(method, deque())
        while recent and recent[0] <= now - _MINUTE_SECONDS:
            recent.popleft()
        if len(recent) >= per_minute:
            return recent[0] + _MINUTE_SECONDS - now
        recent.append(now)
        return 0.0
