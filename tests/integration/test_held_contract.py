"""The fake store of held findings and the one in DynamoDB keep the same promises."""

import time
from copy import replace
from typing import Any

import pytest

from fake_books import FakeHeld
from fakes import Clock, Faults
from finding_router.aws import keys
from finding_router.aws.held import DynamoHeld
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.held.store import Bin, HeldFinding, HeldStore
from finding_router.routing.hold import HoldKind
from memory_dynamo import MemoryDynamo

NOW = 1_790_000_000.0
DUE_AT = NOW + 3600.5
BIN = Bin(
    name="schedule#weekly##alerts",
    kind=HoldKind.SCHEDULE,
    reason="weekly",
    channel="#alerts",
    due_at=DUE_AT,
    since=NOW,
    touched_at=NOW,
)
ONE = HeldFinding(
    name="one",
    subject="control",
    routes=("weekly",),
    mention=("@here",),
    since=NOW,
    due_at=DUE_AT,
    held_at=NOW + 2,
)
TWO = replace(ONE, name="two", since=NOW + 1)
EVENT = b"\x00 of one"


class HeldStoreContract:
    """The contract of every store of held findings."""

    def test_nothing_waits_at_first(self, book: HeldStore) -> None:
        """No bin, and nothing in it."""
        assert [] == book.bins()
        assert [] == book.held(BIN.name)
        assert {} == book.events(BIN.name, ["one"])
        assert set() == book.held_elsewhere(BIN.name, ["one"])

    def test_what_waits_is_read_as_it_was_put_aside(self, book: HeldStore) -> None:
        """The oldest first."""
        book.hold(BIN, ONE, EVENT)
        book.hold(BIN, TWO, b"of two")

        assert [BIN] == book.bins()
        assert [ONE, TWO] == book.held(BIN.name)
        assert {"one": EVENT} == book.events(BIN.name, ["one", "three"])

    def test_an_event_may_be_as_large_as_a_finding(self, book: HeldStore) -> None:
        """With any bytes."""
        event = bytes(range(256)) * 1000

        book.hold(BIN, ONE, event)

        assert {"one": event} == book.events(BIN.name, ["one"])

    def test_a_finding_waits_once_in_a_bin(self, book: HeldStore) -> None:
        """The last word on it counts, and it goes on to wait since when it did."""
        book.hold(BIN, ONE, EVENT)
        newer = replace(ONE, held_at=NOW + 5, mention=(), is_owed=True)
        later = replace(newer, since=NOW + 4, due_at=NOW + 9999)
        book.hold(replace(BIN, touched_at=NOW + 5), later, b"newer")

        assert [newer] == book.held(BIN.name)
        assert {"one": b"newer"} == book.events(BIN.name, ["one"])
        assert [NOW + 5] == [each.touched_at for each in book.bins()]

    def test_what_is_due_stays_due(self, book: HeldStore) -> None:
        """A later time does not delay findings that are due."""
        book.hold(BIN, ONE, EVENT)
        book.hold(BIN, replace(TWO, due_at=NOW + 9999), EVENT)

        assert [(BIN.due_at, BIN.since)] == [(each.due_at, each.since) for each in book.bins()]

    def test_the_first_counts_whoever_is_the_quickest(self, book: HeldStore) -> None:
        """A slow worker may store a finding late that it decided to hold early."""
        book.hold(replace(BIN, due_at=NOW + 9999), replace(TWO, due_at=NOW + 9999), EVENT)
        book.hold(BIN, ONE, EVENT)

        assert [(DUE_AT, NOW)] == [(each.due_at, each.since) for each in book.bins()]
        assert ["one", "two"] == [each.name for each in book.held(BIN.name)]

    def test_it_is_known_what_waits_elsewhere(self, book: HeldStore) -> None:
        """A finding is marked with the last digest of it."""
        book.hold(BIN, ONE, EVENT)
        book.hold(replace(BIN, name="other"), TWO, EVENT)

        assert {"two"} == book.held_elsewhere(BIN.name, ["one", "two", "three"])
        assert {"one"} == book.held_elsewhere("other", ["one", "two", "three"])
        assert {"one", "two"} == book.held_elsewhere("a third", ["one", "two", "three"])
        assert set() == book.held_elsewhere("other", [])

    def test_where_it_waits_no_more_it_is_not_waited_for(self, book: HeldStore) -> None:
        """Otherwise it would never be marked, after a post or after the death of a worker."""
        book.hold(BIN, ONE, EVENT)
        book.hold(replace(BIN, name="other"), ONE, EVENT)
        book.hold(replace(BIN, name="closed"), ONE, EVENT)
        book.let_go("other", [ONE])
        book.close(replace(BIN, name="closed"), digest=None, left=None)

        assert set() == book.held_elsewhere(BIN.name, ["one"])

    def test_what_waits_again_is_known_again(self, book: HeldStore) -> None:
        """A finding that is held again is pending again, even if it was posted before."""
        book.hold(BIN, ONE, EVENT)
        book.let_go(BIN.name, [ONE])
        book.hold(BIN, ONE, EVENT)

        assert {"one"} == book.held_elsewhere("other", ["one"])

    def test_what_was_said_waits_no_more(self, book: HeldStore) -> None:
        """The others stay held; to forget a finding that is not held is no failure."""
        book.hold(BIN, ONE, EVENT)
        book.hold(BIN, TWO, EVENT)

        book.let_go(BIN.name, [ONE, replace(ONE, name="never")])

        assert [TWO] == book.held(BIN.name)

    def test_what_came_anew_meanwhile_waits_on(self, book: HeldStore) -> None:
        """The posted message was about an earlier version."""
        book.hold(BIN, ONE, EVENT)
        newer = replace(ONE, held_at=NOW + 5)
        book.hold(BIN, newer, b"newer")

        book.let_go(BIN.name, [ONE])

        assert [newer] == book.held(BIN.name)

    def test_a_bin_that_was_emptied_is_due_no_more(self, book: HeldStore) -> None:
        """It remembers its digest for the next one, which is due at its own time."""
        book.hold(BIN, ONE, EVENT)

        assert book.close(BIN, digest="digest-1", left=None)
        assert ([], "digest-1") == (book.bins(), book.last_digest(BIN.name))

        later = replace(TWO, due_at=NOW + 7200, since=NOW + 60)
        book.hold(replace(BIN, touched_at=NOW + 60), later, EVENT)

        [again] = book.bins()
        assert (later.due_at, later.since, "digest-1") == (
            again.due_at,
            again.since,
            book.last_digest(BIN.name),
        )

    def test_no_digest_is_the_last_at_first(self, book: HeldStore) -> None:
        """Nor is that of another bin."""
        book.hold(BIN, ONE, EVENT)
        book.close(BIN, digest="digest-1", left=None)

        assert book.last_digest("other") is None

    def test_a_bin_is_emptied_once(self, book: HeldStore) -> None:
        """A worker that comes later changes nothing, and makes no bin anew."""
        book.hold(BIN, ONE, EVENT)
        book.close(BIN, digest=None, left=None)

        assert not book.close(BIN, digest="digest-1", left=TWO)
        assert not book.close(BIN, digest=None, left=None)
        assert [] == book.bins()

    def test_a_bin_is_due_for_what_is_left(self, book: HeldStore) -> None:
        """Findings that came after the bin's time wait for the next one."""
        book.hold(BIN, ONE, EVENT)
        left = replace(TWO, due_at=NOW + 7200, since=NOW + 3700)

        assert book.close(BIN, digest=None, left=left)
        assert [replace(BIN, due_at=left.due_at, since=left.since)] == book.bins()

    def test_closing_without_a_digest_keeps_the_one_before(self, book: HeldStore) -> None:
        """There was nothing to post at this time."""
        book.hold(BIN, ONE, EVENT)
        book.close(BIN, digest="digest-1", left=None)
        book.close(BIN, digest=None, left=None)

        assert "digest-1" == book.last_digest(BIN.name)

    def test_a_bin_that_was_touched_meanwhile_stays_due(self, book: HeldStore) -> None:
        """A finding was added while the bin was emptied; the posted digest is recorded."""
        book.hold(BIN, ONE, EVENT)
        book.hold(replace(BIN, touched_at=NOW + 1), TWO, EVENT)

        assert not book.close(BIN, digest="digest-1", left=None)
        assert [BIN.due_at] == [each.due_at for each in book.bins()]
        assert "digest-1" == book.last_digest(BIN.name)


