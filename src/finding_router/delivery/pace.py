"""Slack's pace, kept before Slack has to ask for it, by all workers together."""

from collections.abc import Callable
from typing import Final, NamedTuple

from finding_router.delivery.ledger import Ledger, Slot

# About one message a second and channel, says
# https://docs.slack.dev/apis/web-api/rate-limits; the rest is for the way there, which varies.
POST_SECONDS: Final = 1.1
# chat.update is Tier 3: 50 and more a minute, for all channels together. So many at once, and then
# one after so many seconds, are 50 in the busiest minute: nobody has to wait for a few.
UPDATE_SECONDS: Final = 1.4
UPDATES_AT_ONCE: Final = 7
UPDATES: Final = "updates"
# Whoever finds no slot for a change comes back when it is his turn, or all came back at once.
TURNS: Final = "turns to update"
LONGEST_TURN_SECONDS: Final = 36_000.0
# A channel that Slack refuses so often in a row rests for so long.
REFUSALS: Final = 3
REST_SECONDS: Final = 300.0
# A channel that was left alone, or took messages of other workers, for so long is refused anew.
ROW_SECONDS: Final = 300.0
# A burst calls people once.
PING_SECONDS: Final = 300.0


class Pause(NamedTuple):
    """For how long a channel waits that refused so many messages in a row."""

    seconds: float
    refusals: int
    is_rest: bool


class Pace:
    """
    Hands out slots: one a second for each channel, and fewer for all changes together.

    Methods raise StoreError where the Ledger, which the workers share, does not answer.
    """

    def __init__(self, *, ledger: Ledger, clock: Callable[[], float]) -> None:
        """*clock* gives Unix seconds."""
        self._ledger = ledger
        self._clock = clock
        self._slowed: set[str] = set()

    def post(self, channel: str, *, patience_seconds: float) -> Slot:
        """Take a slot for a message to *channel* that starts within *patience_seconds*."""
        now = self._clock()
        return self._ledger.slot(
            channel, every_seconds=POST_SECONDS, now=now, latest=now + patience_seconds
        )

    def update(self) -> Slot:
        """Take a slot for changing a message, if there is one right now: nobody waits for those."""
        now, early = self._clock(), (UPDATES_AT_ONCE - 1) * UPDATE_SECONDS
        slot = self._ledger.slot(UPDATES, every_seconds=UPDATE_SECONDS, now=now, latest=now + early)
        return slot if slot.is_taken else Slot(at=slot.at - early, is_taken=False)

    def turn(self, at: float) -> float:
        """Give when to ask for a slot again that was not to be had before *at*; Unix seconds."""
        latest = at + LONGEST_TURN_SECONDS
        return self._ledger.slot(TURNS, every_seconds=UPDATE_SECONDS, now=at, latest=latest).at

    def may_call(self, channel: str, message_id: str) -> bool:
        """Tell whether a message to *channel* may call people: one in five minutes, each try."""
        return self._ledger.once(
            f"call in {channel}", by=message_id, every_seconds=PING_SECONDS, now=self._clock()
        )

    def refused(self, channel: str, wait_seconds: float) -> Pause:
        """
        Slow *channel* down, which Slack refused all the same.

        One that stays refused rests for five minutes, while the others go on.
        """
        now = self._clock()
        refusals = self._slow_down(channel, now, wait_seconds)
        self._slowed.add(channel)
        is_rest = channel != UPDATES and refusals >= REFUSALS
        if is_rest:
            wait_seconds = max(wait_seconds, REST_SECONDS)
            self._slow_down(channel, now, wait_seconds)
        return Pause(wait_seconds, refusals, is_rest=is_rest)

    def _slow_down(self, channel: str, now: float, wait_seconds: float) -> int:
        until = now + wait_seconds
        return self._ledger.slow_down(channel, now=now, until=until, row_seconds=ROW_SECONDS)

    def worked(self, channel: str) -> None:
        """Let *channel* be as any other again, once it took a message."""
        if channel in self._slowed:
            self._slowed.discard(channel)
            self._ledger.speed_up(channel)
