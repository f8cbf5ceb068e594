"""Counts of the calls to the Web API."""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Statistics:
    """
    Calls by method; answers by method and Slack's error ("ok" where there was none, "dropped").

    *posts* holds, per channel name, when each message was posted, in seconds since 1970.
    """

    calls: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    rate_limited: Counter[str] = field(default_factory=Counter)
    posts: dict[str, list[float]] = field(default_factory=dict)

    def busiest(self, channel: str, seconds: float = 1.0) -> int:
        """Return the most posts that *channel* saw within any window of *seconds*."""
        times = self.posts.get(channel.removeprefix("#"), [])
        return max(
            (bisect_right(times, start + seconds) - index for index, start in enumerate(times)),
            default=0,
        )

    def copy(self) -> "Statistics":
        """Return the figures of now, which do not change any more."""
        return Statistics(
            calls=self.calls.copy(),
            answers=self.answers.copy(),
            rate_limited=self.rate_limited.copy(),
            posts={name: list(times) for name, times in self.posts.items()},
        )

    def as_json(self) -> dict[str, Any]:
        """Return all of it for other processes."""
        return {
            "calls": dict(self.calls),
            "answers": [
                {"method": method, "error": error, "count": count}
                for (method, error), count in sorted(self.answers.items())
            ],
            "rate_limited": dict(self.rate_limited),
            "posts": self.posts,
        }
