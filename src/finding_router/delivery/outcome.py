"""How a finding ends: in exactly one of these words, which is also the log key."""

from enum import StrEnum


class Outcome(StrEnum):
    """The named outcomes of a finding."""

    POSTED = "posted"
    """Every channel has its message."""
    POSTED_RAW = "posted_raw"
    """Too broken to lay out: its JSON stands in the default channel."""
    DIGESTED = "digested"
    """Listed in a digest, in every channel that has no card of it."""
    UPDATED = "updated"
    """Its card was changed: it ended, or another standard found the same."""
    DUPLICATE = "duplicate"
    """Said before: redelivery, duplicate event, or re-import."""
    ARCHIVED = "archived"
    PASSED = "passed"
    NOT_AVAILABLE = "not_available"
    NOT_NEW = "not_new"
    HELD = "held"
    """Waits for a schedule, or for active hours, and comes in a digest."""
    SILENCED = "silenced"
    """A silence keeps it, to be listed when the silence is over."""
    DROPPED = "dropped"
    """A route says to say nothing."""
    SUPPRESSED = "suppressed"
    """A route says to say nothing and set SUPPRESSED."""
    REFUSED = "refused"
    """The event is not one that the router takes."""
    FAILED = "failed"
    """Goes back to the queue for another try, and at last to the dead letters."""
