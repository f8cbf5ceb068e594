"""Acknowledge: somebody takes a finding, takes it over, or gives it back."""

from collections.abc import Collection
from copy import replace
from typing import Final

from finding_router.actions.press import Press
from finding_router.actions.worker.asking import person_of
from finding_router.actions.worker.cases import Cases
from finding_router.actions.worker.parts import Parts
from finding_router.actions.worker.result import Outcome, Result
from finding_router.actions.worker.words import answer, title_of
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.care import Person
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.audit import Entry
from finding_router.slack.kit.text import Mrkdwn

_TAKE: Final = "take"
_GIVE_BACK: Final = "give back"


def acknowledge(
    parts: Parts,
    cases: Cases,
    press: Press,
    entry: Entry,
    keys: Collection[AlertKey],
    pressed: Alert,
) -> Result:
    """
    Make the person the owner of the alerts of *keys*; by the owner it is given back.

    What to do is decided by the alert that was *pressed*, once: a press that comes again does the
    same. A later press counts more than an earlier one, whichever is done first.
    """
    person = person_of(press)
    decided = entry.decided
    if decided is None:
        owner = pressed.care.owner
        is_own = owner is not None and owner.id == person.id
        decided = parts.audit.decide(entry, _GIVE_BACK if is_own else _TAKE).decided
    before = pressed.care.owner
    alerts = cases.change(keys, lambda alert: _owned(alert, person, decided, at=parts.clock()))
    now = cases.now(alerts.values())
    cases.show(alerts, now)
    ids = tuple(sorted({each.id for each in now.readable()}))
    detail = _detail(decided, person, before)
    if now.is_gone:
        text = Mrkdwn("Noted. Security Hub no longer has this finding, so its card stays as it is.")
        return Result(outcome=Outcome.DONE, detail=f"{detail}; gone", answer=answer(text))
    if all(each.digest is not None for each in alerts.values() if each.key in keys):
        title = title_of(now.readable())
        text = Mrkdwn(
            f"You gave {title} back." if decided == _GIVE_BACK else f"You own {title} now."
        )
        return Result(outcome=Outcome.DONE, detail=detail, answer=answer(text), findings=ids)
    return Result(outcome=Outcome.DONE, detail=detail, findings=ids)


def _owned(alert: Alert, person: Person, decided: str | None, *, at: float) -> Alert:
    """Return *alert* as it is to be; one that was never said, or was changed later, stays."""
    care = alert.care
    if alert.episode == 0 or (care.given_back_at or 0.0) > person.at:
        return alert
    if care.owner is not None and care.owner.is_after(person):
        return alert
    if decided == _GIVE_BACK:
        after = replace(care, owner=None, given_back_at=person.at)
    else:
        after = care.with_owner(person)
    return alert if after == care else alert.cared_for(after, at=at)


def _detail(decided: str | None, person: Person, before: Person | None) -> str:
    if decided == _GIVE_BACK:
        return "given back"
    if before is not None and before.id != person.id:
        return f"taken over from {before.id}"
    return "acknowledged"
