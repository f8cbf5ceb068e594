"""Entries of the Ledger: what each step leaves behind, and how messages are named."""

from dataclasses import replace

import pytest

from entries import MEMBER, make_entry, member
from finding_router.delivery.ledger import EntryKey, Saying, State, finding_hash, raw_hash

CLAIM = make_entry(State.CLAIMED, version=3, claimed_at=100.0, lease_until=200.0)
REPLY = replace(CLAIM, saying=Saying.REOPEN, posted_to="C1", ts="1.0", posted_at=50.0)


def test_a_claim_given_back_is_known_not_to_be_posted() -> None:
    """The next worker posts at once."""
    after = CLAIM.released()

    assert (State.RELEASED, 4, 0.0) == (after.state, after.version, after.lease_until)


def test_a_claim_in_doubt_can_be_taken_up_at_once_and_keeps_its_time() -> None:
    """The next worker looks for the message since the first claim."""
    after = CLAIM.abandoned()

    assert (State.CLAIMED, 4, 0.0) == (after.state, after.version, after.lease_until)
    assert 100.0 == after.claimed_at


def test_a_posted_entry_says_where_the_message_stands() -> None:
    """It is not yet NOTIFIED."""
    after = CLAIM.posted(channel="C1", ts="1.2", at=150.0)

    assert (State.POSTED, 4, "C1", "1.2", 150.0) == (
        after.state,
        after.version,
        after.posted_to,
        after.ts,
        after.posted_at,
    )
    assert after.is_to_notify(MEMBER)


def test_what_is_said_in_the_thread_of_a_card_leaves_the_card_where_it_is() -> None:
    """The next thing goes into the same thread; a new episode has begun all the same."""
    after = REPLY.posted(channel="C2", ts="2.0", at=150.0)

    assert ("C1", "1.0", 150.0) == (after.posted_to, after.ts, after.posted_at)


@pytest.mark.parametrize("saying", [Saying.RISE, Saying.END])
def test_what_is_no_new_episode_leaves_its_beginning(saying: Saying) -> None:
    """How long it was open is counted from there."""
    after = replace(REPLY, saying=saying).posted(channel="C2", ts="2.0", at=150.0)

    assert 50.0 == after.posted_at


def test_what_is_said_without_its_card_is_the_next_card() -> None:
    """The old one is gone."""
    after = replace(REPLY, ts=None).posted(channel="C2", ts="2.0", at=150.0)

    assert ("C2", "2.0") == (after.posted_to, after.ts)


def test_an_entry_is_open_until_all_of_it_ended() -> None:
    """Several standards may have found the same."""
    ended = member(ended_at="2026-09-02T10:00:00Z")

    assert replace(CLAIM, members={"a": ended, "b": member()}).is_open
    assert not replace(CLAIM, members={"a": ended, "b": ended}).is_open


def test_a_member_is_notified_for_itself_while_it_is_there() -> None:
    """Security Hub knows each finding alone, and what ended stays as it was ended."""
    entry = replace(
        CLAIM,
        members={
            "notified": member(notified_at=1.0),
            "open": member(),
            "ended": member(ended_at="2026-09-02T10:00:00Z"),
        },
    )

    assert [False, True, False, True] == [
        entry.is_to_notify(each) for each in ("notified", "open", "ended", "unknown")
    ]


def test_every_try_of_a_message_has_the_same_name() -> None:
    """Otherwise a retry could not find what the try before has posted."""
    assert CLAIM.delivery_id == CLAIM.abandoned().delivery_id


def test_another_message_channel_or_finding_has_another_name() -> None:
    """A reopening is not taken for the first message."""
    names = {
        CLAIM.delivery_id,
        replace(CLAIM, sequence=2).delivery_id,
        replace(CLAIM, key=EntryKey("subject", "#other")).delivery_id,
        replace(CLAIM, key=EntryKey("other", "#alerts")).delivery_id,
    }

    assert 4 == len(names)


def test_findings_are_told_apart_by_both_parts_of_their_identity() -> None:
    """Neither the Id nor the ProductArn alone makes a finding."""
    assert finding_hash("a", "bc") != finding_hash("ab", "c")
    assert finding_hash("a", "b") == finding_hash("a", "b")


def test_what_has_no_identity_is_named_by_its_content() -> None:
    """The order of its keys does not matter."""
    assert raw_hash({"a": 1, "b": 2}, or_else="x") == raw_hash({"b": 2, "a": 1}, or_else="y")
    assert raw_hash({"a": 1}, or_else="x") != raw_hash({"a": 2}, or_else="x")


def test_what_nests_too_deeply_to_be_read_is_named_by_its_event() -> None:
    """Two of them are not taken for one."""
    deep: list[object] = []
    for _ in range(50_000):
        deep = [deep]

    assert raw_hash(deep, or_else="x") == raw_hash(deep, or_else="x")
    assert raw_hash(deep, or_else="x") != raw_hash(deep, or_else="y")
