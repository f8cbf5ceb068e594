"""The buttons of a digest: somebody takes it, and one of its findings gets the card's buttons."""

from typing import TYPE_CHECKING, Final

from finding_router.actions.press import Press
from finding_router.actions.worker.asking import person_of
from finding_router.actions.worker.cases import Cases
from finding_router.actions.worker.parts import Parts
from finding_router.actions.worker.result import Outcome, Result
from finding_router.actions.worker.words import answer
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.audit import Entry
from finding_router.delivery.digests.store import OpenDigest
from finding_router.delivery.limits.deadline import Deadline
from finding_router.errors import AgainError, RefusedError
from finding_router.slack.kit.buttons import Buttons, card_buttons
from finding_router.slack.kit.frame import CIRCLES
from finding_router.slack.kit.people import person
from finding_router.slack.kit.reference import alert_reference
from finding_router.slack.kit.text import Mrkdwn, words
from finding_router.slack.messages.digest import linked

if TYPE_CHECKING:
    from collections.abc import Sequence

TAKE: Final = "take"
GIVE_BACK: Final = "give back"
# The totals of a long list are counted now and then only.
_SHOWN_SECONDS: Final = 240.0
_AGAIN_SECONDS: Final = 5.0
_TITLE_CHARS: Final = 200


def acknowledge_digest(
    parts: Parts, press: Press, entry: Entry, digest: OpenDigest, deadline: Deadline
) -> Result:
    """Make the person the owner of *digest*; by the owner it is given back."""
    before = parts.digests.count(digest.digest_id).owner
    decided = entry.decided
    if decided is None:
        is_own = before is not None and before.id == press.user.id
        decided = parts.audit.decide(entry, GIVE_BACK if is_own else TAKE).decided
    owner = person_of(press)
    is_mine = parts.digests.own(digest.digest_id, owner, is_given_back=decided == GIVE_BACK)
    if not is_mine:
        return Result(outcome=Outcome.UNCHANGED, detail="somebody pressed later")
    parts.pipeline.recount(digest.digest_id, deadline)
    detail = "given back" if decided == GIVE_BACK else "acknowledged"
    if before is not None and before.id != owner.id and decided == TAKE:
        detail = f"taken over from {before.id}"
    if not parts.digests.count(digest.digest_id).is_outdated:
        return Result(outcome=Outcome.DONE, detail=detail)
    if parts.clock() - press.at < _SHOWN_SECONDS:
        message = "the totals of the digest are counted in a moment"
        raise AgainError(message, seconds=_AGAIN_SECONDS)
    text = Mrkdwn("Noted. The digest is long: it shows who owns it with its next count.")
    return Result(outcome=Outcome.DONE, detail=detail, answer=answer(text))


def pick(
    parts: Parts, cases: Cases, press: Press, digest: OpenDigest, *, has_ticket: bool
) -> Result:
    """Show the buttons of a card for the finding that was picked from *digest*."""
    alert = _picked(cases, press, digest)
    line = next(
        (
            each
            for each in parts.digests.lines(digest.digest_id)
            if each.subject == alert.key.subject
        ),
        None,
    )
    title = (
        Mrkdwn(f"{CIRCLES[line.severity]} {linked(line.title, line.url, _TITLE_CHARS)}")
        if line is not None
        else words(alert.title or "This finding", _TITLE_CHARS)
    )
    if not alert.is_shown:
        text = Mrkdwn(f"{title} is over already.")
        return Result(outcome=Outcome.SHOWN, detail="over", answer=answer(text))
    owner = f" · 👀 {person(alert.care.owner.id)}" if alert.care.owner else ""
    buttons = Buttons(
        alert_reference(alert.key.subject, alert.key.channel),
        has_ticket and alert.care.ticket is None,
    )
    return Result(
        outcome=Outcome.SHOWN,
        detail="picked",
        answer=answer(Mrkdwn(f"{title}{owner}"), *card_buttons(buttons)),
        findings=(line.finding_id,) if line is not None else (),
    )


def _picked(cases: Cases, press: Press, digest: OpenDigest) -> Alert:
    """Return the alert that was picked: the one that *digest* lists, wherever it was routed to."""
    subject = press.picked or ""
    alerts = cases.read([AlertKey(subject, digest.channel)])
    listed = [each for each in alerts.values() if digest.digest_id in (each.digest, each.listed_in)]
    found: Sequence[Alert] = listed or [
        each for key, each in alerts.items() if key.channel == digest.channel
    ]
    if not found:
        message = "The router does not know that finding any more: nothing was changed."
        raise RefusedError(message, why="alert unknown")
    return found[0]
