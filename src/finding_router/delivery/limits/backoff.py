"""How long a record stays away after a failure that time may cure."""

import random
from typing import Final

FIRST_SECONDS: Final = 15.0
LONGEST_SECONDS: Final = 900.0
# Records that failed together must not come back together, or they fail together again.
JITTER: Final = 0.25
# The system's: workers that start from one snapshot have all the same state of any other.
_RANDOM: Final = random.SystemRandom()


def backoff_seconds(
    tries: int, *, first: float = FIRST_SECONDS, longest: float = LONGEST_SECONDS
) -> float:
    """
    Return the seconds until the next try after *tries*: *first*, doubled up to *longest*.

    Up to a quarter of that is taken off by chance.
    """
    whole = min(first * 2.0 ** min(tries - 1, 10), longest)
    return whole * (1.0 - JITTER * _RANDOM.random())
