"""Backoff: longer with every try, but never for long."""

import pytest

from finding_router.delivery.limits.backoff import backoff_seconds


@pytest.mark.parametrize(
    ("tries", "expected"), [(1, 15), (2, 30), (3, 60), (6, 480), (7, 900), (100, 900)]
)
def test_each_try_waits_twice_as_long_up_to_a_quarter_of_an_hour(
    tries: int, expected: float
) -> None:
    """The first retry comes soon, and even the hundredth comes."""
    assert expected == backoff_seconds(tries)
