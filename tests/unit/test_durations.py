"""Spans of time in words."""

import pytest

from finding_router.slack.kit.durations import age_words, duration_words, ordinal


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
        (-60, "0 seconds"),
        (1, "1 second"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7200, "2 hours"),
        (86_400 * 1.9, "45 hours"),
        (12 * 86_400 + 5, "12 days"),
    ],
)
def test_an_age_is_said_in_the_largest_unit_of_which_there_are_two(
    seconds: float, said: str
) -> None:
    """A clock that runs ahead makes no age below zero."""
    assert said == age_words(seconds)


def test_ordinals_end_as_english_has_them() -> None:
    """Also the teens, and hundreds of them."""
    expected = ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]

    assert expected == [ordinal(each) for each in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)]
