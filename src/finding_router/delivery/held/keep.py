"""Puts findings aside until a schedule, their active hours, or the end of a silence."""

import json
import zlib
from collections.abc import Callable, Iterable
from datetime import datetime

from finding_router.delivery.alerts.identity import finding_hash
from finding_router.delivery.deliveries import Delivery, Job
from finding_router.delivery.held.store import Bin, HeldFinding, HeldStore
from finding_router.delivery.limits.backoff import backoff_seconds
from finding_router.delivery.limits.deadline import AWS_SECONDS, Deadline
from finding_router.delivery.outcome import Progress
from finding_router.delivery.workflow import OUT_OF_TIME
from finding_router.errors import StoreError
from finding_router.findings.finding import Finding
from finding_router.routing.hold import Hold


class Keeper:
    """Holds findings that are to be posted later."""

    def __init__(self, store: HeldStore, *, clock: Callable[[], float]) -> None:
        """Keep them in *store*; *clock* gives Unix seconds."""
        self._store = store
        self._clock = clock

    def put_aside(
        self, deliveries: Iterable[Delivery], deadline: Deadline, *, decided_at: datetime
    ) -> None:
        """
        Keep the held ones of *deliveries*; one that cannot be kept comes back, alone.

        They are held since *decided_at*, however long it took to say the others of their batch.
        """
        since = decided_at.timestamp()
        for delivery in deliveries:
            hold = delivery.destination.hold
            if hold is None or hold.forget or delivery.progress is not Progress.HELD:
                continue
            why = self._keep(delivery, hold, since) if deadline.leaves(AWS_SECONDS) else OUT_OF_TIME
            if why:
                wait = backoff_seconds(delivery.job.record.tries)
                delivery.fail(why, retry_seconds=wait)

    def _keep(self, delivery: Delivery, hold: Hold, since: float) -> str:
        """Put aside each finding of *delivery*; return the reason if that fails, else ""."""
        destination, due_at = delivery.destination, hold.due_at.timestamp()
        findings = [(job, job.finding) for job in delivery.jobs if job.finding is not None]
        try:
            for job, finding in findings:
                now, event = self._clock(), _event(job, finding)
                bin_ = Bin(
                    name=f"{hold.kind}#{hold.name}#{destination.channel}",
                    kind=hold.kind,
                    reason=hold.name,
                    channel=destination.channel,
                    due_at=due_at,
                    since=since,
                    touched_at=now,
                )
                held = HeldFinding(
                    name=finding_hash(*finding.key),
                    subject=job.subject,
                    routes=destination.routes,
                    mention=destination.mention,
                    since=since,
                    due_at=due_at,
                    held_at=now,
                    is_owed=job.is_owed or any(map(_has_failed, job.deliveries)),
                    event_bytes=len(event),
                )
                self._store.hold(bin_, held, zlib.compress(event))
        except StoreError as error:
            return str(error)
        return ""


def _has_failed(delivery: Delivery) -> bool:
    return delivery.progress is Progress.FAILED


def _event(job: Job, finding: Finding) -> bytes:
    """Return the event of *job* with *finding* alone, as JSON of some 240 KB at most."""
    event = {**job.event, "detail": {**job.event["detail"], "findings": [finding.raw]}}
    # In ASCII: JSON may hold half a surrogate pair, which is no UTF-8.
    return json.dumps(event, separators=(",", ":")).encode()
