"""Episodes: what a NEW event about a finding means, given what was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.delivery.episodes import Verdict, is_newer, judge
from finding_router.delivery.ledger import Entry, EntryKey, State

NOW = 1_790_000_000.0
SETTLE = 900.0
SAID = "2026-09-01T10:00:00Z"
LATER = "2026-09-01T10:00:01Z"


def entry(state: State = State.POSTED, **changes: object) -> Entry:
    """Make an entry of something said about SAID."""
    values: dict[str, object] = {
        "episode": 1,
        "version": 2,
        "claimed_at": NOW - 3600,
        "lease_until": 0.0,
        "updated_at": SAID,
    }
    return Entry(key=EntryKey("finding", "#alerts"), state=state, **values | changes)  # type: ignore[arg-type]


def verdict(held: Entry | None, *, updated_at: str | None = SAID, now: float = NOW) -> Verdict:
    """Judge an event against what the Ledger holds."""
    return judge(held, updated_at=updated_at, now=now, settle_seconds=SETTLE)


def test_what_was_never_said_is_posted() -> None:
    """No entry, no message yet."""
    assert Verdict.POST == verdict(None)


def test_what_was_given_back_is_posted_without_looking() -> None:
    """A worker that released its claim knew that nothing was posted."""
    assert Verdict.RESUME == verdict(entry(State.RELEASED))


def test_a_claim_within_its_lease_belongs_to_another_worker() -> None:
    """Nobody else posts meanwhile."""
    assert Verdict.BUSY == verdict(entry(State.CLAIMED, lease_until=NOW + 1))


def test_a_claim_past_its_lease_may_or_may_not_have_been_posted() -> None:
    """Its worker died: one has to look."""
    assert Verdict.RECOVER == verdict(entry(State.CLAIMED, lease_until=NOW))


@pytest.mark.parametrize("updated_at", [SAID, LATER, None])
def test_what_was_said_and_not_yet_marked_is_a_duplicate(updated_at: str | None) -> None:
    """As long as it is not NOTIFIED, NEW says nothing."""
    assert Verdict.DUPLICATE == verdict(entry(), updated_at=updated_at)


def test_new_within_the_settle_time_is_an_echo() -> None:
    """Security Hub needs minutes to carry out NOTIFIED."""
    held = entry(notified_at=NOW - SETTLE)

    assert Verdict.DUPLICATE == verdict(held, updated_at=LATER)


def test_new_after_the_settle_time_is_another_episode() -> None:
    """Security Hub itself made it NEW again, which is said."""
    held = entry(notified_at=NOW - SETTLE - 1)

    assert Verdict.REOPEN == verdict(held, updated_at=LATER)


@pytest.mark.parametrize("updated_at", [SAID, "2026-08-31T10:00:00Z", None, "yesterday"])
def test_what_is_no_newer_than_what_was_said_is_a_duplicate_for_ever(
    updated_at: str | None,
) -> None:
    """A late or repeated event opens nothing, however late it is."""
    held = entry(notified_at=NOW - 400 * 86_400)

    assert Verdict.DUPLICATE == verdict(held, updated_at=updated_at)


def test_an_unreadable_time_of_what_was_said_loses_to_a_readable_one() -> None:
    """Better one message too many than a reopening that nobody hears of."""
    held = entry(notified_at=NOW - SETTLE - 1, updated_at="")

    assert Verdict.REOPEN == verdict(held, updated_at=LATER)


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
