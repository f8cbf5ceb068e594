"""Entries of the Ledger: what each step leaves behind, and how messages are named."""

from dataclasses import replace

from finding_router.delivery.ledger import Entry, EntryKey, State, finding_hash, raw_hash

CLAIM = Entry(
    key=EntryKey("finding", "#alerts"),
    state=State.CLAIMED,
    episode=1,
    version=3,
    claimed_at=100.0,
    lease_until=200.0,
    notified_at=50.0,
)


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
    """It is not yet NOTIFIED, whatever the episode before was."""
    after = CLAIM.posted(channel="C1", ts="1.2", at=150.0)

    assert (State.POSTED, 4, "C1", "1.2", 150.0) == (
        after.state,
        after.version,
        after.posted_to,
        after.ts,
        after.posted_at,
    )
    assert after.notified_at is None


def test_every_try_of_a_message_has_the_same_name() -> None:
    """Otherwise a retry could not find what the try before has posted."""
    assert CLAIM.delivery_id == CLAIM.abandoned().delivery_id


def test_another_episode_channel_or_finding_has_another_name() -> None:
    """A reopening is not taken for the first message."""
    names = {
        CLAIM.delivery_id,
        replace(CLAIM, episode=2).delivery_id,
        replace(CLAIM, key=EntryKey("finding", "#other")).delivery_id,
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
