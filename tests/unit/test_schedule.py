"""When a route speaks, also on the days when clocks are changed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from finding_router.routing.items.clock import EVERY_DAY, shown_time
from finding_router.routing.items.schedule import ActiveHours, Schedule

ZURICH = "Europe/Zurich"
# In the south, by half an hour, at midnight, without any change, at the edges of the day.
ZONES = [
    ZURICH,
    "UTC",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "America/St_Johns",
]
MOMENTS = st.datetimes(
    datetime(2015, 1, 1),  # noqa: DTZ001 -- the strategy adds the zone
    datetime(2036, 12, 31),  # noqa: DTZ001 -- same
    timezones=st.just(UTC),
)
TIMES = st.integers(0, 1439).map(shown_time)
WEEKDAYS = st.lists(st.sampled_from(EVERY_DAY), min_size=1)


def schedule(time: str, weekdays: Any = "MON-SUN", zone: str = ZURICH) -> Schedule:
    """Make a schedule as it is written."""
    return Schedule.model_validate({"time": time, "weekdays": weekdays, "zone": zone})


def hours(start: str, end: str, weekdays: Any = "MON-SUN", zone: str = ZURICH) -> ActiveHours:
    """Make hours as they are written."""
    written = {"from": start, "to": end, "weekdays": weekdays, "zone": zone}
    return ActiveHours.model_validate(written)


def wall(text: str, zone: str = ZURICH, *, fold: int = 0) -> datetime:
    """Return the moment at which it is *text* on the wall, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def is_changed_around(moment: datetime, zone: str) -> bool:
    """Return True if the clocks are changed within two days of *moment*."""
    days = (moment + timedelta(days=number) for number in (-2, -1, 0, 1, 2))
    return len({day.astimezone(ZoneInfo(zone)).utcoffset() for day in days}) > 1


class TestSchedule:
    """The next time."""

    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            ("2026-03-06 08:29:59", "2026-03-06 08:30"),
            ("2026-03-06 08:30", "2026-03-09 08:30"),
            ("2026-03-07 12:00", "2026-03-09 08:30"),
            ("2026-03-28 08:00", "2026-03-30 08:30"),
            ("2026-12-31 23:00", "2027-01-01 08:30"),
        ],
    )
    def test_it_is_the_time_on_the_wall(self, moment: str, expected: str) -> None:
        """On working days, through any change of the clocks meanwhile."""
        assert wall(expected) == schedule("08:30", "MON-FRI").next_after(wall(moment))

    def test_it_is_in_utc(self) -> None:
        """So that it can be compared and stored."""
        due = schedule("08:30").next_after(wall("2026-07-01 12:00"))

        assert (datetime(2026, 7, 2, 6, 30, tzinfo=UTC), UTC) == (due, due.tzinfo)

    def test_a_time_that_the_clocks_skip_comes_an_hour_later(self) -> None:
        """On the last Sunday of March there is no 02:30, and yet a digest."""
        daily = schedule("02:30")

        first = daily.next_after(wall("2026-03-29 00:00"))

        assert wall("2026-03-29 03:30") == first
        assert wall("2026-03-30 02:30") == daily.next_after(first)

    def test_a_time_that_comes_twice_is_meant_once(self) -> None:
        """On the last Sunday of October it is 02:30 two times."""
        daily = schedule("02:30")

        first = daily.next_after(wall("2026-10-25 00:00"))

        assert wall("2026-10-25 02:30") == first
        assert wall("2026-10-26 02:30") == daily.next_after(first)
        assert wall("2026-10-26 02:30") == daily.next_after(wall("2026-10-25 02:30", fold=1))

    def test_a_time_put_off_over_midnight_is_not_forgotten(self) -> None:
        """In Cairo the clocks skip from midnight to one."""
        late = schedule("00:30", "FRI", "Africa/Cairo")

        due = late.next_after(wall("2026-04-24 01:10", "Africa/Cairo"))

        assert wall("2026-04-24 01:30", "Africa/Cairo") == due

    def test_a_day_that_a_zone_skips_is_passed_over(self) -> None:
        """Samoa had no 30 December in 2011."""
        friday = schedule("08:30", "FRI", "Pacific/Apia")

        due = friday.next_after(wall("2011-12-29 12:00", "Pacific/Apia"))

        assert wall("2011-12-31 08:30", "Pacific/Apia") == due

    @given(MOMENTS, TIMES, WEEKDAYS, st.sampled_from(ZONES))
    def test_it_is_later_and_soon(
        self, moment: datetime, time: str, weekdays: list[str], zone: str
    ) -> None:
        """Strictly later, on one of the days, within eight, at the time or where it was skipped."""
        due = schedule(time, weekdays, zone).next_after(moment)

        assert moment < due <= moment + timedelta(days=8)
        local = due.astimezone(ZoneInfo(zone))
        if f"{local:%H:%M}" != time:
            assert is_changed_around(due, zone)
        else:
            assert EVERY_DAY[local.weekday()] in weekdays

    @given(MOMENTS, TIMES, st.sampled_from(ZONES))
    def test_there_is_one_a_day(self, moment: datetime, time: str, zone: str) -> None:
        """No day has two or none, not even when the clocks are changed."""
        daily = schedule(time, zone=zone)
        due = daily.next_after(moment)

        assert timedelta(hours=22) < daily.next_after(due) - due < timedelta(hours=26)


