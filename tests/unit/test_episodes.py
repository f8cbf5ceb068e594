"""Episodes: what an event about a finding means, given what was said."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entries import LATER, MEMBER, NOW, SAID, make_entry, member
from finding_router.delivery.episodes import News, Phase, Verdict, has_risen, judge, phase_of
from finding_router.delivery.ledger import Entry, Member, Saying, State
from finding_router.delivery.moments import is_newer
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Severity
from hub_events import raw_finding

SETTLE = 900.0
EARLIER = "2026-08-31T10:00:00Z"
LATEST = "2026-09-01T10:00:02Z"


def news(phase: Phase = Phase.NEW, updated_at: str | None = SAID, **changes: Any) -> News:
    """Make what an event tells of the finding that `make_entry` is about."""
    values = {"member": MEMBER, "severity": Severity.HIGH, "sent_at": NOW}
    return News(**values | {"phase": phase, "updated_at": updated_at} | changes)


def verdict(held: Entry | None, told: News | None = None, *, now: float = NOW) -> Verdict:
    """Judge an event against what the Ledger holds."""
    return judge(held, told or news(), now=now, settle_seconds=SETTLE)


def said(**changes: Any) -> Entry:
    """Make the entry of what was said, *changes* of which are the finding's."""
    return make_entry(members={MEMBER: member(**changes)})


def ended(ended_at: str = LATER, **changes: Any) -> Entry:
    """Make the entry of what was said and ended."""
    return said(ended_at=ended_at, **changes)


# Phases


@pytest.mark.parametrize(
    ("changes", "phase"),
    [
        ({}, Phase.NEW),
        ({"Workflow": {"Status": "NOTIFIED"}}, Phase.ONGOING),
        ({"Workflow": {"Status": "ASSIGNED"}}, Phase.ONGOING),
        ({"RecordState": "ARCHIVED"}, Phase.ENDED),
        ({"Compliance": {"Status": "PASSED"}}, Phase.ENDED),
        ({"Workflow": {"Status": "RESOLVED"}}, Phase.ENDED),
        ({"Workflow": {"Status": "SUPPRESSED"}}, Phase.ENDED),
    ],
)
def test_a_phase_is_read_from_what_security_hub_keeps(
    changes: dict[str, Any], phase: Phase
) -> None:
    """Whatever ended it, it is over."""
    assert phase is phase_of(read_finding(raw_finding(**changes)))


# Never said, or not yet


def test_what_was_never_said_is_posted() -> None:
    """No entry, no message yet."""
    assert Verdict.POST == verdict(None)


@pytest.mark.parametrize("phase", [Phase.ONGOING, Phase.ENDED])
def test_what_was_never_said_is_not_followed(phase: Phase) -> None:
    """There is no card to change."""
    assert Verdict.UNKNOWN == verdict(None, news(phase))


def test_what_was_given_back_is_posted_without_looking() -> None:
    """A worker that released its claim knew that nothing was posted."""
    assert Verdict.RESUME == verdict(make_entry(State.RELEASED))


def test_a_claim_within_its_lease_belongs_to_another_worker() -> None:
    """Nobody else posts meanwhile."""
    assert Verdict.BUSY == verdict(make_entry(State.CLAIMED, lease_until=NOW + 1))


def test_a_claim_past_its_lease_may_or_may_not_have_been_posted() -> None:
    """Its worker died: one has to look."""
    assert Verdict.RECOVER == verdict(make_entry(State.CLAIMED, lease_until=NOW))


@pytest.mark.parametrize("state", [State.CLAIMED, State.RELEASED])
def test_an_end_waits_for_what_is_to_be_said_before_it(state: State) -> None:
    """Its record comes back once that was said."""
    assert Verdict.BUSY == verdict(make_entry(state), news(Phase.ENDED, LATER))


def test_news_wait_for_the_end_that_is_being_said() -> None:
    """Otherwise they would be said in its place."""
    assert Verdict.BUSY == verdict(make_entry(State.RELEASED, saying=Saying.END))


def test_a_return_that_an_end_showed_is_taken_up_by_that_end() -> None:
    """Its own event is done with: nothing else would say it."""
    back = member(said_at=LATEST, heard_at=LATEST)
    held = make_entry(State.RELEASED, saying=Saying.REOPEN, members={MEMBER: back})

    assert Verdict.RESUME == verdict(held, news(Phase.ENDED, LATER))
    assert Verdict.BUSY == verdict(held, news(Phase.ENDED, LATEST))
    assert Verdict.BUSY == verdict(held, news(Phase.ENDED, LATER, member="other"))


