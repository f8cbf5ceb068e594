"""Make the ticket of a finding, or one for several of a burst."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from copy import replace
from dataclasses import dataclass
from enum import StrEnum
from itertools import batched
from typing import Protocol

from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.care import Person, Ticket
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.errors import ConfigurationError, RouterError, StoreError, TicketError
from finding_router.findings.finding import Finding
from finding_router.slack.kit.links import AccessPortal
from finding_router.telemetry import logger
from finding_router.tickets.claims import Claims, Wish, ticket_of
from finding_router.tickets.facts import Facts, uid_of
from finding_router.tickets.tracker import CLOSED, DELETED, Tracker

THERE = "there"


class Done(StrEnum):
    """The outcome of a wish for a ticket."""

    MADE = "made"
    THERE_BEFORE = "there before"
    WAITING = "waiting"
    """It will be made within minutes."""
    REFUSED = "refused"
    """Somebody has to correct something first, which *why* says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of a wish: *ticket* if there is one, else *why* as a sentence for people."""

    done: Done
    ticket: Ticket | None = None
    why: str = ""


class Look(Protocol):
    """Reads the findings of an alert from the Security Hubs; may raise any RouterError."""

    def __call__(self, alert: Alert) -> Sequence[Finding]:
        """Return those that are found, as they are now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """
    The collaborators that make a ticket.

    *tracker* returns the place that a name of the routing table, or an ARN, stands for, and raises
    TicketError. *alias* returns the name of an account, *card_url* the address of a card.
    """

    claims: Claims
    tracker: Callable[[str, Ticket | None], Tracker]
    look: Look
    alias: Callable[[str | None], str | None]
    card_url: Callable[[Alert], str | None]
    portal: AccessPortal | None = None


