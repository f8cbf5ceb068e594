"""The fake Ledger and the one in DynamoDB keep the same promises."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from entries import MEMBER, SAID, make_entry, member
from finding_router.delivery.ledger import EntryKey, Ledger, Saying, Slot, State

from fake_ledger import FakeLedger
from fakes import Clock, Faults
from finding_router.aws.items import Items
from finding_router.aws.ledger import DynamoLedger
from finding_router.findings.finding import Severity

KEY = EntryKey("finding", "#alerts")
FIRST = make_entry(
    State.CLAIMED,
    key=KEY,
    version=1,
    claimed_at=1_790_000_000.123456,
    lease_until=1_790_000_095.5,
    members={MEMBER: member(standard="CIS v3.0.0", said_event_at=1_790_000_000.0)},
)
HOUR = 3600.0
NOW = 1_790_000_000.0


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

    def test_everything_that_an_entry_may_hold_is_read_as_it_was_written(
        self, ledger: Ledger
    ) -> None:
        """Several findings of it, one that ended, in the thread of a digest."""
        full = replace(
            FIRST,
            saying=Saying.REOPEN,
            episode=2,
            sequence=3,
            digest="digest-1",
            said_before=Severity.LOW,
            members={
                "a": member(ended_at="", ended_event_at=5.5, notified_at=7.25),
                "b": member(said_at=None, heard_at=None, severity=None),
                "c": member(gap=(None, (SAID, 7.25))),
                "d": member(ended_at=SAID, gap=((SAID, None), None)),
            },
        )

        assert ledger.write(full)
        assert {KEY: full} == ledger.read([KEY])

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
        """Of that finding only; whoever read the entry before cannot overwrite it."""
        other = EntryKey("finding", "#other")
        both = {MEMBER: member(), "other": member()}
        ledger.write(replace(FIRST, members=both))
        ledger.write(replace(FIRST, key=other))

        ledger.record_notified(MEMBER, [KEY, other], at=1_790_000_123.75)

        held = ledger.read([KEY, other])
        assert [1_790_000_123.75] * 2 == [held[each].members[MEMBER].notified_at for each in held]
        assert {**both, MEMBER: member(notified_at=1_790_000_123.75)} == held[KEY].members
        assert 2 == held[KEY].version
        assert not ledger.write(FIRST.released())

    def test_notified_of_an_entry_that_is_gone_is_no_failure(self, ledger: Ledger) -> None:
        """And does not stop the others from being remembered."""
        ledger.write(FIRST)

        ledger.record_notified(MEMBER, [EntryKey("gone", "#alerts"), KEY], at=5.0)

        assert {KEY} == ledger.read([KEY, EntryKey("gone", "#alerts")]).keys()
        assert 5.0 == ledger.read([KEY])[KEY].members[MEMBER].notified_at

    def test_notified_of_a_finding_that_the_entry_does_not_have_changes_nothing(
        self, ledger: Ledger
    ) -> None:
        """It may have expired and been said anew, about another standard's."""
        ledger.write(FIRST)

        ledger.record_notified("another", [KEY], at=5.0)

        assert {KEY: FIRST} == ledger.read([KEY])

    def test_the_channels_of_a_finding_are_known_once_noted(self, ledger: Ledger) -> None:
        """However often; of a finding that was never said there are none."""
        for channel in ("#alerts", "#other", "#alerts"):
            ledger.note_channel(EntryKey("finding", channel))
        ledger.note_channel(EntryKey("second", "#alerts"))

        found = ledger.channels(["finding", "second", "never"])

        assert {"finding": {"#alerts", "#other"}, "second": {"#alerts"}} == {
            finding: set(channels) for finding, channels in found.items()
        }

    def test_channels_of_many_findings_are_known_at_once(self, ledger: Ledger) -> None:
        """More than one call of the store can give."""
        subjects = [f"finding-{number}" for number in range(130)]
        for subject in subjects[:5]:
            ledger.note_channel(EntryKey(subject, "#alerts"))

        assert set(subjects[:5]) == ledger.channels(subjects).keys()

    def test_a_topic_is_due_once_in_its_time(self, ledger: Ledger) -> None:
        """For all who ask."""
        assert ledger.once("routes", by="a", every_seconds=HOUR, now=NOW)
        assert not ledger.once("routes", by="b", every_seconds=HOUR, now=NOW + 1)
        assert not ledger.once("routes", by="b", every_seconds=HOUR, now=NOW + HOUR - 1)
        assert ledger.once("routes", by="b", every_seconds=HOUR, now=NOW + HOUR)

    def test_topics_are_due_each_for_itself(self, ledger: Ledger) -> None:
        """One does not silence the other."""
        assert ledger.once("routes", by="a", every_seconds=HOUR, now=0.0)
        assert ledger.once("channel #a", by="b", every_seconds=HOUR, now=0.0)

    def test_whom_a_topic_was_granted_to_may_try_again(self, ledger: Ledger) -> None:
        """The time is counted from the last try; others have to wait for it."""
        ledger.once("routes", by="a", every_seconds=60, now=NOW)

        assert ledger.once("routes", by="a", every_seconds=HOUR, now=NOW + 30)
        assert not ledger.once("routes", by="b", every_seconds=60, now=NOW + 61)
        assert ledger.once("routes", by="b", every_seconds=60, now=NOW + 30 + HOUR)
        assert not ledger.once("routes", by="a", every_seconds=HOUR, now=NOW + 31 + HOUR)

    def test_slots_follow_each_other(self, ledger: Ledger) -> None:
        """Whoever takes them, no two start within the same second."""
        taken = [slot(ledger, latest=NOW + 60) for _ in range(4)]

        assert [NOW, NOW + 1, NOW + 2, NOW + 3] == [each.at for each in taken]
        assert all(each.is_taken for each in taken)

    def test_slots_of_different_names_do_not_wait_for_each_other(self, ledger: Ledger) -> None:
        """Each channel has its own pace."""
        assert slot(ledger).is_taken
        assert slot(ledger, "#other").is_taken

    def test_a_slot_that_is_too_late_is_left_to_others(self, ledger: Ledger) -> None:
        """It says when to ask again."""
        slot(ledger)

        assert Slot(at=NOW + 1, is_taken=False) == slot(ledger, latest=NOW + 0.5)
        assert Slot(at=NOW + 1, is_taken=True) == slot(ledger, latest=NOW + 1)

    def test_an_idle_time_is_not_saved_up(self, ledger: Ledger) -> None:
        """After an hour there is one slot now, not 3600."""
        slot(ledger)

        later = NOW + HOUR
        assert Slot(at=later, is_taken=True) == slot(ledger, now=later)
        assert not slot(ledger, now=later).is_taken

    def test_who_is_slowed_down_has_no_slot_before(self, ledger: Ledger) -> None:
        """For all workers."""
        assert 1 == slow_down(ledger, 30)

        assert Slot(at=NOW + 30, is_taken=False) == slot(ledger, latest=NOW + 29)
        assert Slot(at=NOW + 30, is_taken=True) == slot(ledger, latest=NOW + 30)

    def test_slowing_down_gives_no_slot_away_twice(self, ledger: Ledger) -> None:
        """Others hold later ones already."""
        for _ in range(5):
            slot(ledger, latest=NOW + 60)
        slow_down(ledger, 2)

        assert NOW + 5 == slot(ledger, latest=NOW + 60).at

    def test_refusals_are_counted_until_it_works(self, ledger: Ledger) -> None:
        """In a row, by all workers together."""
        assert [1, 2] == [slow_down(ledger) for _ in range(2)]
        ledger.speed_up("#alerts")
        ledger.speed_up("#never")
        assert 1 == slow_down(ledger)

    def test_refusals_long_after_the_last_are_counted_anew(self, ledger: Ledger) -> None:
        """From the end of what it asked for: whoever waits that long is still in the row."""
        slow_down(ledger, 100)

        assert 2 == slow_down(ledger, 100, now=NOW + 100 + HOUR)
        assert 1 == slow_down(ledger, 100, now=NOW + 201 + 2 * HOUR)
        assert 2 == slow_down(ledger, 100, now=NOW + 202 + 2 * HOUR)


def slow_down(ledger: Ledger, seconds: float = 0.0, *, now: float = NOW) -> int:
    """Ask for quiet, an hour after which it is another row."""
    return ledger.slow_down("#alerts", now=now, until=now + seconds, row_seconds=HOUR)


def slot(
    ledger: Ledger, name: str = "#alerts", *, now: float = NOW, latest: float | None = None
) -> Slot:
    """Ask for a slot of one second, now or by *latest*."""
    return ledger.slot(name, every_seconds=1.0, now=now, latest=now if latest is None else latest)


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
        return DynamoLedger(Items(make_table("ledger", "finding", "channel")), days=400)

    def test_two_workers_never_hold_the_same_slot(self, ledger: DynamoLedger) -> None:
        """However they come between each other."""
        slot(ledger)
        with ThreadPoolExecutor(4) as workers:
            taken = list(workers.map(lambda _: slot(ledger, latest=NOW + 60), range(40)))

        starts = [each.at for each in taken if each.is_taken]
        assert len(starts) == len(set(starts))
        assert sorted(starts) == [NOW + 1 + number for number in range(len(starts))]
