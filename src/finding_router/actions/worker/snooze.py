"""Snooze: a silence for a finding, or for its control on its resource, with who and why."""

from collections.abc import Collection, Mapping
from copy import replace
from datetime import UTC, datetime
from typing import Any, Final

from finding_router.actions.press import Press
from finding_router.actions.worker.asking import person_of, reason_of, signed
from finding_router.actions.worker.cases import Cases
from finding_router.actions.worker.items import checked, named
from finding_router.actions.worker.matches import Scope, match_of
from finding_router.actions.worker.parts import Parts
from finding_router.actions.worker.result import Outcome, Result
from finding_router.actions.worker.words import answer, title_of
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.care import Snooze
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.reminders.register import remind_after_snooze
from finding_router.errors import RefusedError
from finding_router.routing.items.silence import SNOOZE
from finding_router.slack.kit.text import Mrkdwn, date

_LONGEST_SECONDS: Final = 366 * 86_400


def snooze(parts: Parts, cases: Cases, press: Press, keys: Collection[AlertKey]) -> Result:
    """
    Put a silence for what the press is about, and show it on the card.

    Its pattern names the severities that are not worse than now: a rise is said all the same.
    """
    form: Mapping[str, Any] = press.form or {}
    until = form.get("until")
    first = max(parts.clock(), float(press.at))
    if not isinstance(until, int | float) or not first < until <= press.at + _LONGEST_SECONDS:
        raise RefusedError(
            "A snooze ends within a year, and not in the past: choose another end.", why="end"
        )
    scope = Scope.RESOURCE if form.get("scope") == Scope.RESOURCE else Scope.FINDING
    alerts = cases.read(keys)
    now = cases.now(alerts.values())
    findings = now.readable()
    if not findings:
        raise RefusedError("Security Hub no longer has this finding.", why="gone")
    item = {
        "kind": "silence",
        "name": named(SNOOZE, findings[0], press),
        "match": match_of(findings, scope),
        "until": datetime.fromtimestamp(int(until), UTC).isoformat(),
        "reason": reason_of(form),
        "by": signed(press),
    }
    checked(item)
    parts.edits.add(item)
    if parts.reminders is not None:
        for alert in alerts.values():
            remind_after_snooze(parts.reminders, alert, float(until))
    wanted = Snooze(until=float(until), by=person_of(press), silence=str(item["name"]))
    alerts = cases.change(keys, lambda alert: _snoozed(alert, wanted, at=parts.clock()))
    cases.show(alerts, now)
    text = None
    if all(each.digest is not None for each in alerts.values() if each.key in keys):
        end = date(datetime.fromtimestamp(int(until), UTC))
        text = answer(Mrkdwn(f"Nothing is posted about {title_of(findings)} until {end}."))
    return Result(
        outcome=Outcome.DONE,
        detail=f"silence {item['name']} until {item['until']}",
        answer=text,
        findings=tuple(sorted({each.id for each in findings})),
    )


def _snoozed(alert: Alert, wanted: Snooze, *, at: float) -> Alert:
    known = alert.care.snooze
    if alert.episode == 0 or known == wanted:
        return alert
    if known is not None and known.by.is_after(wanted.by):
        return alert
    return alert.cared_for(replace(alert.care, snooze=wanted), at=at)
