"""
Finds the subjects of findings in the Ledger, which may know a finding by another one than its own.

An earlier version named some subjects otherwise. And the two Security Hubs may name the resource of
a control differently, or list another number of resources, so that the two forms of its finding
give two subjects. The form that is said first decides:

.. code-block:: text
    item                  known as
    finding, channels     finding → subject   written before anything is said, by one worker alone
    subject, channels     finding → subject   of the other form, once it was new: so an event of it
                                              that says nothing needs no other item than its own
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from finding_router.delivery.alerts.identity import former_subject_of, has_two_subjects
from finding_router.delivery.alerts.ledger import Channels, KnownAs, Ledger
from finding_router.delivery.deliveries import Job

if TYPE_CHECKING:
    from finding_router.delivery.plan import Addressed


class Subjects:
    """The subjects of the findings of one batch; methods raise StoreError."""

    def __init__(self, ledger: Ledger) -> None:
        """Read from *ledger*, and keep in it those that are decided."""
        self._ledger = ledger
        self._jobs: Sequence[Job] = ()
        self._new: frozenset[Job] = frozenset()
        self._asked: set[str] = set()
        self._found: dict[str, Channels] = {}

    def find(self, new: Sequence[Job], followed: Sequence[Job]) -> Mapping[str, Collection[str]]:
        """
        Return the channels that have an alert about each subject of *followed*: one call for all.

        An alert that is kept under a former subject, or under that of the other form, goes on under
        it: the jobs about it take that subject. Only where those of *followed* do, it is a call
        more.
        """
        self._jobs = [job for job in (*new, *followed) if job.about]
        self._new = frozenset(new)
        names = {job.own_subject for job in followed if job.about}
        names |= {former for job in self._jobs if (former := _former(job))}
        # Of an open finding in OCSF only the Ledger knows whether it was said.
        names |= {job.own_subject for job in new if job.is_unmarked}
        for job in filter(_has_two_subjects, new):
            names |= {job.member, job.own_subject}
        self._read(names)
        self._name()
        self._read({job.subject for job in followed if job.about} - self._asked)
        return self._found

    def settled(self, address: Callable[[], "Addressed"]) -> "Addressed":
        """
        Return the answer of *address*, once no other worker can give its findings other subjects.

        It costs a write for each finding that is new, and nothing for one that is known.
        """
        addressed = address()
        while self._claim(addressed):
            addressed = address()
        return addressed

    def _claim(self, addressed: "Addressed") -> bool:
        """Keep the subjects of the findings; return True if another worker was first with one."""
        channels: dict[Job, set[str]] = defaultdict(set)
        for key, jobs in addressed.jobs.items():
            for job in filter(_has_two_subjects, jobs):
                channels[job].add(key.channel)
        firsts = {
            job.member: KnownAs(job.member, job.member, job.subject, frozenset(those))
            for job, those in channels.items()
            if job.member in self._asked - self._found.keys()
        }
        kept = self._ledger.claim_subjects(list(firsts.values())) if firsts else ()
        for member in kept:
            self._found[member] = Channels(known_as={member: firsts[member].subject})
        if lost := firsts.keys() - {*kept}:
            before = [job.subject for job in channels]
            self._read(lost)
            self._name()
            if before != [job.subject for job in channels]:
                return True
        others = [
            KnownAs(job.own_subject, job.member, job.subject, frozenset(those))
            for job, those in channels.items()
            if job.subject not in (job.own_subject, _former(job))
            and self._found.get(job.own_subject, Channels()).known_as.get(job.member) is None
        ]
        if others:
            self._ledger.note_subjects(others)
        return False

    def _read(self, names: Iterable[str]) -> None:
        if names := {*names}:
            self._asked |= names
            self._found |= self._ledger.channels(names)

    def _name(self) -> None:
        """Set the subject by which the Ledger knows each job; both forms of a finding share it."""
        by_member: dict[str, list[Job]] = defaultdict(list)
        others: dict[str, str] = {}
        for job in self._jobs:
            job.known_as = self._known_as(job)
            if _has_two_subjects(job):
                by_member[job.member].append(job)
                if job.known_as not in (None, job.own_subject, _former(job)):
                    others.setdefault(job.own_subject, job.subject)
        for jobs in by_member.values():
            known = [job for job in jobs if job.known_as]
            if not known and jobs[0] not in self._new:
                continue
            first = known[0].subject if known else others.get(jobs[0].own_subject, jobs[0].subject)
            for job in jobs:
                job.known_as = job.known_as or first

    def _known_as(self, job: Job) -> str | None:
        """Return the subject by which the Ledger knows the finding of *job*; None without one."""
        own = self._found.get(job.own_subject)
        if own is not None and job.member in own.known_as:
            return own.known_as[job.member]
        if (former := _former(job)) in self._found:
            return former
        if own is not None and not own.known_as:
            # It has an alert, maybe from before the forms were compared.
            return job.own_subject
        if not _has_two_subjects(job) or job not in self._new:
            return None
        if (first := self._found.get(job.member)) is not None:
            return first.known_as.get(job.member, job.member)
        # Findings of other standards of the control are known by another subject.
        return min(own.known_as.values()) if own is not None else None


def _has_two_subjects(job: Job) -> bool:
    return job.about is not None and not job.is_requested and has_two_subjects(job.about)


def _former(job: Job) -> str | None:
    return former_subject_of(job.about) if job.about else None
