"""Says again what is still open, once its reminder is due: one message a channel and call."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from copy import replace
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.digests.store import DigestState, OpenDigest
from finding_router.delivery.held.store import HeldStore
from finding_router.delivery.held.take import OVERDUE_SECONDS
from finding_router.delivery.hubs import Hubs
from finding_router.delivery.posting.once import ONCE_REMINDED, Once, OnceTask
from finding_router.delivery.reminders.asking import Asked, Asking
from finding_router.delivery.reminders.judging import following, judge, reminding, soon
from finding_router.delivery.reminders.lists import Lists
from finding_router.delivery.reminders.register import moved
from finding_router.delivery.reminders.store import Due, ReminderStore
from finding_router.delivery.reminders.words import Open, Wording
from finding_router.delivery.session import Session
from finding_router.errors import StoreError, WorkflowUpdateError
from finding_router.findings.finding import Finding, Severity
from finding_router.isolation import isolated
from finding_router.routing.reminder import ReminderKind
from finding_router.routing.table import RoutingTable
from finding_router.slack.messages.notice import CLOCK, Words
from finding_router.telemetry import logger

# So many are taken in one call; others are due at the next one.
TAKEN_AT_ONCE: Final = 2000
# So many findings are asked for in Security Hub, of which it takes 60 a second; others are counted.
ASKED_AT_ONCE: Final = 500


@dataclass(slots=True, kw_only=True)
class _Work:
    """The reminders of one channel that are due; *last* is the message of its last ones."""

    channel: str
    last: OpenDigest | None
    due: list[Due]
    moves: list[tuple[Due, Due | None]] = field(default_factory=list)
    """What is not to be said, each with its next time, if it has one."""
    said: list[Due] = field(default_factory=list)
    task: OnceTask | None = None


class Reminders:
    """The reminders of one call; what fails is due at the next one."""

    def __init__(
        self,
        store: ReminderStore,
        session: Session,
        *,
        held: HeldStore,
        hubs: Hubs,
        show: Callable[[Finding, AlertKey], object],
        clock: Callable[[], float],
    ) -> None:
        """
        Post those of *store* within *session*, as *hubs* know them, by *clock*.

        *show* changes the card of an alert whose snooze is over, given one of its findings.
        """
        self._show = show
        self._store = store
        self._session = session
        self._run = session.run
        self._clock = clock
        self._due_since = clock()
        self._asking = Asking(session, hubs)
        self._lists = Lists(store, session, held=held, asking=self._asking, clock=clock)

    @property
    def _table(self) -> RoutingTable:
        return self._session.planner.table

    def run(self) -> None:
        """Post the reminders that are due; log errors of the Ledger and of Security Hub."""
        with isolated("reminders not said"):
            try:
                if self._run.deadline.allows():
                    self._say()
            except (StoreError, WorkflowUpdateError) as error:
                logger.warning("reminders put off", detail=str(error))
                self._tell(str(error))

    def _tell(self, trouble: str) -> None:
        """Keep a notice if the first of what is due is overdue."""
        if self._clock() - self._due_since > OVERDUE_SECONDS:
            since = f"{datetime.fromtimestamp(self._due_since, UTC):%Y-%m-%d %H:%M} UTC"
            self._run.notices.say(
                "overdue reminders",
                Words(
                    "Reminders cannot be said",
                    [f"due since {since}", trouble],
                    icon=CLOCK,
                    consequence="They are tried again each minute.",
                ),
            )

    def _say(self) -> None:
        due = self._store.due(now=self._clock(), most=TAKEN_AT_ONCE)
        if len(due) == TAKEN_AT_ONCE:
            # Of those of the last second there may be more.
            due = [each for each in due if each.at < due[-1].at] or due
        if due:
            self._due_since = float(due[0].at)
        lists = [each for each in due if each.kind is ReminderKind.LIST]
        alerts = [each for each in due if each.kind is not ReminderKind.LIST]
        if alerts:
            self._remind(alerts)
        if lists:
            self._lists.say(lists)

    def _remind(self, due: Sequence[Due]) -> None:
        works, now = self._works(due), self._clock()
        alerts = self._run.ledger.read({each.alert_key for work in works for each in work.due})
        open_: dict[Due, Alert] = {}
        for work in works:
            for each in work.due:
                alert = alerts.get(each.alert_key)
                if each.alert_key in alerts.unreadable:
                    work.moves.append((each, moved(each, soon(now))))
                elif alert is None:
                    work.moves.append((each, None))
                elif (judged := judge(each, alert, self._table, now=now)).is_to_say:
                    open_[each] = alert
                else:
                    work.moves.append((each, judged.after))
        asked = self._ask(open_)
        for work in works:
            with isolated("channel not reminded", channel=work.channel):
                self._prepare(work, open_, asked)
        self._store.move([each for work in works for each in work.moves])
        tasks = [work.task for work in works if work.task is not None]
        self._session.loop.run(tasks)
        self._end(works, alerts, asked)

    def _end(
        self, works: Sequence[_Work], alerts: Mapping[AlertKey, Alert], asked: Asked[Due]
    ) -> None:
        """Settle what was said, and show the cards whose snooze is over."""
        ended: list[Due] = []
        for work in works:
            if work.task is not None and work.task.said_until is not None:
                ended += self._settle(work.said, work.task.said_until, alerts)
            elif work.task is not None:
                logger.warning("reminder put off", channel=work.channel, detail=work.task.why)
        for each in ended:
            if (finding := asked.findings.get(each)) is not None:
                self._show(finding, each.alert_key)

    def _works(self, due: Sequence[Due]) -> list[_Work]:
        """Return the work of each channel, without what a call that died has said already."""
        by_channel: dict[str, list[Due]] = defaultdict(list)
        for each in due:
            by_channel[each.channel].append(each)
        last = self._run.digests.open_digests(map(_name, by_channel))
        works = []
        now = self._clock()
        for channel, those in by_channel.items():
            before = last.get(_name(channel))
            if before is not None and before.is_leased(now):
                continue
            if before is not None and before.state is DigestState.POSTED:
                self._settle(those, before.started_at, {})
                left = [each for each in those if each.at > before.started_at]
                works.append(_Work(channel=channel, last=before, due=left))
            else:
                works.append(_Work(channel=channel, last=before, due=those))
        return works

    def _ask(self, open_: Mapping[Due, Alert]) -> Asked[Due]:
        """Ask Security Hub about the most severe of *open_*."""
        first = sorted(open_, key=lambda each: (-open_[each].severity.rank, each.at))
        some = first[:ASKED_AT_ONCE]
        return self._asking.ask(
            {each: open_[each] for each in some}, {each: each.names for each in some}
        )

    def _prepare(self, work: _Work, open_: Mapping[Due, Alert], asked: Asked[Due]) -> None:
        """Make the task of a channel, of what is open by Security Hub and not silenced."""
        now = self._clock()
        to_say: dict[AlertKey, Due] = {}
        for each in (one for one in work.due if one in open_):
            if each in asked.unknown:
                work.moves.append((each, moved(each, soon(now))))
            elif each in asked.over:
                work.moves.append((each, None))
            elif (silent_until := asked.silent_until.get(each)) is not None:
                work.moves.append((each, moved(each, silent_until)))
            else:
                known = to_say.get(each.alert_key)
                # The end of a snooze says no less than a reminder.
                if known is None or each.kind is ReminderKind.SNOOZE:
                    to_say[each.alert_key] = each
                work.said.append(each)
        if to_say:
            work.task = self._task(work, to_say, open_, asked)

    def _task(
        self,
        work: _Work,
        to_say: Mapping[AlertKey, Due],
        open_: Mapping[Due, Alert],
        asked: Asked[Due],
    ) -> OnceTask:
        """Return the task of a message: in the thread of its card if it is one alert alone."""
        several = sorted(
            to_say.values(),
            key=lambda each: (-open_[each].worst_there.rank, open_[each].posted_at or 0.0),
        )
        reminds = [reminding(self._table.route(each.route)) for each in several]
        routes = tuple(dict.fromkeys(each.route for each in several if each.route))
        those = [
            Open(
                alert=open_[each],
                finding=asked.findings.get(each),
                is_snooze_over=each.kind is ReminderKind.SNOOZE,
            )
            for each in several
        ]
        wording = Wording(
            planner=self._session.planner, now=self._clock(), has_actions=self._run.has_actions
        )
        first = those[0]
        thread = None
        if len(those) == 1 and first.finding is not None:
            full, plain = wording.of_one(first, first.finding, routes)
            if first.alert.posted_to and first.alert.ts:
                thread = first.alert.posted_to, first.alert.ts
        else:
            full, plain = wording.of_several(those, routes)
        once = Once(
            name=_name(work.channel),
            channel=work.channel,
            until=float(max(each.at for each in work.said)),
            lay_out=full,
            lay_out_plain=plain,
            mention=tuple(dict.fromkeys(who for one in reminds if one for who in one.mention)),
            routes=routes,
            thread=thread,
            before=work.last,
        )
        return OnceTask(self._run, once)

    def _settle(
        self, due: Sequence[Due], said_at: float, alerts: Mapping[AlertKey, Alert]
    ) -> list[Due]:
        """
        Put off what was said until its next time, or for good.

        Return the ends of snoozes, whose cards still show them.
        """
        now = self._clock()
        ended: list[Due] = []
        moves: list[tuple[Due, Due | None]] = []
        for each in due:
            if each.at > said_at:
                continue
            alert = alerts.get(each.alert_key)
            route = self._table.route(each.route)
            severity = alert.severity if alert else Severity.INFORMATIONAL
            is_snooze = each.kind is ReminderKind.SNOOZE
            after = following(each, route, severity, said_at=said_at, now=now)
            moves.append((each, None if is_snooze else after))
            if is_snooze and self._end_snooze(each.alert_key, alert, now):
                ended.append(each)
        self._store.move(moves)
        return ended

    def _end_snooze(self, key: AlertKey, alert: Alert | None, now: float) -> bool:
        """Take the snooze that is over off the alert; return False if there is none."""
        ledger = self._run.ledger
        for known in (alert, None):
            newest = known or ledger.read([key]).get(key)
            snooze = newest.care.snooze if newest else None
            if newest is None or newest.claim or snooze is None or snooze.until > now:
                return False
            if ledger.write(newest.cared_for(replace(newest.care, snooze=None), at=now)):
                return True
        return False


def _name(channel: str) -> str:
    return f"{ONCE_REMINDED}#{channel}"
