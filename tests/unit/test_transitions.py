"""Transitions: what the Ledger holds after each verdict."""

from dataclasses import replace
from typing import Any

import pytest

from entries import KEY, LATER, MEMBER, NOW, SAID, make_entry, member
from finding_router.delivery.episodes import News, Phase, Verdict
from finding_router.delivery.ledger import Entry, Saying, State
from finding_router.delivery.transitions import claimed, noted
from finding_router.findings.finding import Severity


def news(phase: Phase = Phase.NEW, updated_at: str | None = LATER, **changes: Any) -> News:
    """Make what an event tells of the finding that `make_entry` is about."""
    values = {"member": MEMBER, "severity": Severity.HIGH, "sent_at": NOW}
    return News(**values | {"phase": phase, "updated_at": updated_at} | changes)


def claim(before: Entry | None, verdict: Verdict, *told: News) -> Entry:
    """Claim, to say what *verdict* asks for."""
    return claimed(KEY, before, verdict, told, now=NOW, lease_until=NOW + 100, worker="worker-2")


def test_a_first_claim_is_the_first_message_of_the_first_episode() -> None:
    """It names all that it is about, and the worst of it."""
    told = news(severity=Severity.LOW), news(member="other", standard="CIS")

    entry = claim(None, Verdict.POST, *told)

    assert (State.CLAIMED, Saying.CARD, 1, 1, 1) == (
        entry.state,
        entry.saying,
        entry.episode,
        entry.sequence,
        entry.version,
    )
    assert (NOW, NOW + 100, "worker-2") == (entry.claimed_at, entry.lease_until, entry.claimed_by)
    assert (Severity.HIGH, Severity.HIGH) == (entry.severity, entry.shown)
    assert {MEMBER: None, "other": "CIS"} == {
        name: each.standard for name, each in entry.members.items()
    }


@pytest.mark.parametrize(
    ("verdict", "saying", "episode"),
    [
        (Verdict.REOPEN, Saying.REOPEN, 2),
        (Verdict.RISE, Saying.RISE, 1),
        (Verdict.CLOSE, Saying.END, 1),
    ],
)
def test_what_is_said_next_has_a_name_of_its_own(
    verdict: Verdict, saying: Saying, episode: int
) -> None:
    """Only a return is another episode."""
    before = make_entry()

    entry = claim(before, verdict, news())

    assert (saying, episode, 2, 3) == (entry.saying, entry.episode, entry.sequence, entry.version)
    assert before.delivery_id != entry.delivery_id


@pytest.mark.parametrize(
    ("verdict", "claimed_at"), [(Verdict.RESUME, NOW), (Verdict.RECOVER, NOW - 3600)]
)
def test_what_was_to_be_said_keeps_its_name(verdict: Verdict, claimed_at: float) -> None:
    """And where its message may be there already, the time since when."""
    before = make_entry(State.CLAIMED, saying=Saying.REOPEN, episode=2, sequence=3)

    entry = claim(before, verdict, news())

    assert (Saying.REOPEN, 2, claimed_at) == (entry.saying, entry.episode, entry.claimed_at)
    assert before.delivery_id == entry.delivery_id


def test_an_end_says_nothing_of_the_severity() -> None:
    """What was said of it stays."""
    entry = claim(make_entry(), Verdict.CLOSE, news(Phase.ENDED, severity=Severity.LOW))

    assert (Severity.HIGH, Severity.HIGH) == (entry.severity, entry.shown)


def test_a_reopening_begins_with_its_own_severity_and_unnotified() -> None:
    """The next rise is one from there."""
    before = make_entry(
        members={MEMBER: member(ended_at=SAID, ended_event_at=1.0, notified_at=2.0)}
    )

    entry = claim(before, Verdict.REOPEN, news(severity=Severity.LOW))

    assert Severity.LOW == entry.severity
    back = member(said_at=LATER, heard_at=LATER, said_event_at=NOW, heard_event_at=NOW)
    assert {MEMBER: replace(back, severity=Severity.LOW)} == entry.members


def test_a_rise_is_no_reason_to_notify_again() -> None:
    """It is the same episode."""
    before = make_entry(members={MEMBER: member(notified_at=2.0)})

    entry = claim(before, Verdict.RISE, news(severity=Severity.CRITICAL))

    assert Severity.CRITICAL == entry.severity
    assert (LATER, 2.0) == (entry.members[MEMBER].said_at, entry.members[MEMBER].notified_at)


def test_an_end_after_the_return_says_the_return() -> None:
    """What is open now is what was heard of already."""
    before = make_entry(members={MEMBER: member(heard_at=LATER, notified_at=2.0)})

    entry = claim(before, Verdict.REOPEN, news(Phase.ENDED, "2026-09-01T10:00:00.5Z"))

    assert {MEMBER: member(said_at=LATER, heard_at=LATER)} == entry.members


def test_an_end_is_remembered_with_its_time_and_that_of_its_event() -> None:
    """To tell a return from an echo."""
    entry = noted(make_entry(), Verdict.CLOSE, [news(Phase.ENDED)])

    over = member(ended_at=LATER, ended_event_at=NOW, gap=((LATER, NOW), None))
    assert {MEMBER: over} == entry.members
    assert 3 == entry.version


@pytest.mark.parametrize(("heard_at", "ended_at"), [("soon", "soon"), (None, "")])
def test_an_end_without_a_time_is_an_end_all_the_same(heard_at: str | None, ended_at: str) -> None:
    """Products leave out what they must not."""
    before = make_entry(members={MEMBER: member(said_at=heard_at, heard_at=heard_at)})

    entry = noted(before, Verdict.CLOSE, [news(Phase.ENDED, None)])

    assert ended_at == entry.members[MEMBER].ended_at
    assert not entry.is_open


