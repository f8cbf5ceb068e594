"""How long a record stays away from a trouble that time may cure."""

from typing import Final

FIRST_SECONDS: Final = 15.0
LONGEST_SECONDS: Final = 900.0


def backoff_seconds(
    tries: int, *, first: float = FIRST_SECONDS, longest: float = LONGEST_SECONDS
) -> float:
    """Give how long a record stays away after so many *tries*: *first*, doubled up to *longest*."""
    return min(first * 2.0 ** min(tries - 1, 10), longest)
