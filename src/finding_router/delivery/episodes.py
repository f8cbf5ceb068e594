"""Whether an event says something new: the rules of an episode, without any I/O."""

from dataclasses import dataclass
from enum import StrEnum

from finding_router.delivery.ledger import Entry, Member, Saying, State
from finding_router.findings.ending import ending_of
from finding_router.findings.finding import Finding, Severity
from finding_router.findings.timestamps import parse_timestamp

# UpdatedAt of an event, and when it was sent, in Unix seconds.
type Moment = tuple[str | None, float | None]


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
    """
    if entry is None:
        return Verdict.POST if news.phase is Phase.NEW else Verdict.UNKNOWN
    if entry.state is not State.POSTED:
        return _judge_unsaid(entry, news, now)
    member = entry.members.get(news.member)
    if news.phase is Phase.ENDED:
        return _judge_end(entry, member, news)
    if member is None:
        return _judge_stranger(entry, news)
    if member.ended_at is not None:
        return _judge_return(entry, member, news, settle_seconds)
    return _judge_open(entry, member, news, now, settle_seconds)


def _judge_unsaid(entry: Entry, news: News, now: float) -> Verdict:
    """Judge while something is being said, or was to be said and could not: that comes first."""
    is_end = entry.saying is Saying.END
    if (entry.state is State.CLAIMED and now < entry.lease_until) or (
        is_end is not (news.phase is Phase.ENDED)
    ):
        return Verdict.BUSY
    return Verdict.RECOVER if entry.state is State.CLAIMED else Verdict.RESUME


def _judge_end(entry: Entry, member: Member | None, news: News) -> Verdict:
    if member is None:
        return Verdict.UNKNOWN
    told = (news.updated_at, news.sent_at)
    if member.ended_at is not None or is_later((member.said_at, member.said_event_at), told):
        return Verdict.DUPLICATE
    if is_later((member.heard_at, member.heard_event_at), told):
        # A later NEW event came first and looked like a duplicate: now it turns out to be a return.
        return Verdict.REOPEN
    others = [each for key, each in entry.members.items() if key != news.member]
    return Verdict.CLOSE if all(each.ended_at for each in others) else Verdict.NOTE


def _judge_stranger(entry: Entry, news: News) -> Verdict:
    """Judge another standard's finding of the same control and resource."""
    if news.phase is not Phase.NEW:
        return Verdict.UNKNOWN
    if entry.is_open:
        return Verdict.RISE if _rises(entry, news) else Verdict.REFRESH
    ends = [member.ended_at for member in entry.members.values()]
    return (
        Verdict.REOPEN if all(is_newer(news.updated_at, end) for end in ends) else Verdict.DUPLICATE
    )


def _judge_return(entry: Entry, member: Member, news: News, settle_seconds: float) -> Verdict:
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
        return Verdict.DUPLICATE
    if news.phase is Phase.NEW and not entry.is_open:
        return Verdict.REOPEN
    return Verdict.RISE if _rises(entry, news) else Verdict.REFRESH


def _judge_open(
    entry: Entry, member: Member, news: News, now: float, settle_seconds: float
) -> Verdict:
    newer = is_newer(news.updated_at, member.said_at)
    if news.phase is Phase.NEW and newer:
        # An event that was long in the queue tells of when it was sent.
        told_at = now if news.sent_at is None else news.sent_at
        if member.notified_at is not None and told_at - member.notified_at > settle_seconds:
            return Verdict.REOPEN
    if not is_newer(member.said_at, news.updated_at):
        if _rises(entry, news):
            return Verdict.RISE
        if newer and len(entry.members) == 1 and news.severity is not entry.shown:
            return Verdict.REFRESH
    heard = (member.heard_at, member.heard_event_at)
    if news.phase is Phase.NEW and is_later((news.updated_at, news.sent_at), heard):
        return Verdict.NOTE
    return Verdict.DUPLICATE


def _rises(entry: Entry, news: News) -> bool:
    return news.severity.rank > entry.severity.rank


def is_newer(updated_at: str | None, than: str | None) -> bool:
    """Tell whether *updated_at* is later than *than*; what cannot be read is not."""
    this, other = parse_timestamp(updated_at), parse_timestamp(than)
    return this is not None and (other is None or this > other)


def is_later(this: Moment, other: Moment) -> bool:
    """Tell whether *this* is later; people leave UpdatedAt as it is: then the sending counts."""
    if is_newer(this[0], other[0]):
        return True
    if is_newer(other[0], this[0]):
        return False
    return this[1] is not None and other[1] is not None and this[1] > other[1]
