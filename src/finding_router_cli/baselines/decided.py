"""The router's own decision about a page of findings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from finding_router.delivery.account_claims import Claims, NameStore
from finding_router.delivery.account_names import AccountNames
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import AlertKey, finding_hash
from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.intake import read_jobs
from finding_router.delivery.notices import Notices
from finding_router.delivery.plan import Addressed, Planner
from finding_router.findings.finding import Severity
from finding_router_cli.baselines.source import FindingSource


class Desk:
    """Reads and addresses findings as a batch of the router does."""

    def __init__(
        self,
        planner: Planner,
        names: AccountNames,
        notices: Notices,
        *,
        before: datetime,
        keep: Severity | None,
    ) -> None:
        """Leave out findings that were not created *before*, and those from severity *keep* on."""
        self.planner = planner
        self._names = names
        self._notices = notices
        self.before = before
        self._keep = keep

    def read(
        self, source: FindingSource, page: Iterable[Mapping[str, Any]]
    ) -> tuple[list[Job], list[Job]]:
        """Return the jobs of the findings that the router would post, and those that are kept."""
        jobs = [
            job
            for raw in page
            for job in read_jobs(Record(body=source.event(raw)))
            if job.outcome is None and job.finding is not None
        ]
        kept = [job for job in jobs if self._is_kept(job)]
        return [job for job in jobs if job not in kept], kept

    def address(self, jobs: Sequence[Job]) -> Addressed:
        """Return the alerts that *jobs* are about. StoreError."""
        self._names.settle(jobs, self._notices)
        return self.planner.address(jobs)

    def _is_kept(self, job: Job) -> bool:
        severity = job.finding.severity if job.finding else Severity.INFORMATIONAL
        return self._keep is not None and severity.rank >= self._keep.rank


def keys_by_job(addressed: Addressed) -> dict[Job, list[AlertKey]]:
    """Return the alerts of each job that has any."""
    keys: dict[Job, list[AlertKey]] = defaultdict(list)
    for key, jobs in addressed.jobs.items():
        for job in jobs:
            keys[job].append(key)
    return keys


def known_jobs(addressed: Addressed, alerts: Mapping[AlertKey, Alert]) -> set[Job]:
    """Return the jobs whose findings every alert of theirs has heard of."""
    return {
        job
        for job, keys in keys_by_job(addressed).items()
        if job.finding is not None
        and all(
            key in alerts and finding_hash(*job.finding.key) in alerts[key].members for key in keys
        )
    }


class UnclaimedNames(NameStore):
    """The claims to accounts' names, only read: counting changes nothing."""

    def __init__(self, store: NameStore) -> None:
        """Read from *store*."""
        self._store = store

    def claims(self, names: Iterable[str]) -> dict[str, Claims | None]:
        """Return the claims to each of *names*."""
        return self._store.claims(names)

    def claim(self, name: str, account_id: str, *, at: float) -> None:
        """Claim nothing."""

    def claim_first(self, accounts: Mapping[str, str], *, at: float) -> set[str]:  # noqa: ARG002
        """Claim nothing, as if each were the first to claim."""
        return set(accounts)
