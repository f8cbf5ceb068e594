"""What the Ledger holds after a verdict: the other half of the rules of an episode, as pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from finding_router.delivery.episodes import Moment, News, Phase, Verdict, is_later, is_newer
from finding_router.delivery.ledger import Entry, EntryKey, Member, Saying, State

_SAYINGS: Final = {
    Verdict.POST: Saying.CARD,
    Verdict.REOPEN: Saying.REOPEN,
    Verdict.RISE: Saying.RISE,
    Verdict.CLOSE: Saying.END,
}


def claimed(
    key: EntryKey,
    before: Entry | None,
    verdict: Verdict,
    news: Sequence[News],
    *,
    now: float,
    lease_until: float,
    worker: str,
) -> Entry:
    """Give the entry of a claim: it says what is about to be said, in case nobody lives to."""
    severity = max((each.severity for each in news), key=lambda severity: severity.rank)
    if before is None:
        return Entry(
            key=key,
            state=State.CLAIMED,
            saying=Saying.CARD,
            episode=1,
            sequence=1,
            version=1,
            claimed_at=now,
            lease_until=lease_until,
            claimed_by=worker,
            severity=severity,
            shown=severity,
            members=_members({}, verdict, news),
        )
    is_again = verdict in {Verdict.RESUME, Verdict.RECOVER}
    return replace(
        before,
        state=State.CLAIMED,
        saying=before.saying if is_again else _SAYINGS[verdict],
        episode=before.episode + (verdict is Verdict.REOPEN),
        sequence=before.sequence + (not is_again),
        version=before.version + 1,
        # A recovered claim keeps its time: that is since when its message may be there.
        claimed_at=before.claimed_at if verdict is Verdict.RECOVER else now,
        lease_until=lease_until,
        claimed_by=worker,
        severity=before.severity if verdict is Verdict.CLOSE else severity,
        shown=before.shown if verdict is Verdict.CLOSE else severity,
        members=_members(before.members, verdict, news),
    )


def noted(before: Entry, verdict: Verdict, news: Sequence[News]) -> Entry:
    """Give the entry after something that says nothing in the channel."""
    members = _members(before.members, verdict, news)
    severity = max((each.severity for each in news), key=lambda severity: severity.rank)
    return replace(
        before,
        version=before.version + 1,
        shown=severity if verdict is Verdict.REFRESH and len(members) == 1 else before.shown,
        members=members,
    )


def _members(
    before: Mapping[str, Member], verdict: Verdict, news: Sequence[News]
) -> dict[str, Member]:
    return {
        **before,
        **{each.member: _member(before.get(each.member), verdict, each) for each in news},
    }


def _member(before: Member | None, verdict: Verdict, news: News) -> Member:
    if before is None:
        return Member(
            said_at=news.updated_at,
            heard_at=news.updated_at,
            said_event_at=news.sent_at,
            heard_event_at=news.sent_at,
            standard=news.standard,
        )
    told, heard = (news.updated_at, news.sent_at), (before.heard_at, before.heard_event_at)
    if news.phase is Phase.ENDED:
        if verdict is Verdict.REOPEN:
            # The end came after the return: what is open now is what was heard of already.
            return _said(before, heard, heard, notified_at=None)
        # Without a time of its own, the end is as late as what was heard: it must not look open.
        ended_at = (told if is_newer(told[0], heard[0]) else heard)[0] or ""
        return replace(before, ended_at=ended_at, ended_event_at=news.sent_at)
    heard = told if is_later(told, heard) else heard
    returns = verdict is Verdict.REOPEN or (
        before.ended_at is not None and verdict is not Verdict.DUPLICATE
    )
    if returns:
        open_again = replace(before, ended_at=None, ended_event_at=None)
        return _said(open_again, heard, heard, notified_at=None)
    said = (before.said_at, before.said_event_at)
    if verdict is not Verdict.NOTE and is_later(told, said):
        said = told
    return _said(before, said, heard, notified_at=before.notified_at)


def _said(before: Member, said: Moment, heard: Moment, *, notified_at: float | None) -> Member:
    said_at, said_event_at = said
    heard_at, heard_event_at = heard
    return replace(
        before,
        said_at=said_at,
        said_event_at=said_event_at,
        heard_at=heard_at,
        heard_event_at=heard_event_at,
        notified_at=notified_at,
    )
