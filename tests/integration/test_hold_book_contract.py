"""The fake book of what waits and the one in DynamoDB keep the same promises."""

from dataclasses import replace
from typing import Any

import pytest

from fake_books import FakeHoldBook
from fakes import Clock, Faults
from finding_router.aws.hold_book import DynamoHoldBook
from finding_router.aws.items import Items
from finding_router.delivery.hold_book import Bin, Held, HoldBook
from finding_router.routing.hold import HoldKind

NOW = 1_790_000_000.0
BIN = Bin(
    name="schedule#weekly##alerts",
    kind=HoldKind.SCHEDULE,
    reason="weekly",
    channel="#alerts",
    routes=("weekly",),
    mention=("@here",),
    due_at=NOW + 3600.5,
    touched_at=NOW,
)
ONE = Held(subject="one", finding='{"Id":"one"}', held_at=NOW)
TWO = Held(subject="two", finding='{"Id":"two"}', held_at=NOW - 1)


class HoldBookContract:
    """What every book of what waits promises."""

    def test_nothing_waits_at_first(self, book: HoldBook) -> None:
        """No bin, and nothing in it."""
        assert [] == book.bins()
        assert [] == book.held(BIN.name)
        assert set() == book.holds([BIN.name], ["one"])

    def test_what_waits_is_read_as_it_was_put_aside(self, book: HoldBook) -> None:
        """The oldest first."""
        book.hold(BIN, ONE)
        book.hold(BIN, TWO)

        assert [BIN] == book.bins()
        assert [TWO, ONE] == book.held(BIN.name)

    def test_a_finding_waits_once_in_a_bin(self, book: HoldBook) -> None:
        """The last word on it counts."""
        book.hold(BIN, ONE)
        newer = replace(ONE, finding="{}", held_at=NOW + 5)
        book.hold(replace(BIN, touched_at=NOW + 5), newer)

        assert [newer] == book.held(BIN.name)
        assert [NOW + 5] == [each.touched_at for each in book.bins()]

    def test_what_is_due_stays_due(self, book: HoldBook) -> None:
        """A later time does not make anybody wait longer."""
        book.hold(BIN, ONE)
        book.hold(replace(BIN, due_at=NOW + 9999), TWO)

        assert [BIN.due_at] == [each.due_at for each in book.bins()]

    def test_it_is_known_what_waits_elsewhere(self, book: HoldBook) -> None:
        """A finding is marked with the last digest of it."""
        book.hold(BIN, ONE)
        book.hold(replace(BIN, name="other"), TWO)

        assert {"one", "two"} == book.holds([BIN.name, "other"], ["one", "two", "three"])
        assert {"two"} == book.holds(["other"], ["one", "two"])
        assert set() == book.holds(["other"], [])

    def test_what_was_said_waits_no_more(self, book: HoldBook) -> None:
        """The rest does; to forget what is not there is no failure."""
        book.hold(BIN, ONE)
        book.hold(BIN, TWO)

        book.let_go(BIN.name, ["one", "never"])

        assert [TWO] == book.held(BIN.name)

    def test_a_bin_that_was_emptied_is_due_no_more(self, book: HoldBook) -> None:
        """It remembers its digest for the next one, which is due at its own time."""
        book.hold(BIN, ONE)

        assert book.close(BIN, digest="digest-1")
        assert [replace(BIN, due_at=None, digest="digest-1")] == book.bins()

        later = replace(BIN, due_at=NOW + 7200, touched_at=NOW + 60)
        book.hold(later, TWO)

        assert [replace(later, digest="digest-1")] == book.bins()

    def test_closing_without_a_digest_keeps_the_one_before(self, book: HoldBook) -> None:
        """There was nothing to say this time."""
        book.hold(BIN, ONE)
        book.close(BIN, digest="digest-1")
        book.close(BIN, digest=None)

        assert ["digest-1"] == [each.digest for each in book.bins()]

    def test_a_bin_that_was_touched_meanwhile_stays_due(self, book: HoldBook) -> None:
        """Something came while it was being emptied."""
        book.hold(BIN, ONE)
        book.hold(replace(BIN, touched_at=NOW + 1), TWO)

        assert not book.close(BIN, digest="digest-1")
        assert [BIN.due_at] == [each.due_at for each in book.bins()]


class TestFakeHoldBook(HoldBookContract):
    """The fake."""

    @pytest.fixture
    def book(self) -> HoldBook:
        """Make one without faults."""
        return FakeHoldBook(Faults(Clock()))


class TestDynamoHoldBook(HoldBookContract):
    """The real one."""

    @pytest.fixture
    def book(self, make_table: Any) -> HoldBook:
        """Make one on a table of its own."""
        return DynamoHoldBook(Items(make_table("ledger", "finding", "channel")), days=400)
