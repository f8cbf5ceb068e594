"""The slots that one batch holds: when it may post to which channel."""

from collections.abc import Callable
from typing import Final

from finding_router.delivery.deadline import Deadline
from finding_router.delivery.pace import Pace
from finding_router.errors import UnavailableError

# Why something comes back that waits for its turn.
AT_SLACKS_PACE: Final = "messages change at Slack's pace"

# A slot that passed by so long ago may have another's message right beside it.
LATE_SECONDS: Final = 0.3


class Slots:
    """Takes one slot of a channel at a time, as late as the time allows; seconds throughout."""

    def __init__(
        self,
        pace: Pace,
        *,
        deadline: Deadline,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """Take slots from *pace* that start before *deadline* is near."""
        self._pace = pace
        self._sleep = sleep
        self._deadline = deadline
        self._clock = clock
        self._held: dict[str, float] = {}
        self._free_at: dict[str, float] = {}

    def is_full(self, channel: str) -> bool:
        """Tell whether all slots of *channel* that this batch could wait for are taken."""
        return channel in self._free_at

    def wait(self, channel: str) -> float:
        """Give how long the held slot of *channel* is away; zero where none is held."""
        return max(self._held.get(channel, 0.0) - self._clock(), 0.0)

    def is_now(self, channel: str) -> bool:
        """Tell whether the slot is now; a later one is taken, if one is in time."""
        if self._clock() - self._held.get(channel, 0.0) > LATE_SECONDS:
            patience = max(self._deadline.remaining() - self._deadline.margin_seconds, 0.0)
            slot = self._pace.post(channel, patience_seconds=patience)
            if not slot.is_taken:
                self._free_at[channel] = slot.at
                return False
            self._held[channel] = slot.at
        return self._held[channel] <= self._clock()

    def use(self, channel: str) -> None:
        """Spend the slot of *channel*: the next message needs another."""
        del self._held[channel]

    def give_up(self, channel: str) -> None:
        """Let a slot that is held pass by: Slack asked for more patience than that."""
        self._held.pop(channel, None)

    def hold(self, channel: str, wait_seconds: float) -> None:
        """Hold a slot after *wait_seconds*, where the Ledger cannot be asked for one."""
        self._held[channel] = self._clock() + wait_seconds

    def come_back(self, channel: str) -> float:
        """Give when to ask for *channel* again: later for each one that is sent away."""
        free_at = self._free_at[channel]
        self._free_at[channel] = free_at + 1.0
        return max(free_at - self._clock(), 0.0)

    def seconds_to_change(self) -> float:
        """Take a slot to change a message, and give zero, or give when it is whose turn to try."""
        slot = self._pace.update()
        return 0.0 if slot.is_taken else max(self._pace.turn(slot.at) - self._clock(), 1.0)

    def wait_for_change(self, channel: str) -> None:
        """
        Wait for a slot to change a message of *channel*, where nobody can come back for it.

        Raises:
            UnavailableError: there is none in time.

        """
        slot = self._pace.update()
        while not slot.is_taken and self._deadline.allows(slot.at - self._clock()):
            self._sleep(max(slot.at - self._clock(), 0.0))
            slot = self._pace.update()
        if not slot.is_taken:
            raise UnavailableError(
                AT_SLACKS_PACE,
                channel=channel,
                code="out_of_time",
                ambiguous=False,
            )
