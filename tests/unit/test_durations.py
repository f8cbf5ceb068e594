"""Spans of time in words."""

import pytest

from finding_router.slack.kit.durations import ago_words, duration_words, ordinal


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (86_400, "1 d"),
        (273_600, "3 d 4 h"),
        (30 * 86_400 + 7200, "30 d"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(seconds: float, said: str) -> None:
    """Units that are zero are left out, and the hours once there are many days."""
    assert said == duration_words(seconds)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-60, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7200, "2 hours ago"),
        (12 * 86_400 + 5, "12 days ago"),
    ],
)
def test_the_past_is_said_in_its_largest_unit(seconds: float, said: str) -> None:
    """A moment that a clock running ahead puts into the future is now."""
    assert said == ago_words(seconds)


def test_ordinals_end_as_english_has_them() -> None:
    """Also the teens, and hundreds of them."""
    expected = ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]

    assert expected == [ordinal(each) for each in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)]
