"""Durations in words."""

from typing import Final

from finding_router.counts import counted

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
# Durations from this length on are given without hours.
_LONG_DAYS: Final = 30
_TEENS: Final = range(11, 14)
_ORDINALS: Final = {1: "st", 2: "nd", 3: "rd"}  # codespell:ignore nd


def duration_words(seconds: float) -> str:
    """Return a duration in at most its two largest units: "3 d 4 h", "20 min", "45 s"."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        hours, rest = divmod(whole, _HOUR)
        minutes = rest // _MINUTE
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, rest = divmod(whole, _DAY)
    hours = rest // _HOUR
    return f"{days} d {hours} h" if hours and days < _LONG_DAYS else f"{days} d"


def age_words(seconds: float) -> str:
    """Return a duration in one unit, of which there are two or more: "11 days", "90 minutes"."""
    whole = max(0, int(seconds))
    for size, unit in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if whole >= 2 * size:
            return counted(whole // size, unit)
    return counted(whole, "second")


def open_words(seconds: float) -> str:
    """Return an age in days, or below two days in hours and minutes: "9 d", "24 h", "30 min"."""
    whole = max(0, int(seconds))
    if whole >= 2 * _DAY:
        return duration_words(whole - whole % _DAY)
    # A reminder comes minutes late.
    return f"{whole // _HOUR} h" if whole >= 2 * _HOUR else duration_words(whole)


def ordinal(number: int) -> str:
    """Return "2nd" for 2."""
    ending = "th" if number % 100 in _TEENS else _ORDINALS.get(number % 10, "th")
    return f"{number}{ending}"
