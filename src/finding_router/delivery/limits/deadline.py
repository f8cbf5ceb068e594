"""The time that the running invocation may still work."""

import time
from collections.abc import Callable
from typing import Final, Protocol

# The longest that one call takes with all its time-outs and retries: the settings in
# aws/clients.py and slack/api/transport.py add up to no more.
AWS_SECONDS: Final = 15.0
SECURITY_HUB_SECONDS: Final = 21.0
SLACK_SECONDS: Final = 10.0
# For computing between the calls, and for the answer.
SPARE_SECONDS: Final = 1.0
# One post and the record of it, both as slow as they can be.
MARGIN_SECONDS: Final = SLACK_SECONDS + AWS_SECONDS + SPARE_SECONDS


class RemainingTime(Protocol):
    """The part of Lambda's context object that has the remaining time, in milliseconds."""

    def get_remaining_time_in_millis(self) -> int: ...  # noqa: D102 -- named by Lambda


class Deadline:
    """
    The end of an invocation, with a margin kept free to post, record, mark and answer.

    All values are seconds; *clock* is monotonic. New work asks `allows`; the steps
    after it (recording, marking) ask `leaves` before each call.
    """

    def __init__(
        self,
        seconds: float,
        *,
        margin_seconds: float = MARGIN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        End *seconds* from now.

        The margin is half of that at most, and calls are reckoned with as if they were quicker by
        as much, or a short invocation would do nothing at all.
        """
        self._clock = clock
        self._end = clock() + seconds
        self.margin_seconds = min(margin_seconds, seconds / 2)
        self._share = self.margin_seconds / margin_seconds

    @classmethod
    def of(cls, context: RemainingTime) -> "Deadline":
        """Return the deadline of Lambda's *context*."""
        return cls(context.get_remaining_time_in_millis() / 1000)

    def remaining(self) -> float:
        """Return the seconds until Lambda ends the invocation."""
        return self._end - self._clock()

    def allows(self, seconds: float = 0.0) -> bool:
        """Return True if new work can start *seconds* from now without touching the margin."""
        return self.remaining() - seconds > self.margin_seconds

    def leaves(self, seconds: float) -> bool:
        """Return True if a call that takes *seconds* at worst still ends in time."""
        return self.remaining() - SPARE_SECONDS > seconds * self._share

    def for_slack(self) -> float:
        """Return the seconds that a call to Slack may take, if a record of it is to follow."""
        return self.remaining() - SPARE_SECONDS - AWS_SECONDS * self._share
