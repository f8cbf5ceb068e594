"""The messages of reminders, laid out when they are about to be posted."""

from collections.abc import Sequence
from copy import replace
from dataclasses import dataclass

from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.plan import Planner
from finding_router.delivery.posting.layout import handled_of
from finding_router.delivery.posting.once import LayOut
from finding_router.findings.finding import Finding
from finding_router.isolation import isolated
from finding_router.slack.kit.buttons import Buttons
from finding_router.slack.kit.links import finding_url
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.people import Handled
from finding_router.slack.kit.reference import alert_reference
from finding_router.slack.kit.refused import Banner
from finding_router.slack.messages.card import CardContext, render_plain, source_of
from finding_router.slack.messages.reminder import (
    MOST_LINES,
    Roll,
    StillOpen,
    by_severity,
    heading_of,
    render_roll,
    render_roll_plain,
)
from finding_router.slack.messages.thread import still_open


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An alert that is open, and its finding as it is now; None if it was not asked for."""

    alert: Alert
    finding: Finding | None
    is_snooze_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Lays out reminders as of Unix second *now*; without *has_actions* nobody can take any."""

    planner: Planner
    now: float
    has_actions: bool

    def of_one(self, one: Open, finding: Finding, routes: tuple[str, ...]) -> tuple[LayOut, LayOut]:
        """Return the layouts of the answer in the thread of a card, in full and plain."""
        alert = one.alert
        is_untaken = self.has_actions and alert.care.owner is None
        context = CardContext(
            routes=routes,
            why="reminder",
            account_alias=self.planner.table.alias(finding.account_id),
            portal=self.planner.portal,
            show_tags=self.planner.show_tags,
            buttons=self._buttons(alert, routes),
            handled=handled_of(replace(alert, care=replace(alert.care, snooze=None))),
        )
        seconds = self.now - (alert.posted_at or self.now)

        def full(mention: tuple[str, ...], banner: Banner | None) -> Message:
            with isolated("reminder not laid out", finding_id=finding.id):
                return still_open(
                    finding,
                    replace(context, mention=mention, banner=banner),
                    seconds=seconds,
                    is_untaken=is_untaken,
                    is_snooze_over=one.is_snooze_over,
                )
            return plain(mention, banner)

        def plain(mention: tuple[str, ...], banner: Banner | None) -> Message:
            return render_plain(finding, replace(context, mention=mention, banner=banner))

        return full, plain

    def _buttons(self, alert: Alert, routes: tuple[str, ...]) -> Buttons | None:
        """Return the buttons of the card: who reads the reminder need not look for it."""
        if not self.has_actions:
            return None
        may_have_ticket = self.planner.table.ticket_of(routes) is not None
        return Buttons(
            alert_reference(alert.key.subject, alert.key.channel),
            has_ticket=may_have_ticket and alert.care.ticket is None,
        )

    def of_several(
        self,
        several: Sequence[Open],
        routes: tuple[str, ...],
        *,
        heading: str | None = None,
        change: str = "",
        why: str = "reminder",
    ) -> tuple[LayOut, LayOut]:
        """Return the layouts of a message about *several*, in full and plain."""
        untaken = sum(each.alert.care.owner is None for each in several)
        is_untaken = self.has_actions and untaken == len(several)
        if not change and self.has_actions and not is_untaken and untaken:
            change = f"nobody has taken {untaken:,} of them"
        named = [each for each in several if each.finding is not None][:MOST_LINES]
        made = Roll(
            heading=heading or heading_of(len(several), is_untaken=is_untaken),
            several=[each for each in map(self._line, named) if each is not None],
            by_severity=by_severity(each.alert.worst_there for each in several),
            change=change,
            why=why,
            routes=routes,
        )

        def full(mention: tuple[str, ...], banner: Banner | None) -> Message:
            return render_roll(replace(made, mention=mention, banner=banner))

        def plain(mention: tuple[str, ...], banner: Banner | None) -> Message:
            return render_roll_plain(replace(made, mention=mention, banner=banner))

        return full, plain

    def _line(self, one: Open) -> StillOpen | None:
        finding, alert = one.finding, one.alert
        if finding is None:
            return None
        alias = self.planner.table.alias(finding.account_id)
        title = finding.title
        with isolated("finding not laid out", finding_id=finding.id):
            title = source_of(finding, CardContext(account_alias=alias)).headline
        return StillOpen(
            title=title,
            severity=alert.worst_there,
            seconds=self.now - (alert.posted_at or self.now),
            account=alias or finding.account_name,
            account_id=finding.account_id,
            region=finding.region,
            url=finding_url(finding, self.planner.portal),
            handled=_named(alert),
        )


def _named(alert: Alert) -> Handled:
    """Return what people did about *alert*, with names that call nobody."""
    care, handled = alert.care, handled_of(alert)
    return handled._replace(
        owner=f"taken by {care.owner.name}" if care.owner else None,
        snoozer=f"{care.snooze.by.name} in Slack" if care.snooze else None,
    )
