"""The outcome of a press, and its answer."""

from dataclasses import dataclass
from enum import StrEnum

from finding_router.slack.kit.message import Message


class Outcome(StrEnum):
    """How a press ended: logged, kept in the audit trail, and never anything else."""

    DONE = "done"
    PARTLY = "partly"
    """Some of the findings were not changed; the person was told which."""
    UNCHANGED = "unchanged"
    """It was so already, or it was the second of a double click."""
    SHOWN = "shown"
    """It asked for nothing but an answer."""
    REFUSED = "refused"
    """The person may not, or there is nothing to change."""
    FAILED = "failed"
    """It could not be done in time; the person was told to press again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """
    The *outcome* of a press, *detail* for the log, and the *answer* for the person, if any.

    *findings* are ids of what it was about.
    """

    outcome: Outcome
    detail: str = ""
    answer: Message | None = None
    findings: tuple[str, ...] = ()
