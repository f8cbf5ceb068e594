"""One press, from the queue to its outcome: who may, what to do, the answer, the audit trail."""

import json
from copy import replace
from typing import TYPE_CHECKING, Any, Final

from finding_router.actions.press import Press
from finding_router.actions.worker.acknowledge import acknowledge
from finding_router.actions.worker.cases import Cases
from finding_router.actions.worker.check import Check, look
from finding_router.actions.worker.digest import acknowledge_digest, pick
from finding_router.actions.worker.parts import Parts
from finding_router.actions.worker.permission import Doorkeeper
from finding_router.actions.worker.result import Outcome, Result
from finding_router.actions.worker.snooze import snooze
from finding_router.actions.worker.status import StatusPress
from finding_router.actions.worker.ticket import make_ticket
from finding_router.actions.worker.why import why
from finding_router.actions.worker.words import sentence
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.care import AskedStatus
from finding_router.delivery.alerts.identity import REQUESTED, AlertKey
from finding_router.delivery.audit import DIGEST, Entry
from finding_router.delivery.limits.deadline import SLACK_SECONDS, Deadline
from finding_router.delivery.plan import as_new
from finding_router.errors import AgainError, RefusedError, RouterError
from finding_router.findings.finding import Finding
from finding_router.isolation import isolated
from finding_router.routing.items.channel import UnfilledError
from finding_router.routing.items.route import Route
from finding_router.routing.table import RoutingTable
from finding_router.slack.kit.buttons import (
    ACKNOWLEDGE,
    PICK,
    RESOLVE,
    SNOOZE,
    SUPPRESS,
    TICKET,
    WHY,
)
from finding_router.slack.kit.reference import AlertReference, DigestReference, read_reference
from finding_router.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Mapping

# A press that comes again for longer is given up, and the person told.
PATIENCE_SECONDS: Final = 840.0
# Unless it had so many tries: a worker that dies keeps it for long.
_LEAST_TRIES: Final = 6
# The try at which the person is told that it takes a moment.
_TELLING_TRY: Final = 2
_FIRST_SECONDS: Final = 3.0
_LONGEST_SECONDS: Final = 60.0
# By then at least one try was late, unless workers died.
_TOLD_SECONDS: Final = 2 * _LONGEST_SECONDS
_DOUBLE_CLICK_SECONDS: Final = 5.0
_UNFORESEEN_TRIES: Final = 3
_NAMED: Final = 20
_STATUSES: Final = {RESOLVE: AskedStatus.RESOLVED, SUPPRESS: AskedStatus.SUPPRESSED}
_UNKNOWN: Final = (
    "The router does not know this message any more, or it is of another version: nothing was "
    "changed. The next message about the finding has new buttons."
)
_OVER: Final = "This finding is over already: there is nothing to change."


