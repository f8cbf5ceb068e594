"""Times, weekdays, zones and moments, as people write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.routing.items.clock import (
    EVERY_DAY,
    read_moment,
    read_time,
    read_weekdays,
    read_zone,
    shown_time,
)
from finding_router.routing.patterns.mistake import MistakeError

TIME = 'write hours and minutes such as "08:30"'
ZONE = 'write a name of the IANA database such as "Europe/Zurich"'
MOMENT = 'write a moment with its zone, such as "2030-03-09T08:00:00+01:00"'
DAYS = "write one of MON, TUE, WED, THU, FRI, SAT, SUN"


@pytest.mark.parametrize(
    ("written", "expected"),
    [("08:30", 510), ("8:30", 510), (" 23:59 ", 1439), ("00:00", 0)],
)
def test_a_time_is_minutes_since_midnight(written: str, expected: int) -> None:
    """With or without its leading zero."""
    assert expected == read_time(written)


@given(st.integers(0, 1439))
def test_every_minute_of_the_day_is_read_as_it_is_shown(minute: int) -> None:
    """Each time in a remedy is valid in a route."""
    assert minute == read_time(shown_time(minute))


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("8.30", 'did you mean "08:30"?'),
        ("0830", 'did you mean "08:30"?'),
        ("8", 'did you mean "08:00"?'),
        ("8h", 'did you mean "08:00"?'),
        ("08:30:00", 'did you mean "08:30"?'),
        ("8pm", 'did you mean "20:00"?'),
        ("8:30 a.m.", 'did you mean "08:30"?'),
        ("12:15 PM", 'did you mean "12:15"?'),
        ("12 am", 'did you mean "00:00"?'),
        ("13 pm", 'did you mean "13:00"?'),
        ("24:00", TIME),
        ("8:60", TIME),
        ("half past eight", TIME),
        ("", TIME),
        (830, TIME),
        (None, TIME),
    ],
)
def test_a_time_that_is_none_names_the_right_one(written: object, remedy: str) -> None:
    """If the intended time can be guessed."""
    with pytest.raises(MistakeError, match="which is no time of day") as caught:
        read_time(written)

    assert remedy == caught.value.remedy


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["MON", "WED"], "MON WED"),
        (["wed", "Mon", "mon"], "MON WED"),
        (["MON-FRI"], "MON TUE WED THU FRI"),
        (["MON - WED", "SUN"], "MON TUE WED SUN"),
        ("MON-FRI", "MON TUE WED THU FRI"),
        ("sat, sun", "SAT SUN"),
        ("FRI-MON", "MON FRI SAT SUN"),
        ("TUE-TUE", "TUE"),
        ("TUE-MON", "MON TUE WED THU FRI SAT SUN"),
    ],
)
def test_weekdays_are_days_and_ranges(written: object, expected: str) -> None:
    """In any case and order, and over a Sunday."""
    assert tuple(expected.split()) == read_weekdays(written)


@pytest.mark.parametrize(
    ("written", "problem", "remedy"),
    [
        ([], "is an empty list", "leave it out for every day"),
        ("", 'has the text "", which is no weekday', DAYS),
        (5, "is the number 5", 'write a list such as ["MON", "WED"], or "MON-FRI"'),
        ([5], "has the number 5, which is no weekday", DAYS),
        (["Monday"], 'has the text "Monday", which is no weekday', 'did you mean "MON"?'),
        (["Wednesday"], 'has the text "Wednesday", which is no weekday', 'did you mean "WED"?'),
        (["MON-XYZ"], 'has the text "MON-XYZ", which is no weekday', DAYS),
        (["MON-TUE-WED"], 'has the text "MON-TUE-WED", which is no weekday', 'did you mean "TUE"?'),
    ],
)
def test_what_is_no_weekday_is_named(written: object, problem: str, remedy: str) -> None:
    """With the day that was probably meant."""
    with pytest.raises(MistakeError) as caught:
        read_weekdays(written)

    assert (problem, remedy) == (caught.value.problem, caught.value.remedy)


@given(st.sampled_from(EVERY_DAY), st.sampled_from(EVERY_DAY))
def test_a_range_ends_with_its_ends(first: str, last: str) -> None:
    """It has both, and no two ranges between the same ends together miss a day."""
    there, back = read_weekdays(f"{first}-{last}"), read_weekdays(f"{last}-{first}")

    assert {first, last} <= set(there) & set(back)
    assert first == last or set(EVERY_DAY) == {*there, *back}


def test_every_zone_of_the_database_is_read() -> None:
    """Other zones are those of one system, and not to be relied on."""
    portable = available_timezones() - {"localtime", "Factory"}

    assert portable == {read_zone(zone).key for zone in portable}
    assert ZoneInfo("UTC") == read_zone(" UTC ")


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("Europe/Zürich", 'did you mean "Europe/Zurich"?'),
        ("europe/zurich", 'did you mean "Europe/Zurich"?'),
        ("Berlin", 'did you mean "Europe/Berlin"?'),
        ("New York", 'did you mean "America/New_York"?'),
        ("utc", 'did you mean "UTC"?'),
        ("Europe/Zurich/x", 'did you mean "Europe/Zurich"?'),
        ("+01:00", ZONE),
        ("", ZONE),
        ("localtime", ZONE),
        ("posix/Europe/Zurich", 'did you mean "Europe/Zurich"?'),
        ("../Europe/Zurich", 'did you mean "Europe/Zurich"?'),
        (1, ZONE),
    ],
)
def test_a_zone_that_is_none_names_the_right_one(written: object, remedy: str) -> None:
    """By its place alone, too."""
    with pytest.raises(MistakeError, match="which is no time zone") as caught:
        read_zone(written)

    assert remedy == caught.value.remedy


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-09T08:00:00Z",
        "2026-03-09T08:00z",
        "2026-03-09 09:00+01:00",
        " 20260309T080000Z ",
    ],
)
def test_a_moment_is_given_in_utc(written: str) -> None:
    """ISO 8601 has many spellings of it."""
    moment = read_moment(written)

    assert datetime(2026, 3, 9, 8, tzinfo=UTC) == moment
    assert UTC is moment.tzinfo


@pytest.mark.parametrize(
    ("written", "problem", "remedy"),
    [
        ("tomorrow", 'is the text "tomorrow", which is no moment', MOMENT),
        ("", 'is the text "", which is no moment', MOMENT),
        (1773043200, "is the number 1773043200, which is no moment", MOMENT),
        (None, "is null, which is no moment", MOMENT),
        (
            "9999-12-31T23:59:59-05:00",
            'is the text "9999-12-31T23:59:59-05:00", which is no moment',
            MOMENT,
        ),
        (
            "2026-03-09T08:00",
            'is the text "2026-03-09T08:00", which has no time zone',
            'add Z for UTC, or an offset: "2026-03-09T08:00:00+01:00"',
        ),
        (
            "2026-03-09",
            'is the text "2026-03-09", which has no time zone',
            'add Z for UTC, or an offset: "2026-03-09T00:00:00+01:00"',
        ),
    ],
)
def test_a_moment_that_is_none_is_refused(written: object, problem: str, remedy: str) -> None:
    """A moment without a zone is ambiguous."""
    with pytest.raises(MistakeError) as caught:
        read_moment(written)

    assert (problem, remedy) == (caught.value.problem, caught.value.remedy)
