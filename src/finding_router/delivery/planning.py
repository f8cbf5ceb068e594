"""From findings to messages: which channels each goes to, and one delivery for each."""

from collections.abc import Sequence
from dataclasses import replace

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
from finding_router.telemetry import logger


class Planner:
    """Decides every finding of a batch; the same message for two of them is planned once."""

    def __init__(self, *, table: RoutingTable, portal: AccessPortal | None) -> None:
        """Decide by *table*; *portal* makes the links of the cards."""
        self._table = table
        self._default = Destination(channel=table.default_channel)
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
        # No route takes the word from a person who asked for this one.
        requested = job.kind is EventKind.CUSTOM_ACTION
        try:
            decision = self._table.decide(job.finding, event=job.event, requested=requested)
        # A finding that nobody foresaw must not take the others of the batch along.
        except Exception as error:  # noqa: BLE001 -- see above
            logger.exception("finding not routed", finding_id=job.finding.id)
            return [replace(self._default, note=f"{type(error).__name__} while routing it")]
        if not decision.channels:
            job.suppress = decision.suppress
            outcome = Outcome.SUPPRESSED if decision.suppress else Outcome.DROPPED
            job.end(outcome, f"route {decision.dropped_by}")
        return decision.channels

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
    finding = (
        finding_hash(*job.finding.key) if job.finding else raw_hash(job.raw, or_else=job.event_id)
    )
    if job.kind is EventKind.CUSTOM_ACTION:
        return EntryKey(finding, f"{channel}#action#{job.event_id}")
    return EntryKey(finding, channel)


def _says_more(job: Job, than: Job) -> bool:
    """Prefer the newer; of the same time, which the queue may have turned around, the worse."""
    this, other = job.finding, than.finding
    if this is None or other is None:
        return False
    if is_newer(this.updated_at, other.updated_at) or is_newer(other.updated_at, this.updated_at):
        return is_newer(this.updated_at, other.updated_at)
    return this.severity.rank > other.severity.rank
