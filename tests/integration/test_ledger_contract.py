"""The fake Ledger and the one in DynamoDB keep the same promises."""

from dataclasses import replace
from typing import Any

import pytest

from fakes import Clock, FakeLedger, Faults
from finding_router.aws.ledger import DynamoLedger
from finding_router.delivery.ledger import Entry, EntryKey, Ledger, State
from finding_router.findings.finding import Severity

KEY = EntryKey("finding", "#alerts")
FIRST = Entry(
    key=KEY,
    state=State.CLAIMED,
    episode=1,
    version=1,
    claimed_at=1_790_000_000.123456,
    lease_until=1_790_000_095.5,
    claimed_by="worker-1",
    severity=Severity.HIGH,
    updated_at="2026-09-01T10:00:00.000Z",
)
HOUR = 3600.0


class LedgerContract:
    """What every Ledger promises."""

    def test_nothing_is_there_at_first(self, ledger: Ledger) -> None:
        """Keys without an entry are left out."""
        assert {} == ledger.read([KEY])

    def test_an_entry_is_read_as_it_was_written(self, ledger: Ledger) -> None:
        """Every field, and times to the microsecond."""
        posted = FIRST.posted(channel="C1", ts="1790000000.000100", at=1_790_000_001.25)

        assert ledger.write(FIRST)
        assert {KEY: FIRST} == ledger.read([KEY])
        assert ledger.write(posted)
        assert {KEY: posted} == ledger.read([KEY])

    def test_an_entry_without_severity_and_time_is_read_as_such(self, ledger: Ledger) -> None:
        """An unreadable finding has neither."""
        bare = replace(FIRST, severity=None, updated_at=None)

        assert ledger.write(bare)
        assert {KEY: bare} == ledger.read([KEY])

    def test_many_entries_are_read_at_once(self, ledger: Ledger) -> None:
        """More than one call of the store can give, and keys may be asked for twice."""
        keys = [EntryKey(f"finding-{number}", "#alerts") for number in range(130)]
        for key in keys:
            ledger.write(replace(FIRST, key=key))

        assert set(keys) == ledger.read([*keys, *keys[:5], KEY]).keys()

    def test_channels_of_a_finding_have_entries_of_their_own(self, ledger: Ledger) -> None:
        """Each is claimed alone."""
        other = replace(FIRST, key=EntryKey("finding", "#other"))

        assert ledger.write(FIRST)
        assert ledger.write(other)

    def test_of_two_first_claims_one_wins(self, ledger: Ledger) -> None:
        """The second worker learns that it lost."""
        theirs = replace(FIRST, claimed_by="worker-2")

        assert ledger.write(FIRST)
        assert not ledger.write(theirs)
        assert {KEY: FIRST} == ledger.read([KEY])

    def test_of_two_writes_on_the_same_version_one_wins(self, ledger: Ledger) -> None:
        """Whatever they want to write."""
        ledger.write(FIRST)

        assert ledger.write(FIRST.released())
        assert not ledger.write(FIRST.posted(channel="C1", ts="1.2", at=3.0))

    @pytest.mark.parametrize("version", [1, 3])
    def test_a_version_out_of_turn_is_refused(self, ledger: Ledger, version: int) -> None:
        """Neither an old nor a future one is written."""
        ledger.write(FIRST)

        assert not ledger.write(replace(FIRST, version=version, claimed_by="worker-2"))

    def test_a_later_version_needs_an_entry(self, ledger: Ledger) -> None:
        """An entry that expired is not written over."""
        assert not ledger.write(FIRST.released())

    def test_writing_the_same_again_is_one_write(self, ledger: Ledger) -> None:
        """It is how a client repeats a write whose answer was lost."""
        assert ledger.write(FIRST)
        assert ledger.write(FIRST)

    def test_notified_is_remembered_in_each_entry(self, ledger: Ledger) -> None:
        """And changes nothing else."""
        other = EntryKey("finding", "#other")
        ledger.write(FIRST)
        ledger.write(replace(FIRST, key=other))

        ledger.record_notified([KEY, other], at=1_790_000_123.75)

        assert {1_790_000_123.75} == {
            entry.notified_at for entry in ledger.read([KEY, other]).values()
        }
        assert replace(FIRST, notified_at=1_790_000_123.75) == ledger.read([KEY])[KEY]

    def test_notified_of_an_entry_that_is_gone_is_no_failure(self, ledger: Ledger) -> None:
        """And does not stop the others from being remembered."""
        ledger.write(FIRST)

        ledger.record_notified([EntryKey("gone", "#alerts"), KEY], at=5.0)

        assert {KEY} == ledger.read([KEY, EntryKey("gone", "#alerts")]).keys()
        assert 5.0 == ledger.read([KEY])[KEY].notified_at

    def test_a_topic_is_due_once_in_its_time(self, ledger: Ledger) -> None:
        """For all who ask."""
        now = 1_790_000_000.0

        assert ledger.once("routes", every_seconds=HOUR, now=now)
        assert not ledger.once("routes", every_seconds=HOUR, now=now + 1)
        assert not ledger.once("routes", every_seconds=HOUR, now=now + HOUR - 1)
        assert ledger.once("routes", every_seconds=HOUR, now=now + HOUR)

    def test_topics_are_due_each_for_itself(self, ledger: Ledger) -> None:
        """One does not silence the other."""
        assert ledger.once("routes", every_seconds=HOUR, now=0.0)
        assert ledger.once("channel #a", every_seconds=HOUR, now=0.0)


class TestFakeLedger(LedgerContract):
    """The fake."""

    @pytest.fixture
    def ledger(self) -> Ledger:
        """Make one without faults."""
        return FakeLedger(Faults(Clock()))


class TestDynamoLedger(LedgerContract):
    """The real one."""

    @pytest.fixture
    def ledger(self, make_table: Any) -> Ledger:
        """Make one on a table of its own."""
        return DynamoLedger(make_table("ledger", "finding", "channel"), days=400)
