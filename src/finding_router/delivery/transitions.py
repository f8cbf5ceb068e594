"""What the Ledger holds after a verdict: the other half of the rules of an episode, as pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from finding_router.delivery.episodes import News, Phase, Verdict
from finding_router.delivery.ledger import Entry, EntryKey, Member, Saying, State
from finding_router.delivery.members import back, said, with_end, with_presence, worst
from finding_router.delivery.moments import is_later
from finding_router.findings.finding import Severity

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
    is_again = verdict in {Verdict.RESUME, Verdict.RECOVER}
    saying = before.saying if before is not None and is_again else _SAYINGS[verdict]
    members = _members(before.members if before else {}, verdict, news)
    if saying in {Saying.CARD, Saying.REOPEN}:
        members = {name: _told(each) for name, each in members.items()}
    severity = worst(members.values(), or_else=before.shown if before else news[0].severity)
    if before is None:
        return Entry(
            key=key,
            state=State.CLAIMED,
            saying=saying,
            episode=1,
            sequence=1,
            version=1,
            claimed_at=now,
            lease_until=lease_until,
            claimed_by=worker,
            severity=severity,
            shown=severity,
            members=members,
        )
    said_before = before.said_before if is_again else before.severity
    return replace(
        before,
        state=State.CLAIMED,
        saying=saying,
        episode=before.episode + (verdict is Verdict.REOPEN),
        sequence=before.sequence + (not is_again),
        version=before.version + 1,
        # A recovered claim keeps its time: that is since when its message may be there.
        claimed_at=before.claimed_at if verdict is Verdict.RECOVER else now,
        lease_until=lease_until,
        claimed_by=worker,
        severity=_said_severity(before, saying, severity),
        shown=before.shown if saying is Saying.END else severity,
        said_before=said_before if saying is Saying.RISE else None,
        members=members,
    )


def _said_severity(before: Entry, saying: Saying, severity: Severity) -> Severity:
    """Give the highest that is said of the episode: it never falls, but with the next one."""
    if saying is Saying.END or (saying is Saying.RISE and severity.rank < before.severity.rank):
        return before.severity
    return severity


def noted(before: Entry, verdict: Verdict, news: Sequence[News]) -> Entry:
    """Give the entry after something that says nothing in the channel."""
    members = _members(before.members, verdict, news)
    shown = before.shown
    if verdict is Verdict.REFRESH:
        shown = worst(members.values(), or_else=shown)
    return replace(before, version=before.version + 1, shown=shown, members=members)


def _members(
    before: Mapping[str, Member], verdict: Verdict, news: Sequence[News]
) -> dict[str, Member]:
    return {
        **before,
        **{each.member: _member(before.get(each.member), verdict, each) for each in news},
    }


def _told(member: Member) -> Member:
    """Let a return of *member* be said, whether or not it was what showed that there was one."""
    if member.ended_at is not None:
        return member
    is_back = member.gap is not None or is_later(member.heard, member.said)
    notified_at = None if is_back else member.notified_at
    return replace(said(member, member.heard, member.heard), gap=None, notified_at=notified_at)


def _member(before: Member | None, verdict: Verdict, news: News) -> Member:
    told = news.told
    if before is None:
        return Member(
            said_at=news.updated_at,
            heard_at=news.updated_at,
            said_event_at=news.sent_at,
            heard_event_at=news.sent_at,
            standard=news.standard,
            severity=news.severity,
            gap=(None, told),
        )
    if news.phase is Phase.ENDED:
        return with_end(before, told)
    is_old = is_later(before.heard, told)
    heard = before.heard if is_old else told
    known = before if is_old else replace(before, severity=news.severity)
    if before.ended_at is not None:
        # Beside what is news of the others, this may be from before its end.
        is_back = verdict not in {Verdict.DUPLICATE, Verdict.NOTE} and is_later(told, before.ended)
        since = before.gap[0] if before.gap else before.ended
        return back(known, (since, told), heard) if is_back else with_presence(before, told)
    known = with_presence(known, told)
    if verdict is Verdict.REOPEN:
        return replace(said(known, heard, heard), notified_at=None)
    is_newly_said = verdict is not Verdict.NOTE and is_later(told, before.said)
    return said(known, told if is_newly_said else before.said, heard)