def test_a_return_that_the_end_of_another_standard_showed_is_taken_up_by_it() -> None:
    """It is over itself."""
    members = {MEMBER: member(ended_at=LATER, ended_event_at=NOW), "other": member()}
    held = make_entry(State.RELEASED, saying=Saying.REOPEN, members=members)

    assert Verdict.RESUME == verdict(held, news(Phase.ENDED, LATER))


def test_an_end_that_could_not_be_said_is_taken_up() -> None:
    """By the same event, redelivered."""
    held = make_entry(State.RELEASED, saying=Saying.END)

    assert Verdict.RESUME == verdict(held, news(Phase.ENDED, LATER))


# Open


@pytest.mark.parametrize("phase", [Phase.NEW, Phase.ONGOING])
@pytest.mark.parametrize("updated_at", [EARLIER, SAID, None, "yesterday"])
def test_what_is_no_newer_than_what_was_said_is_a_duplicate_for_ever(
    phase: Phase, updated_at: str | None
) -> None:
    """A late or repeated event, or the echo of our own update, opens nothing however late it is."""
    held = said(notified_at=NOW - 400 * 86_400)

    assert Verdict.DUPLICATE == verdict(held, news(phase, updated_at))


def test_an_import_of_the_same_again_says_nothing() -> None:
    """Products report what they still see every 12 or 24 hours, and it is NOTIFIED by then."""
    held = said(notified_at=NOW - 86_400)

    assert Verdict.DUPLICATE == verdict(held, news(Phase.ONGOING, LATER))


def test_new_before_it_was_notified_says_nothing() -> None:
    """As long as it is not NOTIFIED, NEW says nothing; but that it was heard is remembered."""
    assert Verdict.NOTE == verdict(said(), news(updated_at=LATER))


def test_new_within_the_settle_time_is_an_echo() -> None:
    """Security Hub needs minutes to carry out NOTIFIED."""
    assert Verdict.NOTE == verdict(said(notified_at=NOW - SETTLE), news(updated_at=LATER))


def test_what_was_heard_before_need_not_be_remembered_again() -> None:
    """Redelivery costs no write."""
    held = said(notified_at=NOW, heard_at=LATER)

    assert Verdict.DUPLICATE == verdict(held, news(updated_at=LATER))


def test_new_after_the_settle_time_is_another_episode() -> None:
    """Security Hub itself made it NEW again, which is said though nobody saw it end."""
    held = said(notified_at=NOW - SETTLE - 1)

    assert Verdict.REOPEN == verdict(held, news(updated_at=LATER))


def test_an_event_that_was_long_in_the_queue_tells_of_when_it_was_sent() -> None:
    """It was sent before NOTIFIED could take effect, however late it comes."""
    held = said(notified_at=NOW)
    late = news(updated_at=LATER, sent_at=NOW + 60)

    assert Verdict.NOTE == verdict(held, late, now=NOW + 86_400)
    assert Verdict.REOPEN == verdict(held, news(updated_at=LATER, sent_at=None), now=NOW + 86_400)


def test_an_unreadable_time_of_what_was_said_loses_to_a_readable_one() -> None:
    """Better one message too many than a reopening that nobody hears of."""
    held = said(notified_at=NOW - SETTLE - 1, said_at="")

    assert Verdict.REOPEN == verdict(held, news(updated_at=LATER))


@pytest.mark.parametrize("phase", [Phase.NEW, Phase.ONGOING])
@pytest.mark.parametrize("updated_at", [SAID, LATER])
def test_a_rise_in_severity_is_said(phase: Phase, updated_at: str) -> None:
    """A changed severity may leave UpdatedAt as it is."""
    assert Verdict.RISE == verdict(said(), news(phase, updated_at, severity=Severity.CRITICAL))


def test_an_old_event_of_a_higher_severity_is_no_rise() -> None:
    """It was lowered since."""
    assert Verdict.DUPLICATE == verdict(
        said(), news(updated_at=EARLIER, severity=Severity.CRITICAL)
    )


def test_a_fall_in_severity_only_changes_the_card() -> None:
    """Nobody is called for it."""
    assert Verdict.REFRESH == verdict(said(), news(Phase.ONGOING, LATER, severity=Severity.LOW))


