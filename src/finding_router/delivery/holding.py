"""Putting aside what waits: for a schedule, for active hours, or for the end of a silence."""

import json
import zlib
from collections.abc import Callable, Iterable

from finding_router.delivery.backoff import backoff_seconds
from finding_router.delivery.deadline import AWS_SECONDS, Deadline
from finding_router.delivery.hold_book import Bin, HoldBook, Waiting
from finding_router.delivery.job import Delivery, Job, Progress
from finding_router.delivery.ledger import finding_hash
from finding_router.delivery.marking import OUT_OF_TIME
from finding_router.delivery.subjects import subject_of
from finding_router.errors import StoreError
from finding_router.findings.finding import Finding
from finding_router.routing.hold import Hold


class Holding:
    """Keeps what is to be said later."""

    def __init__(self, book: HoldBook, *, clock: Callable[[], float]) -> None:
        """*clock* gives Unix seconds."""
        self._book = book
        self._clock = clock

    def put_aside(self, deliveries: Iterable[Delivery], deadline: Deadline) -> None:
        """Keep those of *deliveries* that wait; one that cannot be kept comes back, alone."""
        for delivery in deliveries:
            hold = delivery.destination.hold
            if hold is None or hold.forget or delivery.progress is not Progress.HELD:
                continue
            why = self._keep(delivery, hold) if deadline.leaves(AWS_SECONDS) else OUT_OF_TIME
            if why:
                wait = backoff_seconds(delivery.job.record.tries)
                delivery.end(Progress.FAILED, why, retry_seconds=wait)

    def _keep(self, delivery: Delivery, hold: Hold) -> str:
        """Put aside each finding of *delivery*; give why where that fails."""
        destination, now, due_at = delivery.destination, self._clock(), hold.due_at.timestamp()
        bin_ = Bin(
            name=f"{hold.kind}#{hold.name}#{destination.channel}",
            kind=hold.kind,
            reason=hold.name,
            channel=destination.channel,
            due_at=due_at,
            since=now,
            touched_at=now,
        )
        findings = [(job, job.finding) for job in delivery.jobs if job.finding is not None]
        try:
            for job, finding in findings:
                waiting = Waiting(
                    name=finding_hash(*finding.key),
                    subject=subject_of(finding),
                    routes=destination.routes,
                    mention=destination.mention,
                    held_at=now,
                    due_at=due_at,
                )
                self._book.hold(bin_, waiting, _packed(job, finding))
        except StoreError as error:
            return str(error)
        return ""


def _packed(job: Job, finding: Finding) -> bytes:
    """Write the event of *job*, with *finding* alone: 240 KB of it must fit into an item."""
    event = {**job.event, "detail": {**job.event["detail"], "findings": [finding.raw]}}
    # In ASCII: half a surrogate pair, which JSON may hold, is no UTF-8.
    return zlib.compress(json.dumps(event, separators=(",", ":")).encode())
