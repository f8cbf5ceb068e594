"""
When one finding of several about the same thing was there, as far as its events have told.

Of each, the Ledger keeps the last time that it was away. That is enough to see whether all of them
were away at once, whichever event comes last; what was over before that is not told any more.
"""

from collections.abc import Iterable
from dataclasses import replace

from finding_router.delivery.ledger import Member
from finding_router.delivery.moments import Gap, Moment, is_after, is_later, is_newer
from finding_router.findings.finding import Severity


def with_end(member: Member, told: Moment) -> Member:
    """Give *member* once it is known to have ended at *told*; the same where that was known."""
    if member.ended_at is not None:
        return _ended_again(member, told)
    if not is_later(member.heard, told):
        # Without a time of its own, the end is as late as what was heard: it must not look open.
        is_timed = is_newer(told[0], member.heard_at)
        ended = ((told[0] if is_timed else member.heard_at) or "", told[1])
        return replace(member, ended_at=ended[0], ended_event_at=ended[1], gap=(ended, None))
    # A later event came first. It looked like a duplicate, and turns out to be a return.
    if not is_later(member.said, told):
        return back(member, (told, member.heard), member.heard)
    if member.gap is None:
        return member
    since, until = member.gap
    if since is not None and not is_after(told, since):
        return member
    is_before = until is not None and is_after(until, told)
    return replace(member, gap=(told, until if is_before else member.said))


def _ended_again(member: Member, told: Moment) -> Member:
    since = member.gap[0] if member.gap else None
    if is_later(told, member.ended):
        # What comes late from between the two is no return.
        return replace(
            member,
            ended_at=told[0] or "",
            ended_event_at=told[1],
            gap=(since or member.ended, None),
        )
    if is_after(since or member.ended, told) and not is_later(member.heard, told):
        return replace(member, gap=(told, None))
    return member


def with_presence(member: Member, told: Moment) -> Member:
    """Give *member* once it is known to have been there at *told*, when it was thought away."""
    if member.gap is None:
        return member
    since, until = member.gap
    is_over = until is None
    end = member.ended if until is None else until
    if (since is not None and not is_after(told, since)) or not is_after(end, told):
        return member
    return replace(member, gap=(end, None) if is_over else (since, told))


def back(member: Member, gap: Gap, heard: Moment) -> Member:
    """Give *member* once it is back after *gap*, of which nobody was told so far."""
    return replace(
        said(member, heard, heard),
        ended_at=None,
        ended_event_at=None,
        notified_at=None,
        gap=gap,
    )


def said(member: Member, said_: Moment, heard: Moment) -> Member:
    """Give *member* with the moments of what was said and heard of it."""
    return replace(
        member,
        said_at=said_[0],
        said_event_at=said_[1],
        heard_at=heard[0],
        heard_event_at=heard[1],
    )


def gap_of(member: Member) -> Gap | None:
    """Give the last time in which *member* was away; None where nothing is to be said of one."""
    if member.ended_at is not None and member.gap is None:
        return member.ended, None
    return member.gap


def shared(gaps: Iterable[Gap | None]) -> Gap | None:
    """Give the time that is in all *gaps*, or None where there is none."""
    since: Moment | None = None
    until: Moment | None = None
    for gap in gaps:
        if gap is None:
            return None
        begin, end = gap
        since = begin if since is None or (begin and is_after(begin, since)) else since
        until = end if until is None or (end and is_after(until, end)) else until
    is_empty = since is not None and until is not None and not is_after(until, since)
    return None if is_empty else (since, until)


def worst(members: Iterable[Member], *, or_else: Severity) -> Severity:
    """Give the worst severity of what is there; *or_else* is that of which none is known."""
    there = [each.severity or or_else for each in members if each.ended_at is None]
    return max(there, key=lambda severity: severity.rank, default=or_else)