def test_a_fall_that_the_card_shows_already_changes_nothing() -> None:
    """Imported again and again."""
    held = make_entry(shown=Severity.LOW, members={MEMBER: member(severity=Severity.LOW)})

    assert Verdict.DUPLICATE == verdict(held, news(Phase.ONGOING, LATER, severity=Severity.LOW))


def test_a_severity_that_a_person_lowers_changes_the_card() -> None:
    """UpdatedAt stays as it is: only the time of the event tells that it is later."""
    held = said(said_event_at=NOW - 1, heard_event_at=NOW - 1)
    lowered = news(Phase.ONGOING, severity=Severity.LOW)

    assert Verdict.REFRESH == verdict(held, lowered)
    assert Verdict.DUPLICATE == verdict(held, replace(lowered, sent_at=NOW - 2))


def test_a_rise_that_is_over_is_not_said() -> None:
    """A later event was heard first, and was of what was said."""
    held = said(heard_at=LATEST)

    assert Verdict.DUPLICATE == verdict(held, news(updated_at=LATER, severity=Severity.CRITICAL))


def test_the_severity_of_an_entry_from_before_it_was_kept_for_each_is_that_of_the_card() -> None:
    """It changes as ever."""
    held = said(severity=None)

    assert Verdict.DUPLICATE == verdict(held, news(Phase.ONGOING, LATER))
    assert Verdict.REFRESH == verdict(held, news(Phase.ONGOING, LATER, severity=Severity.LOW))


def test_a_return_to_a_severity_that_was_said_is_no_rise() -> None:
    """The card shows it; the channel knows it from before."""
    held = make_entry(shown=Severity.LOW)

    assert Verdict.REFRESH == verdict(held, news(Phase.ONGOING, LATER))


WORSE = news(Phase.ONGOING, LATER, severity=Severity.CRITICAL)


@pytest.mark.parametrize(
    ("held", "is_worse"),
    [
        (said(), True),
        (said(heard_at=LATEST), False),
        (make_entry(severity=Severity.CRITICAL), False),
        (ended(), False),
        (ended(SAID), True),
        (make_entry(members={"other": member()}), False),
        (
            make_entry(
                severity=Severity.CRITICAL,
                saying=Saying.RISE,
                members={MEMBER: member(said_at=LATER, said_event_at=NOW)},
            ),
            True,
        ),
    ],
)
def test_another_channel_hears_of_a_rise_past_what_was_said(held: Entry, *, is_worse: bool) -> None:
    """By the same event also once it is said, in case that it has to be tried again there."""
    assert is_worse is has_risen(held, WORSE)


# Ends


@pytest.mark.parametrize("updated_at", [SAID, LATER])
def test_an_end_closes_the_card(updated_at: str | None) -> None:
    """What people set leaves UpdatedAt as it is."""
    assert Verdict.CLOSE == verdict(said(), news(Phase.ENDED, updated_at))


def test_an_end_before_what_was_said_is_over_already() -> None:
    """The queue does not keep the order: this end was that of the episode before."""
    assert Verdict.DUPLICATE == verdict(said(), news(Phase.ENDED, EARLIER))


@pytest.mark.parametrize(
    ("sent_at", "verdict_"),
    [(NOW - 1, Verdict.DUPLICATE), (NOW, Verdict.CLOSE), (None, Verdict.CLOSE)],
)
def test_an_end_that_a_person_took_back_does_not_come_again(
    sent_at: float | None, verdict_: Verdict
) -> None:
    """UpdatedAt is the same for both: the one that was sent last counts."""
    held = said(said_event_at=NOW, heard_event_at=NOW)

    assert verdict_ == verdict(held, news(Phase.ENDED, sent_at=sent_at))


def test_an_end_is_told_once() -> None:
    """Duplicates of its event change nothing."""
    assert Verdict.DUPLICATE == verdict(ended(), news(Phase.ENDED, LATER))


def test_a_later_end_of_what_is_over_is_remembered() -> None:
    """A return from before it may come late, and is none."""
    assert Verdict.NOTE == verdict(ended(), news(Phase.ENDED, LATEST))


def test_an_end_that_comes_after_the_return_makes_it_a_return() -> None:
    """The NEW event after it looked like an echo when it was heard."""
    held = said(heard_at=LATEST)

    assert Verdict.REOPEN == verdict(held, news(Phase.ENDED, LATER))


