"""Resolve and suppress: a person's status in Security Hub, which the router never overwrites."""

from collections.abc import Collection, Iterable, Mapping
from copy import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from finding_router.actions.press import Press
from finding_router.actions.worker.always import Always, always
from finding_router.actions.worker.asking import person_of, reason_of
from finding_router.actions.worker.cases import Cases, Now, shown_anew
from finding_router.actions.worker.check import CHECK_SECONDS, Check, taken_back
from finding_router.actions.worker.matches import Scope, alike
from finding_router.actions.worker.notes import (
    FINAL_CODES,
    Done,
    Targets,
    as_set,
    set_status,
    why_refused,
)
from finding_router.actions.worker.parts import Parts
from finding_router.actions.worker.result import Outcome, Result
from finding_router.actions.worker.words import answer, title_of
from finding_router.counts import counted
from finding_router.delivery.alerts.alert import Alert, Form, form_of
from finding_router.delivery.alerts.care import Asked, AskedStatus
from finding_router.delivery.alerts.identity import AlertKey, subject_of
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.people import MOST_FINDINGS, Raw
from finding_router.delivery.workflow import FindingKey
from finding_router.errors import AgainError, FindingError, RefusedError
from finding_router.findings.ending import Ended, ending_of
from finding_router.findings.finding import Finding
from finding_router.findings.ocsf import in_asff
from finding_router.findings.outline import Outline, read_outline
from finding_router.slack.kit.text import Mrkdwn

if TYPE_CHECKING:
    from finding_router.slack.kit.message import Block

_IDS: Final = 20
_AGAIN_SECONDS: Final = 5.0
# Another person's status, which was asked for later, is set by then.
_LATER_SECONDS: Final = 10.0
_OF_PEOPLE: Final = frozenset({Ended.RESOLVED, Ended.SUPPRESSED})


