"""Alerts of the Ledger: the state after each step, and the names of messages."""

from copy import replace

import pytest

from alerts import KEY, LATER, MEMBER, NOW, event, make_alert, make_claim, member, unsaid
from finding_router.delivery.alerts.alert import Event, Saying, Status
from finding_router.delivery.alerts.care import Care, Person, Snooze
from finding_router.delivery.alerts.identity import AlertKey, finding_hash, raw_hash
from finding_router.findings.finding import Severity

REPLY = make_alert(claim=make_claim(Saying.REOPEN), is_shown=False)


def test_a_claim_given_back_leaves_nothing() -> None:
    """The next worker posts at once."""
    after = unsaid().released()

    assert (None, 2, 0) == (after.claim, after.version, after.episode)


def test_a_claim_in_doubt_can_be_taken_up_at_once_and_keeps_its_time() -> None:
    """The next worker searches for the message since the first claim."""
    after = unsaid().abandoned()

    assert after.claim is not None
    assert (0.0, NOW, 2) == (after.claim.lease_until, after.claim.claimed_at, after.version)
    assert not after.is_leased(NOW)


def test_without_a_claim_nothing_is_abandoned_or_said() -> None:
    """Another worker has recorded it."""
    alert = make_alert()

    assert alert is alert.abandoned()
    assert alert is alert.said(channel="C1", ts="1", at=NOW)


def test_a_posted_card_says_where_it_stands() -> None:
    """Its finding is not yet NOTIFIED."""
    after = unsaid().said(channel="C1", ts="1.2", at=NOW)

    assert (None, 2, "C1", "1.2", NOW) == (
        after.claim,
        after.version,
        after.posted_to,
        after.ts,
        after.posted_at,
    )
    assert (1, True, Severity.HIGH, Severity.HIGH) == (
        after.episode,
        after.is_shown,
        after.severity,
        after.worst,
    )
    assert after.is_to_notify(MEMBER)
    assert not after.is_card_stale


def test_a_reopening_leaves_the_card_where_it_is_and_stale() -> None:
    """The next message goes into the same thread; the next episode has begun."""
    after = REPLY.said(channel="C2", ts="2.0", at=NOW)

    assert ("C0ALERTS", "1.2", NOW) == (after.posted_to, after.ts, after.posted_at)
    assert (2, True, True) == (after.episode, after.is_shown, after.is_card_stale)


def test_a_rise_remembers_from_what_it_rose() -> None:
    """The episode began before it."""
    claim = make_claim(Saying.RISE, severity=Severity.CRITICAL)

    after = make_alert(claim=claim).said(channel="C2", ts="2.0", at=NOW)

    assert (Severity.HIGH, claim.moment) == (after.risen_from, after.risen_at)
    assert (Severity.CRITICAL, Severity.CRITICAL) == (after.severity, after.worst)
    assert (1, NOW - 3600) == (after.episode, after.posted_at)


def test_an_end_that_is_said_shows_that_it_is_over() -> None:
    """How long it was open is counted from its beginning."""
    after = make_alert(claim=make_claim(Saying.END)).said(channel="C2", ts="2.0", at=NOW)

    assert (False, 1, NOW - 3600) == (after.is_shown, after.episode, after.posted_at)


def test_a_message_without_its_card_is_the_next_card() -> None:
    """The old one is gone."""
    after = REPLY.detached().said(channel="C2", ts="2.0", at=NOW)

    assert ("C2", "2.0", False) == (after.posted_to, after.ts, after.is_card_stale)


def test_a_line_of_a_digest_is_said_in_that_digest() -> None:
    """Its end changes the line."""
    claimed = unsaid(claim=make_claim(digest="digest-1"))

    assert "digest-1" == claimed.said(channel="C1", ts="1.0", at=NOW).digest


def test_a_forgotten_alert_counts_as_said_and_stands_nowhere() -> None:
    """It is no news when it is imported again."""
    after = unsaid(claim=None).forgotten(at=NOW)

    assert after.is_forgotten
    assert (1, True, None) == (after.episode, after.is_shown, after.ts)


def test_an_alert_is_there_until_all_of_it_ended() -> None:
    """Several standards may have found the same."""
    ended = member(status=Status.ENDED)

    assert make_alert(members={"a": ended, "b": member()}).is_there
    assert not make_alert(members={"a": ended, "b": ended}).is_there


