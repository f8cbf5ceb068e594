"""The rules of an alert: a message is due if Slack shows an outdated state."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import KEY, LATER, MEMBER, NOW, SAID, event, make_alert, make_claim, member, unsaid
from examples import examples
from finding_router.delivery.alerts.advance import SAYINGS, Step, Verdict, Why, advance, has_risen
from finding_router.delivery.alerts.alert import Alert, Event, Status, status_of
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Severity
from hub_events import raw_finding

SETTLE = 900.0
BLANK = Alert(key=KEY)
ENDED = {"status": Status.ENDED}
NOTIFIED = make_alert(members={MEMBER: member(notified_at=NOW)})
OVER = make_alert(is_shown=False, members={MEMBER: member(**ENDED)})


def step(alert: Alert, *events: Event, **how: Any) -> Step:
    """Advance *alert*."""
    return advance(alert, events, settle_seconds=SETTLE, **how)


def later(status: Status = Status.NEW, **changes: Any) -> Event:
    """Make an event of the day after."""
    return event(status, **{"updated_at": LATER, "sent_at": NOW + 86_400} | changes)


VERDICTS: list[tuple[str, Alert, Event, Verdict, Why]] = [
    ("a new finding", BLANK, event(), Verdict.POST, Why.FIRST),
    ("an end of nothing", BLANK, event(Status.ENDED), Verdict.UNKNOWN, Why.NEVER_SAID),
    ("more of nothing", BLANK, event(Status.ONGOING), Verdict.UNKNOWN, Why.NEVER_SAID),
    ("a claim given back", unsaid(claim=None), event(), Verdict.POST, Why.FIRST),
    (
        "an end before it was said",
        unsaid(claim=None),
        later(Status.ENDED),
        Verdict.NOTE,
        Why.OVER_BEFORE_SAID,
    ),
    ("an end", NOTIFIED, later(Status.ENDED), Verdict.CLOSE, Why.OVER),
    (
        "an end that a person set, with the same UpdatedAt",
        NOTIFIED,
        event(Status.ENDED, sent_at=NOW + 5),
        Verdict.CLOSE,
        Why.OVER,
    ),
    ("another end", OVER, later(Status.ENDED), Verdict.NOTE, Why.STILL_OVER),
    ("a return", OVER, later(), Verdict.REOPEN, Why.BACK),
    (
        "an undo after five seconds",
        OVER,
        event(sent_at=NOW - 3595),
        Verdict.REOPEN,
        Why.BACK,
    ),
    ("a return as NOTIFIED", OVER, later(Status.ONGOING), Verdict.REOPEN, Why.BACK),
    ("a return after an end that nobody saw", NOTIFIED, later(), Verdict.REOPEN, Why.BACK_UNSEEN),
    (
        "a NEW event soon after the mark",
        NOTIFIED,
        event(sent_at=NOW + SETTLE),
        Verdict.NOTE,
        Why.WITHIN_SETTLE_TIME,
    ),
    (
        "the echo of the mark",
        NOTIFIED,
        event(Status.ONGOING, sent_at=NOW + 30),
        Verdict.NOTE,
        Why.OWN_ECHO,
    ),
    (
        "an import of the next day",
        NOTIFIED,
        later(Status.ONGOING),
        Verdict.NOTE,
        Why.IMPORTED_AGAIN,
    ),
    ("a new import before the mark", make_alert(), later(), Verdict.NOTE, Why.IMPORTED_AGAIN),
    ("the same event", NOTIFIED, event(), Verdict.DUPLICATE, Why.SAME_EVENT),
    (
        "an older event",
        NOTIFIED,
        event(updated_at="2026-08-01T10:00:00Z"),
        Verdict.DUPLICATE,
        Why.OLDER_EVENT,
    ),
    (
        "an older end after the mark",
        make_alert(members={MEMBER: member(notified_at=NOW, updated_at=LATER)}),
        event(Status.ENDED, sent_at=NOW + 1),
        Verdict.NOTE,
        Why.OLDER_EVENT,
    ),
    (
        "a rise",
        NOTIFIED,
        later(Status.ONGOING, severity=Severity.CRITICAL),
        Verdict.RISE,
        Why.WORSE,
    ),
    (
        "a fall",
        NOTIFIED,
        later(Status.ONGOING, severity=Severity.LOW),
        Verdict.REFRESH,
        Why.SEVERITY_CHANGED,
    ),
    (
        "a rise to what was said before",
        make_alert(severity=Severity.LOW, members={MEMBER: member(severity=Severity.LOW)}),
        later(Status.ONGOING),
        Verdict.REFRESH,
        Why.SEVERITY_CHANGED,
    ),
    (
        "another standard",
        NOTIFIED,
        event(member="other", standard="PCI"),
        Verdict.REFRESH,
        Why.STANDARD_JOINED,
    ),
    (
        "a reply that left the card as it was",
        make_alert(is_card_stale=True),
        event(),
        Verdict.REFRESH,
        Why.CARD_IS_STALE,
    ),
]


@pytest.mark.parametrize(
    ("alert", "told", "verdict", "why"),
    [each[1:] for each in VERDICTS],
    ids=[each[0] for each in VERDICTS],
)
def test_each_event_has_a_verdict_and_a_reason(
    alert: Alert, told: Event, verdict: Verdict, why: Why
) -> None:
    """Slack shows the newest known state."""
    after = step(alert, told)

    assert (verdict, why) == (after.verdict, after.why)


def test_what_is_superseded_before_it_was_said_is_not_said() -> None:
    """Neither a finding that ended within its batch, nor an end that no card showed."""
    assert Verdict.NOTE is step(BLANK, event(), later(Status.ENDED)).verdict
    assert Verdict.NOTE is step(make_alert(), event(Status.ENDED, sent_at=NOW), later()).verdict


def test_an_alert_is_open_while_one_standard_is() -> None:
    """It closes with the last."""
    two = make_alert(members={"a": member(), "b": member()})

    one_left = step(two, event(Status.ENDED, member="a", sent_at=NOW))
    none_left = step(
        make_alert(members=one_left.alert.members), event(Status.ENDED, member="b", sent_at=NOW)
    )

    assert (Verdict.NOTE, Why.STILL_THERE) == (one_left.verdict, one_left.why)
    assert (Verdict.CLOSE, Why.OVER) == (none_left.verdict, none_left.why)


def test_an_unseen_end_is_concluded_once_every_standard_came_back_so() -> None:
    """One that was there all the time is no return."""
    two = make_alert(members={"a": member(notified_at=NOW), "b": member(notified_at=NOW)})

    first = step(two, later(member="a"))
    second = step(make_alert(members=first.alert.members), later(member="b"))

    assert (Verdict.NOTE, Why.STILL_THERE) == (first.verdict, first.why)
    assert (Verdict.REOPEN, Why.BACK_UNSEEN) == (second.verdict, second.why)


def test_a_finding_that_got_worse_elsewhere_is_news_where_a_route_leads_now() -> None:
    """No message was posted in this channel."""
    rise = later(Status.ONGOING, severity=Severity.CRITICAL)

    assert Verdict.POST is step(BLANK, rise, is_news_here=True).verdict
    assert has_risen(NOTIFIED, rise)
    assert not has_risen(NOTIFIED, later(Status.ONGOING))
    assert not has_risen(OVER, rise)
    assert not has_risen(make_alert(members={}), rise)


def test_a_rise_that_was_said_is_known_by_its_event() -> None:
    """A redelivery may still have to be posted in another channel."""
    rise = later(Status.ONGOING, severity=Severity.CRITICAL)
    said = make_alert(
        members={MEMBER: member(updated_at=LATER, sent_at=NOW + 86_400)},
        worst=Severity.CRITICAL,
        risen_from=Severity.HIGH,
        risen_at=rise.moment,
    )

    assert has_risen(said, rise)
    assert not has_risen(said, event(Status.ONGOING, severity=Severity.CRITICAL))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Status.NEW),
        ({"Workflow": {"Status": "NOTIFIED"}}, Status.ONGOING),
        ({"Workflow": {"Status": "ASSIGNED"}}, Status.ONGOING),
        ({"Workflow": {"Status": "RESOLVED"}}, Status.ENDED),
        ({"Workflow": {"Status": "SUPPRESSED"}}, Status.ENDED),
        ({"RecordState": "ARCHIVED"}, Status.ENDED),
        ({"Compliance": {"Status": "PASSED"}}, Status.ENDED),
    ],
)
def test_the_status_of_a_finding(changes: dict[str, Any], status: Status) -> None:
    """The finding's state in Security Hub decides."""
    assert status is status_of(read_finding(raw_finding(**changes)))


