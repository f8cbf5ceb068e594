"""
When a route speaks: at times of its schedule, or within its active hours.

Both are written in the time on the wall of a zone. Where the clocks are put forward, a time that
is left out is taken an hour later; where they are put back, a time that comes twice is meant the
first time, and the end of hours the second.
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
# Hours that began so many days ago may still be open, or a time be put off: two spare nights.
_DAYS_BACK: Final = 2


def _end(written: object, info: ValidationInfo) -> int:
    minute = DAY_MINUTES if written == _MIDNIGHT else read_time(written)
    if minute != info.data.get("start_minute"):
        return minute
    problem = f"is {shown(written)}, when they begin"
    raise MistakeError(problem, f'write when they end; all day is from "00:00" to "{_MIDNIGHT}"')


class _Weekly(BaseModel):
    """What goes by weekdays, in the time of a *zone*."""

    model_config = AS_WRITTEN

    weekdays: Annotated[tuple[Weekday, ...], PlainValidator(read_weekdays)] = EVERY_DAY
    zone: Annotated[ZoneInfo, PlainValidator(read_zone)]

    def _days_around(self, moment: datetime) -> Iterator[date]:
        """Give its weekdays, from shortly before *moment* on and without end."""
        today = moment.astimezone(self.zone).date()
        days = (today + timedelta(days=number) for number in count(-_DAYS_BACK))
        return (day for day in days if EVERY_DAY[day.weekday()] in self.weekdays)

    def _moment(self, day: date, minute: int, *, fold: int = 0) -> datetime:
        """Give in UTC when it is *minute* on *day*; *fold* 1 is the second time that it is."""
        on_the_wall = datetime.combine(day, time(), self.zone) + timedelta(minutes=minute)
        return on_the_wall.replace(fold=fold).astimezone(UTC)


class Schedule(_Weekly):
    """When a route posts what it kept: at a time of day, in minutes since midnight."""

    minute: Annotated[int, PlainValidator(read_time)] = Field(alias="time")

    def next_after(self, moment: datetime) -> datetime:
        """Give the next time after *moment*, which is aware, in UTC."""
        times = (self._moment(day, self.minute) for day in self._days_around(moment))
        return next(one for one in times if one > moment)


class ActiveHours(_Weekly):
    """
    When a route posts at once; severities from *always* on are posted at any time.

    They begin on each of the weekdays, and end on the next day where the end is not after the
    start. Both are minutes since midnight.
    """

    start_minute: Annotated[int, PlainValidator(read_time)] = Field(alias="from")
    end_minute: Annotated[int, PlainValidator(_end)] = Field(alias="to")
    always: Annotated[Severity, one_of(Severity)] = Severity.CRITICAL

    def is_open(self, moment: datetime) -> bool:
        """Tell whether *moment*, which is aware, is within the hours."""
        # In UTC: times that come twice equal no moment of another zone (PEP 495).
        return self.next_opening(moment) == moment.astimezone(UTC)

    def next_opening(self, moment: datetime) -> datetime:
        """Give the first moment from *moment* on, which is aware, within the hours, in UTC."""
        return next(
            max(start, moment.astimezone(UTC))
            for start, end in map(self._hours, self._days_around(moment))
            if start < end and moment < end
        )

    def _hours(self, day: date) -> tuple[datetime, datetime]:
        """Give start and end of the hours of *day*; none are left where the clocks skip them."""
        is_over_midnight = self.end_minute <= self.start_minute
        end_minute = self.end_minute + (DAY_MINUTES if is_over_midnight else 0)
        ends = (self._moment(day, end_minute, fold=fold) for fold in (0, 1))
        return self._moment(day, self.start_minute), max(ends)
