"""
The times when a route posts: those of its schedule, or its active hours.

Both are local times of a zone. A time skipped when clocks go forward is taken as one hour later. Of
a time repeated when clocks go back, the first occurrence counts, but for the end of active hours
the second.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, PlainValidator, ValidationInfo

from finding_router.findings.finding import Severity
from finding_router.routing.items.clock import (
    DAY_MINUTES,
    EVERY_DAY,
    Weekday,
    read_time,
    read_weekdays,
    read_zone,
)
from finding_router.routing.items.reading import AS_WRITTEN, one_of
from finding_router.routing.patterns.mistake import MistakeError, shown

_MIDNIGHT: Final = "24:00"
# Days before today to consider, since active hours may still be open or a skipped time be due; one
# day is enough, the second is a reserve.
_DAYS_BACK: Final = 2


def _end(written: object, info: ValidationInfo) -> int:
    minute = DAY_MINUTES if written == _MIDNIGHT else read_time(written)
    if minute != info.data.get("start_minute"):
        return minute
    problem = f"is {shown(written)}, when they begin"
    raise MistakeError(problem, f'write when they end; all day is from "00:00" to "{_MIDNIGHT}"')


class _Weekly(BaseModel):
    """Base of weekly times: *weekdays* in the local time of *zone*."""

    model_config = AS_WRITTEN

    weekdays: Annotated[tuple[Weekday, ...], PlainValidator(read_weekdays)] = EVERY_DAY
    zone: Annotated[ZoneInfo, PlainValidator(read_zone)]

    def _days_around(self, moment: datetime) -> Iterator[date]:
        """Yield the dates that fall on *weekdays*, from two days before *moment*, without end."""
        today = moment.astimezone(self.zone).date()
        days = (today + timedelta(days=number) for number in count(-_DAYS_BACK))
        return (day for day in days if EVERY_DAY[day.weekday()] in self.weekdays)

    def _moment(self, day: date, minute: int, *, fold: int = 0) -> datetime:
        """Return local time *minute* of *day* in UTC; *fold* 1 is the second of a repeated time."""
        on_the_wall = datetime.combine(day, time(), self.zone) + timedelta(minutes=minute)
        return on_the_wall.replace(fold=fold).astimezone(UTC)


class Schedule(_Weekly):
    """The posting times of a scheduled route; *minute* counts from midnight."""

    minute: Annotated[int, PlainValidator(read_time)] = Field(alias="time")

    def next_after(self, moment: datetime) -> datetime:
        """Return the first posting time after *moment* (aware), in UTC."""
        times = (self._moment(day, self.minute) for day in self._days_around(moment))
        return next(one for one in times if one > moment)


class ActiveHours(_Weekly):
    """
    The hours when a route posts at once; severities from *always* up are posted at any time.

    The hours start on each of *weekdays*. They end on the next day if the end is not after the
    start. Start and end are in minutes since midnight.
    """

    start_minute: Annotated[int, PlainValidator(read_time)] = Field(alias="from")
    end_minute: Annotated[int, PlainValidator(_end)] = Field(alias="to")
    always: Annotated[Severity, one_of(Severity)] = Severity.CRITICAL

    def is_open(self, moment: datetime) -> bool:
        """Return True if *moment* (aware) is within the hours."""
        # Compared in UTC: a repeated local time equals no time of another zone (PEP 495).
        return self.next_opening(moment) == moment.astimezone(UTC)

    def next_opening(self, moment: datetime) -> datetime:
        """Return the first time at or after *moment* (aware) within the hours, in UTC."""
        return next(
            max(start, moment.astimezone(UTC))
            for start, end in map(self._hours, self._days_around(moment))
            if start < end and moment < end
        )

    def _hours(self, day: date) -> tuple[datetime, datetime]:
        """Return start and end in UTC of the hours of *day*; start >= end if clocks skip them."""
        is_over_midnight = self.end_minute <= self.start_minute
        end_minute = self.end_minute + (DAY_MINUTES if is_over_midnight else 0)
        ends = (self._moment(day, end_minute, fold=fold) for fold in (0, 1))
        return self._moment(day, self.start_minute), max(ends)
