"""Timestamps of ASFF, read for display and comparison only: findings keep what was written."""

from datetime import UTC, datetime, timedelta

from finding_router.findings.reading import as_number

# Seconds since 1970 have nine to ten digits in the years that findings are about (1973 to 2286).
_EPOCH_MIN = 100_000_000
_EPOCH_MAX = 10_000_000_000
_LEAP_SECOND = slice(16, 19)  # of YYYY-MM-DDTHH:MM:60


def parse_timestamp(text: str | None) -> datetime | None:
    """
    Give the moment that *text* means, in UTC; None where it means none.

    Products write ISO 8601 in many ways: none to nine decimals, a blank instead of the T,
    offsets of hours only or none at all (UTC), a date alone, leap seconds (the next second),
    and seconds or milliseconds since 1970.
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