EVENTS = st.lists(
    st.builds(
        Event,
        member=st.sampled_from("ab"),
        status=st.sampled_from(Status),
        severity=st.sampled_from(Severity),
        updated_at=st.sampled_from([None, "", SAID, LATER]),
        sent_at=st.sampled_from([None, NOW, NOW + 60, NOW + 3600]),
        standard=st.sampled_from([None, "PCI"]),
    ),
    min_size=1,
    max_size=8,
)


@examples(300)
@given(EVENTS, st.data())
def test_merging_is_commutative_and_idempotent(events: list[Event], data: Any) -> None:
    """Order, repetition and batching of events do not change the final state."""
    shuffled = data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events)))]))
    cut = data.draw(st.integers(0, len(shuffled)))

    at_once = BLANK.merged(events)
    in_parts = BLANK.merged(shuffled[:cut]).merged(shuffled[cut:])

    assert newest(at_once) == newest(in_parts)


def newest(alert: Alert) -> dict[str, tuple[object, ...]]:
    """Return the order of each member's known state: equal events differ in name only."""
    return {name: each.newest.order for name, each in alert.members.items()}


@examples(300)
@given(EVENTS, st.data())
def test_slack_shows_the_newest_that_is_known(events: Sequence[Event], data: Any) -> None:
    """With any batches: after each step is carried out, card and registers agree."""
    alert, opened = BLANK, 0
    while events:
        size = data.draw(st.integers(1, len(events)))
        batch, events = events[:size], events[size:]
        after = step(alert, *batch)
        opened += after.verdict in {Verdict.POST, Verdict.REOPEN}
        was_shown = alert.is_shown
        alert = carried_out(after)

        if after.verdict is Verdict.UNKNOWN:
            continue
        assert alert.is_shown is alert.is_there
        assert opened == alert.episode
        if after.why is Why.BACK:
            assert not was_shown
        if alert.is_there:
            assert alert.severity is alert.worst_there
            assert alert.severity.rank <= alert.worst.rank
        assert Verdict.DUPLICATE is step(alert, *batch).verdict or alert.version == 0


def carried_out(after: Step) -> Alert:
    """Return the alert after Slack has carried out the message of *after*."""
    alert = after.alert
    match after.verdict:
        case Verdict.POST | Verdict.REOPEN | Verdict.RISE:
            claim = make_claim(SAYINGS[after.verdict], severity=alert.worst_there)
            return alert.claimed(claim).said(channel="C1", ts="1.0", at=NOW).shown(at=NOW)
        case Verdict.CLOSE | Verdict.REFRESH:
            return alert.shown(at=NOW)
        case Verdict.NOTE:
            return alert.noted(at=NOW)
    return alert
