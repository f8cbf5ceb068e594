"""How long a record stays away from a trouble that time may cure."""

from typing import Final

FIRST_SECONDS: Final = 15.0
LONGEST_SECONDS: Final = 900.0


def backoff_seconds(tries: int) -> float:
    """Give how long a record stays away after so many *tries*: 15 s, doubled up to 15 min."""
    return min(FIRST_SECONDS * 2.0 ** min(tries - 1, 10), LONGEST_SECONDS)
