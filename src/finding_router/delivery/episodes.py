"""Whether an event says something new: the rules of an episode, without any I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from finding_router.delivery.ledger import Entry, Member, Saying, State
from finding_router.delivery.members import gap_of, shared, with_end, with_presence, worst
from finding_router.delivery.moments import Moment, is_after, is_later, is_newer
from finding_router.findings.ending import ending_of
from finding_router.findings.finding import Finding, Severity


class Phase(StrEnum):
    """Where in its episode an event finds a finding."""

    NEW = "new"
    """Nobody has been told, as far as Security Hub knows."""
    ONGOING = "ongoing"
    """NOTIFIED: somebody has been told, and it is still there."""
    ENDED = "ended"
    """Archived, passed, resolved or suppressed."""


class Verdict(StrEnum):
    """What to do with an event about a finding in a channel; what asks for most comes first."""

    BUSY = "busy"
    """Another worker is at it, or what it is about is not said yet: later."""
    RECOVER = "recover"
    """Claimed by a worker that died: look whether it is there before saying it."""
    RESUME = "resume"
    """Claimed before and surely not posted: claim it again and say what was to be said."""
    POST = "post"
    """Never said: claim it and post."""
    REOPEN = "reopen"
    """Over and back again: the next episode, said in the thread of the first."""
    RISE = "rise"
    """More severe than was said: said in the thread."""
    CLOSE = "close"
    """The episode is over: the card says so."""
    REFRESH = "refresh"
    """Nothing to say, but the card is not right any more: another standard, a lower severity."""
    NOTE = "note"
    """Nothing to show, only to be remembered."""
    DUPLICATE = "duplicate"
    """Said before, or over before it was heard of."""
    UNKNOWN = "unknown"
    """Not about anything that was ever said here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What an event tells about one finding; *member* is its hash, *sent_at* in Unix seconds."""

    member: str
    phase: Phase
    severity: Severity
    updated_at: str | None = None
    sent_at: float | None = None
    standard: str | None = None

    @property
    def told(self) -> Moment:
        """Give the moment that it tells of."""
        return self.updated_at, self.sent_at


def phase_of(finding: Finding) -> Phase:
    """Read the phase from what Security Hub keeps of a finding."""
    if ending_of(finding) is not None:
        return Phase.ENDED
    return Phase.NEW if finding.workflow_status == "NEW" else Phase.ONGOING


def judge(entry: Entry | None, news: News, *, now: float, settle_seconds: float) -> Verdict:
    """
    Judge *news* against what the Ledger holds for its finding and channel.

    Events come twice and in any order, so that UpdatedAt decides what is later. Two things keep it
    from deciding alone. Security Hub sends more NEW events for minutes after NOTIFIED was set
    (BatchUpdateFindings is asynchronous): a NEW event only opens another episode when the end of
    the last was seen, or NOTIFIED is older than *settle_seconds*. And what people set leaves
    UpdatedAt as it is: for an end, the same UpdatedAt as the beginning is late enough.

    Where an entry has several findings, it is over while none of them is there, and only then: a
    return is another episode if there was such a time before it, which may turn out late.
    """
    if entry is None:
        return Verdict.POST if news.phase is Phase.NEW else Verdict.UNKNOWN
    if entry.state is not State.POSTED:
        return _judge_unsaid(entry, news, now)
    member = entry.members.get(news.member)
    others = [each for name, each in entry.members.items() if name != news.member]
    if news.phase is Phase.ENDED:
        return _judge_end(member, others, news)
    if member is None:
        return _judge_stranger(entry, others, news)
    if member.ended_at is not None:
        return _judge_return(entry, member, others, news, settle_seconds)
    is_back = _is_back_untold(member, others, news) or _is_back_unseen(
        member, others, news, now, settle_seconds
    )
    return Verdict.REOPEN if is_back else _judge_open(entry, member, others, news)


def _judge_unsaid(entry: Entry, news: News, now: float) -> Verdict:
    """Judge while something is being said, or was to be said and could not: that comes first."""
    is_end, is_told_of_end = entry.saying is Saying.END, news.phase is Phase.ENDED
    if entry.is_being_said(now) or (
        is_end is not is_told_of_end and not _is_known_end(entry, news)
    ):
        return Verdict.BUSY
    return Verdict.RECOVER if entry.state is State.CLAIMED else Verdict.RESUME


def _is_known_end(entry: Entry, news: News) -> bool:
    """Tell whether *news* are of an end before the return that is to be said: they may say it."""
    member = entry.members.get(news.member)
    return (
        news.phase is Phase.ENDED
        and entry.saying is Saying.REOPEN
        and member is not None
        and (member.ended == news.told or is_later(member.said, news.told))
    )


def _judge_end(member: Member | None, others: Sequence[Member], news: News) -> Verdict:
    if member is None:
        return Verdict.UNKNOWN
    after = with_end(member, news.told)
    if after == member:
        return Verdict.DUPLICATE
    over = shared(map(gap_of, [after, *others]))
    if over is None or (over[1] is None and member.ended_at is not None):
        return Verdict.NOTE
    if over[1] is None:
        return Verdict.CLOSE
    # Another end from a time that was known to have passed shows no other return.
    since, (_, known_until) = over[0], shared(map(gap_of, [member, *others])) or (None, None)
    is_known = since is not None and known_until is not None and not is_after(since, known_until)
    return Verdict.NOTE if is_known else Verdict.REOPEN


def _judge_stranger(entry: Entry, others: Sequence[Member], news: News) -> Verdict:
    """Judge another standard's finding of the same control and resource."""
    if news.phase is not Phase.NEW:
        return Verdict.UNKNOWN
    if not entry.is_open and shared([(None, news.told), *map(gap_of, others)]):
        return Verdict.REOPEN
    # Where the others ended after it, the card was closed too early.
    return Verdict.RISE if _rises(entry, news) else Verdict.REFRESH


