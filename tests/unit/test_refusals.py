"""Slack's refusals: the time that it asks to wait."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.slack.api.refusals import (
    DEFAULT_RETRY_AFTER_SECONDS,
    LONGEST_RETRY_AFTER_SECONDS,
    _retry_after,
)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-5", 0.0),
        ("99999999", LONGEST_RETRY_AFTER_SECONDS),
        *(
            (odd, DEFAULT_RETRY_AFTER_SECONDS)
            for odd in ("inf", "-inf", "nan", "1e999", "soon", "")
        ),
    ],
)
def test_retry_after_is_finite_and_an_hour_at_most(value: str, seconds: float) -> None:
    """A proxy may send anything; no channel is closed for years."""
    assert seconds == _retry_after({"retry-AFTER": value})


def test_without_the_header_there_is_a_wait_all_the_same() -> None:
    """Slack always sends it; a proxy may leave it out."""
    assert DEFAULT_RETRY_AFTER_SECONDS == _retry_after({})


@given(st.one_of(st.text(), st.floats().map(str), st.integers().map(str)))
def test_whatever_the_header_says_the_wait_is_a_number_of_seconds(value: str) -> None:
    """It never raises."""
    seconds = _retry_after({"Retry-After": value})

    assert math.isfinite(seconds)
    assert 0 <= seconds <= LONGEST_RETRY_AFTER_SECONDS
