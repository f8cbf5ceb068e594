"""
The rules by which an event advances an alert, in one function.

Slack shows the newest known state of an alert, and news is a change of the shown state.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from finding_router.delivery.alerts.alert import Alert, Event, Form, Saying, Status


class Verdict(StrEnum):
    """The action that events require in a channel."""

    POST = "post"
    """Nobody was told: claim the alert and post a card."""
    REOPEN = "reopen"
    """Slack says that it is over, and it is open: the next episode, said in the thread."""
    RISE = "rise"
    """Worse than was ever said in this episode: said in the thread."""
    CLOSE = "close"
    """Slack says that it is open, and it is over: the card is changed."""
    REFRESH = "refresh"
    """The card shows another severity or other standards than are true now: it is changed."""
    NOTE = "note"
    """Nothing to show; the Ledger remembers the newest event."""
    DUPLICATE = "duplicate"
    """Nothing new is known."""
    UNKNOWN = "unknown"
    """About nothing that was ever said in this channel."""


class Why(StrEnum):
    """The reason for a verdict: logged, counted, and shown by `explain`."""

    FIRST = "not said here before"
    BACK = "open again after its end"
    BACK_UNSEEN = "open again after an end that no event showed"
    WORSE = "worse than was said"
    OVER = "over"
    OVER_BEFORE_SAID = "over before it was said"
    STILL_OVER = "still over"
    NEVER_SAID = "never said here"
    NO_ROUTE = "no route leads here any more"
    SEVERITY_CHANGED = "severity changed"
    STANDARD_JOINED = "another standard joined"
    CARD_IS_STALE = "its card shows an older state"
    STILL_THERE = "another standard is still there"
    OTHER_HUB = "the other Security Hub has said so"
    SAID_ELSEWHERE = "said elsewhere before"
    OWN_ECHO = "own echo"
    WITHIN_SETTLE_TIME = "within settle time"
    IMPORTED_AGAIN = "imported again, unchanged"
    SAME_EVENT = "same event"
    OLDER_EVENT = "older event"


# States of a finding that open an alert about which nothing was said.
_NEWS = frozenset({Status.NEW, Status.OPEN})
# The message that a verdict asks for; the others change a card, or nothing.
SAYINGS = {
    Verdict.POST: Saying.CARD,
    Verdict.REOPEN: Saying.REOPEN,
    Verdict.RISE: Saying.RISE,
}


class Step(NamedTuple):
    """A verdict, its reason, and the alert with *events* merged and its shown state unchanged."""

    verdict: Verdict
    why: Why
    alert: Alert


def advance(
    alert: Alert, events: Sequence[Event], *, settle_seconds: float, is_news_here: bool = False
) -> Step:
    """
    Merge *events* into *alert*, and compare the state in Slack with the known state.

    The order, doubling and delay of events do not change the final state: each member keeps its
    newest event. A state that is superseded before it was posted is not posted. An end that was
    seen needs no settle time. An end that was not seen is concluded once every open member has a
    NEW event more than *settle_seconds* after it became NOTIFIED.

    *alert* has no claim; a blank one stands for an alert that is not stored. With *is_news_here* a
    finding that goes on opens an alert, too: it got worse elsewhere.
    """
    after = alert.merged(events, settle_seconds=settle_seconds)
    there = [each for each in after.members.values() if each.is_there]
    if alert.episode == 0:
        is_new = is_news_here or any(event.status in _NEWS for event in events)
        if alert.version == 0 and not is_new:
            return Step(Verdict.UNKNOWN, Why.NEVER_SAID, alert)
        if there:
            return Step(Verdict.POST, Why.FIRST, after)
        return _unchanged(alert, after, events, Why.OVER_BEFORE_SAID)
    if not there:
        if alert.is_shown:
            return Step(Verdict.CLOSE, Why.OVER, after)
        if alert.is_card_stale and alert.ts is not None:
            return Step(Verdict.CLOSE, Why.CARD_IS_STALE, after)
        return _unchanged(alert, after, events, Why.STILL_OVER)
    if not alert.is_shown:
        return Step(Verdict.REOPEN, Why.BACK, after)
    if all(each.is_back_unseen(settle_seconds) for each in there):
        return Step(Verdict.REOPEN, Why.BACK_UNSEEN, after)
    if after.worst_there.rank > alert.worst.rank:
        return Step(Verdict.RISE, Why.WORSE, after)
    if after.worst_there is not alert.severity:
        return Step(Verdict.REFRESH, Why.SEVERITY_CHANGED, after)
    if after.standards - alert.standards:
        return Step(Verdict.REFRESH, Why.STANDARD_JOINED, after)
    if alert.is_card_stale:
        return Step(Verdict.REFRESH, Why.CARD_IS_STALE, after)
    return _unchanged(alert, after, events, _why_quiet(alert, after, events, settle_seconds))


def _unchanged(alert: Alert, after: Alert, events: Sequence[Event], why: Why) -> Step:
    """Return a step that shows nothing: remembered if anything is newer, else a duplicate."""
    if after != alert:
        return Step(Verdict.NOTE, why, after)
    is_same = any(
        (known := alert.members.get(event.member)) is not None and known.knows(event)
        for event in events
    )
    return Step(Verdict.DUPLICATE, Why.SAME_EVENT if is_same else Why.OLDER_EVENT, after)


def _why_quiet(alert: Alert, after: Alert, events: Sequence[Event], settle_seconds: float) -> Why:
    """Return why newer events change nothing that is shown."""
    newest = max((each.remembered for each in events), key=lambda event: event.order)
    member, before = after.members[newest.member], alert.members.get(newest.member)
    if not member.knows(newest):
        return Why.OLDER_EVENT
    is_first = before is not None and newest.form not in before.heard
    if is_first or (newest.status is Status.ENDED and member.is_there):
        return Why.OTHER_HUB
    if newest.status is Status.ENDED or member.is_back_unseen(settle_seconds):
        return Why.STILL_THERE
    if newest.form is Form.ASFF and member.notified_at is not None:
        if newest.status is Status.NEW:
            return Why.WITHIN_SETTLE_TIME
        if newest.sent_at is not None and newest.sent_at - member.notified_at <= settle_seconds:
            return Why.OWN_ECHO
    return Why.IMPORTED_AGAIN


def has_risen(alert: Alert, event: Event) -> bool:
    """Return True if *event* is the rise of *alert* that was said last, or one to be said now."""
    if alert.episode == 0 or not alert.is_shown:
        return False
    known = alert.members.get(event.member)
    heard = known.heard.get(event.form) if known else None
    if heard is None or event.order < heard.newest.order:
        return False
    is_said = alert.risen_at is not None and alert.risen_at == event.moment
    return is_said or event.severity.rank > alert.worst.rank


def is_said_before(alert: Alert, event: Event, *, settle_seconds: float) -> bool:
    """
    Return True if *event* says only that a finding of *alert*, which was said, is still open.

    Where Security Hub has no NOTIFIED, each update of an open finding looks like news. What comes
    within *settle_seconds* may be news that another channel has yet to be told.
    """
    return (
        event.status is Status.OPEN
        and alert.is_shown
        and event.member in alert.members
        and alert.posted_at is not None
        and event.sent_at is not None
        and event.sent_at - alert.posted_at > settle_seconds
        and not has_risen(alert, event)
    )