def test_an_alert_is_as_severe_as_the_worst_that_is_there() -> None:
    """Without any, as severe as Slack shows it."""
    low, ended = member(severity=Severity.LOW), member(status=Status.ENDED)

    assert Severity.HIGH is make_alert(members={"a": low, "b": member()}).worst_there
    assert Severity.LOW is make_alert(members={"a": low, "b": ended}).worst_there
    assert Severity.HIGH is make_alert(members={"b": ended}).worst_there


def test_an_alert_lists_the_standards_that_are_there() -> None:
    """Once all are over, all that were."""
    fsbp, pci = member(standard="FSBP"), member(standard="PCI", status=Status.ENDED)
    over = member(standard="FSBP", status=Status.ENDED)

    assert {"FSBP"} == make_alert(members={"a": fsbp, "b": pci, "c": member()}).standards
    assert {"FSBP", "PCI"} == make_alert(members={"a": over, "b": pci}).standards


def test_a_member_is_notified_for_itself_while_it_is_there() -> None:
    """Security Hub stores each finding alone, and an ended one keeps its end."""
    alert = make_alert(
        members={
            "notified": member(notified_at=1.0),
            "open": member(),
            "ended": member(status=Status.ENDED),
        }
    )

    assert [False, True, False, False] == [
        alert.is_to_notify(each) for each in ("notified", "open", "ended", "unknown")
    ]


def test_the_next_episode_is_to_be_notified_again() -> None:
    """Security Hub has made it NEW."""
    alert = make_alert(members={"a": member(notified_at=1.0)}, claim=make_claim(Saying.REOPEN))

    assert alert.said(channel="C", ts="2", at=NOW).is_to_notify("a")


@pytest.mark.parametrize(
    ("end", "is_notified"),
    [
        (event(Status.ENDED, updated_at=LATER), False),
        (event(Status.ENDED, updated_at=None, sent_at=NOW + 10), False),
        (event(Status.ENDED, updated_at=None, sent_at=None), False),
        (event(Status.ENDED, updated_at=None, sent_at=NOW - 10), True),
    ],
    ids=["newest", "late, after the mark", "without a time", "before the mark"],
)
def test_an_end_after_the_mark_lets_its_finding_be_marked_again(
    end: Event,
    is_notified: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    """Also one that comes after its return: Security Hub has made that NEW."""
    after = member(notified_at=NOW).merged(end)

    assert (is_notified, NOW) == (after.is_notified, after.notified_at)


def test_every_try_of_a_message_has_the_same_name() -> None:
    """Otherwise a retry could not find the message of the try before."""
    claimed = unsaid()

    assert claimed.delivery_id == claimed.abandoned().delivery_id == claimed.released().delivery_id


def test_another_message_channel_or_finding_has_another_name() -> None:
    """A reopening is not taken for the first message."""
    alert = unsaid()
    names = {
        alert.delivery_id,
        alert.said(channel="C1", ts="1", at=NOW).delivery_id,
        replace(alert, key=AlertKey("subject", "#other")).delivery_id,
        replace(alert, key=AlertKey("other", KEY.channel)).delivery_id,
    }

    assert 4 == len(names)


def test_findings_are_told_apart_by_both_parts_of_their_identity() -> None:
    """Neither the Id nor the ProductArn alone makes a finding."""
    assert finding_hash("a", "bc") != finding_hash("ab", "c")
    assert finding_hash("a", "b") == finding_hash("a", "b")


def test_a_finding_without_identity_is_named_by_its_content() -> None:
    """The order of its keys does not matter."""
    assert raw_hash({"a": 1, "b": 2}, or_else="x") == raw_hash({"b": 2, "a": 1}, or_else="y")
    assert raw_hash({"a": 1}, or_else="x") != raw_hash({"a": 2}, or_else="x")


def test_a_finding_that_nests_too_deeply_is_named_by_its_event() -> None:
    """Two of them are not taken for one."""
    deep: list[object] = []
    for _ in range(50_000):
        deep = [deep]

    assert raw_hash(deep, or_else="x") == raw_hash(deep, or_else="x")
    assert raw_hash(deep, or_else="x") != raw_hash(deep, or_else="y")


def test_a_rise_ends_a_snooze_and_keeps_the_owner() -> None:
    """A snooze was of the lower severity; the owner stays."""
    jane = Person("U012", "jane", NOW)
    care = Care(owner=jane, snooze=Snooze(NOW + 3_600, jane, "snooze-1"))
    claim = make_claim(Saying.RISE, severity=Severity.CRITICAL)

    after = make_alert(claim=claim, care=care).said(channel="C1", ts="2.1", at=NOW)

    assert Care(owner=jane) == after.care
    assert after.is_card_stale
