"""From findings to deliveries: the channels of each, and one delivery for each alert. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from finding_router.delivery.alerts.advance import (
    Step,
    Verdict,
    Why,
    advance,
    has_risen,
    is_said_before,
)
from finding_router.delivery.alerts.alert import TITLE_CHARS, Alert, Event, Status, form_of
from finding_router.delivery.alerts.identity import REQUESTED, AlertKey, finding_hash
from finding_router.delivery.deliveries import Delivery, Job
from finding_router.delivery.hubs import hub_key
from finding_router.delivery.outcome import Outcome
from finding_router.delivery.posting.layout import Card
from finding_router.findings.finding import Finding
from finding_router.isolation import isolated
from finding_router.routing.hold import HoldKind
from finding_router.routing.table import Decision, Destination, RoutingTable
from finding_router.slack.kit.links import AccessPortal
from finding_router.slack.messages.card import CardContext


@dataclass(slots=True)
class Addressed:
    """
    The alerts that the findings of a batch are about, before the Ledger was read.

    *only_risen* are those without a card, to be posted if the finding got worse elsewhere.
    *beside* are further alerts of the findings, which tell whether they were said before.
    *quiet* are findings that a route keeps from every channel, with its name.
    """

    destinations: dict[AlertKey, Destination] = field(default_factory=dict)
    jobs: dict[AlertKey, list[Job]] = field(default_factory=lambda: defaultdict(list))
    followed_only: set[AlertKey] = field(default_factory=set)
    only_risen: set[AlertKey] = field(default_factory=set)
    beside: set[AlertKey] = field(default_factory=set)
    quiet: list[tuple[Job, Outcome, str]] = field(default_factory=list)
    shadowed: dict[Job, tuple[str, ...]] = field(default_factory=dict)

    @property
    def keys(self) -> list[AlertKey]:
        """Return the keys of all alerts that are to be read."""
        return [*self.jobs, *(self.beside - self.jobs.keys())]


class Planner(NamedTuple):
    """Decides by *table* as of *now*; *portal* makes the links of the cards."""

    table: RoutingTable
    portal: AccessPortal | None
    now: datetime
    settle_seconds: float
    show_tags: tuple[str, ...] = ()
    """Names of the tags that cards show."""
    has_actions: bool = False
    """People may act from messages."""

    def address(
        self,
        new: Sequence[Job],
        followed: Sequence[Job] = (),
        channels: Mapping[str, Collection[str]] | None = None,
    ) -> Addressed:
        """
        Return the alerts of *new* findings by the table, and of *followed* ones where they stand.

        *channels* are those with an alert about each subject. The channels that this batch is about
        to tell count as well: a finding may be new and over within one batch.
        """
        addressed = Addressed()
        for job in new:
            decision = self._decide(job, job.finding) if job.finding else None
            for destination in self._destinations(addressed, job, decision):
                key = job.alert_key(destination.channel)
                known = addressed.destinations.get(key)
                addressed.destinations[key] = _sooner(known, destination)
                addressed.jobs[key].append(job)
            self._look_beside(addressed, job, decision, channels or {})
        told: dict[str, set[str]] = defaultdict(set)
        for key in addressed.jobs:
            told[key.subject].add(key.channel)
        for job in followed:
            if job.finding is not None:
                subject = job.subject
                known_channels = {*(channels or {}).get(subject, ()), *told[subject]}
                self._follow(addressed, job, job.finding, subject, known_channels)
        return addressed

    def _look_beside(
        self,
        addressed: Addressed,
        job: Job,
        decision: Decision | None,
        channels: Mapping[str, Collection[str]],
    ) -> None:
        """Add the alerts of *job* where it may have been posted, if a route leads elsewhere."""
        if decision is None or not job.is_unmarked:
            return
        names = (job.subject, job.own_subject, job.member)
        known = {channel for name in names for channel in channels.get(name, ())}
        if not known.issuperset(each.channel for each in decision.channels):
            addressed.beside |= {AlertKey(job.subject, channel) for channel in known}

    def address_due(
        self, jobs: Sequence[Job], destination: Destination, kind: HoldKind
    ) -> Addressed:
        """
        Return the alert of *jobs*, which are about one subject and were held for a *kind*.

        A silence may hold them again, and after a silence the times of their routes. Routes hold
        nothing twice: two schedules would put off a finding for ever.
        """
        decided = [self._as_decided(job, destination.channel) for job in jobs]
        hold = decided[0].hold if all(each.hold for each in decided) else None
        destination = replace(destination, reminders=decided[0].reminders)
        by_route = kind is HoldKind.SILENCE and destination.hold is None
        if hold is not None and (hold.kind is HoldKind.SILENCE or by_route):
            destination = replace(destination, hold=hold)
        key = jobs[0].alert_key(destination.channel)
        return Addressed(destinations={key: destination}, jobs={key: list(jobs)})

    def deliveries(
        self,
        addressed: Addressed,
        alerts: Mapping[AlertKey, Alert],
        unreadable: Mapping[AlertKey, str] = MappingProxyType({}),
    ) -> tuple[list[Delivery], list[tuple[Job, str]]]:
        """
        Return a delivery for each alert, given those of *alerts* that the Ledger holds.

        The jobs of an alert that is *unreadable*, or that an exception ended, come second, each
        with the reason.
        """
        planned: list[Delivery] = []
        broken: list[tuple[Job, str]] = []
        for key, jobs in addressed.jobs.items():
            if key in unreadable:
                broken += [(job, unreadable[key]) for job in jobs]
                continue
            about = {"subject": key.subject, "channel": key.channel}
            with isolated("alert not planned", **about) as trouble:
                if key not in addressed.only_risen or _has_risen_elsewhere(key, jobs, alerts):
                    planned.append(self._delivery(addressed, key, jobs, alerts))
            if trouble.error is not None:
                broken += [(job, trouble.while_("planning it")) for job in jobs]
        return planned, broken

    def _delivery(
        self,
        addressed: Addressed,
        key: AlertKey,
        jobs: Sequence[Job],
        alerts: Mapping[AlertKey, Alert],
    ) -> Delivery:
        destination = addressed.destinations.get(key) or Destination(channel=key.channel)
        is_news_here = key in addressed.only_risen
        ordered = sorted(jobs, key=lambda job: job.facts.order)
        events = [job.facts for job in ordered]
        alert = _titled(alerts.get(key) or Alert(key=key), ordered)
        if any(_may_hide(alert, job, self.now.timestamp()) for job in jobs):
            alert = replace(alert, is_card_stale=True)
        if self.has_actions:
            alert = _named(alert, ordered)
        is_led = key not in addressed.followed_only or self._is_led(alert, jobs)
        if is_led and alert.version == 0 and self._is_said_before(key, events, alerts):
            step = Step(Verdict.DUPLICATE, Why.SAID_ELSEWHERE, alert)
        elif is_led:
            # A claim that is left is looked into before anything is said.
            step = advance(
                replace(alert, claim=None),
                events,
                settle_seconds=self.settle_seconds,
                is_news_here=is_news_here,
            )
        else:
            step = Step(Verdict.UNKNOWN, Why.NO_ROUTE, alert)
        job = _shown(ordered, step, alert.titled_by)
        return Delivery(
            key=alert.key,
            destination=destination,
            jobs=ordered,
            job=job,
            card=self._card(job, destination),
            ticket=self._ticket(destination, step.alert, job),
            events=events,
            alert=alert,
            step=step,
            is_news_here=is_news_here,
        )

    def _destinations(
        self, addressed: Addressed, job: Job, decision: Decision | None
    ) -> Sequence[Destination]:
        default = Destination(channel=self.table.default_channel)
        if job.finding is None:
            return [default]
        if decision is None:
            return [replace(default, note="it could not be routed")]
        addressed.shadowed[job] = tuple(
            each.channel for each in decision.shadowed if each.hold is None or not each.hold.forget
        )
        if not decision.channels:
            outcome = Outcome.SUPPRESSED if decision.suppress else Outcome.DROPPED
            addressed.quiet.append((job, outcome, decision.dropped_by or ""))
        return decision.channels

    def _follow(
        self, addressed: Addressed, job: Job, finding: Finding, subject: str, known: Collection[str]
    ) -> None:
        """Address the alerts in *known* channels, and those of routes that lead here only now."""
        is_there = job.facts.status is not Status.ENDED
        for channel in known:
            key = AlertKey(subject, channel)
            if key not in addressed.jobs:
                addressed.followed_only.add(key)
            if is_there:
                # A rise may call people, or has to wait.
                destination = self._as_decided(job, channel)
                addressed.destinations[key] = _sooner(addressed.destinations.get(key), destination)
            addressed.jobs[key].append(job)
        decision = self._decide(job, finding) if is_there else None
        if decision is None or decision.silenced_by is not None:
            return
        for destination in decision.channels:
            is_free = bool(destination.routes) and destination.hold is None
            if is_free and destination.channel not in known:
                key = AlertKey(subject, destination.channel)
                addressed.destinations.setdefault(key, destination)
                addressed.jobs[key].append(job)
                addressed.only_risen.add(key)

    def _is_said_before(
        self, key: AlertKey, events: Sequence[Event], alerts: Mapping[AlertKey, Alert]
    ) -> bool:
        """Return True if *events* are no news elsewhere, and so none in a channel without alert."""
        others = _elsewhere(key, alerts)
        return bool(others) and all(
            any(is_said_before(each, event, settle_seconds=self.settle_seconds) for each in others)
            for event in events
        )

    def _is_led(self, alert: Alert, jobs: Sequence[Job]) -> bool:
        """
        Return True unless only followed findings could open *alert*, and no route leads there.

        A worker may have begun to post it before the routes were edited.
        """
        if alert.episode > 0 or alert.version == 0:
            return True
        return all(job.facts.status is Status.ENDED for job in jobs) or any(
            self._leads(alert.key.channel, job) for job in jobs
        )

    def _leads(self, channel: str, job: Job) -> bool:
        """Return True if a route leads *job* to *channel*, or did so while its finding was new."""
        return next(self._leading(job, channel), None) is not None

    def routes_to(self, job: Job, channel: str) -> tuple[str, ...]:
        """Return the routes that lead *job* to *channel*, or did so while its finding was new."""
        return next((each.routes for each in self._leading(job, channel)), ())

    def _leading(self, job: Job, channel: str) -> Iterator[Destination]:
        if job.finding is None:
            return
        for finding in (job.finding, as_new(job.finding)):
            decision = self._decide(job, finding)
            for each in decision.channels if decision is not None else ():
                if each.channel == channel:
                    yield each

    def _as_decided(self, job: Job, channel: str) -> Destination:
        """Return the destination *channel* of *job*; a silence counts if no route names it."""
        decision = self._decide(job, job.finding) if job.finding is not None else None
        decided = decision.channels if decision is not None else ()
        routed = channel.partition(REQUESTED)[0]
        for destination in decided:
            if destination.channel == routed:
                return replace(destination, channel=channel)
        silenced = decision is not None and decision.silenced_by is not None
        return Destination(channel=channel, hold=decided[0].hold if silenced else None)

    def _decide(self, job: Job, finding: Finding) -> Decision | None:
        """Return the table's decision; None if an exception ended it."""
        with isolated("finding not routed", finding_id=finding.id):
            return self.table.decide(
                finding, event=job.event, requested=job.is_requested, now=self.now
            )
        return None

    def _ticket(self, destination: Destination, alert: Alert, job: Job) -> str | None:
        """Return where a route makes a ticket of *alert* without being asked; None for nowhere."""
        if not self.has_actions or job.is_requested:
            return None
        wanted = self.table.ticket_of(destination.routes)
        return wanted.target if wanted and wanted.is_due(alert.worst_there) else None

    def _card(self, job: Job, destination: Destination) -> Card:
        finding = job.finding
        context = CardContext(
            routes=destination.routes,
            # Without routes the card itself says that none matched.
            why=f"new, {destination.note}" if destination.routes and destination.note else "new",
            account_alias=self.table.alias(finding.account_id) if finding else None,
            mention=destination.mention,
            action_name=job.action_name,
            portal=self.portal,
            show_tags=self.show_tags,
            has_buttons=self.has_actions,
            has_ticket=self.has_actions and self.table.ticket_of(destination.routes) is not None,
        )
        return Card(raw=job.raw, finding=finding, problem=job.detail, context=context)


