"""The fake store of the last valid routes and that in DynamoDB keep the same promises."""

import random
from typing import Any

import pytest

from fake_ledger import FakeLastValid
from fakes import Clock, Faults
from finding_router.aws import keys
from finding_router.aws.items import Items
from finding_router.aws.last_valid import DynamoLastValid
from finding_router.aws.packed import MAX_BYTES
from finding_router.routing.last_valid import LastValid, LastValidStore
from memory_dynamo import MemoryDynamo

ROUTE = {"kind": "route", "name": "one", "channel": "#one", "order": 100, "match": {"Id": ["ü"]}}
ITEMS = {("route", "one"): ROUTE, ("account", "1"): {"kind": "account", "name": "1", "alias": "a"}}


class LastValidContract:
    """The contract of every store of the last valid versions."""

    def test_nothing_is_stored_at_first(self, store: LastValidStore) -> None:
        """Which is version 0."""
        assert LastValid() == store.read()

    def test_what_was_written_is_read(self, store: LastValidStore) -> None:
        """With its time and its version."""
        versions = LastValid(items=ITEMS, read_at=1000.5, version=1)

        assert store.write(versions)
        assert versions == store.read()

    def test_a_version_replaces_the_one_before_alone(self, store: LastValidStore) -> None:
        """A worker that knows less does not overwrite what it did not read."""
        store.write(LastValid(items=ITEMS, read_at=1.0, version=1))

        assert store.write(LastValid(items={}, read_at=2.0, version=2))
        assert not store.write(LastValid(items=ITEMS, read_at=3.0, version=2))
        assert {} == store.read().items

    def test_a_write_that_is_sent_again_counts(self, store: LastValidStore) -> None:
        """Its answer was lost."""
        versions = LastValid(items=ITEMS, read_at=1.0, version=1)

        assert store.write(versions)
        assert store.write(versions)


class TestFakeLastValid(LastValidContract):
    """The fake."""

    @pytest.fixture
    def store(self) -> LastValidStore:
        """Make one without faults."""
        return FakeLastValid(Faults(Clock()))


class TestMemoryDynamoLastValid(LastValidContract):
    """The real one over the DynamoDB in memory that other tests use."""

    @pytest.fixture
    def store(self) -> LastValidStore:
        """Make one on a table of its own."""
        return DynamoLastValid(MemoryDynamo().items())


class TestDynamoLastValid(LastValidContract):
    """The real one."""

    @pytest.fixture
    def items(self, make_table: Any) -> Items:
        """Make a table."""
        return Items(make_table("ledger", "finding", "channel"))

    @pytest.fixture
    def store(self, items: Items) -> LastValidStore:
        """Make one on a table of its own."""
        return DynamoLastValid(items)

    def test_it_never_expires(self, store: LastValidStore, items: Items) -> None:
        """A table that nobody edits for years keeps its versions."""
        store.write(LastValid(items=ITEMS, read_at=1.0, version=1))

        [item] = items.query(keys.LAST_VALID[0])
        assert "expires_at" not in item

    def test_an_enormous_table_loses_the_longest_items(self, store: LastValidStore) -> None:
        """An item of DynamoDB has 400 KB."""
        noise = random.Random(7)
        many = {
            ("route", str(number)): ROUTE
            | {"name": str(number), "description": noise.randbytes(size).hex()}
            for number, size in enumerate([900] * 500 + [20_000])
        }
        assert store.write(LastValid(items=many, read_at=1.0, version=1))

        kept = store.read().items
        assert 250 < len(kept) < 501
        assert ("route", "500") not in kept

    @pytest.mark.parametrize(
        "odd",
        [
            {"items": "text"},
            {"items": b"no zlib"},
            {"version": "one"},
            {"read_at": None},
            {"shape": 99},
        ],
    )
    def test_what_cannot_be_read_is_none_and_is_not_overwritten(
        self, odd: dict[str, Any], store: LastValidStore, items: Items
    ) -> None:
        """A newer version of the router wrote it, or a person."""
        from finding_router.errors import UnreadableError  # noqa: PLC0415

        store.write(LastValid(items=ITEMS, read_at=1.0, version=1))
        [item] = items.query(keys.LAST_VALID[0])
        items.put_all([item | odd])

        assert LastValid() == store.read()
        with pytest.raises(UnreadableError):
            store.write(LastValid(items={}, read_at=2.0, version=1))
        assert items.unreadable


def test_compressed_items_are_far_below_the_limit() -> None:
    """With room for the other attributes."""
    assert MAX_BYTES < 390_000