def test_an_end_that_was_taken_back_before_it_came_makes_it_a_return() -> None:
    """UpdatedAt is the same for both: the NEW event that was heard was sent after it."""
    held = said(said_at=EARLIER, heard_at=SAID, heard_event_at=NOW)

    assert Verdict.REOPEN == verdict(held, news(Phase.ENDED, sent_at=NOW - 1))


def test_the_end_of_something_else_of_the_same_subject_is_not_its_own() -> None:
    """A standard whose finding nobody was told of."""
    assert Verdict.UNKNOWN == verdict(said(), news(Phase.ENDED, LATER, member="other"))


def test_the_card_closes_with_the_last_of_several_standards() -> None:
    """While one of them still fails, it is still there."""
    both = make_entry(members={MEMBER: member(), "other": member()})
    last = make_entry(members={MEMBER: member(), "other": member(ended_at=LATER)})

    assert Verdict.NOTE == verdict(both, news(Phase.ENDED, LATER))
    assert Verdict.CLOSE == verdict(last, news(Phase.ENDED, LATER))


# Returns


@pytest.mark.parametrize("updated_at", [SAID, LATER])
def test_new_events_from_before_the_end_do_not_open_it(updated_at: str) -> None:
    """They come late, or twice."""
    assert Verdict.DUPLICATE == verdict(ended(ended_event_at=NOW), news(updated_at=updated_at))


def test_what_comes_back_after_its_end_is_said() -> None:
    """ARCHIVED and ACTIVE again, PASSED and FAILED again: within the settle time, too."""
    assert Verdict.REOPEN == verdict(ended(notified_at=NOW - 1), news(updated_at=LATEST))


def test_what_a_person_reopens_is_said() -> None:
    """UpdatedAt stays as it was: only the time of the event tells."""
    held = ended(ended_event_at=NOW - SETTLE - 1)

    assert Verdict.REOPEN == verdict(held, news(updated_at=LATER))


@pytest.mark.parametrize("sent_at", [None, NOW])
def test_what_cannot_be_told_from_an_echo_does_not_open_it(sent_at: float | None) -> None:
    """Without a time, or soon after the end."""
    held = ended(ended_event_at=NOW - SETTLE)

    assert Verdict.DUPLICATE == verdict(held, news(updated_at=LATER, sent_at=sent_at))


def test_an_end_whose_time_nobody_knows_is_not_long_ago() -> None:
    """Better silent than said twice: UpdatedAt tells of a real return."""
    assert Verdict.DUPLICATE == verdict(ended(), news(updated_at=LATER))


def test_what_is_back_and_known_to_somebody_only_changes_the_card() -> None:
    """A person took SUPPRESSED back to NOTIFIED."""
    assert Verdict.REFRESH == verdict(ended(), news(Phase.ONGOING, LATEST))


def test_what_is_back_and_worse_is_said_though_somebody_knows_of_it() -> None:
    """Not of how bad it is now."""
    told = news(Phase.ONGOING, LATEST, severity=Severity.CRITICAL)

    assert Verdict.RISE == verdict(ended(), told)


def test_what_is_back_on_a_card_that_is_open_only_changes_the_card() -> None:
    """Another standard still failed all the time."""
    held = make_entry(members={MEMBER: member(ended_at=LATER), "other": member()})

    assert Verdict.REFRESH == verdict(held, news(updated_at=LATEST))


# Several standards


def test_another_standard_joins_the_card() -> None:
    """The same control and resource are one alert."""
    assert Verdict.REFRESH == verdict(said(), news(member="other"))


def test_another_standard_that_is_worse_is_said() -> None:
    """As a rise."""
    told = news(member="other", severity=Severity.CRITICAL)

    assert Verdict.RISE == verdict(said(), told)


def test_another_standard_joins_only_as_new() -> None:
    """Somebody was told of it elsewhere, if it is NOTIFIED."""
    assert Verdict.UNKNOWN == verdict(said(), news(Phase.ONGOING, member="other"))


def test_another_standard_after_all_ended_is_a_return() -> None:
    """The control fails again."""
    assert Verdict.REOPEN == verdict(ended(), news(member="other", updated_at=LATEST))


def test_another_standard_from_before_the_end_opens_the_card_again() -> None:
    """It was there all the time, and nobody needs to be called: its event only came late."""
    assert Verdict.REFRESH == verdict(ended(), news(member="other", updated_at=LATER))


def test_a_return_is_none_while_another_standard_was_there() -> None:
    """It ended later than this one came back, and closed the card too early."""
    held = make_entry(
        members={MEMBER: member(ended_at=SAID), "other": member(ended_at="2026-09-01T10:00:03Z")}
    )

    assert Verdict.REFRESH == verdict(held, news(updated_at=LATEST))