class StatusPress:
    """One press of Resolve or Suppress, with its form."""

    def __init__(
        self, parts: Parts, cases: Cases, press: Press, status: AskedStatus, deadline: Deadline
    ) -> None:
        """Set *status* for *press*."""
        form: Mapping[str, Any] = press.form or {}
        self._parts = parts
        self._cases = cases
        self._press = press
        self._deadline = deadline
        self._scope = _word(Scope, form.get("scope"), Scope.FINDING)
        self._always = _word(Always, form.get("always"), Always.NO)
        self._asked = Asked(status=status, by=person_of(press), reason=reason_of(form))

    def run(self, keys: Collection[AlertKey]) -> Result:
        """
        Set the status of what the press is about, and show it; *keys* are of the pressed alert.

        The order makes it safe to begin again: the alerts say what is asked before Security Hub is
        called, so that no run of the router marks the findings any more; what has the status
        already is left out.
        """
        cases, asked = self._cases, self._asked
        now = cases.now(cases.read(keys).values())
        own = now.readable()
        if not own:
            raise RefusedError("Security Hub no longer has this finding.", why="gone")
        targets, is_all = self._targets(now, own)
        own_keys = {key for found in now.findings.values() for key in found}
        if own_keys.isdisjoint(key for found in targets.values() for key in found):
            raise RefusedError("This finding is over already: nothing was changed.", why="over")
        subjects = {key.subject for key in keys} | _subjects(targets)
        alerts = cases.change(keys, self._with_asked, besides=subjects, waits_for_marks=True)
        is_overtaken = any(self._is_overtaken(alerts[key]) for key in keys if key in alerts)
        others = _without(targets, own_keys)
        if is_overtaken and not any(others.values()):
            return self._give_way(keys)
        to_set = others if is_overtaken else targets
        done = set_status(self._parts.hubs, to_set, asked, deadline=self._deadline)
        if again := {code for code in done.refused.values() if code not in FINAL_CODES}:
            message = f"Security Hub did not take the status: {', '.join(sorted(again))}"
            raise AgainError(message, seconds=_AGAIN_SECONDS)
        refused = self._refused(keys, own_keys, subjects, targets, done)
        self._take_back(keys, refused)
        is_overtaken = self._is_overtaken_at_last(keys, subjects - refused) or is_overtaken
        if refused.issuperset(key.subject for key in keys):
            code = next(done.refused[key] for key in own_keys if key in done.refused)
            message = f"The status was not set: {why_refused(code)}."
            raise RefusedError(message, why=f"refused: {code}")
        if not is_overtaken:
            for key in keys:
                self._later(Check(key=key, asked_at=asked.by.at), CHECK_SECONDS)
            shown = as_set(self._parts.hubs, now.findings, done, asked.status)
            cases.show(cases.change(keys, shown_anew), replace(now, findings=shown))
            # A person who asks from here on shows the card later than this.
            is_overtaken = self._is_overtaken_at_last(keys, subjects - refused)
        if is_overtaken:
            unchanged = self._give_way(keys)
            if not any(others.values()):
                return unchanged
            targets = others
        return self._result(own, targets, done, is_all=is_all)

    def _targets(self, now: Now, own: list[Finding]) -> tuple[Targets, bool]:
        """Return the findings to set, by hub, and whether that is all that the press is about."""
        targets: dict[Form, dict[FindingKey, Raw]] = {
            form: {key: raw for key, raw in found.items() if self._is_to_set(raw)}
            for form, found in now.findings.items()
        }
        is_all = True
        if self._scope is Scope.FINDING:
            return targets, is_all
        for hub in self._parts.hubs:
            first = next((each for each in own if form_of(each) is hub.form), None)
            asked = alike(first, self._scope) if first is not None else None
            if asked is not None:
                found = hub.alike(asked, most=MOST_FINDINGS, deadline=self._deadline)
                targets[hub.form] = {**found.findings, **targets.get(hub.form, {})}
                is_all = is_all and found.is_all
        return targets, is_all

    def _is_to_set(self, raw: Raw) -> bool:
        """Return True for what is open, has another status of people, or has this one already."""
        outline = _outline(raw)
        ended = ending_of(outline) if outline is not None else None
        return ended is None or ended in _OF_PEOPLE

    def _with_asked(self, alert: Alert) -> Alert:
        known = alert.care.asked
        if self._is_overtaken(alert):
            return alert
        if known is not None and replace(known, is_confirmed=False) == self._asked:
            return alert
        return alert.cared_for(replace(alert.care, asked=self._asked), at=self._parts.clock())

    def _is_overtaken(self, alert: Alert) -> bool:
        """Return True if somebody asked for a status later."""
        known = alert.care.asked
        return known is not None and known.by.is_after(self._asked.by)

    def _refused(
        self,
        keys: Collection[AlertKey],
        own_keys: Collection[FindingKey],
        subjects: Collection[str],
        targets: Targets,
        done: Done,
    ) -> set[str]:
        """Return those of *subjects* of which Security Hub refused every finding."""
        if not done.refused:
            return set()
        taken = _without(targets, done.refused)
        kept = _subjects(taken)
        if any(key in own_keys for found in taken.values() for key in found):
            kept |= {key.subject for key in keys}
        return set(subjects) - kept

    def _take_back(self, keys: Collection[AlertKey], subjects: Collection[str]) -> None:
        """Remove what was asked from the alerts about *subjects*."""

        def without(alert: Alert) -> Alert:
            if alert.key.subject not in subjects:
                return alert
            return taken_back(alert, self._asked, at=self._parts.clock())

        if subjects:
            self._cases.change(keys, without, besides=subjects)

    def _is_overtaken_at_last(self, keys: Collection[AlertKey], subjects: Collection[str]) -> bool:
        """
        Return True if somebody asked for another status later, which is set again before long.

        Begin again if an alert about *subjects* came up that does not say what is asked. A run that
        may still set NOTIFIED has written its alert before it asked Security Hub for the status:
        one that asked before this status was set is seen here.
        """
        alerts = self._cases.read(keys, besides=subjects)
        is_overtaken = False
        for key, alert in alerts.items():
            asked = alert.care.asked
            if key.subject not in subjects:
                continue
            if asked is not None and self._is_overtaken(alert):
                self._later(Check(key=key, asked_at=asked.by.at), _LATER_SECONDS)
                is_overtaken = is_overtaken or key in keys
            elif self._with_asked(alert) != alert:
                message = "the router said the finding meanwhile"
                raise AgainError(message, seconds=_AGAIN_SECONDS)
        return is_overtaken

    def _give_way(self, keys: Collection[AlertKey]) -> Result:
        """
        Leave the finding to whoever asked later, on every card.

        A card that came up in between says what this press asked for, and an earlier try may have
        changed a card after the other.
        """
        cases, asked = self._cases, self._asked
        known = (alert.care.asked for alert in cases.read(keys).values())
        last = max((each for each in known if each is not None), key=lambda each: each.by.order)

        def given(alert: Alert) -> Alert:
            mine = alert.care.asked
            if mine is None or mine.by != asked.by:
                return shown_anew(alert)
            return alert.cared_for(replace(alert.care, asked=last), at=self._parts.clock())

        alerts = cases.change(keys, given)
        cases.show(alerts, cases.now(alerts.values()))
        return Result(outcome=Outcome.UNCHANGED, detail="somebody pressed later")

    def _later(self, check: Check, seconds: float) -> None:
        self._parts.later.send_later(check.to_body(), seconds=seconds, deadline=self._deadline)

    def _result(self, own: list[Finding], targets: Targets, done: Done, *, is_all: bool) -> Result:
        ids = sorted({key[1] for found in targets.values() for key in found})
        number, status = len(ids), self._asked.status.value
        said: list[Mrkdwn] = []
        if self._scope is not Scope.FINDING:
            are_set = counted(number - len({key[1] for key in done.refused}), "finding")
            said.append(
                Mrkdwn(
                    f"{are_set} like {title_of(own)} set to {status}. Other cards change as "
                    "Security Hub sends the events."
                )
            )
        if not is_all:
            text = f"There are more than {MOST_FINDINGS:,}: press again for the rest."
            said.append(Mrkdwn(text))
        for code in dict.fromkeys(done.refused.values()):
            times = counted(sum(each == code for each in done.refused.values()), "finding")
            said.append(Mrkdwn(f"{times} not changed: {why_refused(code)}."))
        blocks: list[Block] = []
        if self._always is not Always.NO:
            text, blocks = always(
                self._parts, self._press, own, self._scope, self._always, self._asked.reason
            )
            said.append(text)
        return Result(
            outcome=Outcome.PARTLY if done.refused or not is_all else Outcome.DONE,
            detail=f"{status}, {number} set, {len(done.refused)} refused",
            answer=answer(Mrkdwn("\n".join(said)), *blocks) if said else None,
            findings=tuple(ids[:_IDS]),
        )


def _without(targets: Targets, keys: Collection[FindingKey]) -> Targets:
    return {
        form: {key: raw for key, raw in found.items() if key not in keys}
        for form, found in targets.items()
    }


def _subjects(targets: Targets) -> set[str]:
    return {subject_of(each) for each in _outlines(targets)}


def _outlines(targets: Targets) -> Iterable[Outline]:
    for found in targets.values():
        for raw in found.values():
            if (outline := _outline(raw)) is not None:
                yield outline


def _outline(raw: Raw) -> Outline | None:
    try:
        return read_outline(in_asff(raw))
    except FindingError:
        return None


def _word[Word: StrEnum](words: type[Word], written: object, or_else: Word) -> Word:
    return next((each for each in words if each == written), or_else)