def _titled(alert: Alert, ordered: Sequence[Job]) -> Alert:
    """
    Return *alert* with the title that its card keeps: that of the finding that was first.

    The findings of several standards have a title each, of which the card would show the newest.
    """
    titles = {
        job.facts.member: job.finding.title
        for job in ordered
        if job.finding and alert.key.subject != finding_hash(*job.finding.key)
    }
    there = [job.facts.member for job in ordered if job.facts.status is not Status.ENDED]
    first = alert.titled_by or next((each for each in (*there, *titles) if each in titles), None)
    if first not in titles:
        return alert
    return replace(alert, titled_by=first, title=titles[first][:TITLE_CHARS])


def _named(alert: Alert, ordered: Sequence[Job]) -> Alert:
    """Return *alert* with the keys of its findings in the calls of the Security Hubs."""
    names = {member: dict(forms) for member, forms in alert.names.items()}
    for job in ordered:
        if job.finding is not None and (key := hub_key(job.finding)) is not None:
            names.setdefault(job.facts.member, {})[form_of(job.finding)] = key
    return replace(alert, names=names)


def _may_hide(alert: Alert, job: Job, now: float) -> bool:
    """
    Return True if an earlier try of *job* may have put an older card over that of *alert*.

    The Ledger refuses what a worker writes after another one, and that worker notes that the card
    is stale. One that dies in between leaves it to the next try of its record.
    """
    record = job.record
    if record.tries == 1 or job.finding is None:
        # Nothing changes what was said of a finding that cannot be read.
        return False
    if alert.ts is None or alert.posted_at is None:
        return False
    return alert.touched_at >= now - record.age_seconds and alert.touched_at > alert.posted_at


