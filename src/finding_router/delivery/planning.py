"""From findings to messages: which channels each goes to, and one delivery for each."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cmp_to_key, partial

from finding_router.delivery.cards import Card
from finding_router.delivery.episodes import News, Phase, phase_of
from finding_router.delivery.job import Delivery, Job
from finding_router.delivery.ledger import EntryKey, finding_hash, raw_hash
from finding_router.delivery.moments import is_newer
from finding_router.delivery.outcome import Outcome
from finding_router.delivery.subjects import subject_of
from finding_router.findings.events import EventKind
from finding_router.findings.finding import Finding, Severity
from finding_router.findings.standards import standard_name
from finding_router.routing.hold import HoldKind
from finding_router.routing.table import Decision, Destination, RoutingTable
from finding_router.slack.card import CardContext
from finding_router.slack.links import AccessPortal
from finding_router.telemetry import logger

# Of events that were updated at the same time, what people made of it comes last.
_PHASES = [Phase.NEW, Phase.ONGOING, Phase.ENDED]


class Planner:
    """Decides every finding of a batch; the same message for two of them is planned once."""

    def __init__(self, *, table: RoutingTable, portal: AccessPortal | None, now: datetime) -> None:
        """Decide by *table* as of *now*; *portal* makes the links of the cards."""
        self.now = now
        self._table = table
        self._default = Destination(channel=table.default_channel)
        self._portal = portal
        self._destined: dict[EntryKey, Destination] = {}
        self._jobs: dict[EntryKey, list[Job]] = defaultdict(list)
        self._unheard: set[EntryKey] = set()

    def route(self, jobs: Sequence[Job]) -> None:
        """Decide where *jobs* go that have no outcome; those that a route drops have theirs."""
        for job in jobs:
            for destination in self._destinations(job):
                key = _key(job, destination.channel)
                self._destined[key] = _sooner(self._destined.get(key), destination)
                self._jobs[key].append(job)

    def follow(self, jobs: Sequence[Job], channels: Mapping[str, Collection[str]]) -> None:
        """
        Bring *jobs*, which are about findings said before, to where they were said.

        *channels* has those of each subject, beside which the ones count that this batch is about
        to tell: a finding may be new and over within one batch.
        """
        planned: dict[str, set[str]] = defaultdict(set)
        for key in self._destined:
            planned[key.finding].add(key.channel)
        for job in jobs:
            if job.finding is not None:
                subject = subject_of(job.finding)
                known = {*channels.get(subject, ()), *planned[subject]}
                for channel in known:
                    self._follow(job, EntryKey(subject, channel))
                if phase_of(job.finding) is Phase.ONGOING:
                    self._spread(job, job.finding, known)

    def deliveries(self) -> list[Delivery]:
        """Give what is to be done, the events of one thing one after the other."""
        return [each for key, jobs in self._jobs.items() for each in self._in_order(key, jobs)]

    def due(self, jobs: Sequence[Job], destination: Destination, kind: HoldKind) -> list[Delivery]:
        """
        Give the deliveries of *jobs*, which are about one thing, waited for a *kind* and are due.

        They have to wait again for a silence, and after one for what their routes wait for. Routes
        make nothing wait twice: two schedules would put off for ever what comes in one channel.
        Otherwise what *destination* says counts.
        """
        holds = [self._as_decided(job, destination.channel).hold for job in jobs]
        hold = holds[0] if all(holds) else None
        by_route = kind is HoldKind.SILENCE and destination.hold is None
        if hold is not None and (hold.kind is HoldKind.SILENCE or by_route):
            destination = replace(destination, hold=hold)
        key = _key(jobs[0], destination.channel)
        self._destined[key] = destination
        return self._in_order(key, jobs)

    def _in_order(self, key: EntryKey, jobs: Sequence[Job]) -> list[Delivery]:
        """Give the deliveries of *jobs* to *key*, one for those that are said together."""
        planned: list[Delivery] = []
        for job in sorted(jobs, key=cmp_to_key(_compare)):
            last = planned[-1] if planned else None
            if last is not None and _is_same(last, job):
                self._join(last, job)
            else:
                planned.append(self._delivery(key, job, after=last))
        return planned

    def _follow(self, job: Job, key: EntryKey) -> None:
        """Tell the card of *key*; what got worse may call people, or has to wait."""
        if job.finding is not None and phase_of(job.finding) is Phase.ONGOING:
            destination = self._as_decided(job, key.channel)
            self._destined[key] = _sooner(self._destined.get(key), destination)
        self._jobs[key].append(job)

    def _as_decided(self, job: Job, channel: str) -> Destination:
        """Give what *channel* gets of *job*; where no route names it, a silence counts as well."""
        decision = self._decide(job, job.finding) if job.finding is not None else None
        decided = decision.channels if decision is not None else ()
        for destination in decided:
            if destination.channel == channel:
                return destination
        silenced = decision is not None and decision.silenced_by is not None
        return Destination(channel=channel, hold=decided[0].hold if silenced else None)

    def _leads(self, channel: str, job: Job) -> bool:
        """Tell whether a route leads *job* to *channel*, or did so while its finding was new."""
        finding = job.finding
        if finding is None:
            return False
        decisions = (self._decide(job, each) for each in (finding, _as_new(finding)))
        return any(
            each.channel == channel
            for decision in decisions
            if decision is not None
            for each in decision.channels
        )

    def _spread(self, job: Job, finding: Finding, known: Collection[str]) -> None:
        """Bring it to where its routes lead and nobody was told of it, in case that it rose."""
        decision = self._decide(job, finding)
        if decision is None or decision.silenced_by is not None:
            return
        for destination in decision.channels:
            is_free = bool(destination.routes) and destination.hold is None
            if is_free and destination.channel not in known:
                key = EntryKey(subject_of(finding), destination.channel)
                self._destined.setdefault(key, destination)
                self._jobs[key].append(job)
                self._unheard.add(key)

    def _destinations(self, job: Job) -> Sequence[Destination]:
        if job.finding is None:
            return [self._default]
        decision = self._decide(job, job.finding)
        if decision is None:
            return [replace(self._default, note="it could not be routed")]
        job.shadowed = tuple(
            each.channel for each in decision.shadowed if each.hold is None or not each.hold.forget
        )
        if not decision.channels:
            job.suppress = decision.suppress
            outcome = Outcome.SUPPRESSED if decision.suppress else Outcome.DROPPED
            job.end(outcome, f"route {decision.dropped_by}")
        return decision.channels

    def _decide(self, job: Job, finding: Finding) -> Decision | None:
        # No route takes the word from a person who asked for this one.
        requested = job.kind is EventKind.CUSTOM_ACTION
        try:
            return self._table.decide(finding, event=job.event, requested=requested, now=self.now)
        # A finding that nobody foresaw must not take the others of the batch along.
        except Exception:  # noqa: BLE001 -- see above
            logger.exception("finding not routed", finding_id=finding.id)
            return None

    def _delivery(self, key: EntryKey, job: Job, *, after: Delivery | None) -> Delivery:
        destination = self._destined.get(key) or Destination(channel=key.channel)
        news = _news(job)
        delivery = Delivery(
            key=key,
            destination=destination,
            card=self._card(job, destination),
            severity=news.severity,
            jobs=[job],
            news={news.member: news},
            is_requested=job.kind is EventKind.CUSTOM_ACTION,
            is_for_a_rise=key in self._unheard,
            leads_there=partial(self._leads, key.channel),
            after=after,
        )
        job.deliveries.append(delivery)
        return delivery

    def _join(self, delivery: Delivery, job: Job) -> None:
        """Let *delivery* speak of *job* as well, which is the newer or the worse of the two."""
        news = _news(job)
        delivery.jobs.append(job)
        delivery.news[news.member] = news
        delivery.card = self._card(job, delivery.destination)
        delivery.severity = max(
            (each.severity for each in delivery.news.values()), key=lambda severity: severity.rank
        )
        job.deliveries.append(delivery)

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
    if job.finding is None:
        return EntryKey(raw_hash(job.raw, or_else=job.event_id), channel)
    if job.kind is EventKind.CUSTOM_ACTION:
        subject = finding_hash(*job.finding.key)
        return EntryKey(subject, f"{channel}#action#{job.event_id}")
    return EntryKey(subject_of(job.finding), channel)


def _sooner(one: Destination | None, other: Destination) -> Destination:
    """Give that which does not wait, of equals the first."""
    is_first = one is not None and (one.hold is None or other.hold is not None)
    return one if one is not None and is_first else other


def _news(job: Job) -> News:
    finding = job.finding
    if finding is None:
        member = raw_hash(job.raw, or_else=job.event_id)
        return News(member=member, phase=Phase.NEW, severity=Severity.CRITICAL)
    requested = job.kind is EventKind.CUSTOM_ACTION
    return News(
        member=finding_hash(*finding.key),
        phase=Phase.NEW if requested else phase_of(finding),
        severity=finding.severity,
        updated_at=finding.updated_at,
        sent_at=job.sent_at,
        standard=standard_name(finding),
    )


def _is_same(delivery: Delivery, job: Job) -> bool:
    """Tell whether what *job* says is said together: what is new, and what only goes on."""
    phase = _news(job).phase
    return phase is not Phase.ENDED and all(each.phase is phase for each in delivery.news.values())


def _compare(this: Job, other: Job) -> int:
    """Order by UpdatedAt, then by when they were sent; of the same times, the worse is last."""
    mine, theirs = _news(this), _news(other)
    if is_newer(mine.updated_at, theirs.updated_at):
        return 1
    if is_newer(theirs.updated_at, mine.updated_at):
        return -1
    if mine.sent_at is not None and theirs.sent_at is not None and mine.sent_at != theirs.sent_at:
        return 1 if mine.sent_at > theirs.sent_at else -1
    return _rank(mine) - _rank(theirs)


def _rank(news: News) -> int:
    return _PHASES.index(news.phase) * len(Severity) + news.severity.rank


def _as_new(finding: Finding) -> Finding:
    """Give *finding* as patterns saw it before anybody changed it, or it ended."""
    raw = {**finding.raw, "Workflow": {"Status": "NEW"}, "RecordState": "ACTIVE"}
    if isinstance(raw.get("Compliance"), dict):
        raw["Compliance"] = {**raw["Compliance"], "Status": "FAILED"}
    return replace(finding, raw=raw)