class Making:
    """Makes tickets; *results* are by alert, *known* are findings that were read before."""

    def __init__(
        self,
        office: Office,
        *,
        known: Mapping[AlertKey, Sequence[Finding]] | None = None,
        by: Person | None = None,
    ) -> None:
        """Make them for the person *by*; None if a route asks for them."""
        self._office = office
        self._claims = office.claims
        self._known = known or {}
        self._by = by
        self.results: dict[AlertKey, Result] = {}

    def make(self, wishes: Sequence[Wish]) -> None:
        """Make one ticket for all of *wishes*, or as few as their place can have."""
        begun = wishes[0].alert.care.ticket
        to = begun.to if begun else wishes[0].entry.to or ""
        # Of several channels one makes the ticket, and the others take it over later.
        first = {each.alert.key.subject: each for each in reversed(wishes)}
        left = [each for each in wishes if each is first[each.alert.key.subject]]
        locked = [each for each in left if self._claims.lock(each.alert.key.subject, to)]
        for wish in left:
            if wish not in locked:
                self.results[wish.alert.key] = Result(done=Done.WAITING)
        # A ticket that was begun for several findings is looked for, or made, with all of them.
        if len(locked) == len(left) or ticket_of(wishes[0].alert).begun_at is None:
            subjects = {each.alert.key.subject for each in locked}
            self._make_locked(
                locked, to, [each for each in wishes if each.alert.key.subject in subjects]
            )
        for wish in locked:
            self._claims.unlock(wish.alert.key.subject, to)

    def _make_locked(self, locked: Sequence[Wish], to: str, wishes: Sequence[Wish]) -> None:
        """Make the tickets of *locked*, at which nobody else is, or put off all of *wishes*."""
        try:
            tracker = self._office.tracker(to, None)
            left = [each for each in locked if not self._takes_over(each, to)]
            facts = {each.alert.key: self._facts(each.alert) for each in left}
        except StoreError:
            raise
        except RouterError as error:
            for wish in wishes:
                self._put_off(wish, error)
            return
        for some in batched(left, tracker.most, strict=False):
            self._make(some, tracker, facts, to)

    def _takes_over(self, wish: Wish, to: str) -> bool:
        """
        Take over the ticket that another channel has of the same finding, if it is open there.

        Return True also if one is being made there: it is taken over later.
        """
        claims, alert = self._claims, wish.alert
        own = ticket_of(alert)
        for other in claims.others(alert):
            theirs = ticket_of(other)
            is_begun = own.begun_at is not None and own.marker != theirs.marker
            is_there = theirs.marker is not None and theirs.state not in {CLOSED, DELETED}
            if theirs.to != to or is_begun or not is_there:
                continue
            if theirs.label is None:
                if own.begun_at is not None:
                    # Both are of one list.
                    continue
                self.results[alert.key] = Result(done=Done.WAITING)
                return True
            claimed = claims.claim(alert, Ticket(to=to, marker=theirs.marker))
            if claimed is not None:
                self._record(wish, claimed, replace(theirs, told=None))
            return True
        return False

    def _make(
        self, wishes: Sequence[Wish], tracker: Tracker, facts: Mapping[AlertKey, Facts], to: str
    ) -> None:
        begun = ticket_of(wishes[0].alert)
        marker = begun.marker or uuid.uuid4().hex
        claimed: list[tuple[Wish, Alert]] = []
        for wish in wishes:
            before = ticket_of(wish.alert)
            ticket = Ticket(to=to, marker=marker, begun_at=before.begun_at, former=before.former)
            alert = self._claims.claim(wish.alert, ticket)
            if alert is None:
                self.results[wish.entry.key] = Result(done=Done.WAITING)
            else:
                claimed.append((wish, alert))
        if not claimed:
            return
        try:
            made = tracker.make(
                [facts[alert.key] for _, alert in claimed],
                ticket_of(claimed[0][1]),
                is_in_doubt=begun.begun_at is not None,
            )
        except (TicketError, ConfigurationError) as error:
            is_lost = isinstance(error, TicketError) and error.ambiguous
            for wish, alert in claimed:
                self._take_back(wish, alert, is_lost=is_lost or begun.begun_at is not None)
                self._put_off(wish, error)
            return
        for wish, alert in claimed:
            self._record(wish, alert, made)

    def _take_back(self, wish: Wish, alert: Alert, *, is_lost: bool) -> None:
        """Take a claim back; if its answer *is_lost*, or that of one before, it stays in doubt."""
        own = ticket_of(alert)
        if is_lost:
            self._claims.record(alert, own)
        else:
            self._claims.record(alert, wish.alert.care.ticket)

    def _record(self, wish: Wish, alert: Alert, made: Ticket) -> None:
        ticket = replace(
            made,
            begun_at=None,
            claimed_at=None,
            told=f"{alert.episode}.{THERE}",
            severity=made.severity or alert.worst,
            former=ticket_of(alert).former,
        )
        self.results[alert.key] = Result(done=Done.MADE, ticket=ticket)
        logger.info(
            "ticket made", subject=alert.key.subject, channel=alert.key.channel, url=ticket.url
        )
        # An end that came meanwhile is told next.
        if self._claims.record(alert, ticket) and alert.is_shown:
            self._claims.end(wish.entry)

    def _facts(self, alert: Alert) -> Facts:
        office = self._office
        findings = self._known.get(alert.key) or office.look(alert)
        by = self._by.name if self._by else None
        if not findings:
            return Facts(
                name=alert.key.subject,
                title=alert.title or "Finding of Security Hub",
                severity=alert.severity,
                asked_by=by,
            )
        finding = findings[0]
        uids = (uid_of(each) for each in findings)
        return Facts.of(
            finding,
            uid=next(filter(None, uids), None),
            name=alert.key.subject,
            severity=alert.severity,
            alias=office.alias(finding.account_id),
            portal=office.portal,
            card_url=office.card_url(alert),
            asked_by=by,
        )

    def _put_off(self, wish: Wish, error: RouterError) -> None:
        key = wish.entry.key
        is_final = isinstance(error, ConfigurationError) or (
            isinstance(error, TicketError) and error.retry_seconds is None and not error.ambiguous
        )
        if is_final and self._by is not None:
            # The person hears of it, and presses again.
            self.results[key] = Result(done=Done.REFUSED, why=str(error))
            self._claims.outbox.remove(wish.entry)
        else:
            self.results[key] = Result(done=Done.WAITING, why=str(error))
            self._claims.put_off(wish.entry, error)
