"""Events of a history, delivered to a router until none of them comes back."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from finding_router.delivery.deliveries import Job
from finding_router.delivery.outcome import UNDONE
from histories import Sent
from hub_events import imported, record
from router import Router

ROUNDS = 10


def deliver(router: Router, *events: Sent) -> list[Job]:
    """Deliver *events* in one batch, and again as long as some of them have to come back."""
    waiting = list(enumerate(events))
    done: list[Job] = []
    for tries in range(1, ROUNDS):
        jobs = router.run(
            *(
                record(imported(event.finding, sent_at=event.at), number=number, tries=tries)
                for number, event in waiting
            )
        )
        failed = {job.record.id for job in jobs if job.outcome in UNDONE}
        done += [job for job in jobs if job.record.id not in failed]
        waiting = [each for each in waiting if f"record-{each[0]}" in failed]
        if not waiting:
            return done
        router.clock.now += max(job.retry_seconds for job in jobs) + 1
    raise AssertionError("events go round and round")


def check_reasons(jobs: Sequence[Job]) -> None:
    """Each event has an outcome, and the reason."""
    for job in jobs:
        assert job.outcome is not None
        assert job.detail or not job.is_followed


def deliver_in_batches(router: Router, events: Sequence[Sent], data: Any) -> None:
    """Deliver *events* in batches of any size, with pauses."""
    while events:
        size = data.draw(st.integers(1, len(events)))
        batch, events = events[:size], events[size:]
        check_reasons(deliver(router, *batch))
        router.clock.now += data.draw(st.sampled_from([1.0, 2000.0]))
