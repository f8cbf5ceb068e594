"""The summaries of the findings that a batch decided, and its numbers, in the Ledger's table."""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.aws.packed import MAX_BYTES, packed, unpacked
from finding_router.delivery.decided import DAYS, Decided
from finding_router.stored import Stored

if TYPE_CHECKING:
    from finding_router.delivery.tally import Tally

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
        values = {"count": len(summaries), "summaries": blob}
        self._items.put_all([_item(keys.decided, at, DAYS + 1, values)])

    def newest(self, *, since: float, now: float) -> Iterator[Decided]:
        """Yield the summaries of findings decided *since* then, newest first."""
        for some in self._items.newest(keys.decided, _to_decided, since=since, now=now):
            yield from (each for each in some if each.at >= since)


class DynamoTallies:
    """Items of one partition a day, as `DynamoDecided` has them; a run's takes some 300 bytes."""

    def __init__(self, items: Items) -> None:
        """Keep them among *items*."""
        self._items = items

    def add(self, tally: "Tally") -> None:
        """Add the *tally* of one run."""
        # Imported late, as below: most events have none.
        from finding_router.delivery.tally import DAYS as TALLY_DAYS  # noqa: PLC0415 -- see above

        numbers = {
            "messages": [[*key, number] for key, number in tally.messages.items()],
            "findings": [[*key, sorted(names)] for key, names in tally.findings.items()],
            "to_message": tally.to_message,
        }
        values = {"numbers": packed(numbers)}
        self._items.put_all([_item(keys.tally, tally.at, TALLY_DAYS + 1, values)])

    def newest(self, *, since: float, now: float) -> Iterator["Tally"]:
        """Yield the tallies of runs *since* then, newest first."""
        for tally in self._items.newest(keys.tally, _to_tally, since=since, now=now):
            if tally.at >= since:
                yield tally


type _KeyOf = Callable[[str, str], keys.Key]


def _item(key_of: _KeyOf, at: float, days: int, values: dict[str, Any]) -> dict[str, Any]:
    return {
        **keys.named(key_of(keys.utc_day(at), f"{at:017.6f}#{uuid.uuid4().hex[:8]}")),
        "shape": keys.SHAPE,
        "at": at,
        **values,
        "expires_at": int(at) + days * DAY_SECONDS,
    }


def _to_decided(stored: Stored) -> list[Decided]:
    at = stored.number("at")
    summaries = unpacked(stored, "summaries", most=_MAX_PLAIN_BYTES)
    return [Decided(at, each) for each in summaries] if isinstance(summaries, list) else []


def _to_tally(stored: Stored) -> "Tally":
    from finding_router.delivery.tally import Counted, End, Tally  # noqa: PLC0415 -- as above

    def to_key(account: str | None, channel: str | None, routes: list[str], end: str) -> Counted:
        return Counted(account, channel, tuple(routes), End(end))

    numbers = unpacked(stored, "numbers", most=_MAX_PLAIN_BYTES)
    return Tally(
        at=stored.number("at"),
        messages=Counter({to_key(*key): int(number) for *key, number in numbers["messages"]}),
        findings={to_key(*key): set(names) for *key, names in numbers["findings"]},
        to_message=[float(each) for each in numbers["to_message"]],
    )
