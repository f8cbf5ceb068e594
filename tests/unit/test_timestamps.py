"""Reading the many ways in which products write a moment."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.findings.timestamps import parse_timestamp


def _utc(*fields: int) -> datetime:
    return datetime(*fields, tzinfo=UTC)  # type: ignore[misc, arg-type]  # fields stop at seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-11-11T11:47:26.511Z", _utc(2020, 11, 11, 11, 47, 26, 511_000)),
        ("2023-08-30T20:07:14Z", _utc(2023, 8, 30, 20, 7, 14)),
        ("2022-05-23T17:09:33.323297746Z", _utc(2022, 5, 23, 17, 9, 33, 323_297)),
        ("1977-06-02T12:39:57.694473+00:00", _utc(1977, 6, 2, 12, 39, 57, 694_473)),
        ("2020-01-01T00:00:00+17", _utc(2019, 12, 31, 7)),
        ("2020-01-01T00:00:00-0530", _utc(2020, 1, 1, 5, 30)),
        ("2020-01-01 10:00:00", _utc(2020, 1, 1, 10)),
        ("2020-01-01 10:00:00 UTC", _utc(2020, 1, 1, 10)),
        (" 2020-01-01t10:00:00z ", _utc(2020, 1, 1, 10)),
        ("2020-01-01", _utc(2020, 1, 1)),
        ("20200101T100000Z", _utc(2020, 1, 1, 10)),
        ("2016-12-31T23:59:60Z", _utc(2017, 1, 1)),
        ("2016-12-31T23:59:60.5+00:00", _utc(2017, 1, 1, 0, 0, 0, 500_000)),
        ("1605095246", _utc(2020, 11, 11, 11, 47, 26)),
        ("1605095246511", _utc(2020, 11, 11, 11, 47, 26, 511_000)),
    ],
)
def test_moment_is_read_however_it_is_written(text: str, expected: datetime) -> None:
    """Each notation of a moment is read as that moment in UTC."""
    actual = parse_timestamp(text)

    assert (expected, timedelta(0)) == (actual, actual and actual.utcoffset())


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "yesterday",
        "1977-06-02T122:29:47.694473+00:00",
        "2020-11-11T12:60:00Z",
        "2020-02-30",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:60Z",
        "12",
        "1e300",
    ],
)
def test_what_is_no_moment_is_none(text: str | None) -> None:
    """No moment is guessed from other text, or outside of the calendar."""
    assert parse_timestamp(text) is None


@given(st.text() | st.datetimes(timezones=st.timezones()).map(str) | st.floats().map(str))
def test_no_text_raises(text: str) -> None:
    """For any text, the answer is a moment in UTC or None."""
    moment = parse_timestamp(text)

    assert moment is None or moment.tzinfo is UTC
