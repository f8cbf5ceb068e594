"""Backoff: longer with every try, but never for long."""

import pytest

from finding_router.delivery.limits.backoff import JITTER, backoff_seconds


@pytest.mark.parametrize(
    ("tries", "expected"), [(1, 15), (2, 30), (3, 60), (6, 480), (7, 900), (100, 900)]
)
def test_each_try_waits_twice_as_long_up_to_a_quarter_of_an_hour(
    tries: int, expected: float
) -> None:
    """The first retry comes soon, and even the hundredth comes."""
    waits = [backoff_seconds(tries) for _ in range(50)]

    assert all(expected * (1 - JITTER) <= wait <= expected for wait in waits)


def test_records_that_failed_together_do_not_come_back_together() -> None:
    """Or they would meet the same trouble in the same batch."""
    assert 1 < len({backoff_seconds(1) for _ in range(50)})
