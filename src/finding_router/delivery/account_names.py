"""The check of account names: a finding states its own, so that any account may state any name."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from copy import replace
from typing import TYPE_CHECKING, Final

from finding_router.delivery.account_claims import CLAIM_SECONDS, Claims, NameStore
from finding_router.delivery.deliveries import Job
from finding_router.delivery.notices import Notices
from finding_router.delivery.troubles import shared_name
from finding_router.routing.items.channel import channel_safe

if TYPE_CHECKING:
    from finding_router.delivery.organization import OrganizationCache

_ASK_AGAIN_SECONDS: Final = 600.0


class AccountNames:
    """
    Gives findings the names of their accounts in AWS Organizations, where those are known.

    Elsewhere it removes names that two accounts claim; it caches the claims for a while.
    """

    def __init__(
        self,
        store: NameStore,
        *,
        clock: Callable[[], float],
        organization: "OrganizationCache | None" = None,
    ) -> None:
        """*clock* gives Unix seconds."""
        self._store = store
        self._organization = organization
        self._clock = clock
        self._known: dict[str, Claims | None] = {}
        self._asked_at: dict[str, float] = {}

    def settle(self, jobs: Collection[Job], notices: Notices) -> None:
        """
        Set the account of each job's finding, or remove its name if another account claims it.

        Names are compared as in channels. Raises StoreError.
        """
        self._enrich(jobs, notices)
        claimed = _claimed(jobs)
        now = self._clock()
        self._learn({name for name, _ in claimed if name}, now)
        self._claim_first(claimed, now)
        for name, account_id in claimed:
            if name:
                self._claim(name, account_id, now)
        for (name, _), those in claimed.items():
            accounts = self._accounts(name, now)
            if accounts is not None and len(accounts) <= 1:
                continue
            for job in those:
                if job.finding is not None:
                    job.finding = replace(job.finding, account_name=None)
            if accounts is not None:
                words = shared_name(name, accounts, notices.table)
                notices.say(f"account name {name}", words)

    def _enrich(self, jobs: Collection[Job], notices: Notices) -> None:
        """Set the account of each finding that AWS Organizations has, and its name."""
        if self._organization is None:
            return
        organization = self._organization.current()
        for job in jobs:
            if job.finding is None:
                continue
            job.finding = organization.enriched(job.finding)
            if job.finding.account is not None and job.finding.account_name is None:
                name = channel_safe(job.finding.account.name)
                if accounts := organization.shared_names.get(name):
                    words = shared_name(name, accounts, notices.table)
                    notices.say(f"account name {name}", words)

    def _learn(self, names: Iterable[str], now: float) -> None:
        unknown = [
            each for each in names if now - self._asked_at.get(each, 0.0) >= _ASK_AGAIN_SECONDS
        ]
        if not unknown:
            return
        found = self._store.claims(unknown)
        for name in unknown:
            self._known[name] = found.get(name, {})
            self._asked_at[name] = now

    def _claim_first(self, claimed: Iterable[tuple[str, str]], now: float) -> None:
        """Claim names that nobody claimed before together: a flood has a hundred of them."""
        first: dict[str, str] = {}
        for name, account_id in claimed:
            if name and self._known[name] == {}:
                first.setdefault(name, account_id)
        if len(first) > 1:
            for name in self._store.claim_first(first, at=now):
                self._known[name] = {first[name]: now}

    def _claim(self, name: str, account_id: str, now: float) -> None:
        claims = self._known[name]
        if claims is None or now - claims.get(account_id, 0.0) < CLAIM_SECONDS / 2:
            return
        self._store.claim(name, account_id, at=now)
        self._known[name] = {**claims, account_id: now}

    def _accounts(self, name: str, now: float) -> list[str] | None:
        """Return the accounts that claim *name* by now; None if that cannot be told."""
        claims = self._known.get(name, {})
        if claims is None:
            return None
        return sorted(each for each, at in claims.items() if now - at < CLAIM_SECONDS)


def _claimed(jobs: Iterable[Job]) -> dict[tuple[str, str], list[Job]]:
    """Return the jobs of each name that an account states of itself, by name and account."""
    claimed: dict[tuple[str, str], list[Job]] = defaultdict(list)
    for job in jobs:
        finding = job.finding
        # A name of AWS Organizations is certain.
        if finding is None or finding.account is not None:
            continue
        if finding.account_name and finding.account_id:
            claimed[channel_safe(finding.account_name), finding.account_id].append(job)
    return claimed
