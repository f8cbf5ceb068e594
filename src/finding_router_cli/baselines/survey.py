"""The counts of older findings: by account, product and severity, and by channel."""

import heapq
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from finding_router.delivery.alerts.identity import finding_hash
from finding_router.delivery.alerts.ledger import Ledger
from finding_router.delivery.deliveries import Job
from finding_router.delivery.subjects import Subjects
from finding_router.findings.finding import Severity
from finding_router_cli.baselines.decided import Desk, known_jobs
from finding_router_cli.baselines.source import FindingSource
from finding_router_cli.findings_pages import CALL_SECONDS, FINDINGS_PER_CALL

_WORST: Final = 8
# One message a second and channel, one after another.
_MESSAGE_SECONDS: Final = 1.1
# A page is read twice, once to count and once to mark; then it is written and marked.
_PAGE_SECONDS: Final = 2 * CALL_SECONDS + 0.6
_tie = itertools.count()


class Worst(NamedTuple):
    """A finding that a summary names."""

    rank: int
    number: int
    severity: str
    title: str
    account: str


@dataclass(slots=True)
class ChannelCount:
    """The findings for one channel, and the worst of them."""

    severities: Counter[Severity] = field(default_factory=Counter)
    products: Counter[str] = field(default_factory=Counter)
    accounts: Counter[str] = field(default_factory=Counter)
    worst: list[Worst] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Return the number of findings."""
        return self.severities.total()

    def add(self, job: Job, account: str) -> None:
        """Count the finding of *job*."""
        finding = job.finding
        if finding is None:
            return
        self.severities[finding.severity] += 1
        self.products[finding.product] += 1
        self.accounts[account] += 1
        # The first of equals stays; only so many are kept, however many there are.
        one = Worst(
            finding.severity.rank, -next(_tie), finding.severity.value, finding.title, account
        )
        keep = heapq.heappushpop if len(self.worst) >= _WORST else heapq.heappush
        keep(self.worst, one)


@dataclass(slots=True)
class Survey:
    """The counts; *kept* are left for the router by their severity, *dropped* by a route."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    channels: dict[str, ChannelCount] = field(default_factory=dict)
    kept: int = 0
    dropped: int = 0

    @property
    def total(self) -> int:
        """Return the number of findings to be marked."""
        return self.counts.total()

    @property
    def seconds(self) -> float:
        """Return how long telling and marking takes at the APIs' pace."""
        pages = -(-self.total // FINDINGS_PER_CALL)
        return pages * _PAGE_SECONDS + len(self.channels) * _MESSAGE_SECONDS

    def as_json(self) -> dict[str, Any]:
        """Return the counts for programs."""
        return {
            "findings": self.total,
            "kept": self.kept,
            "dropped": self.dropped,
            "seconds": round(self.seconds),
            "counts": [
                {"account": account, "product": product, "severity": severity, "findings": count}
                for (account, product, severity), count in sorted(self.counts.items())
            ],
            "channels": [
                {
                    "channel": channel,
                    "findings": each.total,
                    "severities": {name.value: each.severities[name] for name in each.severities},
                }
                for channel, each in sorted(self.channels.items())
            ],
        }


def take_survey(
    desk: Desk, ledger: Ledger, sources: Iterable[FindingSource], progress: Any
) -> Survey:
    """
    Count the findings of *sources* for *desk*; *progress* counts those read. StoreError.

    Where no finding is ever NOTIFIED, those that *ledger* knows are told already.
    """
    survey = Survey()
    # A finding that both Security Hubs have is one.
    seen: set[str] = set()
    table = desk.planner.table
    for source in sources:
        for page in source.pages(before=desk.before):
            jobs, kept = (list(_unseen(some, seen)) for some in desk.read(source, page))
            survey.kept += len(kept)
            if not source.knows_notified:
                Subjects(ledger).find(jobs, ())
            addressed = desk.address(jobs)
            if not source.knows_notified:
                told = known_jobs(addressed, ledger.read(addressed.keys))
                jobs = [job for job in jobs if job not in told]
                addressed = desk.address(jobs)
            quiet = {id(job) for job, _, _ in addressed.quiet}
            survey.dropped += len(quiet)
            for job in jobs:
                if job.finding is not None and id(job) not in quiet:
                    account = table.account_of(job.finding)
                    severity = job.finding.severity.value
                    survey.counts[account, job.finding.product, severity] += 1
            for key, those in addressed.jobs.items():
                count = survey.channels.setdefault(key.channel, ChannelCount())
                for job in those:
                    count.add(job, table.account_of(job.finding))
            progress(len(page))
    return survey


def _unseen(jobs: Iterable[Job], seen: set[str]) -> Iterator[Job]:
    for job in jobs:
        name = finding_hash(*job.finding.key) if job.finding else ""
        if name not in seen:
            seen.add(name)
            yield job