class TestFakeHeld(HeldStoreContract):
    """The fake."""

    @pytest.fixture
    def book(self) -> HeldStore:
        """Make one without faults."""
        return FakeHeld(Faults(Clock()))


class TestDynamoHeld(HeldStoreContract):
    """The real one."""

    @pytest.fixture
    def book(self, make_table: Any) -> HeldStore:
        """Make one on a table of its own."""
        return DynamoHeld(Items(make_table("ledger", "finding", "channel")), days=400)

    def test_a_bin_expires_after_the_days_of_the_ledger(self, make_table: Any) -> None:
        """Counted from when its findings are due; so does what it remembers."""
        items = Items(make_table("ledger", "finding", "channel"))
        book = DynamoHeld(items, days=2)
        book.hold(BIN, ONE, EVENT)
        left = replace(TWO, due_at=NOW + 7200.5)
        times = [each["expires_at"] for each in items.query(keys.BINS)]
        book.close(BIN, digest="digest-1", left=left)
        times += [each["expires_at"] for each in items.query(keys.BINS)]
        [said] = items.read([keys.last_digest(BIN.name)])

        assert [int(DUE_AT) + 2 * DAY_SECONDS, int(NOW) + 7200 + 2 * DAY_SECONDS] == times
        assert abs(said["expires_at"] - time.time() - 2 * DAY_SECONDS) < 60

    @pytest.mark.parametrize("rest", [{"touched_at": 1, "kind": "schedule"}, {}])
    def test_an_emptied_bin_of_the_version_before_goes(
        self, rest: dict[str, Any], make_table: Any
    ) -> None:
        """It kept its digest there; such an item may hold nothing else."""
        items = Items(make_table("ledger", "finding", "channel"))
        book = DynamoHeld(items, days=400)
        finding, channel = keys.bin_(BIN.name)
        items.put_all([{"finding": finding, "channel": channel, "digest": "digest-1", **rest}])

        assert "digest-1" == book.last_digest(BIN.name)
        assert [] == book.bins()
        assert [] == items.query(keys.BINS)
        assert "digest-1" == book.last_digest(BIN.name)

    def test_a_bin_of_the_version_before_is_read_with_its_digest(self, make_table: Any) -> None:
        """Until another is said."""
        items = Items(make_table("ledger", "finding", "channel"))
        book = DynamoHeld(items, days=400)
        book.hold(BIN, ONE, EVENT)
        items.update(keys.bin_(BIN.name), "SET digest = :digest", {":digest": "digest-1"})

        assert ([BIN], "digest-1") == (book.bins(), book.last_digest(BIN.name))

        book.close(BIN, digest="digest-2", left=TWO)

        assert "digest-2" == book.last_digest(BIN.name)

    def test_what_waits_elsewhere_takes_a_call_for_a_hundred(self, make_table: Any) -> None:
        """However many bins there are: thousands are due when a silence of everything is over."""
        items = Items(make_table("ledger", "finding", "channel"))
        book = DynamoHeld(items, days=400)
        for number in range(30):
            waiting = replace(ONE, name=f"finding-{number}")
            book.hold(replace(BIN, name=f"bin-{number}"), waiting, EVENT)
        calls: list[object] = []
        items.client.meta.events.register(
            "before-call.dynamodb.BatchGetItem", lambda **call: calls.append(call)
        )

        assert set() == book.held_elsewhere("bin-0", ["finding-0"])
        assert 1 == len(calls)

        held = book.held_elsewhere("bin-0", [f"finding-{number}" for number in range(30)])
        assert (29, 4) == (len(held), len(calls))


class TestMemoryDynamoHeld(HeldStoreContract):
    """The real one over the DynamoDB in memory that other tests use."""

    @pytest.fixture
    def book(self) -> HeldStore:
        """Make one on a table of its own."""
        return DynamoHeld(MemoryDynamo().items(), days=400)
