"""The tasks of the loop: everything that is written to Slack, one step at a time."""

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finding_router.delivery.posting.run import Run
    from finding_router.slack.api.client import Posted


class Rank(IntEnum):
    """The order of tasks: news before changes, changes before refreshes, notices last."""

    NEWS = 0
    CHANGE = 1
    REFRESH = 2
    NOTICE = 3


class Task:
    """
    A message to post or to change, one step at a time, by the loop.

    Errors of Slack and of the Ledger leave `step`; the policy decides how the task goes on.
    """

    def __init__(self, run: "Run", *, channel: str, urgency: int = 0, tries: int = 1) -> None:
        """
        Work within *run*; the slots and failures of *channel* count.

        A lower *urgency* comes earlier within one rank; *tries* counts the receives of its record.
        """
        self.run = run
        self.channel = channel
        self.urgency = urgency
        self.tries = tries
        self.is_done = False
        self.is_plain = False
        """Slack refused the full message: a plain one takes its place."""
        self.is_alone = False
        """The message that it was to change or to answer is gone."""
        self.is_doubtful = False
        """Slack may have taken the message, though no answer says so."""
        self.waits_for: set[str] = set()
        """Digests whose totals are to be right before the next step: they count its findings."""
        self.rests_until = 0.0
        """Unix second before which the next step is of no use."""
        self.posted: Posted | None = None
        """Where the message stands, from the post until the Ledger has it."""

    @property
    def rank(self) -> Rank:
        """Return the place of the next step in the order of the run."""
        raise NotImplementedError

    @property
    def needs_slot(self) -> bool:
        """Return True if the next step posts into the channel."""
        return False

    @property
    def patience_seconds(self) -> float:
        """Return the seconds that the next step waits for its slot in a run that waits for none."""
        return 0.0

    @property
    def is_change(self) -> bool:
        """Return True if the next step changes a message, as opposed to posting one."""
        return False

    @property
    def is_dispensable(self) -> bool:
        """Return True if the post is of no use without its thread or channel."""
        return False

    def step(self) -> None:
        """Run the next step: to the end, to a post, or until the task needs a slot."""
        raise NotImplementedError

    def stand_alone(self) -> None:
        """Go on without the message that is gone."""
        self.is_alone = True

    def give_up(self) -> None:
        """End without the change: the message is gone."""
        self.is_done = True

    def redirect(self, code: str) -> None:
        """Leave the channel, which refused with *code*, for the default channel."""
        raise NotImplementedError

    def release(self) -> None:
        """Release every claim without a message; never raises StoreError."""

    def put_off(self, why: str, *, retry_seconds: float) -> None:
        """End the task in this run, though nothing went wrong: it has no slot."""
        self.fail(why, retry_seconds=retry_seconds)

    def fail(self, why: str, *, retry_seconds: float) -> None:
        """End the task in this run; its records come back after *retry_seconds*."""
        raise NotImplementedError
