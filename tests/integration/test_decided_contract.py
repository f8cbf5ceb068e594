"""The fake stores of decided findings and of tallies, and those in DynamoDB, promise the same."""

import random
from collections import Counter
from typing import Any

import pytest

from fake_ledger import FakeDecided, FakeTallies
from fakes import Clock, Faults
from finding_router.aws.decided import DynamoDecided, DynamoTallies
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.decided import Decided, DecidedStore
from finding_router.delivery.tally import Counted, End, Tally, TallyStore

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


def tally(days_ago: float, **changes: Any) -> Tally:
    """Return the numbers of a run so many days ago."""
    return Tally(
        at=NOW - days_ago * DAY_SECONDS,
        messages=Counter({Counted("payments", "#a", ("one", "two"), End.POSTED): 2}),
        findings={Counted("payments", None, (), End.FOUND): {"0f5c", "9e1b"}},
        to_message=[0.4, 61.0],
        **changes,
    )


class TallyContract:
    """The contract of every store of tallies."""

    def test_tallies_come_back_newest_first(self, tallies: TallyStore) -> None:
        """As they were added, those that are older left out."""
        several = [tally(days) for days in (0, 3, 34)]
        for each in (several[1], tally(34.5), several[2], several[0]):
            tallies.add(each)

        assert several == list(tallies.newest(since=NOW - 34 * DAY_SECONDS, now=NOW))


class TestFakeTallies(TallyContract):
    """The fake."""

    @pytest.fixture
    def tallies(self) -> TallyStore:
        """Make one without faults."""
        return FakeTallies(Faults(Clock()))


class TestDynamoTallies(TallyContract):
    """The real one."""

    @pytest.fixture
    def items(self, make_table: Any) -> Items:
        """Make a table."""
        return Items(make_table("ledger", "finding", "channel"))

    @pytest.fixture
    def tallies(self, items: Items) -> TallyStore:
        """Make one on a table of its own."""
        return DynamoTallies(items)

    def test_a_burst_is_one_unit_that_expires(self, tallies: TallyStore, items: Items) -> None:
        """What cannot be read is left out."""
        names = {f"{number * 7919:010x}" for number in range(100)}
        tallies.add(Tally(at=NOW, findings={Counted("a", None, ("one",), End.FOUND): names}))

        [item] = items.query("tally#2026-09-21")
        assert len(item["numbers"]) < 1_000
        assert int(NOW) + 36 * DAY_SECONDS == item["expires_at"]
        items.put_all([item | {"numbers": b"no"}])
        assert [] == list(tallies.newest(since=NOW - 1, now=NOW))
