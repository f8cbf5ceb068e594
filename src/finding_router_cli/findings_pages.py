"""The pages of GetFindings and GetFindingsV2, at the pace that Security Hub allows."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

FINDINGS_PER_CALL: Final = 100
# GetFindings takes three calls a second.
# https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub_limits.html
CALL_SECONDS: Final = 0.34


class Pace:
    """The time between two calls that read findings; none if Security Hub *is_local*."""

    def __init__(self, *, is_local: bool = False) -> None:
        """Allow the first call at once."""
        self._seconds = 0.0 if is_local else CALL_SECONDS
        self._next_at = 0.0

    @property
    def rest(self) -> float:
        """Return the seconds until the next call may go."""
        return max(self._next_at - time.monotonic(), 0.0)

    def wait(self) -> None:
        """Sleep until the next call may go, and count it as made."""
        time.sleep(self.rest)
        self._next_at = time.monotonic() + self._seconds


def findings_pages(
    get: Callable[..., Mapping[str, Any]], request: Mapping[str, Any], pace: Pace
) -> Iterator[Mapping[str, Any]]:
    """Yield the answers of *get*, a client's method, to *request* and to those with each token."""
    asked = {"MaxResults": FINDINGS_PER_CALL, **request}
    while True:
        pace.wait()
        answer = get(**asked)
        yield answer
        if not answer.get("NextToken"):
            return
        asked["NextToken"] = answer["NextToken"]


def iso(moment: datetime) -> str:
    """Return *moment*, in UTC, as Security Hub writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
