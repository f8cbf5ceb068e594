"""The fake Ledger and the one in DynamoDB keep the same promises."""

from copy import replace
from typing import Any

import pytest

from alerts import LATER, MEMBER, SAID, event, make_claim, member, unsaid
from fake_ledger import FakeLedger
from fakes import Clock, Faults
from finding_router.aws.items import Items
from finding_router.aws.ledger import DynamoLedger
from finding_router.delivery.alerts.alert import Form, Member, Saying, Status
from finding_router.delivery.alerts.care import (
    Asked,
    AskedStatus,
    Care,
    Person,
    Snooze,
    Ticket,
)
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.alerts.ledger import KnownAs, Ledger, Mark
from finding_router.findings.finding import Severity
from memory_dynamo import MemoryDynamo

KEY = AlertKey("finding", "#alerts")
CLAIM = make_claim(claimed_at=1_790_000_000.123456, lease_until=1_790_000_095.5)
FIRST = unsaid(
    key=KEY,
    claim=CLAIM,
    touched_at=CLAIM.claimed_at,
    members={MEMBER: member(standard="CIS v3.0.0", sent_at=1_790_000_000.0)},
)
THEIRS = replace(FIRST, claim=replace(CLAIM, worker="worker-2"))


class LedgerContract:
    """The contract of every Ledger."""

    def test_nothing_is_there_at_first(self, ledger: Ledger) -> None:
        """Keys without an entry are left out."""
        assert {} == ledger.read([KEY])

    def test_an_entry_is_read_as_it_was_written(self, ledger: Ledger) -> None:
        """Every field, and times to the microsecond."""
        posted = FIRST.said(channel="C1", ts="1790000000.000100", at=1_790_000_001.25)

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
            episode=2,
            sequence=3,
            is_shown=True,
            is_card_stale=True,
            severity=Severity.LOW,
            worst=Severity.CRITICAL,
            risen_from=Severity.LOW,
            risen_at=(None, 7.25),
            digest="digest-1",
            posted_to="C1",
            ts="1.2",
            posted_at=5.5,
            claim=make_claim(Saying.REOPEN, moment=(SAID, None), digest="digest-2"),
            members={
                "a": member(7.25, status=Status.ENDED, updated_at=""),
                "b": member(updated_at=None, sent_at=None),
                "c": member(status=Status.ONGOING, standard="PCI"),
            },
        )
        # The member's name is part of its event.
        full = replace(
            full,
            members={
                name: replace(each, heard=Member.of(replace(each.newest, member=name)).heard)
                for name, each in full.members.items()
            },
        )

        twins = Member.of(event(member="d")).merged(
            event(Status.ONGOING, member="d", form=Form.OCSF, severity=Severity.LOW)
        )
        ended = event(Status.ENDED, member="d", form=Form.OCSF, updated_at=LATER)
        full = replace(full, members={**full.members, "d": twins.merged(ended)})

        assert ledger.write(full)
        assert {KEY: full} == ledger.read([KEY])

    def test_the_care_of_people_is_read_as_it_was_written(self, ledger: Ledger) -> None:
        """Who owns it, what they asked for, and how the Security Hubs name its findings."""
        jane = Person("U012", "jane", 1_790_000_000.5)
        care = Care(
            owner=jane,
            asked=Asked(AskedStatus.RESOLVED, jane, "fixed", is_confirmed=True),
            snooze=Snooze(1_790_003_600.0, jane, "snooze-5f0c"),
            ticket=Ticket(to="infra", label="#12", url="https://x/12", state="open"),
        )
        cared = replace(
            FIRST,
            care=care,
            names={MEMBER: {Form.ASFF: ("arn", "id"), Form.OCSF: ("arn", "id", "1")}},
            marks_until=1_790_000_095.5,
        )

        assert ledger.write(cared)
        assert {KEY: cared} == ledger.read([KEY])

    def test_many_entries_are_read_at_once(self, ledger: Ledger) -> None:
        """More than one call of the store can return, and keys may be asked for twice."""
        keys = [AlertKey(f"finding-{number}", "#alerts") for number in range(130)]
        for key in keys:
            ledger.write(replace(FIRST, key=key))

        assert set(keys) == ledger.read([*keys, *keys[:5], KEY]).keys()

    def test_channels_of_a_finding_have_entries_of_their_own(self, ledger: Ledger) -> None:
        """Each is claimed alone."""
        other = replace(FIRST, key=AlertKey("finding", "#other"))

        assert ledger.write(FIRST)
        assert ledger.write(other)

    def test_of_two_first_claims_one_wins(self, ledger: Ledger) -> None:
        """The second worker learns that it lost."""
        assert ledger.write(FIRST)
        assert not ledger.write(THEIRS)
        assert {KEY: FIRST} == ledger.read([KEY])

    def test_of_two_writes_on_the_same_version_one_wins(self, ledger: Ledger) -> None:
        """One of two writes on the same version wins, even with the same content."""
        ledger.write(FIRST)

        assert ledger.write(FIRST.released())
        assert not ledger.write(FIRST.said(channel="C1", ts="1.2", at=3.0))

    @pytest.mark.parametrize("version", [1, 3])
    def test_a_version_out_of_turn_is_refused(self, ledger: Ledger, version: int) -> None:
        """Neither an old nor a future one is written."""
        ledger.write(FIRST)

        assert not ledger.write(replace(THEIRS, version=version))

    def test_a_later_version_needs_an_entry(self, ledger: Ledger) -> None:
        """An entry that expired is not written over."""
        assert not ledger.write(FIRST.released())

    def test_writing_the_same_again_is_one_write(self, ledger: Ledger) -> None:
        """It is how a client repeats a write whose answer was lost."""
        assert ledger.write(FIRST)
        assert ledger.write(FIRST)

    def test_notified_is_remembered_in_each_entry(self, ledger: Ledger) -> None:
        """Only of that finding; a worker that read the entry before cannot overwrite it."""
        other = AlertKey("finding", "#other")
        both = {MEMBER: member(), "other": member(member="other")}
        ledger.write(replace(FIRST, members=both))
        ledger.write(replace(FIRST, key=other))

        ledger.record_notified([Mark(MEMBER, KEY), Mark(MEMBER, other)], at=1_790_000_123.75)

        held = ledger.read([KEY, other])
        assert [1_790_000_123.75] * 2 == [held[each].members[MEMBER].notified_at for each in held]
        assert {**both, MEMBER: member(notified_at=1_790_000_123.75)} == held[KEY].members
        assert 2 == held[KEY].version
        assert not ledger.write(FIRST.released())

    def test_notified_of_an_entry_that_is_gone_is_no_failure(self, ledger: Ledger) -> None:
        """And does not stop the others from being remembered."""
        ledger.write(FIRST)

        gone = AlertKey("gone", "#alerts")
        ledger.record_notified([Mark(MEMBER, gone), Mark(MEMBER, KEY)], at=5.0)

        assert {KEY} == ledger.read([KEY, AlertKey("gone", "#alerts")]).keys()
        assert 5.0 == ledger.read([KEY])[KEY].members[MEMBER].notified_at

    def test_notified_of_a_finding_that_the_entry_does_not_have_changes_nothing(
        self, ledger: Ledger
    ) -> None:
        """It may have expired and been posted anew, about another standard's."""
        ledger.write(FIRST)

        ledger.record_notified([Mark("another", KEY)], at=5.0)

        assert {KEY: FIRST} == ledger.read([KEY])

    def test_the_channels_of_a_finding_are_known_once_noted(self, ledger: Ledger) -> None:
        """However often; a finding that was never posted has none."""
        for channel in ("#alerts", "#other", "#alerts"):
            ledger.note_channel(AlertKey("finding", channel))
        ledger.note_channel(AlertKey("second", "#alerts"))

        found = ledger.channels(["finding", "second", "never"])

        assert {"finding": {"#alerts", "#other"}, "second": {"#alerts"}} == {
            finding: set(channels) for finding, channels in found.items()
        }

    def test_channels_of_many_findings_are_known_at_once(self, ledger: Ledger) -> None:
        """More than one call of the store can return."""
        subjects = [f"finding-{number}" for number in range(130)]
        for subject in subjects[:5]:
            ledger.note_channel(AlertKey(subject, "#alerts"))

        assert set(subjects[:5]) == ledger.channels(subjects).keys()

    def test_of_two_subjects_of_a_finding_the_first_is_kept(self, ledger: Ledger) -> None:
        """Alone or among several; what is known of others stays as it is."""
        ledger.note_channel(AlertKey("known", "#alerts"))

        assert ["a"] == [*ledger.claim_subjects([known_as("a", subject="mine")])]
        assert [] == [*ledger.claim_subjects([known_as("a", subject="theirs")])]
        several = [known_as(each, subject="theirs") for each in ("a", "b", "known", "c")]
        assert {"b", "c"} == {*ledger.claim_subjects(several)}

        found = ledger.channels(["a", "b", "c", "known"])
        assert {
            "a": {"a": "mine"},
            "b": {"b": "theirs"},
            "c": {"c": "theirs"},
            "known": {},
        } == {name: each.known_as for name, each in found.items()}
        assert [{"#alerts"}] * 4 == [set(each) for each in found.values()]

    def test_subjects_of_many_findings_are_kept_at_once(self, ledger: Ledger) -> None:
        """More than one call of the store can write, and one of them is known."""
        names = [f"finding-{number}" for number in range(130)]
        ledger.claim_subjects([known_as("finding-7", subject="first")])

        kept = ledger.claim_subjects([known_as(each, subject="second") for each in names])

        assert {*names} - {"finding-7"} == {*kept}
        assert {*names} == ledger.channels(names).keys()

    def test_the_subjects_of_several_findings_stand_beside_the_channels(
        self, ledger: Ledger
    ) -> None:
        """At a subject that the other form of each gives."""
        ledger.note_channel(AlertKey("own", "#alerts"))

        ledger.note_subjects([known_as("own", member=each, channel="#other") for each in "ab"])
        ledger.note_subjects([known_as("own", member="c", channel="#other")])

        found = ledger.channels(["own"])["own"]
        assert {"#alerts", "#other"} == set(found)
        assert dict.fromkeys("abc", "subject") == found.known_as


def known_as(
    name: str, *, member: str = "", subject: str = "subject", channel: str = "#alerts"
) -> KnownAs:
    """Make what the Ledger keeps of a finding, at its own name unless *member* is another."""
    return KnownAs(name, member or name, subject, frozenset({channel}))


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


class TestMemoryDynamoLedger(LedgerContract):
    """The real one over the DynamoDB in memory that other tests use."""

    @pytest.fixture
    def ledger(self) -> Ledger:
        """Make one on a table of its own."""
        return DynamoLedger(MemoryDynamo().items(), days=400)
