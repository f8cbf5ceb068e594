"""Dates as Slack writes them, in the time zone of the one who reads."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial

_TOKEN = re.compile(r"\{(\w+)\}")
_PRETTY = frozenset({"date", "date_short", "date_long"})
_HALF_A_YEAR = timedelta(days=183)
_DAY_SECONDS = 86_400
_UNITS = (
    (365 * _DAY_SECONDS, "year"),
    (30 * _DAY_SECONDS, "month"),
    (_DAY_SECONDS, "day"),
    (3600, "hour"),
    (60, "minute"),
    (0, "second"),
)


def local_time(timestamp: float, zone: tzinfo | None) -> datetime:
    """Return the aware time in *zone*, None for this machine's."""
    return datetime.fromtimestamp(timestamp, UTC).astimezone(zone)


def ordinal(day: int) -> str:
    """Return "1st", "2nd", "3rd", "4th"."""
    teens = range(11, 14)
    endings = {1: "st", 2: "nd", 3: "rd"}  # codespell:ignore nd
    return f"{day}{'th' if day % 100 in teens else endings.get(day % 10, 'th')}"


def clock_time(moment: datetime) -> str:
    """Return "5:08 PM"."""
    return f"{moment.hour % 12 or 12}:{moment:%M %p}"


def day_name(moment: datetime, now: datetime) -> str | None:
    """Return "today", "yesterday" or "tomorrow" where one of them fits."""
    days = (moment.date() - now.date()) // timedelta(days=1)
    return {0: "today", -1: "yesterday", 1: "tomorrow"}.get(days)


def day_divider(moment: datetime, now: datetime) -> str:
    """Return the divider between two days of messages."""
    if name := day_name(moment, now):
        return name.capitalize()
    long = f"{moment:%A, %B} {ordinal(moment.day)}"
    return long if moment.year == now.year else f"{long}, {moment.year}"


def format_date(timestamp: int, template: str, zone: tzinfo | None, now: datetime) -> str:
    """
    Fill a ``<!date^…>`` template; raise ValueError or OverflowError for a time beyond the calendar.

    The tokens: https://docs.slack.dev/messaging/formatting-message-text#date-formatting. An
    unknown one stays as it is written.
    """
    moment = local_time(timestamp, zone)
    return _TOKEN.sub(partial(_token, moment, now), template)


def full_date(timestamp: int, zone: tzinfo | None) -> str:
    """Return the whole date with weekday, year and seconds, as Slack shows it under the pointer."""
    moment = local_time(timestamp, zone)
    seconds = f"{moment.hour % 12 or 12}:{moment:%M:%S %p}"
    return f"{moment:%A, %B} {ordinal(moment.day)}, {moment.year} at {seconds}"


def ago(moment: datetime, now: datetime) -> str:
    """Return "3 minutes ago", or "in 3 minutes" for a time to come."""
    seconds = (now - moment).total_seconds()
    count, unit = next(
        (int(abs(seconds) // (size or 1)), unit) for size, unit in _UNITS if abs(seconds) >= size
    )
    words = f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{words} ago" if seconds >= 0 else f"in {words}"


def _token(moment: datetime, now: datetime, match: re.Match[str]) -> str:
    name = match[1]
    day = ordinal(moment.day)
    # "The year will be omitted if the date is less than six months in the past or future."
    year = "" if abs(now - moment) < _HALF_A_YEAR else f", {moment.year}"
    written = {
        "date_num": f"{moment:%Y-%m-%d}",
        "date": f"{moment:%B} {day}{year}",
        "date_short": f"{moment:%b} {moment.day}{year}",
        "date_long": f"{moment:%A, %B} {day}{year}",
        "time": clock_time(moment),
        "time_secs": f"{moment.hour % 12 or 12}:{moment:%M:%S %p}",
        "ago": ago(moment, now),
    }
    if name.endswith("_pretty") and name.removesuffix("_pretty") in _PRETTY:
        return day_name(moment, now) or written[name.removesuffix("_pretty")]
    return written.get(name, match[0])
