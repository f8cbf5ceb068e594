"""Finds the alerts that an earlier version of the router keeps under another subject."""

from collections import defaultdict
from collections.abc import Iterable

from finding_router.delivery.alerts.identity import former_subject_of
from finding_router.delivery.alerts.ledger import Ledger
from finding_router.delivery.deliveries import Job
from finding_router.delivery.outcome import FOLLOWED


def recognise(jobs: Iterable[Job], ledger: Ledger) -> None:
    """
    Set the subject of those of *jobs* whose alert is kept under the former one: one call for all.

    Such an alert goes on under it, so that what was said before an upgrade is not said again, and
    ends when its finding does. Raise StoreError if the Ledger does not answer.
    """
    by_former: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        is_open = job.outcome is None or job.outcome in FOLLOWED
        former = former_subject_of(job.about) if job.about and is_open else None
        if former is not None:
            by_former[former].append(job)
    for former in ledger.channels(by_former) if by_former else ():
        for job in by_former[former]:
            job.known_as = former
