"""The fake locks and those in DynamoDB keep the same promises."""

from typing import Any

import pytest

from fake_ledger import FakeLocks
from fakes import Clock, Faults
from finding_router.aws.items import Items
from finding_router.aws.locks import DynamoLocks
from finding_router.delivery.limits.lock import Locks
from memory_dynamo import MemoryDynamo

HOUR = 3600.0
NOW = 1_790_000_000.0


class LocksContract:
    """The contract of every store of locks."""

    def test_a_topic_is_due_once_in_its_time(self, locks: Locks) -> None:
        """For all who ask."""
        assert locks.once("routes", by="a", every_seconds=HOUR, now=NOW)
        assert not locks.once("routes", by="b", every_seconds=HOUR, now=NOW + 1)
        assert not locks.once("routes", by="b", every_seconds=HOUR, now=NOW + HOUR - 1)
        assert locks.once("routes", by="b", every_seconds=HOUR, now=NOW + HOUR)

    def test_topics_are_due_each_for_itself(self, locks: Locks) -> None:
        """One does not silence the other."""
        assert locks.once("routes", by="a", every_seconds=HOUR, now=0.0)
        assert locks.once("channel #a", by="b", every_seconds=HOUR, now=0.0)

    def test_whom_a_topic_was_granted_to_may_try_again(self, locks: Locks) -> None:
        """The time is counted from the last try; others have to wait for it."""
        locks.once("routes", by="a", every_seconds=60, now=NOW)

        assert locks.once("routes", by="a", every_seconds=HOUR, now=NOW + 30)
        assert not locks.once("routes", by="b", every_seconds=60, now=NOW + 61)
        assert locks.once("routes", by="b", every_seconds=60, now=NOW + 30 + HOUR)
        assert not locks.once("routes", by="a", every_seconds=HOUR, now=NOW + 31 + HOUR)

    def test_seats_are_for_the_first_that_come(self, locks: Locks) -> None:
        """Who has one keeps it, whoever asks, and in whatever order."""
        assert {"a", "b"} == seats(locks, "a", "b")
        assert {"a", "d"} == seats(locks, "d", "c", "a", now=NOW + 1)
        assert set() == seats(locks, "c", "e", now=NOW + 2)
        assert {"a", "b", "d"} == seats(locks, "e", "d", "c", "b", "a", now=NOW + 3)

    def test_seats_are_free_again_after_a_while(self, locks: Locks) -> None:
        """All of them, counted from the last one that was given away."""
        seats(locks, "a", "b")
        seats(locks, "c", now=NOW + 60)

        assert set() == seats(locks, "d", since=NOW + 60, now=NOW + 120)
        assert {"d", "e"} == seats(locks, "d", "e", since=NOW + 61, now=NOW + 120)
        assert {"a"} == seats(locks, "a", "b", since=NOW + 61, now=NOW + 121)

    def test_seats_of_different_topics_are_different(self, locks: Locks) -> None:
        """Each channel has its own."""
        seats(locks, "a", "b", "c")

        assert {"d"} == locks.seats("#other", ["d"], most=3, since=0.0, now=NOW)
        assert set() == locks.seats("#none", ["d"], most=0, since=0.0, now=NOW)


def seats(locks: Locks, *names: str, since: float = 0.0, now: float = NOW) -> set[str]:
    """Ask for one of three seats for each of *names*."""
    return locks.seats("#alerts", names, most=3, since=since, now=now)


class TestFakeLocks(LocksContract):
    """The fake."""

    @pytest.fixture
    def locks(self) -> Locks:
        """Make one without faults."""
        return FakeLocks(Faults(Clock()))


class TestDynamoLocks(LocksContract):
    """The real one."""

    @pytest.fixture
    def locks(self, make_table: Any) -> Locks:
        """Make one on a table of its own."""
        return DynamoLocks(Items(make_table("ledger", "finding", "channel")))


class TestMemoryDynamoLocks(LocksContract):
    """The real one over the DynamoDB in memory that other tests use."""

    def test_workers_that_take_seats_at_once_share_them(self, locks: DynamoLocks) -> None:
        """Who was second reads what the first has written, and tries again."""
        read, got = locks._items.read, set[str]()

        def read_late(wanted: Any) -> Any:
            found = read(wanted)
            if not got:
                locks._items.read = read  # type: ignore[method-assign]
                got.update(seats(locks, "a", "b"))
            return found

        locks._items.read = read_late  # type: ignore[method-assign]

        assert {"c"} == seats(locks, "c", "d")
        assert {"a", "b"} == got

    def test_a_name_without_luck_has_no_seat(self, locks: DynamoLocks) -> None:
        """It is not tried for ever: the finding is listed instead."""
        locks._items.put_version = lambda *_: False  # type: ignore[assignment, method-assign]

        assert set() == seats(locks, "a")

    @pytest.fixture
    def locks(self) -> Locks:
        """Make one on a table of its own."""
        return DynamoLocks(MemoryDynamo().items())
