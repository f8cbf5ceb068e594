"""From findings to messages: which channels each goes to, and one delivery for each."""

from collections.abc import Sequence

from finding_router.delivery.cards import Card
from finding_router.delivery.episodes import is_newer
from finding_router.delivery.job import Delivery, Job
from finding_router.delivery.ledger import EntryKey, finding_hash, raw_hash
from finding_router.delivery.outcome import Outcome
from finding_router.findings.events import EventKind
from finding_router.findings.finding import Severity
from finding_router.routing.table import Destination, RoutingTable
from finding_router.slack.card import CardContext
from finding_router.slack.links import AccessPortal


class Planner:
    """Decides every finding of a batch; the same message for two of them is planned once."""

    def __init__(
        self, *, table: RoutingTable, default_channel: str, portal: AccessPortal | None
    ) -> None:
        """Decide by *table*; *portal* makes the links of the cards."""
        self._table = table
        self._default = Destination(channel=default_channel)
        self._portal = portal
        self._planned: dict[EntryKey, Delivery] = {}

    def plan(self, jobs: Sequence[Job]) -> list[Delivery]:
        """Give what is to be posted for *jobs*; those that a route drops have their outcome."""
        for job in jobs:
            if job.outcome is None:
                for destination in self._destinations(job):
                    self._add(job, destination)
        return list(self._planned.values())

    def _destinations(self, job: Job) -> Sequence[Destination]:
        if job.finding is None:
            return [self._default]
        decision = self._table.decide(job.finding, event=job.event)
        if decision.channels:
            return decision.channels
        # A person asked for this one: no route takes the word from them.
        if job.kind is EventKind.CUSTOM_ACTION:
            return [self._default]
        job.suppress = decision.suppress
        job.end(
            Outcome.SUPPRESSED if decision.suppress else Outcome.DROPPED,
            f"route {decision.dropped_by}",
        )
        return []

    def _add(self, job: Job, destination: Destination) -> None:
        delivery = Delivery(
            key=_key(job, destination.channel),
            destination=destination,
            card=self._card(job, destination),
            severity=job.finding.severity if job.finding else Severity.CRITICAL,
            jobs=[job],
        )
        planned = self._planned.setdefault(delivery.key, delivery)
        job.deliveries.append(planned)
        if planned is delivery:
            return
        if _says_more(job, planned.job):
            planned.jobs.append(job)
            planned.card, planned.severity = delivery.card, delivery.severity
        else:
            planned.jobs.insert(0, job)

    def _card(self, job: Job, destination: Destination) -> Card:
        finding = job.finding
        context = CardContext(
            routes=destination.routes,
            # Without routes the card itself says that none matched.
            why=f"new, {destination.note}" if destination.routes and destination.note else "new",
            account_alias=self._table.alias(finding.account_id) if finding else None,
            mention=destination.mention,
            action_name=job.action_name,
            portal=self._portal,
        )
        return Card(raw=job.raw, finding=finding, problem=job.detail, context=context)


def _key(job: Job, channel: str) -> EntryKey:
    """Name the message; a Custom Action is a request of its own, the same only when redelivered."""
    finding = finding_hash(*job.finding.key) if job.finding else raw_hash(job.raw)
    if job.kind is EventKind.CUSTOM_ACTION:
        return EntryKey(finding, f"{channel}#action#{job.event_id}")
    return EntryKey(finding, channel)


def _says_more(job: Job, than: Job) -> bool:
    if job.finding is None or than.finding is None:
        return False
    return is_newer(job.finding.updated_at, than.finding.updated_at)
