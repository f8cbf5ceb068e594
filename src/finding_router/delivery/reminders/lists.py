"""The lists of a schedule: everything that is still open in a channel, the oldest first."""

from collections.abc import Callable, Mapping, Sequence
from copy import replace
from datetime import UTC, datetime
from typing import Final

from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.digests.store import DigestState, OpenDigest
from finding_router.delivery.held.store import HeldStore
from finding_router.delivery.posting.once import ONCE_LISTED, Once, OnceTask
from finding_router.delivery.reminders.asking import Asking
from finding_router.delivery.reminders.register import moved
from finding_router.delivery.reminders.store import Due, Listed, ReminderStore
from finding_router.delivery.reminders.words import Open, Wording
from finding_router.delivery.session import Session
from finding_router.findings.finding import Finding
from finding_router.isolation import isolated
from finding_router.routing.hold import HoldKind
from finding_router.routing.items.route import Listing, Route
from finding_router.routing.waiting import list_of
from finding_router.slack.messages.reminder import MOST_LINES, change_of, list_heading
from finding_router.telemetry import logger

# Security Hub is asked about the first ones, of which some may be over.
ASKED: Final = MOST_LINES + 30
# A list waits for held findings of its schedule, at most for so long.
PATIENCE_SECONDS: Final = 900.0


class Lists:
    """The lists that are due in one call."""

    def __init__(
        self,
        store: ReminderStore,
        session: Session,
        *,
        held: HeldStore,
        asking: Asking,
        clock: Callable[[], float],
    ) -> None:
        """Post those of *store*, after the findings that *held* has for their schedules."""
        self._store = store
        self._session = session
        self._run = session.run
        self._held = held
        self._asking = asking
        self._clock = clock

    def say(self, due: Sequence[Due]) -> None:
        """
        Post a list for each of *due*, one after the other.

        Raises:
            StoreError: the Ledger does not answer.
            WorkflowUpdateError: Security Hub does not.

        """
        waiting = {each.name: each for each in self._held.bins()}
        last = self._run.digests.open_digests(_name(each) for each in due)
        now = self._clock()
        for each in due:
            bin_ = waiting.get(f"{HoldKind.SCHEDULE}#{each.route}#{each.channel}")
            is_first = bin_ is not None and bin_.due_at <= each.at
            if is_first and now - each.at < PATIENCE_SECONDS:
                continue
            with isolated("list not said", channel=each.channel, route=each.route):
                if self._run.deadline.allows():
                    self._say(each, last.get(_name(each)))

    def _say(self, due: Due, last: OpenDigest | None) -> None:
        route = self._table_route(due)
        if route is None:
            if not self._session.planner.table.is_invalid("route", due.route):
                self._store.move([(due, None)])
            return
        there, over = self._open_in(due.channel)
        is_said = (
            last is not None and last.state is DigestState.POSTED and last.started_at >= due.at
        )
        if is_said or not (there or due.before):
            self._go_on(due, route, len(there), over)
            return
        first = list(there)[:ASKED]
        asked = self._asking.ask(
            {each: there[each] for each in first}, {each: each.names for each in first}
        )
        for each in asked.over:
            del there[each]
        task = self._task(due, there, asked.findings, last)
        self._session.loop.run([task])
        if task.said_until is not None:
            self._go_on(due, route, len(there), over)
        else:
            logger.warning("list put off", channel=due.channel, detail=task.why)

    def _table_route(self, due: Due) -> Route | None:
        """Return the route of *due*, if it is in force and lists what is open."""
        route = self._session.planner.table.route(due.route)
        if route is None or not (route.enabled and route.is_live and route.posts_to):
            return None
        return route if route.listing is Listing.OPEN else None

    def _open_in(self, channel: str) -> tuple[dict[Listed, Alert], list[Listed]]:
        """Return the open alerts of *channel*, the oldest first, and those that are over."""
        listed = self._store.listed(channel)
        alerts = self._run.ledger.read([each.alert_key for each in listed])
        there: dict[Listed, Alert] = {}
        over = []
        for each in listed:
            alert = alerts.get(each.alert_key)
            if alert is not None and alert.is_shown and alert.is_there and not alert.is_forgotten:
                there[each] = alert
            elif each.alert_key not in alerts.unreadable and (alert is None or not alert.claim):
                over.append(each)
        oldest = sorted(there, key=lambda each: there[each].posted_at or 0.0)
        return {each: there[each] for each in oldest}, over

    def _task(
        self,
        due: Due,
        there: Mapping[Listed, Alert],
        findings: Mapping[Listed, Finding],
        last: OpenDigest | None,
    ) -> OnceTask:
        since = due.last_at or 0.0
        new = sum((each.posted_at or 0.0) > since for each in there.values())
        change = ""
        if due.before is not None and due.last_at is not None:
            ended = max(due.before + new - len(there), 0)
            change = change_of(new, ended)
        wording = Wording(
            planner=self._session.planner, now=self._clock(), has_actions=self._run.has_actions
        )
        full, plain = wording.of_several(
            [Open(alert=there[each], finding=findings.get(each)) for each in there],
            (due.route,),
            heading=list_heading(len(there)),
            change=change,
            why="scheduled, the oldest first",
        )
        once = Once(
            name=_name(due),
            channel=due.channel,
            until=float(due.at),
            lay_out=full,
            lay_out_plain=plain,
            routes=(due.route,),
            before=last,
        )
        return OnceTask(self._run, once)

    def _go_on(self, due: Due, route: Route, count: int, over: Sequence[Listed]) -> None:
        """Keep the next list while anything is open, and forget what is over."""
        now = self._clock()
        reminder = list_of(route, datetime.fromtimestamp(now, UTC))
        after = None
        if count and reminder is not None:
            after = replace(
                moved(due, reminder.at.timestamp()), before=count, last_at=float(int(now))
            )
        self._store.move([(due, after)])
        self._store.unlist(over)


def _name(due: Due) -> str:
    return f"{ONCE_LISTED}#{due.route}#{due.channel}"
