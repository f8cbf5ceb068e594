"""Create ticket: the press, and the minute's work on tickets that wait."""

from typing import Final

from finding_router.actions.press import Press
from finding_router.actions.worker.asking import person_of
from finding_router.actions.worker.cases import Cases
from finding_router.actions.worker.parts import Parts
from finding_router.actions.worker.result import Outcome, Result
from finding_router.actions.worker.words import answer
from finding_router.delivery import troubles
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.care import Ticket
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.notices import Notice
from finding_router.errors import AgainError, RefusedError, RouterError
from finding_router.findings.finding import Finding
from finding_router.slack.kit.people import Handled, handled_line
from finding_router.slack.kit.text import Mrkdwn, words
from finding_router.telemetry import logger
from finding_router.tickets.claims import SOON_SECONDS
from finding_router.tickets.desk import TicketDesk
from finding_router.tickets.making import Done

_REASON_CHARS: Final = 500
_NO_TICKETS: Final = "Tickets cannot be made here: the router was deployed without them."


def make_ticket(parts: Parts, cases: Cases, press: Press, key: AlertKey) -> Result:
    """Make the ticket of the alert *key*, or show the one that it has."""
    desk = _desk(parts, cases)
    if desk is None:
        raise RefusedError(_NO_TICKETS, why="no tickets")
    person = person_of(press)
    result = desk.create(key, person)
    if result.done is Done.REFUSED:
        text = str(words(result.why, _REASON_CHARS))
        raise RefusedError(f"No ticket was made: {text}.", why=result.why[:_REASON_CHARS])
    if result.done is Done.WAITING:
        reason = f" ({words(result.why, _REASON_CHARS)})" if result.why else ""
        text = f"The ticket follows within a few minutes{reason}. There is no need to press again."
        return Result(outcome=Outcome.DONE, detail="waits", answer=answer(Mrkdwn(text)))
    is_new = result.done is Done.MADE
    return Result(
        outcome=Outcome.DONE if is_new else Outcome.UNCHANGED,
        detail=f"{result.done}: {result.ticket.label if result.ticket else ''}",
        answer=answer(_shown(result.ticket)),
    )


def work_on_tickets(parts: Parts, deadline: Deadline) -> None:
    """
    Make the tickets that wait, and tell those that have to hear of an end or a return.

    Raises:
        StoreError: The Ledger does not answer; the next minute goes on.

    """
    desk = _desk(parts, Cases(parts, deadline))
    if desk is None:
        return
    if due := desk.drain(deadline):
        logger.info("tickets worked on", due=due)
    if desk.mistakes:
        # Once an hour, whoever tells it.
        notice = Notice(topic="tickets", words=troubles.no_tickets(desk.mistakes))
        parts.pipeline.post([notice], deadline)


def _desk(parts: Parts, cases: Cases) -> TicketDesk | None:
    def look(alert: Alert) -> list[Finding]:
        return cases.now([alert]).readable()

    def refresh(key: AlertKey) -> float | None:
        try:
            alerts = {each: one for each, one in cases.read([key]).items() if each == key}
            if any(alert.is_card_stale for alert in alerts.values()):
                cases.show(alerts, cases.now(alerts.values()))
        except AgainError as error:
            return error.seconds
        except RouterError as error:
            logger.warning("card of a ticket not changed", reason=str(error))
            return SOON_SECONDS
        return None

    return parts.tickets(look, refresh) if parts.tickets is not None else None


def _shown(ticket: Ticket | None) -> Mrkdwn:
    shown = Handled(
        ticket=ticket.label if ticket else None,
        ticket_url=ticket.url if ticket else None,
        ticket_state=ticket.state if ticket else None,
    )
    return handled_line(shown) or Mrkdwn("🎫")
