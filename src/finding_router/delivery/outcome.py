"""The words for how far a delivery got and how a finding ended, and the sets of them in use."""

from enum import StrEnum
from typing import Final

from finding_router.telemetry import (
    EVENTS_REFUSED,
    FINDINGS_DUPLICATE,
    FINDINGS_FAILED,
    FINDINGS_POSTED,
    FINDINGS_QUIET,
    FINDINGS_SILENCED,
)


class Progress(StrEnum):
    """State of a delivery within one run."""

    PENDING = "pending"
    POSTED = "posted"
    """A message of its own stands in the channel."""
    DIGESTED = "digested"
    """A digest lists it."""
    UPDATED = "updated"
    """Its card was changed, without a mention."""
    HELD = "held"
    """Put aside until its hold is over, or forgotten."""
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"
    """About nothing that was ever said in the channel."""
    WAITING = "waiting"
    """It has no slot now, or belongs into a digest of the backlog."""
    FAILED = "failed"


class Outcome(StrEnum):
    """The named end of a finding, which is also the log key."""

    POSTED = "posted"
    """Every channel has its message."""
    POSTED_RAW = "posted_raw"
    """It cannot be read: its JSON stands in the default channel."""
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
    WAITING = "waiting"
    """Not final: it waits for a slot, or behind urgent findings, and comes again."""
    FAILED = "failed"
    """Goes back to the queue for another try, and at last to the dead letters."""


# Deliveries after which the finding may become NOTIFIED.
DELIVERED: Final = frozenset(
    {Progress.POSTED, Progress.DIGESTED, Progress.UPDATED, Progress.DUPLICATE}
)
# Findings that are not posted, but may change an alert that was.
FOLLOWED: Final = frozenset({Outcome.ARCHIVED, Outcome.PASSED, Outcome.NOT_NEW})
# Findings that every channel has heard of.
SAID: Final = FOLLOWED | {Outcome.POSTED, Outcome.DIGESTED, Outcome.UPDATED, Outcome.DUPLICATE}
# Findings whose record comes again.
UNDONE: Final = frozenset({Outcome.FAILED, Outcome.WAITING})
# Outcomes of findings that the metric of shadow routes counts.
NEWS: Final = frozenset(
    {
        Outcome.POSTED,
        Outcome.POSTED_RAW,
        Outcome.DIGESTED,
        Outcome.HELD,
        Outcome.SILENCED,
        Outcome.DROPPED,
        Outcome.SUPPRESSED,
    }
)
# The metric of each end; waiting is none.
METRICS: Final = dict.fromkeys(set(Outcome) - {Outcome.WAITING}, FINDINGS_QUIET) | {
    Outcome.POSTED: FINDINGS_POSTED,
    Outcome.POSTED_RAW: FINDINGS_POSTED,
    Outcome.DIGESTED: FINDINGS_POSTED,
    Outcome.SILENCED: FINDINGS_SILENCED,
    Outcome.DUPLICATE: FINDINGS_DUPLICATE,
    Outcome.REFUSED: EVENTS_REFUSED,
    Outcome.FAILED: FINDINGS_FAILED,
}