def test_what_is_only_heard_leaves_what_was_said() -> None:
    """It may turn out to be a return."""
    entry = noted(make_entry(), Verdict.NOTE, [news()])

    assert {MEMBER: member(heard_at=LATER, heard_event_at=NOW)} == entry.members


def test_of_two_times_the_later_stays() -> None:
    """Events come in any order."""
    held = member(said_at=LATER, heard_at=LATER)

    entry = noted(make_entry(members={MEMBER: held}), Verdict.REFRESH, [news(updated_at=SAID)])

    assert {MEMBER: held} == entry.members


def test_a_fall_is_shown_and_what_was_said_stays_said() -> None:
    """A return to it is no rise."""
    entry = noted(make_entry(), Verdict.REFRESH, [news(severity=Severity.LOW)])

    assert (Severity.HIGH, Severity.LOW) == (entry.severity, entry.shown)


def test_a_standard_that_joins_does_not_change_what_the_card_shows() -> None:
    """The card is that of the worst."""
    joining = news(member="other", severity=Severity.LOW, standard="CIS")

    entry = noted(make_entry(), Verdict.REFRESH, [joining])

    assert Severity.HIGH == entry.shown
    assert "CIS" == entry.members["other"].standard


def test_a_standard_that_is_back_is_open_again() -> None:
    """The card stayed open all the time."""
    held = {MEMBER: member(ended_at=SAID, notified_at=2.0), "other": member()}

    entry = noted(make_entry(members=held), Verdict.REFRESH, [news()])

    back = member(said_at=LATER, heard_at=LATER, said_event_at=NOW, heard_event_at=NOW)
    assert replace(back, gap=((SAID, None), (LATER, NOW))) == entry.members[MEMBER]


def test_a_duplicate_of_what_ended_leaves_it_ended() -> None:
    """Beside other news of the same subject."""
    held = member(ended_at=LATER)

    entry = noted(make_entry(members={MEMBER: held}), Verdict.DUPLICATE, [news(updated_at=SAID)])

    assert {MEMBER: replace(held)} == entry.members


def test_a_rise_says_from_where_however_often_it_is_tried() -> None:
    """The severity of the claim is the one to say; one that came since is only shown."""
    first = claim(make_entry(), Verdict.RISE, news(severity=Severity.CRITICAL))
    latest = news(updated_at="2026-09-02T10:00:00Z", severity=Severity.LOW)

    again = claim(first.released(), Verdict.RESUME, latest)

    assert (Severity.HIGH, Severity.CRITICAL) == (first.said_before, first.severity)
    assert (Severity.HIGH, Severity.CRITICAL) == (again.said_before, again.severity)
    assert Severity.LOW == again.shown


def test_what_is_no_rise_forgets_from_where_the_last_one_was() -> None:
    """Only a rise says it."""
    risen = make_entry(said_before=Severity.LOW, members={MEMBER: member(ended_at=SAID)})

    assert claim(risen, Verdict.REOPEN, news()).said_before is None


def test_an_end_that_is_taken_up_says_nothing_of_the_severity_either() -> None:
    """A control that passes is INFORMATIONAL."""
    passed = news(Phase.ENDED, severity=Severity.INFORMATIONAL)
    first = claim(make_entry(), Verdict.CLOSE, passed)

    again = claim(first.released(), Verdict.RESUME, passed)

    assert (Severity.HIGH, Severity.HIGH) == (again.severity, again.shown)


def test_the_card_shows_the_worst_of_the_standards_that_are_there() -> None:
    """What is over does not count."""
    members = {
        MEMBER: member(),
        "other": member(severity=Severity.MEDIUM),
        "over": member(severity=Severity.CRITICAL, ended_at=SAID),
    }

    entry = noted(make_entry(members=members), Verdict.REFRESH, [news(severity=Severity.LOW)])

    assert Severity.MEDIUM == entry.shown


def test_a_return_that_an_end_shows_is_that_of_the_other_standard() -> None:
    """Of which was heard before; what ended stays ended."""
    back = member(said_at=LATER, heard_at=LATER, notified_at=2.0, gap=((SAID, None), (LATER, None)))
    before = make_entry(members={MEMBER: member(), "other": back})
    told = news(Phase.ENDED, SAID)

    entry = claim(before, Verdict.REOPEN, told)
    again = claim(entry.released(), Verdict.RESUME, told)

    assert entry.members[MEMBER].ended_at is not None
    assert member(said_at=LATER, heard_at=LATER) == entry.members["other"]
    assert entry.members == again.members


def test_what_is_said_for_all_settles_what_may_be_back() -> None:
    """It may be marked anew; what was only said once stays marked."""
    members = {
        MEMBER: member(ended_at=SAID),
        "waiting": member(heard_at=LATER, notified_at=2.0),
        "quiet": member(notified_at=2.0),
    }

    entry = claim(make_entry(members=members), Verdict.REOPEN, news())

    assert member(said_at=LATER, heard_at=LATER) == entry.members["waiting"]
    assert members["quiet"] == entry.members["quiet"]


def test_beside_what_is_back_an_old_event_opens_nothing() -> None:
    """They are told together, each of its own."""
    over = member(ended_at=LATER)
    before = make_entry(members={MEMBER: member(ended_at=SAID), "other": over})

    entry = claim(before, Verdict.REOPEN, news(), news(member="other", updated_at=SAID))

    assert over == entry.members["other"]