def _shown(ordered: Sequence[Job], step: Step, first: str | None) -> Job:
    """
    Return the job whose finding the message shows: the newest that fits the verdict.

    Of several standards that is the *first* member's, if there is one.
    """
    is_end = step.verdict is Verdict.CLOSE
    fitting = [job for job in ordered if (job.facts.status is Status.ENDED) is is_end]
    own = [job for job in fitting if job.facts.member == first]
    return (own or fitting or ordered)[-1]


def _has_risen_elsewhere(
    key: AlertKey, jobs: Sequence[Job], alerts: Mapping[AlertKey, Alert]
) -> bool:
    others = _elsewhere(key, alerts)
    return any(has_risen(alert, job.facts) for alert in others for job in jobs)


def _elsewhere(key: AlertKey, alerts: Mapping[AlertKey, Alert]) -> list[Alert]:
    """Return the alerts about the subject of *key* in other channels."""
    return [
        alert for other, alert in alerts.items() if other.subject == key.subject and other != key
    ]


def _sooner(one: Destination | None, other: Destination) -> Destination:
    """Return the destination that does not wait; of equals the first."""
    is_first = one is not None and (one.hold is None or other.hold is not None)
    return one if one is not None and is_first else other


def as_new(finding: Finding) -> Finding:
    """Return *finding* as patterns saw it while it was new."""
    raw = {**finding.raw, "Workflow": {"Status": "NEW"}, "RecordState": "ACTIVE"}
    if isinstance(raw.get("Compliance"), dict):
        raw["Compliance"] = {**raw["Compliance"], "Status": "FAILED"}
    return replace(finding, raw=raw)
