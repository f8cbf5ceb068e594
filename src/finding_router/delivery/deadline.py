"""How long the running invocation may still work."""

import time
from collections.abc import Callable
from typing import Protocol


class RemainingTime(Protocol):
    """The part of Lambda's context object that tells the time left, in milliseconds."""

    def get_remaining_time_in_millis(self) -> int: ...  # noqa: D102 -- named by Lambda


class Deadline:
    """
    The end of an invocation, with a margin kept free to record, mark and answer.

    All values are seconds; *clock* is monotonic.
    """

    def __init__(
        self,
        seconds: float,
        *,
        margin_seconds: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """End *seconds* from now."""
        self._clock = clock
        self._end = clock() + seconds
        self.margin_seconds = margin_seconds

    @classmethod
    def of(cls, context: RemainingTime) -> "Deadline":
        """Take the deadline from Lambda's *context*."""
        return cls(context.get_remaining_time_in_millis() / 1000)

    def remaining(self) -> float:
        """Give the seconds until Lambda ends the invocation."""
        return self._end - self._clock()

    def allows(self, seconds: float = 0.0) -> bool:
        """Tell whether *seconds* of work can start now without touching the margin."""
        return self.remaining() - seconds > self.margin_seconds
