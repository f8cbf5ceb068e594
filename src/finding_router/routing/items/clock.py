"""Parse times of day, weekdays, time zones and timestamps from the routing table."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from finding_router.routing.patterns.mistake import MistakeError, closest, did_you_mean, shown

DAY_MINUTES: Final = 24 * 60
TIME_EXAMPLE: Final = 'write hours and minutes such as "08:30"'
ZONE_EXAMPLE: Final = 'write a name of the IANA database such as "Europe/Zurich"'
DURATION_EXAMPLE: Final = 'write minutes, hours or days such as "30m", "24h" or "3d"'
MOMENT_EXAMPLE: Final = 'write a moment with its zone, such as "2030-03-09T08:00:00+01:00"'

_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_NEARLY_A_TIME = re.compile(
    r"([0-9]{1,2})[:.h ]?([0-9]{2})?(?::[0-9]{2})? ?(?:([ap])\.?m\.?)?", re.IGNORECASE
)
_DURATION = re.compile(r"([0-9]{1,6}) ?(m|min|h|d)", re.IGNORECASE)
_UNIT_SECONDS: Final = {"m": 60, "h": 3600, "d": 86_400}
_SHORTEST_SECONDS: Final = 300
_LONGEST_SECONDS: Final = 366 * 86_400
_TO = re.compile(r"\s*-\s*")
# Aliases of the system's own zone, and two prefixes that other systems lack.
_NOT_PORTABLE = re.compile(r"(?:localtime|posixrules|Factory|(?:posix|right)/.*)")


class Weekday(StrEnum):
    """Weekdays, in the order of `datetime.date.weekday`."""

    MON = "MON"
    TUE = "TUE"
    WED = "WED"
    THU = "THU"
    FRI = "FRI"
    SAT = "SAT"
    SUN = "SUN"


EVERY_DAY: Final = tuple(Weekday)


def read_time(written: object) -> int:
    """
    Return the time of day *written* as HH:MM, in minutes since midnight.

    Raises:
        MistakeError: The value is no time between 00:00 and 23:59.

    """
    text = written.strip() if isinstance(written, str) else ""
    if found := _TIME.fullmatch(text):
        hours, minutes = int(found[1]), int(found[2])
        if hours < 24 and minutes < 60:  # noqa: PLR2004 -- a day's hours, an hour's minutes
            return hours * 60 + minutes
    problem = f"is {shown(written)}, which is no time of day"
    right = _probable_time(text)
    raise MistakeError(problem, f'did you mean "{right}"?' if right else TIME_EXAMPLE)


def shown_time(minute: int) -> str:
    """Return *minute*, in minutes since midnight, as HH:MM."""
    return f"{minute // 60:02}:{minute % 60:02}"


def read_duration(written: object) -> int:
    """
    Return the duration *written* as "30m", "24h" or "3d", in seconds.

    Raises:
        MistakeError: The value is no duration from five minutes to a year.

    """
    text = written.strip() if isinstance(written, str) else ""
    found = _DURATION.fullmatch(text)
    if not found:
        problem = f"is {shown(written)}, which is no duration"
        raise MistakeError(problem, DURATION_EXAMPLE)
    seconds = int(found[1]) * _UNIT_SECONDS[found[2][0].lower()]
    if not _SHORTEST_SECONDS <= seconds <= _LONGEST_SECONDS:
        problem = f"is {shown(written)}"
        raise MistakeError(problem, 'write from "5m" to "366d"')
    return seconds


def read_weekdays(written: object) -> tuple[Weekday, ...]:
    """
    Return weekdays from a list or a comma-separated text of days and ranges such as MON-FRI.

    The result has no repeats and starts with Monday.

    Raises:
        MistakeError: An entry is no weekday, or the list is empty.

    """
    words = written.split(",") if isinstance(written, str) else written
    if not isinstance(words, list):
        problem = f"is {shown(written)}"
        raise MistakeError(problem, 'write a list such as ["MON", "WED"], or "MON-FRI"')
    if not words:
        raise MistakeError("is an empty list", "leave it out for every day")
    days = {day for word in words for day in _days(word)}
    return tuple(day for day in EVERY_DAY if day in days)


def read_zone(written: object) -> ZoneInfo:
    """
    Return the time zone with the IANA name *written*.

    Raises:
        MistakeError: The IANA database has no such zone.

    """
    name = written.strip() if isinstance(written, str) else ""
    if not _NOT_PORTABLE.fullmatch(name):
        try:
            return ZoneInfo(name)
        # An OSError if the name is that of a folder, or too long for a file.
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    problem = f"is {shown(written)}, which is no time zone"
    right = _probable_zone(name)
    raise MistakeError(problem, f'did you mean "{right}"?' if right else ZONE_EXAMPLE)


def read_moment(written: object) -> datetime:
    """
    Return the ISO 8601 timestamp *written*, converted to UTC.

    Raises:
        MistakeError: The value is no timestamp, or has no offset.

    """
    problem = f"is {shown(written)}"
    try:
        moment = datetime.fromisoformat(written.strip().upper() if isinstance(written, str) else "")
        in_utc = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MistakeError(f"{problem}, which is no moment", MOMENT_EXAMPLE) from error
    if moment.tzinfo is None:
        remedy = f'add Z for UTC, or an offset: "{moment.isoformat()}+01:00"'
        raise MistakeError(f"{problem}, which has no time zone", remedy)
    return in_utc


def _days(written: object) -> tuple[Weekday, ...]:
    """Return the days of a range such as MON-FRI or SAT-MON, or a single day."""
    if not isinstance(written, str):
        raise MistakeError(f"has {shown(written)}, which is no weekday", did_you_mean("", Weekday))
    ends = _TO.split(written.strip(), maxsplit=1)
    first, last = (_weekday(end, written) for end in (ends[0], ends[-1]))
    start = EVERY_DAY.index(first)
    turned = EVERY_DAY[start:] + EVERY_DAY[:start]
    return turned[: turned.index(last) + 1]


def _weekday(word: str, written: str) -> Weekday:
    if word.upper() in EVERY_DAY:
        return Weekday(word.upper())
    problem = f"has {shown(written)}, which is no weekday"
    raise MistakeError(problem, did_you_mean(word[:3], Weekday))


def _probable_time(text: str) -> str | None:
    """Return the probable meaning of "8.30", "0830" or "8 pm" as HH:MM; None if there is none."""
    found = _NEARLY_A_TIME.fullmatch(text)
    if not found:
        return None
    hours, minutes, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half and 1 <= hours <= 12:  # noqa: PLR2004 -- the hours of half a day
        hours = hours % 12 + (12 if half == "p" else 0)
    minute = hours * 60 + minutes
    return shown_time(minute) if minute < DAY_MINUTES and minutes < 60 else None  # noqa: PLR2004


def _probable_zone(name: str) -> str | None:
    """Return the IANA name probably meant by "zurich" or "europe/zürich"; None if there is none."""
    word = name.replace(" ", "_")
    return _zones_by_place().get(word.lower()) or closest(word, _zones_by_place().values())


@cache
def _zones_by_place() -> dict[str, str]:
    """Return zones by lower-case city name; cached, since the list is read from disk."""
    zones = sorted(
        zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")
    )
    return {zone.rpartition("/")[2].lower(): zone for zone in [*zones, "UTC"]}
