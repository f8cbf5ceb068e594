"""Members: when one of several findings was there, whatever the order in which that is told."""

import pytest

from entries import member
from finding_router.delivery.ledger import Member
from finding_router.delivery.members import gap_of, shared, with_end, with_presence
from finding_router.delivery.moments import Gap, Moment


def at(minute: int) -> Moment:
    """Give a moment."""
    return f"2026-09-01T10:{minute:02}:00Z", None


def there(*, since: int, gap: Gap | None = None) -> Member:
    """Make a finding that is there, and was said and heard *since* then."""
    return member(said_at=at(since)[0], heard_at=at(since)[0], gap=gap)


def over(*ends: int) -> Member:
    """Make a finding that was said at the first minute and ended at each of *ends*."""
    finding = there(since=1)
    for minute in ends:
        finding = with_end(finding, at(minute))
    return finding


@pytest.mark.parametrize("ends", [(3,), (3, 5), (5, 3), (5, 3, 4)])
def test_what_ended_is_away_since_the_first_end_and_over_until_after_the_last(
    ends: tuple[int, ...],
) -> None:
    """Each of them may have an event, in any order."""
    finding = over(*ends)

    assert (at(3), None) == gap_of(finding)
    assert at(max(ends)) == finding.ended


def test_an_end_from_before_the_finding_was_heard_is_none_of_this_time() -> None:
    """It belongs to the time before."""
    finding = over(5)

    assert finding == with_end(finding, at(0))


def test_what_was_there_between_two_ends_is_away_since_the_second() -> None:
    """Its event came last."""
    finding = with_presence(over(3, 6), at(4))

    assert (at(6), None) == gap_of(finding)
    assert finding == with_presence(finding, at(8))


def test_an_entry_from_before_gaps_were_kept_is_away_since_its_end() -> None:
    """It ended then."""
    ended_at, _ = at(3)

    assert (at(3), None) == gap_of(member(ended_at=ended_at))


@pytest.mark.parametrize(
    ("gap", "end", "expected"),
    [
        (None, 4, None),
        ((at(2), at(9)), 4, (at(4), at(9))),
        ((at(2), at(3)), 4, (at(4), at(9))),
        ((None, at(9)), 4, (at(4), at(9))),
        ((at(5), at(9)), 4, (at(5), at(9))),
        ((at(4), at(9)), 4, (at(4), at(9))),
    ],
)
def test_an_end_that_comes_after_the_return_tells_since_when_it_was_away(
    gap: Gap | None, end: int, expected: Gap | None
) -> None:
    """Where that was said to everybody, nobody needs to know any more."""
    finding = with_end(there(since=9, gap=gap), at(end))

    assert expected == gap_of(finding)
    assert finding.ended_at is None


@pytest.mark.parametrize(
    ("gap", "presence", "expected"),
    [
        (None, 4, None),
        ((None, at(9)), 4, (None, at(4))),
        ((at(2), at(9)), 4, (at(2), at(4))),
        ((at(4), at(9)), 4, (at(4), at(9))),
        ((at(2), at(9)), 9, (at(2), at(9))),
    ],
)
def test_an_earlier_event_shows_that_it_came_back_earlier(
    gap: Gap | None, presence: int, expected: Gap | None
) -> None:
    """If it was away before that."""
    finding = there(since=9, gap=gap)

    assert expected == gap_of(with_presence(finding, at(presence)))


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([(at(1), at(3))], (at(1), at(3))),
        ([(at(1), at(3)), (at(2), None)], (at(2), at(3))),
        ([(None, at(3)), (at(2), at(4)), (None, None)], (at(2), at(3))),
        ([(at(1), None), (at(2), None)], (at(2), None)),
        ([(at(1), at(2)), (at(2), at(3))], None),
        ([(at(1), at(2)), None], None),
        ([(None, None)], (None, None)),
    ],
)
def test_all_were_away_where_their_gaps_meet(gaps: list[Gap | None], expected: Gap | None) -> None:
    """Without a moment in common, one of them was always there."""
    assert expected == shared(gaps)
