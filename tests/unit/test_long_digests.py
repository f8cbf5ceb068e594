"""Long digests: their lines are read again once there is much more, and at the end."""

from collections import deque
from typing import Any

import pytest

from finding_router.delivery.digests.store import FEW_LINES, Count
from finding_router.delivery.outcome import Outcome
from hub_events import raw_finding
from router import ALERTS, EVERYTHING, Router

BATCH = 100
NOW = 1_790_000_000.0


def _batch(first: int, **changes: Any) -> list[dict[str, Any]]:
    return [raw_finding(f"long-{first + number:05}", **changes) for number in range(BATCH)]


def _heading(router: Router) -> str:
    return router.slack.opened(ALERTS)[0].text


def _flooded(batches: int) -> tuple[Router, int]:
    """Send a flood at Slack's pace, and what comes back of it; return the lines that were read."""
    router = Router(EVERYTHING)
    read = 0
    plain = router.digests.lines

    def count_lines(digest_id: str) -> Any:
        nonlocal read
        found = plain(digest_id)
        read += len(found)
        return found

    router.digests.lines = count_lines  # type: ignore[method-assign]  # to see what is read
    later: deque[tuple[float, dict[str, Any]]] = deque()
    for number in range(batches):
        for job in router.send(*_batch(number * BATCH)):
            if job.outcome in {Outcome.WAITING, Outcome.FAILED}:
                assert job.finding is not None
                later.append((router.clock.now + job.retry_seconds, job.finding.raw))
        router.clock.now += 1.1
    while later:
        at, raw = later.popleft()
        router.clock.now = max(router.clock.now, at)
        for job in router.send(raw, tries=2):
            if job.outcome in {Outcome.WAITING, Outcome.FAILED}:
                later.append((router.clock.now + job.retry_seconds, raw))
    return router, read


def test_totals_of_a_long_list_are_right_in_the_end() -> None:
    """However often they were not counted on the way, they are not off by one."""
    router, _ = _flooded(9)

    assert f"{9 * BATCH} findings" in _heading(router).replace(",", "")
    assert 1 == len(router.slack.opened(ALERTS))


def test_lines_that_are_read_grow_as_the_list_does() -> None:
    """Three times the findings take three times the reads, not nine times."""
    _, few = _flooded(6)
    router, many = _flooded(18)

    assert few < 4 * 6 * BATCH
    assert many < 4 * 18 * BATCH
    assert str(18 * BATCH) in _heading(router).replace(",", "")


def test_another_change_of_a_long_list_waits_without_an_error() -> None:
    """One finding waits for it; the others are done."""
    router, _ = _flooded(7)
    router.clock.now += 60

    first = router.send(*_batch(20_000))
    router.clock.now += 1
    second = router.send(*_batch(30_000))

    assert Outcome.FAILED not in {job.outcome for job in (*first, *second)}
    assert [Outcome.WAITING] == [job.outcome for job in second if job.outcome is Outcome.WAITING]


@pytest.mark.parametrize(
    ("count", "again_at"),
    [
        (Count(put=FEW_LINES, shown=10, shown_at=NOW), 0.0),
        (Count(put=2_000, shown=1_000, shown_at=NOW), NOW + 20),
        (Count(put=60_000, shown=30_000, shown_at=NOW), NOW + 600),
        (Count(put=60_000, shown=-1), 0.0),
        (Count(put=60_000, shown=59_000), 600.0),
    ],
    ids=["short", "long", "very long", "never counted", "counted by the version before"],
)
def test_time_of_the_next_count(count: Count, again_at: float) -> None:
    """A list is counted at once if it is short, was never counted, or by the version before."""
    assert again_at == count.again_at
