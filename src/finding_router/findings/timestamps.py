"""Parse ASFF timestamps, for display and comparison; findings keep them as text."""

from datetime import UTC, datetime, timedelta

from finding_router.findings.reading import as_number

# Range of a number taken as seconds since 1970: nine to ten digits, the years 1973 to 2286.
_EPOCH_MIN = 100_000_000
_EPOCH_MAX = 10_000_000_000
_LEAP_SECOND = slice(16, 19)  # of YYYY-MM-DDTHH:MM:60


def parse_timestamp(text: str | None) -> datetime | None:
    """
    Return the time in *text*, in UTC; None if it has no known format.

    Products write ISO 8601 in many ways: with zero to nine decimals, a space instead of the T, an
    offset of hours only or none (taken as UTC), only a date, or a leap second (read as the next
    second). Seconds and milliseconds since 1970 are accepted too.
    """
    if text is None:
        return None
    written = text.strip().upper().removesuffix("UTC").removesuffix("GMT").rstrip()
    is_leap = written[_LEAP_SECOND] == ":60"
    if is_leap:
        written = f"{written[: _LEAP_SECOND.start]}:59{written[_LEAP_SECOND.stop :]}"
    try:
        moment = _since_1970(written) or datetime.fromisoformat(written)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC) + timedelta(seconds=is_leap)
    except (ValueError, OverflowError):
        return None


def _since_1970(text: str) -> datetime | None:
    count = as_number(text)
    if count is not None:
        for seconds in (count, count / 1000):
            if _EPOCH_MIN <= seconds < _EPOCH_MAX:
                return datetime.fromtimestamp(seconds, UTC)
    return None
