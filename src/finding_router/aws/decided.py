"""The summaries of decided findings in the Ledger's table: one item for each batch."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.aws.packed import MAX_BYTES, packed, unpacked
from finding_router.delivery.decided import DAYS, Decided
from finding_router.errors import UnreadableError
from finding_router.stored import Stored

_MAX_PLAIN_BYTES: Final = 20_000_000


class DynamoDecided:
    """
    Items of one partition a day, in the order of time, so that a week is read by eight queries.

    The summaries of a batch are compressed together: a finding of a burst takes some fifty bytes.
    """

    def __init__(self, items: Items) -> None:
        """Keep them among *items*."""
        self._items = items

    def add(self, summaries: Sequence[Any], *, at: float) -> None:
        """Add the *summaries* of one batch."""
        if not summaries:
            return
        blob = packed(summaries)
        if len(blob) > MAX_BYTES and len(summaries) > 1:
            middle = len(summaries) // 2
            self.add(summaries[:middle], at=at)
            self.add(summaries[middle:], at=at)
            return
        key = keys.decided(_day(at), f"{at:017.6f}#{uuid.uuid4().hex[:8]}")
        self._items.put_all(
            [
                {
                    **keys.named(key),
                    "shape": keys.SHAPE,
                    "at": at,
                    "count": len(summaries),
                    "summaries": blob,
                    "expires_at": int(at) + (DAYS + 1) * DAY_SECONDS,
                }
            ]
        )

    def newest(self, *, since: float, now: float) -> Iterator[Decided]:
        """Yield the summaries of findings decided *since* then, newest first."""
        day = datetime.fromtimestamp(now, UTC)
        while day.timestamp() > since - DAY_SECONDS:
            yield from self._of_day(f"{day:%Y-%m-%d}", since)
            day -= timedelta(days=1)

    def _of_day(self, day: str, since: float) -> Iterator[Decided]:
        finding, _ = keys.decided(day, "")
        for item in self._items.each(finding, is_backwards=True):
            try:
                found = self._items.parsed(item, _to_decided)
            except UnreadableError:
                continue
            yield from (each for each in found if each.at >= since)


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def _to_decided(stored: Stored) -> list[Decided]:
    at = stored.number("at")
    summaries = unpacked(stored, "summaries", most=_MAX_PLAIN_BYTES)
    return [Decided(at, each) for each in summaries] if isinstance(summaries, list) else []
