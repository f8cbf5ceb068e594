"""Finds the alerts of findings, those that an earlier version named otherwise among them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from finding_router.delivery.alerts.identity import former_subject_of
from finding_router.delivery.alerts.ledger import Ledger
from finding_router.delivery.deliveries import Job


def channels_of(
    new: Sequence[Job], followed: Sequence[Job], ledger: Ledger
) -> Mapping[str, Collection[str]]:
    """
    Return the channels that have an alert about each subject of *followed*: one call for all.

    An alert that is kept under a former subject goes on under it: the jobs about it, *new* ones
    too, take that subject. So an alert that was posted before an upgrade is not posted again, and
    ends when its finding does. Raise StoreError if the Ledger does not answer.
    """
    by_former: dict[str, list[Job]] = defaultdict(list)
    for job in (*new, *followed):
        former = former_subject_of(job.about) if job.about else None
        if former is not None:
            by_former[former].append(job)
    subjects = {job.subject for job in followed if job.about}
    if not (subjects or by_former):
        return {}
    channels = ledger.channels({*subjects, *by_former})
    for former in by_former.keys() & channels.keys():
        for job in by_former[former]:
            job.known_as = former
    return channels
