"""How many examples a property is tried with."""

import os

from hypothesis import settings

# `make faults` multiplies the examples of a usual run.
FACTOR = int(os.environ.get("EXAMPLES_FACTOR", "1"))


def examples(count: int) -> settings:
    """Return settings for *count* examples, or as many times more as the environment asks for."""
    return settings(max_examples=count * FACTOR)
