"""Whether a NEW event says something new: the rules of an episode, without any I/O."""

from enum import StrEnum

from finding_router.delivery.ledger import Entry, State
from finding_router.findings.timestamps import parse_timestamp


class Verdict(StrEnum):
    """What to do with an event about a finding in a channel."""

    POST = "post"
    """Never said: claim it and post."""
    RESUME = "resume"
    """Claimed before and surely not posted: claim it again and post."""
    RECOVER = "recover"
    """Claimed by a worker that died: look whether it is there before posting."""
    REOPEN = "reopen"
    """Said, marked, settled, and now NEW again: the next episode."""
    DUPLICATE = "duplicate"
    """Said before."""
    BUSY = "busy"
    """Another worker posts it right now."""


def judge(
    entry: Entry | None, *, updated_at: str | None, now: float, settle_seconds: float
) -> Verdict:
    """
    Judge a NEW event against what the Ledger holds for its finding and channel.

    Security Hub sends more NEW events after NOTIFIED was set, for minutes: BatchUpdateFindings
    is asynchronous and leaves UpdatedAt as it is. So NEW opens another episode only when
    NOTIFIED is older than *settle_seconds* and the event is newer than what was said. *now* is in
    Unix seconds.
    """
    if entry is None:
        return Verdict.POST
    if entry.state is State.RELEASED:
        return Verdict.RESUME
    if entry.state is State.CLAIMED:
        return Verdict.BUSY if now < entry.lease_until else Verdict.RECOVER
    settled = entry.notified_at is not None and now - entry.notified_at > settle_seconds
    if settled and is_newer(updated_at, entry.updated_at):
        return Verdict.REOPEN
    return Verdict.DUPLICATE


def is_newer(updated_at: str | None, said: str | None) -> bool:
    """Tell whether *updated_at* is later than *said*; what cannot be read is not."""
    this, other = parse_timestamp(updated_at or ""), parse_timestamp(said or "")
    return this is not None and (other is None or this > other)
