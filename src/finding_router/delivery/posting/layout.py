"""The messages about one alert, laid out only when they are about to be posted."""

from collections.abc import Callable
from copy import replace
from dataclasses import dataclass
from typing import Final

from finding_router.delivery.alerts.alert import Alert, Saying
from finding_router.delivery.alerts.care import AskedStatus
from finding_router.findings.ending import Ended, ending_of
from finding_router.findings.finding import Finding
from finding_router.isolation import isolated
from finding_router.slack.kit.buttons import Buttons
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.people import Handled
from finding_router.slack.kit.reference import alert_reference
from finding_router.slack.kit.refused import Banner
from finding_router.slack.messages.card import CardContext, render, render_plain, render_raw
from finding_router.slack.messages.thread import ended_reply, render_ended, reopened, risen

_ASKED: Final = {
    AskedStatus.RESOLVED: Ended.RESOLVED,
    AskedStatus.SUPPRESSED: Ended.SUPPRESSED,
}

type _Layout = Callable[[Finding, CardContext], Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A finding (None if it could not be read, *problem* says why) and the rest of its card."""

    raw: object
    finding: Finding | None
    problem: str
    context: CardContext

    def full(self, alert: Alert, banner: Banner | None) -> Message:
        """Return the card of the finding with the severity and the standards of *alert*."""
        return self._message(render, alert, banner)

    def said(self, alert: Alert, *, now: float, banner: Banner | None) -> Message:
        """Return the message that *alert* is claimed for: a card, or news for its thread."""
        saying = alert.claim.saying if alert.claim else Saying.CARD
        if saying is Saying.CARD:
            return self.full(alert, banner)

        def layout(finding: Finding, context: CardContext) -> Message:
            ended = ending_of(finding)
            if saying is Saying.END and ended is not None:
                return ended_reply(
                    finding, context, how=ended, ended_at=now, said_at=alert.posted_at
                )
            if saying is Saying.RISE:
                return risen(finding, alert.worst, replace(context, why="severity rose"))
            return reopened(
                finding,
                replace(context, why="reopened"),
                times=alert.episode + 1,
                first_said_at=alert.posted_at,
            )

        return self._message(layout, alert, banner)

    def ended(self, alert: Alert, now: float) -> Message:
        """Return the card of a finding that ended."""
        how = self.ending(alert)

        def layout(finding: Finding, context: CardContext) -> Message:
            return render_ended(finding, context, how=how, ended_at=now, said_at=alert.posted_at)

        return self._message(layout, alert, None)

    def ending(self, alert: Alert) -> Ended:
        """Return how *alert* ended, also where the finding at hand is from before."""
        own = ending_of(self.finding) if self.finding else None
        return own or _asked(alert) or alert.ended_as or Ended.RESOLVED

    def plain(self, alert: Alert, banner: Banner | None) -> Message:
        """Return the least that says it, for when Slack refuses the full card."""
        message = self._message(render_plain, alert, banner)
        return message if self.finding is not None else Message(text=message.text)

    def _buttons(self, alert: Alert) -> Buttons | None:
        if not self.context.has_buttons or self.finding is None:
            return None
        reference = alert_reference(alert.key.subject, alert.key.channel)
        return Buttons(reference, has_ticket=self.context.has_ticket and alert.care.ticket is None)

    def _message(self, layout: _Layout, alert: Alert, banner: Banner | None) -> Message:
        context = replace(
            self.context,
            banner=banner,
            standards=tuple(sorted(alert.standards)),
            buttons=self._buttons(alert),
            handled=handled_of(alert),
        )
        problem = self.problem
        finding = self.finding
        if finding is not None and alert.members:
            # The worst of several standards' findings; the finding itself may have fallen since.
            severity = alert.claim.severity if alert.claim else alert.worst_there
            finding = replace(finding, severity=severity, title=alert.title or finding.title)
        if finding is not None:
            with isolated("finding not laid out", finding_id=finding.id) as trouble:
                return layout(finding, context)
            problem = trouble.while_("laying it out")
        return render_raw(self.raw, problem, context)


def _asked(alert: Alert) -> Ended | None:
    """Return the end of *alert* that a person asked for."""
    asked = alert.care.asked
    return None if asked is None else _ASKED.get(asked.status)


def handled_of(alert: Alert) -> Handled:
    """Return what people did about *alert*."""
    care = alert.care
    ticket, is_made = care.ticket, care.ticket is not None and care.ticket.label is not None
    return Handled(
        owner=care.owner.id if care.owner else None,
        owned_since=care.owner.at if care.owner else 0.0,
        snoozer=care.snooze.by.id if care.snooze else None,
        snoozed_until=care.snooze.until if care.snooze else 0.0,
        ticket=ticket.label if ticket and is_made else None,
        ticket_url=ticket.url if ticket and is_made else None,
        ticket_state=ticket.state if ticket and is_made else None,
        closer=care.asked.by.name if care.asked else None,
        closed_as=care.asked.status.lower() if care.asked else None,
    )
