"""Putting aside what waits: for a schedule, for active hours, or for the end of a silence."""

import json
import zlib
from collections.abc import Callable, Iterable
from datetime import datetime

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

    def put_aside(
        self, deliveries: Iterable[Delivery], deadline: Deadline, *, decided_at: datetime
    ) -> None:
        """
        Keep those of *deliveries* that wait; one that cannot be kept comes back, alone.

        They wait since *decided_at*, however long it took to say the others of their batch.
        """
        since = decided_at.timestamp()
        for delivery in deliveries:
            hold = delivery.destination.hold
            if hold is None or hold.forget or delivery.progress is not Progress.HELD:
                continue
            why = self._keep(delivery, hold, since) if deadline.leaves(AWS_SECONDS) else OUT_OF_TIME
            if why:
                wait = backoff_seconds(delivery.job.record.tries)
                delivery.end(Progress.FAILED, why, retry_seconds=wait)

    def _keep(self, delivery: Delivery, hold: Hold, since: float) -> str:
        """Put aside each finding of *delivery*; give why where that fails."""
        destination, due_at = delivery.destination, hold.due_at.timestamp()
        findings = [(job, job.finding) for job in delivery.jobs if job.finding is not None]
        try:
            for job, finding in findings:
                now = self._clock()
                bin_ = Bin(
                    name=f"{hold.kind}#{hold.name}#{destination.channel}",
                    kind=hold.kind,
                    reason=hold.name,
                    channel=destination.channel,
                    due_at=due_at,
                    since=since,
                    touched_at=now,
                )
                waiting = Waiting(
                    name=finding_hash(*finding.key),
                    subject=subject_of(finding),
                    routes=destination.routes,
                    mention=destination.mention,
                    since=since,
                    due_at=due_at,
                    held_at=now,
                    is_owed=job.is_owed or any(map(_has_failed, job.deliveries)),
                )
                self._book.hold(bin_, waiting, _packed(job, finding))
        except StoreError as error:
            return str(error)
        return ""


def _has_failed(delivery: Delivery) -> bool:
    return delivery.progress is Progress.FAILED


def _packed(job: Job, finding: Finding) -> bytes:
    """Write the event of *job*, with *finding* alone: 240 KB of it must fit into an item."""
    event = {**job.event, "detail": {**job.event["detail"], "findings": [finding.raw]}}
    # In ASCII: half a surrogate pair, which JSON may hold, is no UTF-8.
    return zlib.compress(json.dumps(event, separators=(",", ":")).encode())