@pytest.mark.parametrize("phase", list(Phase))
def test_what_people_do_to_one_standard_is_compared_by_when_they_did_it(phase: Phase) -> None:
    """Its UpdatedAt is from long before."""
    resolved = member(ended_at=SAID, ended_event_at=NOW)
    held = make_entry(members={MEMBER: resolved, "other": member(ended_at=SAID)})
    told = news(phase, LATER, member="third", sent_at=NOW - 1)

    expected = Verdict.REFRESH if phase is Phase.NEW else Verdict.UNKNOWN
    assert expected == verdict(held, told)


def test_an_end_that_shows_that_all_were_over_says_the_return() -> None:
    """The other came back meanwhile, and seemed to have this one for company."""
    back = member(said_at=LATEST, heard_at=LATEST, gap=((SAID, None), (LATEST, None)))
    held = make_entry(members={MEMBER: member(), "other": back})

    assert Verdict.REOPEN == verdict(held, news(Phase.ENDED, LATER))


def test_an_end_that_shows_that_one_was_there_all_the_time_says_nothing() -> None:
    """Only this one was away."""
    held = make_entry(members={MEMBER: member(heard_at=LATEST), "other": member()})

    assert Verdict.NOTE == verdict(held, news(Phase.ENDED, LATER))


def settled(**changes: Any) -> Member:
    """Make a finding that is NOTIFIED for long enough to be NEW again."""
    return member(notified_at=NOW - SETTLE - 1, **changes)


def test_new_after_the_settle_time_is_none_while_another_standard_is_there() -> None:
    """The control failed all the time; that this one may have been away is remembered."""
    held = make_entry(members={MEMBER: settled(), "other": settled()})

    assert Verdict.NOTE == verdict(held, news(updated_at=LATER))


def test_new_after_the_settle_time_is_another_episode_once_all_are() -> None:
    """Where no end is ever seen, that is how a control comes back."""
    other = settled(heard_at=LATER, heard_event_at=NOW)
    held = make_entry(members={MEMBER: settled(), "other": other})

    assert Verdict.REOPEN == verdict(held, news(updated_at=LATEST, sent_at=NOW + 1))


def test_new_after_the_settle_time_is_another_episode_if_the_others_are_over() -> None:
    """Since before it came."""
    over = settled(ended_at=LATER)
    still_there = settled(ended_at="2026-09-01T10:00:03Z")

    for other, expected in ((over, Verdict.REOPEN), (still_there, Verdict.NOTE)):
        held = make_entry(members={MEMBER: settled(), "other": other})
        assert expected == verdict(held, news(updated_at=LATEST))


def test_what_may_be_back_says_so_once() -> None:
    """It stays NEW until somebody is told."""
    waiting = settled(heard_at=LATER, heard_event_at=NOW)
    held = make_entry(members={MEMBER: waiting, "other": settled(ended_at=LATER)})

    assert Verdict.NOTE == verdict(held, news(updated_at=LATEST, sent_at=NOW + 1))


def test_a_severity_of_one_standard_that_the_card_does_not_show_is_remembered() -> None:
    """It counts once the worse one is over."""
    low = {MEMBER: member(severity=Severity.LOW), "other": member()}
    told = news(Phase.ONGOING, LATER, severity=Severity.MEDIUM)

    assert Verdict.NOTE == verdict(make_entry(members=low), told)
    alone = {MEMBER: member(severity=Severity.LOW), "other": member(ended_at=SAID)}
    assert Verdict.REFRESH == verdict(make_entry(members=alone), told)


# Times


@pytest.mark.parametrize(
    ("this", "other", "expected"),
    [
        (LATER, SAID, True),
        (SAID, LATER, False),
        (SAID, SAID, False),
        ("2026-09-01T12:00:01+02:00", SAID, True),
        (SAID, None, True),
        (None, SAID, False),
        (None, None, False),
        ("", "", False),
    ],
)
def test_newer_is_told_across_spellings(
    this: str | None, other: str | None, *, expected: bool
) -> None:
    """Offsets are reckoned with, and what cannot be read is never newer."""
    assert expected is is_newer(this, other)


@given(st.text(), st.text())
def test_two_events_are_never_both_newer(this: str, other: str) -> None:
    """Whatever products write, the order of two events has one answer."""
    assert not (is_newer(this, other) and is_newer(other, this))