class Desk:
    """Does what people ask for, one message of the queue at a time."""

    def __init__(self, parts: Parts) -> None:
        """Work with *parts*."""
        self._parts = parts
        self._doorkeeper = Doorkeeper(parts.people, clock=parts.clock)

    def work(self, body: object, *, tries: int, deadline: Deadline) -> float | None:
        """
        Do what the message *body* asks; return the seconds after which it is to come again.

        None means that it is done, whatever came of it.
        """
        press = Press.of_body(body)
        if press is not None:
            return self._press(press, tries, deadline)
        check = Check.of_body(body)
        if check is not None:
            return self._check(check, tries, deadline)
        logger.error("message not taken", tries=tries)
        return None

    def _check(self, check: Check, tries: int, deadline: Deadline) -> float | None:
        """Look whether a status was kept; it comes again until somebody has to look at it."""
        why, seconds = "", _backoff(tries)
        about: dict[str, Any] = {"subject": check.key.subject, "channel": check.key.channel}
        with isolated("status not looked at", **about) as trouble:
            try:
                cases = Cases(self._parts, deadline, tries=tries, since=check.asked_at)
                look(self._parts, cases, check, deadline)
            except AgainError as error:
                why, seconds = str(error), max(error.seconds, seconds)
            except RouterError as error:
                why = f"{type(error).__name__}: {error}"
        if trouble.error is not None:
            why = trouble.while_("looking at a status")
        if why:
            logger.info("status is looked at again", why=why, tries=tries, **about)
        return seconds if why else None

    def _press(self, press: Press, tries: int, deadline: Deadline) -> float | None:
        entry = _entry_of(press)
        late = self._parts.clock() - press.at - PATIENCE_SECONDS
        is_late, is_begun = late > 0 and tries >= _LEAST_TRIES, False
        # An earlier try has told the person to press again.
        is_told = late > _TOLD_SECONDS and tries > _LEAST_TRIES
        why, seconds = "", _backoff(tries)
        with isolated("press not done", press=press.id, action=press.action) as trouble:
            try:
                entry = self._parts.audit.begin(self._named(entry))
                is_begun = True
                if entry.outcome is not None:
                    return None
                if is_told and entry.decided is None:
                    result = self._given_up(press, "given up before", deadline)
                else:
                    result = self._result(press, entry, tries, deadline)
            except RefusedError as error:
                result = Result(
                    outcome=Outcome.REFUSED, detail=error.why, answer=sentence(str(error))
                )
            except AgainError as error:
                why, seconds = str(error), max(error.seconds, seconds)
            except RouterError as error:
                why = f"{type(error).__name__}: {error}"
        if trouble.error is not None:
            why = trouble.while_(f"doing {press.action}")
            is_late = is_late or tries >= _UNFORESEEN_TRIES
        if why and (not is_late or (is_told and not is_begun)):
            self._comes_again(press, why, tries, deadline, is_late=is_late)
            return seconds
        if why:
            result = self._given_up(press, why, deadline)
        self._tell(press, result, deadline)
        return self._end(entry, result, tries)

    def _named(self, entry: Entry) -> Entry:
        """Return *entry* with the ids of its findings, as far as their alert names them."""
        if not entry.subject or entry.subject.startswith(DIGEST):
            return entry
        key = AlertKey(entry.subject, entry.routed_to)
        alert = self._parts.ledger.read([key]).get(key)
        names = alert.names.values() if alert is not None else ()
        # The second part of a name is the Id, in the calls of either Security Hub.
        ids = sorted({name[1] for forms in names for name in forms.values()})
        return replace(entry, findings=tuple(ids[:_NAMED]))

    def _comes_again(
        self, press: Press, why: str, tries: int, deadline: Deadline, *, is_late: bool
    ) -> None:
        """Log it, and tell the person at the second try."""
        logger.info("press comes again", press=press.id, why=why, tries=tries)
        if tries == _TELLING_TRY and not is_late:
            text = (
                "The router is at work on this finding: what you asked for follows in a moment. "
                "There is no need to press again."
            )
            self._tell(press, Result(outcome=Outcome.DONE, answer=sentence(text)), deadline)

    def _result(self, press: Press, entry: Entry, tries: int, deadline: Deadline) -> Result:
        if press.refused is not None:
            # The endpoint told the person.
            return Result(outcome=Outcome.REFUSED, detail=press.refused)
        reference = read_reference(press.ref)
        if isinstance(reference, AlertReference):
            cases = Cases(self._parts, deadline, tries=tries, since=press.moment)
            return self._about_alert(press, entry, reference, cases, deadline)
        if isinstance(reference, DigestReference):
            return self._about_digest(press, entry, reference, deadline)
        raise RefusedError(_UNKNOWN, why="reference unknown")

    def _about_alert(
        self,
        press: Press,
        entry: Entry,
        reference: AlertReference,
        cases: Cases,
        deadline: Deadline,
    ) -> Result:
        parts = self._parts
        keys = [AlertKey(reference.subject, reference.channel)]
        alerts = cases.read(keys)
        pressed = alerts.get(keys[0])
        if pressed is None or pressed.version == 0:
            raise RefusedError(_UNKNOWN, why="alert unknown")
        if entry.decided is None:
            if not self._is_first_click(press):
                return Result(outcome=Outcome.UNCHANGED, detail="double click")
            table, findings = parts.table(), cases.now([pressed]).readable()
            self._doorkeeper.check(press, routes_to(table, findings, pressed.key.channel))
            if press.action == WHY:
                return why(parts, findings, pressed)
            if not pressed.is_shown and pressed.episode > 0:
                raise RefusedError(_OVER, why="over")
            if press.action != ACKNOWLEDGE:
                # From here on it may have had some effect: it goes on, whatever else happens.
                entry = parts.audit.decide(entry, press.action)
        return self._done(press, entry, cases, pressed, deadline)

    def _done(
        self, press: Press, entry: Entry, cases: Cases, pressed: Alert, deadline: Deadline
    ) -> Result:
        """Do what the button says with the alert that was *pressed*."""
        parts, keys = self._parts, [pressed.key]
        if press.action == ACKNOWLEDGE:
            return acknowledge(parts, cases, press, entry, keys, pressed)
        if press.action in _STATUSES:
            status = _STATUSES[press.action]
            return StatusPress(parts, cases, press, status, deadline).run(keys)
        if press.action == SNOOZE:
            return snooze(parts, cases, press, keys)
        if press.action == TICKET:
            return make_ticket(parts, cases, press, pressed.key)
        raise RefusedError(_UNKNOWN, why="action unknown")

    def _about_digest(
        self, press: Press, entry: Entry, reference: DigestReference, deadline: Deadline
    ) -> Result:
        parts = self._parts
        digest = parts.digests.about(reference.digest)
        if digest is None:
            raise RefusedError(_UNKNOWN, why="digest unknown")
        table = parts.table()
        routes = [route for name in digest.routes if (route := table.route(name))]
        if press.action == PICK:
            self._doorkeeper.check(press, routes)
            has_ticket = table.ticket_of(digest.routes) is not None
            cases = Cases(parts, deadline)
            return pick(parts, cases, press, digest, has_ticket=has_ticket)
        if press.action != ACKNOWLEDGE:
            raise RefusedError(_UNKNOWN, why="action unknown")
        if entry.decided is None:
            if not self._is_first_click(press):
                return Result(outcome=Outcome.UNCHANGED, detail="double click")
            self._doorkeeper.check(press, routes)
        return acknowledge_digest(parts, press, entry, digest, deadline)

    def _is_first_click(self, press: Press) -> bool:
        """Return False if the same person pressed the same button a moment before."""
        if press.form is not None:
            return True
        topic = f"press {press.user.id} {press.action} {press.ref} {press.picked or ''}"
        return self._parts.locks.once(
            topic[:900], by=press.id, every_seconds=_DOUBLE_CLICK_SECONDS, now=float(press.at)
        )

    def _given_up(self, press: Press, why: str, deadline: Deadline) -> Result:
        reference = read_reference(press.ref)
        if press.action in _STATUSES and isinstance(reference, AlertReference):
            # The status may be set, or not: that is looked at, and made true or told.
            check = Check(key=AlertKey(reference.subject, reference.channel), asked_at=press.moment)
            with isolated("status left as it is", press=press.id):
                self._parts.later.send_later(check.to_body(), seconds=0.0, deadline=deadline)
        return Result(
            outcome=Outcome.FAILED,
            detail=why,
            answer=sentence(
                "What you asked for could not be done: AWS or Slack did not answer for a while. "
                "Please look at the message, and press again."
            ),
        )

    def _tell(self, press: Press, result: Result, deadline: Deadline) -> None:
        if result.answer is None or press.refused is not None:
            return
        with isolated("person not answered", press=press.id):
            self._parts.people.tell(
                result.answer,
                user=press.user.id,
                channel=press.channel,
                thread_ts=press.thread_ts,
                response_url=press.response_url,
                seconds=min(SLACK_SECONDS, max(deadline.remaining() - 1.0, 0.1)),
            )

    def _end(self, entry: Entry, result: Result, tries: int) -> float | None:
        """Record the outcome; return the seconds to come again if the Ledger does not answer."""
        ended = replace(
            entry,
            outcome=result.outcome.value,
            detail=result.detail,
            findings=result.findings or entry.findings,
        )
        try:
            self._parts.audit.end(ended)
        except RouterError as error:
            logger.warning("press not recorded", press=entry.id, detail=str(error))
            return _backoff(tries)
        # Who, what, on what, when, from where, and the outcome; never the words of the person.
        logged = {name: value for name, value in ended.to_json().items() if name != "reason"}
        # The log has a name of its own.
        logged["person"] = logged.pop("name")
        logger.info("button pressed", **logged)
        return None