def _judge_return(
    entry: Entry, member: Member, others: Sequence[Member], news: News, settle_seconds: float
) -> Verdict:
    """Judge an event about a finding whose end was seen."""
    # A person who sets NEW again leaves UpdatedAt as it was: only the time of the event tells.
    long_after = (
        news.sent_at is not None
        and member.ended_event_at is not None
        and news.sent_at - member.ended_event_at > settle_seconds
    )
    later = is_newer(news.updated_at, member.ended_at) or (
        long_after and not is_newer(member.ended_at, news.updated_at)
    )
    if not later:
        return _judge_old(member, news)
    away_since = member.gap[0] if member.gap else member.ended
    over = shared([(away_since, news.told), *map(gap_of, others)])
    if news.phase is Phase.NEW and not entry.is_open and over is not None:
        return Verdict.REOPEN
    return Verdict.RISE if _rises(entry, news) else Verdict.REFRESH


def _is_back_untold(member: Member, others: Sequence[Member], news: News) -> bool:
    """
    Tell whether *news* are of a return that was heard of as NOTIFIED, so that nobody was told.

    Security Hub makes a return NEW, but the mark of the episode before it may come just after.
    """
    since, until = member.gap or (None, None)
    if news.phase is not Phase.NEW or since is None or until is None:
        return False
    is_of_return = is_newer(news.updated_at, since[0]) and not is_newer(until[0], news.updated_at)
    return is_of_return and shared([member.gap, *map(gap_of, others)]) is not None


def _is_back_unseen(
    member: Member, others: Sequence[Member], news: News, now: float, settle_seconds: float
) -> bool:
    """Tell whether *news* can only mean that all was over in between, though nobody saw it end."""
    # An event that was long in the queue tells of when it was sent.
    told_at = now if news.sent_at is None else news.sent_at
    if (
        news.phase is not Phase.NEW
        or not is_newer(news.updated_at, member.said_at)
        or not _is_long_after(member, told_at, settle_seconds)
        or _may_be_back(member, settle_seconds)
    ):
        return False
    gaps = [
        (each.said, each.heard) if _may_be_back(each, settle_seconds) else gap_of(each)
        for each in others
    ]
    is_there = any(
        each.ended_at is None and not _may_be_back(each, settle_seconds) for each in others
    )
    return not is_there and shared([(member.heard, news.told), *gaps]) is not None


def _may_be_back(member: Member, settle_seconds: float) -> bool:
    """Tell whether it was heard to be NEW long after NOTIFIED, while another was still there."""
    return (
        member.ended_at is None
        and member.heard_event_at is not None
        and is_newer(member.heard_at, member.said_at)
        and _is_long_after(member, member.heard_event_at, settle_seconds)
    )


def _is_long_after(member: Member, at: float, settle_seconds: float) -> bool:
    return member.notified_at is not None and at - member.notified_at > settle_seconds


def _judge_open(entry: Entry, member: Member, others: Sequence[Member], news: News) -> Verdict:
    if _rises(entry, news) and not is_later(member.heard, news.told):
        return Verdict.RISE
    if not is_later(news.told, member.heard):
        return _judge_old(member, news)
    there = [*others, replace(member, severity=news.severity)]
    if worst(there, or_else=entry.shown) is not entry.shown:
        return Verdict.REFRESH
    is_changed = news.severity is not (member.severity or entry.shown)
    return Verdict.NOTE if is_changed or news.phase is Phase.NEW else Verdict.DUPLICATE


def _judge_old(member: Member, news: News) -> Verdict:
    """Judge what is no later than what is known: it may still tell since when it is there."""
    is_known = with_presence(member, news.told) == member
    return Verdict.DUPLICATE if is_known else Verdict.NOTE


def has_risen(entry: Entry, news: News) -> bool:
    """Tell whether *news* are of a rise past what *entry* says, or past what it said before it."""
    member = entry.members.get(news.member)
    if member is None or (member.ended_at is not None and not is_later(news.told, member.ended)):
        return False
    is_said = entry.saying is Saying.RISE and member.said == news.told
    return is_said or (_rises(entry, news) and not is_later(member.heard, news.told))


def _rises(entry: Entry, news: News) -> bool:
    return news.severity.rank > entry.severity.rank