class TestActiveHours:
    """Open or closed, and until when."""

    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            ("2026-03-06 07:59:59.999999", False),
            ("2026-03-06 08:00", True),
            ("2026-03-06 17:59:59.999999", True),
            ("2026-03-06 18:00", False),
            ("2026-03-07 12:00", False),
        ],
    )
    def test_they_begin_with_the_start_and_end_before_the_end(
        self, moment: str, *, expected: bool
    ) -> None:
        """On working days from eight to six."""
        assert expected is hours("08:00", "18:00", "MON-FRI").is_open(wall(moment))

    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            ("2026-03-06 21:59", False),
            ("2026-03-06 22:00", True),
            ("2026-03-07 05:59", True),
            ("2026-03-07 06:00", False),
            ("2026-03-07 22:00", False),
            ("2026-03-06 05:59", False),
        ],
    )
    def test_they_may_go_over_midnight(self, moment: str, *, expected: bool) -> None:
        """The weekday is that of the evening: here only Friday's night."""
        assert expected is hours("22:00", "06:00", "FRI").is_open(wall(moment))

    @pytest.mark.parametrize("end", ["24:00", "00:00"])
    def test_they_may_end_at_midnight(self, end: str) -> None:
        """Written either way."""
        evening = hours("18:00", end, "FRI")

        assert evening.is_open(wall("2026-03-06 23:59"))
        assert not evening.is_open(wall("2026-03-07 00:00"))

    def test_they_may_be_whole_days(self) -> None:
        """From midnight to midnight, two adjoining days without a gap."""
        weekend = hours("00:00", "24:00", "SAT,SUN")

        assert not weekend.is_open(wall("2026-03-06 23:59"))
        assert weekend.is_open(wall("2026-03-07 00:00"))
        assert weekend.is_open(wall("2026-03-08 00:00"))
        assert not weekend.is_open(wall("2026-03-09 00:00"))

    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            ("2026-03-06 18:00", "2026-03-09 08:00"),
            ("2026-03-09 03:00", "2026-03-09 08:00"),
            ("2026-03-09 08:00", "2026-03-09 08:00"),
            ("2026-03-09 12:34", "2026-03-09 12:34"),
            ("2026-03-27 18:00", "2026-03-30 08:00"),
        ],
    )
    def test_the_next_opening_is_now_or_later(self, moment: str, expected: str) -> None:
        """A weekend is waited out; within the hours there is nothing to wait for."""
        assert wall(expected) == hours("08:00", "18:00", "MON-FRI").next_opening(wall(moment))

    @pytest.mark.parametrize(
        ("moment", "fold", "expected"),
        [
            ("2026-03-29 01:59", 0, False),
            ("2026-03-29 03:14", 0, False),
            ("2026-03-29 03:15", 0, True),
            ("2026-03-29 04:00", 0, False),
            ("2026-10-25 02:14", 0, False),
            ("2026-10-25 02:15", 0, True),
            ("2026-10-25 02:00", 1, True),
            ("2026-10-25 03:59", 0, True),
        ],
    )
    def test_on_the_days_when_clocks_are_changed(
        self, moment: str, fold: int, *, expected: bool
    ) -> None:
        """A skipped start is an hour later; a repeated hour is active from its first start."""
        assert expected is hours("02:15", "04:00").is_open(wall(moment, fold=fold))

    def test_a_moment_may_come_in_any_zone(self) -> None:
        """Even one that comes twice in its own."""
        moment = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo(ZURICH))

        assert hours("02:15", "04:00").is_open(moment)
        assert UTC is hours("02:15", "04:00").next_opening(moment).tzinfo

    def test_hours_that_the_clocks_skip_are_passed_over(self) -> None:
        """The next ones are those of another day."""
        night = hours("02:30", "03:00", "SUN")

        assert wall("2026-04-05 02:30") == night.next_opening(wall("2026-03-28 12:00"))

    @given(MOMENTS, TIMES, TIMES, WEEKDAYS, st.sampled_from(ZONES))
    def test_they_are_what_the_clock_on_the_wall_says(
        self, moment: datetime, start: str, end: str, weekdays: list[str], zone: str
    ) -> None:
        """Whenever the clocks are left alone."""
        assume(start != end and not is_changed_around(moment, zone))
        local = moment.astimezone(ZoneInfo(zone))
        time = f"{local:%H:%M}"
        today = EVERY_DAY[local.weekday()] in weekdays
        yesterday = EVERY_DAY[local.weekday() - 1] in weekdays

        is_open = hours(start, end, weekdays, zone).is_open(moment)

        if start < end:
            assert is_open == (today and start <= time < end)
        else:
            assert is_open == ((today and start <= time) or (yesterday and time < end))

    @given(MOMENTS, TIMES, TIMES, WEEKDAYS, st.sampled_from(ZONES))
    def test_the_next_opening_is_open_and_the_first(
        self, moment: datetime, start: str, end: str, weekdays: list[str], zone: str
    ) -> None:
        """Nothing between now and then is."""
        assume(start != end)
        active = hours(start, end, weekdays, zone)

        opening = active.next_opening(moment)

        assert moment <= opening <= moment + timedelta(days=15)
        assert active.is_open(opening)
        assert active.is_open(moment) == (moment == opening)
        between = [moment + (opening - moment) * part / 7 for part in range(7)]
        assert moment == opening or not any(map(active.is_open, between))

    @pytest.mark.parametrize("end", ["08:00", "8:00"])
    def test_they_must_not_be_empty(self, end: str) -> None:
        """The same time twice may be meant as all or as nothing."""
        with pytest.raises(ValidationError, match=r'all day is from "00:00" to "24:00"'):
            hours("08:00", end)
