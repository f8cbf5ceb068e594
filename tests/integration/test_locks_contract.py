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

    @pytest.fixture
    def locks(self) -> Locks:
        """Make one on a table of its own."""
        return DynamoLocks(MemoryDynamo().items())