def routes_to(table: RoutingTable, findings: list[Finding], channel: str) -> list[Route]:
    """
    Return the routes of *table* that lead *findings* to *channel*, as they are or were new.

    Where nothing leads them there any more, these are all that name the channel, in force or not:
    a route that is switched off, or a finding that changed, permits nobody more.
    """
    routed = channel.partition(REQUESTED)[0]
    names: dict[str, None] = {}
    leads_there = False
    for finding in findings:
        for each in (finding, as_new(finding)):
            decision = table.decide(each, requested=REQUESTED in channel)
            for destination in decision.channels:
                if destination.channel == routed:
                    leads_there = True
                    names.update(dict.fromkeys(destination.routes))
    if not leads_there:
        return [route for route in table.routes if _names_channel(table, route, findings, routed)]
    return [route for name in names if (route := table.route(name)) is not None]


def _names_channel(
    table: RoutingTable, route: Route, findings: list[Finding], channel: str
) -> bool:
    """Return True if *route* would post some of *findings* to *channel* if it matched them."""
    template = route.posts_to
    if template is None or template.is_fixed:
        return template is not None and template.text == channel
    for finding in findings:
        try:
            if template.fill(finding, table.aliases) == channel:
                return True
        except UnfilledError:
            continue
    return False


def _entry_of(press: Press) -> Entry:
    reference = read_reference(press.ref)
    subject, routed_to = press.picked or "", ""
    if isinstance(reference, AlertReference):
        subject, routed_to = reference.subject, reference.channel
    elif isinstance(reference, DigestReference):
        subject, routed_to = press.picked or f"{DIGEST}{reference.digest}", reference.channel
    form: Mapping[str, Any] = press.form or {}
    choices = {name: form[name] for name in sorted(form) if name != "reason" and form[name]}
    return Entry(
        id=press.id,
        at=press.moment,
        action=press.action,
        user=press.user.id,
        name=press.user.name,
        team=press.user.team,
        channel=press.channel,
        ts=press.ts,
        subject=subject,
        routed_to=routed_to,
        reason=str(form.get("reason", ""))[:500],
        form=json.dumps(choices, ensure_ascii=False)[:300] if choices else "",
    )


def _backoff(tries: int) -> float:
    return min(_FIRST_SECONDS * 2.0 ** (max(tries, 1) - 1), _LONGEST_SECONDS)
