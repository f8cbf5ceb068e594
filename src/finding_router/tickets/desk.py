"""The desk of tickets: makes them, and tells them of the end or the return of their findings."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from copy import replace
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Final

from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.care import Person, Ticket
from finding_router.delivery.alerts.identity import REQUESTED, AlertKey
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.plan import as_new
from finding_router.delivery.tickets import News, Waiting
from finding_router.errors import ConfigurationError, TicketError, TicketGoneError
from finding_router.findings.finding import Finding
from finding_router.isolation import isolated
from finding_router.routing.items.ticket import RouteTicket
from finding_router.routing.table import RoutingTable
from finding_router.tickets.claims import Wish, ticket_of
from finding_router.tickets.making import THERE, Done, Making, Office, Result
from finding_router.tickets.tracker import DELETED, Turn

# The calls of GitHub for one ticket, and the record of them.
STEP_SECONDS: Final = 30.0
MAX_ENTRIES: Final = 200
_TRIES: Final = 3
_ENDED: Final = "ended"


class TicketDesk:
    """Makes and changes tickets; the collaborators come from bootstrap."""

    def __init__(
        self, office: Office, *, table: Callable[[], RoutingTable], burst_threshold: int
    ) -> None:
        """
        Find the places of tickets by *table*.

        More than *burst_threshold* tickets of one place at once are one, with a list.
        """
        self._office = office
        self._claims = office.claims
        self._clock = office.claims.clock
        self._table = table
        self._burst_threshold = burst_threshold

    def create(self, key: AlertKey, by: Person) -> Result:
        """
        Make the ticket of an alert for a person; the same one for everybody who asks.

        Raises:
            StoreError: The Ledger does not answer.
            RouterError: Security Hub does not answer.

        """
        alert = self._claims.read([key]).get(key)
        if alert is None:
            return Result(done=Done.REFUSED, why="this finding is not known here any more")
        ticket = alert.care.ticket
        if ticket is not None and ticket.label is not None:
            return Result(done=Done.THERE_BEFORE, ticket=ticket)
        findings = self._office.look(alert)
        if not findings:
            return Result(done=Done.REFUSED, why="Security Hub does not find this finding")
        wanted = self._wanted(key, findings)
        if wanted is None:
            why = "no route to this channel makes tickets for this finding"
            return Result(done=Done.REFUSED, why=why)
        entry = Waiting(key=key, news=News.CREATE, at=self._clock(), to=wanted.target)
        # If this call dies, the next run of the outbox makes the ticket.
        self._claims.outbox.put([entry])
        making = Making(self._office, known={key: findings}, by=by)
        result = Result(done=Done.WAITING)
        for _ in range(_TRIES):
            if alert is None or not self._claims.is_free(alert):
                break
            making.make([Wish(entry, alert)])
            result = making.results.get(key, result)
            if result.done is not Done.WAITING or result.why:
                break
            # Another worker wrote the alert: a mark that was set, for example.
            alert = self._claims.read([key]).get(key)
        return result

    def drain(self, deadline: Deadline) -> int:
        """
        Work through the outbox, as far as time allows; return the number of entries that were due.

        Raises:
            StoreError: The Ledger does not answer.

        """
        now = self._clock()
        entries = (each for each in self._claims.outbox.waiting() if each.due_at <= now)
        due = list(islice(entries, MAX_ENTRIES))
        wishes, turns = self._sorted(due)
        making = Making(self._office)
        for group in _groups(wishes, self._burst_threshold):
            if not deadline.leaves(STEP_SECONDS):
                return len(due)
            with isolated("ticket not made", subject=group[0].entry.key.subject):
                making.make(group)
        for wish in turns:
            if not deadline.leaves(STEP_SECONDS):
                return len(due)
            with isolated("ticket not told", subject=wish.entry.key.subject):
                self._tell(wish)
        return len(due)

    @property
    def mistakes(self) -> Counter[str]:
        """Return the number of tickets that wait for a person, by the mistake to correct."""
        return self._claims.mistakes

    def _sorted(self, due: list[Waiting]) -> tuple[list[Wish], list[Wish]]:
        """Return the tickets to be made, and those to be told; the other entries are done with."""
        alerts = self._claims.read(each.key for each in due)
        wishes: list[Wish] = []
        turns: list[Wish] = []
        for entry in due:
            alert = alerts.get(entry.key)
            if entry.key in alerts.unreadable:
                self._claims.put_off(entry, TicketError(alerts.unreadable[entry.key]))
            elif alert is not None and not self._claims.is_free(alert):
                # The lease of the router, or of the worker that makes the ticket, ends soon.
                continue
            elif alert is None or not _is_concerned(alert, entry):
                self._claims.outbox.remove(entry)
            elif ticket_of(alert).label is not None:
                turns.append(Wish(entry, alert))
            else:
                wishes.append(Wish(entry, alert))
        return wishes, turns

    def _wanted(self, key: AlertKey, findings: Iterable[Finding]) -> RouteTicket | None:
        """Return the tickets of the routes that lead *findings* to their channel."""
        table = self._table()
        now = datetime.fromtimestamp(self._clock(), UTC)
        channel, _, _ = key.channel.partition(REQUESTED)
        for each in chain.from_iterable((one, as_new(one)) for one in findings):
            for destination in table.decide(each, now=now).channels:
                wanted = table.ticket_of(destination.routes)
                if wanted is not None and destination.channel == channel:
                    return wanted
        return None

    def _tell(self, wish: Wish) -> None:
        """Tell a ticket of the end, the return or the rise of its finding, if it does not know."""
        claims, alert = self._claims, wish.alert
        ticket = ticket_of(alert)
        news = f"{alert.episode}.{_word(alert)}"
        if ticket.told == news and not _has_risen(wish, ticket):
            if alert.is_card_stale:
                claims.end(wish.entry)
            else:
                claims.outbox.remove(wish.entry)
            return
        if not claims.lock(alert.key.subject, ticket.to):
            return
        claimed = claims.claim(alert, ticket)
        if claimed is not None:
            self._tell_claimed(wish, claimed, ticket, news)
        claims.unlock(alert.key.subject, ticket.to)

    def _tell_claimed(self, wish: Wish, claimed: Alert, ticket: Ticket, news: str) -> None:
        """Tell *ticket*, as it was before it was claimed, what it does not know."""
        claims, alert = self._claims, wish.alert
        try:
            after: Ticket | None = ticket
            if ticket.told != news:
                after = self._told_elsewhere(alert, ticket) or self._told(alert, ticket)
            if after is not None and _has_risen(wish, after):
                after = self._risen_elsewhere(alert, after) or self._risen(alert, after)
        except (TicketError, ConfigurationError) as error:
            is_lost = isinstance(error, TicketError) and error.ambiguous
            begun_at = ticket.begun_at or (self._clock() if is_lost else None)
            claims.record(claimed, replace(ticket, begun_at=begun_at))
            claims.put_off(wish.entry, error)
            return
        if after is None:
            # It was closed too long ago: another one links it.
            if claims.record(claimed, Ticket(to=ticket.to, former=ticket.url)):
                again = replace(wish.entry, news=News.CREATE, to=ticket.to, due_at=0.0)
                claims.outbox.put([again])
        elif claims.record(claimed, replace(after, begun_at=None, told=news)):
            claims.end(wish.entry)

    def _told(self, alert: Alert, ticket: Ticket) -> Ticket | None:
        """Return the ticket after it was told; None if another one is to be made."""
        tracker = self._office.tracker(ticket.to, ticket)
        turn = self._turn(alert, ticket, _word(alert))
        try:
            if not alert.is_shown:
                return tracker.end(ticket, turn)
            after = tracker.come_back(ticket, turn)
            return replace(after, severity=alert.worst) if after is not None else None
        except TicketGoneError:
            return _deleted(ticket)

    def _risen(self, alert: Alert, ticket: Ticket) -> Ticket:
        """Return the ticket after it was told of the rise."""
        tracker = self._office.tracker(ticket.to, ticket)
        turn = self._turn(alert, ticket, f"{News.RISEN}-{alert.worst}")
        try:
            after = tracker.rise(ticket, replace(turn, severity=alert.worst))
        except TicketGoneError:
            after = _deleted(ticket)
        return replace(after, severity=alert.worst)

    def _turn(self, alert: Alert, ticket: Ticket, news: str) -> Turn:
        return Turn(
            name=alert.key.subject,
            episode=alert.episode,
            news=news,
            severity=alert.severity,
            at=self._clock(),
            is_in_doubt=ticket.begun_at is not None,
        )

    def _told_elsewhere(self, alert: Alert, ticket: Ticket) -> Ticket | None:
        """Return the ticket after another channel has told it of the same; None if none has."""
        for theirs in self._theirs(alert, ticket):
            if (theirs.told or "").endswith(f".{_word(alert)}"):
                return replace(theirs, claimed_at=None, former=ticket.former)
        return None

    def _risen_elsewhere(self, alert: Alert, ticket: Ticket) -> Ticket | None:
        """Return the ticket after another channel has told it of the rise; None if none has."""
        for theirs in self._theirs(alert, ticket):
            if theirs.severity is not None and theirs.severity.rank >= alert.worst.rank:
                return replace(ticket, severity=theirs.severity)
        return None

    def _theirs(self, alert: Alert, ticket: Ticket) -> Iterator[Ticket]:
        """Yield the same ticket as other channels have it."""
        for other in self._claims.others(alert):
            theirs = other.care.ticket
            if theirs is not None and theirs.url == ticket.url:
                yield theirs


def _deleted(ticket: Ticket) -> Ticket:
    """Return *ticket*, which a person deleted."""
    return replace(ticket, state=DELETED, is_left=True)


def _has_risen(wish: Wish, ticket: Ticket) -> bool:
    """Return True if the finding got worse than *ticket* says."""
    alert = wish.alert
    if ticket.severity is None:
        return alert.is_shown and wish.entry.news is News.RISEN
    return alert.is_shown and alert.worst.rank > ticket.severity.rank


def _word(alert: Alert) -> str:
    return THERE if alert.is_shown else _ENDED


def _is_concerned(alert: Alert, entry: Waiting) -> bool:
    """Return True if a ticket of *alert* is to be made or told, or was begun."""
    return alert.care.ticket is not None or (alert.is_shown and entry.to is not None)


def _groups(wishes: Iterable[Wish], burst_threshold: int) -> Iterator[list[Wish]]:
    """
    Yield the wishes of which each makes one ticket.

    What an earlier try began together stays together, under its marker. What one digest lists is
    one ticket, and so is what goes to one place at once beyond the threshold.
    """
    together: dict[tuple[str, ...], list[Wish]] = defaultdict(list)
    for wish in wishes:
        together[_group(wish)].append(wish)
    alone: dict[str, list[Wish]] = defaultdict(list)
    for (kind, *_), several in together.items():
        if kind == "begun" or len(several) > 1:
            yield several
        else:
            alone[several[0].entry.to or ""] += several
    for several in alone.values():
        if len(several) > burst_threshold:
            yield several
        else:
            yield from ([each] for each in several)


def _group(wish: Wish) -> tuple[str, ...]:
    ticket, entry = wish.alert.care.ticket, wish.entry
    if ticket is not None:
        # With a ticket before it, each is made alone.
        return "begun", ticket.marker or entry.key.subject
    if wish.alert.digest is not None:
        return "digest", wish.alert.digest, entry.to or ""
    return "alone", entry.key.subject, entry.key.channel
