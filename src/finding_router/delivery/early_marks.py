"""
Marks while a run waits: the findings that digests list already, until the next slot.

Otherwise the next batch, whose channels have slots by then, would wait for the marks of this one.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from finding_router.delivery.deliveries import Job
from finding_router.delivery.outcome import UNDONE, Progress
from finding_router.delivery.report import conclude

if TYPE_CHECKING:
    from finding_router.delivery.workflow import FindingKey

# One call of GetFindings. Fewer would spend more of the calls that an account has.
FINDINGS_AT_ONCE: Final = 20
# Before it was measured.
LIKELY_SECONDS: Final = 0.5
# The next part may take longer than the last one.
_CAUTION: Final = 1.5


class EarlyMarks:
    """Marks findings of *jobs* by *mark*, part by part; *clock* gives seconds."""

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        mark: Callable[[Sequence[Job]], None],
        clock: Callable[[], float],
    ) -> None:
        """Start with none of them marked."""
        self.tried: set[Job] = set()
        """The jobs whose findings need no mark at the end of the run."""
        self._mark = mark
        self._clock = clock
        self._seconds = LIKELY_SECONDS
        self._jobs: defaultdict[FindingKey, list[Job]] = defaultdict(list)
        for job in jobs:
            if job.finding is not None:
                self._jobs[job.finding.key].append(job)

    def __call__(self, seconds: float) -> bool:
        """Mark a part if that takes less than *seconds*; return False if there is none."""
        if seconds < self._seconds * _CAUTION:
            return False
        listed = (key for key, jobs in self._jobs.items() if all(map(_is_listed, jobs)))
        part = list(islice(listed, FINDINGS_AT_ONCE))
        if len(part) < FINDINGS_AT_ONCE:
            return False
        jobs = [job for key in part for job in self._jobs.pop(key)]
        for job in jobs:
            conclude(job)
        self.tried |= set(jobs)
        began = self._clock()
        self._mark(jobs)
        self._seconds = self._clock() - began
        if any(job.outcome in UNDONE for job in jobs):
            # Security Hub asks for patience: the others are marked at the end.
            self._jobs.clear()
        return True


def _is_listed(job: Job) -> bool:
    """
    Return True if *job* has nothing left to do but its mark.

    An alert with a card is changed once more when a digest lists it besides: it is marked later.
    """
    return (
        job.outcome is None
        and bool(job.deliveries)
        and all(each.progress is Progress.DIGESTED for each in job.deliveries)
    )
