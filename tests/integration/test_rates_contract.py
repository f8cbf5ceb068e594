"""The fake slots and those in DynamoDB keep the same promises."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fake_ledger import FakeRates
from fakes import Clock, Faults
from finding_router.aws.items import Items
from finding_router.aws.rates import DynamoRates
from finding_router.delivery.limits.rate import Rates, Slot
from memory_dynamo import MemoryDynamo

HOUR = 3600.0
NOW = 1_790_000_000.0


class RatesContract:
    """The contract of every store of slots."""

    def test_slots_follow_each_other(self, rates: Rates) -> None:
        """No two slots start within the same second, even of different workers."""
        taken = [slot(rates, latest=NOW + 60) for _ in range(4)]

        assert [NOW, NOW + 1, NOW + 2, NOW + 3] == [each.at for each in taken]
        assert all(each.is_taken for each in taken)

    def test_slots_of_different_names_do_not_wait_for_each_other(self, rates: Rates) -> None:
        """Each channel has its own pace."""
        assert slot(rates).is_taken
        assert slot(rates, "#other").is_taken

    def test_a_slot_that_is_too_late_is_left_to_others(self, rates: Rates) -> None:
        """The refusal has the time of the next free slot."""
        slot(rates)

        assert Slot(at=NOW + 1, is_taken=False) == slot(rates, latest=NOW + 0.5)
        assert Slot(at=NOW + 1, is_taken=True) == slot(rates, latest=NOW + 1)

    def test_an_idle_time_is_not_saved_up(self, rates: Rates) -> None:
        """After an hour there is one slot now, not 3600."""
        slot(rates)

        later = NOW + HOUR
        assert Slot(at=later, is_taken=True) == slot(rates, now=later)
        assert not slot(rates, now=later).is_taken

    def test_who_is_slowed_down_has_no_slot_before(self, rates: Rates) -> None:
        """For all workers."""
        assert 1 == slow_down(rates, 30)

        assert Slot(at=NOW + 30, is_taken=False) == slot(rates, latest=NOW + 29)
        assert Slot(at=NOW + 30, is_taken=True) == slot(rates, latest=NOW + 30)

    def test_slowing_down_gives_no_slot_away_twice(self, rates: Rates) -> None:
        """Others hold later ones already."""
        for _ in range(5):
            slot(rates, latest=NOW + 60)
        slow_down(rates, 2)

        assert NOW + 5 == slot(rates, latest=NOW + 60).at

    def test_refusals_are_counted_until_it_works(self, rates: Rates) -> None:
        """In a row, by all workers together."""
        assert [1, 2] == [slow_down(rates) for _ in range(2)]
        rates.speed_up("#alerts")
        rates.speed_up("#never")
        assert 1 == slow_down(rates)

    def test_refusals_long_after_the_last_are_counted_anew(self, rates: Rates) -> None:
        """The time counts from the end of Retry-After, for which a worker waits."""
        slow_down(rates, 100)

        assert 2 == slow_down(rates, 100, now=NOW + 100 + HOUR)
        assert 1 == slow_down(rates, 100, now=NOW + 201 + 2 * HOUR)
        assert 2 == slow_down(rates, 100, now=NOW + 202 + 2 * HOUR)


def slow_down(rates: Rates, seconds: float = 0.0, *, now: float = NOW) -> int:
    """Ask for quiet, an hour after which it is another row."""
    return rates.slow_down("#alerts", now=now, until=now + seconds, row_seconds=HOUR)


def slot(
    rates: Rates, name: str = "#alerts", *, now: float = NOW, latest: float | None = None
) -> Slot:
    """Ask for a slot of one second, now or by *latest*."""
    return rates.slot(name, every_seconds=1.0, now=now, latest=now if latest is None else latest)


class TestFakeRates(RatesContract):
    """The fake."""

    @pytest.fixture
    def rates(self) -> Rates:
        """Make one without faults."""
        return FakeRates(Faults(Clock()))


class TestDynamoRates(RatesContract):
    """The real one."""

    @pytest.fixture
    def rates(self, make_table: Any) -> Rates:
        """Make one on a table of its own."""
        return DynamoRates(Items(make_table("ledger", "finding", "channel")))

    def test_two_workers_never_hold_the_same_slot(self, rates: DynamoRates) -> None:
        """However they come between each other."""
        slot(rates)
        with ThreadPoolExecutor(4) as workers:
            taken = list(workers.map(lambda _: slot(rates, latest=NOW + 60), range(40)))

        starts = [each.at for each in taken if each.is_taken]
        assert len(starts) == len(set(starts))
        assert sorted(starts) == [NOW + 1 + number for number in range(len(starts))]


class TestMemoryDynamoRates(RatesContract):
    """The real one over the DynamoDB in memory that other tests use."""

    @pytest.fixture
    def rates(self) -> Rates:
        """Make one on a table of its own."""
        return DynamoRates(MemoryDynamo().items())
