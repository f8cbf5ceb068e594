"""Dates as Slack writes them, in the time zone of the one who reads."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial

_TOKEN = re.compile(r"\{(\w+)\}")


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


def _token(moment: datetime, now: datetime, match: re.Match[str]) -> str:
    name = match[1]
    day = ordinal(moment.day)
    written = {
        "date": f"{moment:%B} {day}, {moment.year}",
        "date_short": f"{moment:%b} {moment.day}, {moment.year}",
        "date_long": f"{moment:%A, %B} {day}, {moment.year}",
        "time": clock_time(moment),
        "time_secs": f"{moment.hour % 12 or 12}:{moment:%M:%S %p}",
    }
    if name.endswith("_pretty") and name.removesuffix("_pretty") in written:
        return day_name(moment, now) or written[name.removesuffix("_pretty")]
    return written.get(name, match[0])
