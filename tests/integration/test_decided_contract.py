"""The fake store of decided findings and that in DynamoDB keep the same promises."""

import random
from typing import Any

import pytest

from fake_ledger import FakeDecided
from fakes import Clock, Faults
from finding_router.aws.decided import DynamoDecided
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.decided import Decided, DecidedStore

NOW = 1_790_000_000.5
WEEK = 7 * DAY_SECONDS


def newest(store: DecidedStore) -> list[Decided]:
    """Return the summaries of a week."""
    return list(store.newest(since=NOW - WEEK, now=NOW))


class DecidedContract:
    """The contract of every store of decided findings."""

    def test_there_are_none_at_first(self, store: DecidedStore) -> None:
        """Nor after an empty batch."""
        store.add([], at=NOW)

        assert [] == newest(store)

    def test_the_newest_come_first(self, store: DecidedStore) -> None:
        """Within a day and across days."""
        for days in (3, 0, 6.5):
            store.add([{"v": 1, "days": days}], at=NOW - days * DAY_SECONDS)
        store.add([{"v": 1, "days": "now"}], at=NOW)

        assert [0, "now"] == sorted((each.summary["days"] for each in newest(store)[:2]), key=str)
        assert [3, 6.5] == [each.summary["days"] for each in newest(store)[2:]]
        assert NOW - 3 * DAY_SECONDS == newest(store)[2].at

    def test_older_ones_are_left_out(self, store: DecidedStore) -> None:
        """To the second."""
        store.add([1], at=NOW - WEEK - 1)
        store.add([2], at=NOW - WEEK)

        assert [2] == [each.summary for each in newest(store)]

    def test_a_batch_stays_together(self, store: DecidedStore) -> None:
        """In its order."""
        store.add(["a", "b", "c"], at=NOW)

        assert ["a", "b", "c"] == [each.summary for each in newest(store)]


class TestFakeDecided(DecidedContract):
    """The fake."""

    @pytest.fixture
    def store(self) -> DecidedStore:
        """Make one without faults."""
        return FakeDecided(Faults(Clock()))


class TestDynamoDecided(DecidedContract):
    """The real one."""

    @pytest.fixture
    def items(self, make_table: Any) -> Items:
        """Make a table."""
        return Items(make_table("ledger", "finding", "channel"))

    @pytest.fixture
    def store(self, items: Items) -> DecidedStore:
        """Make one on a table of its own."""
        return DynamoDecided(items)

    def stored(self, items: Items) -> list[dict[str, Any]]:
        """Return the items of the day."""
        return items.query("decided#2026-09-21")

    def test_a_burst_is_one_small_item_that_expires(
        self, store: DecidedStore, items: Items
    ) -> None:
        """A finding costs some fifty bytes."""
        store.add([{"v": 1, "finding": {"Id": f"finding-{n}"}} for n in range(500)], at=NOW)

        [item] = self.stored(items)
        assert 500 == item["count"]
        assert len(item["summaries"]) < 5_000
        assert int(NOW) + 8 * DAY_SECONDS == item["expires_at"]

    def test_an_enormous_batch_is_several_items(self, store: DecidedStore, items: Items) -> None:
        """Below DynamoDB's limit each."""
        noise = random.Random(7)
        store.add([noise.randbytes(1000).hex() for _ in range(500)], at=NOW)

        assert len(self.stored(items)) > 1
        assert all(len(each["summaries"]) < 350_000 for each in self.stored(items))
        assert 500 == len(newest(store))

    @pytest.mark.parametrize(
        "odd", [{"summaries": "text"}, {"summaries": b"no"}, {"shape": 99}, {"at": None}]
    )
    def test_what_cannot_be_read_is_left_out(
        self, odd: dict[str, Any], store: DecidedStore, items: Items
    ) -> None:
        """The others count."""
        store.add(["bad"], at=NOW)
        [item] = self.stored(items)
        items.put_all([item | odd])
        store.add(["good"], at=NOW - 60)

        assert ["good"] == [each.summary for each in newest(store)]
