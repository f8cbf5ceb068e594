"""The rate limit of Slack, kept by all workers together before Slack has to ask for it."""

from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple, Protocol

from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.limits.lock import Locks
from finding_router.errors import UnavailableError, UnreadableError

# About one message a second and channel, says
# https://docs.slack.dev/apis/web-api/rate-limits; the rest is for the way there, which varies.
POST_SECONDS: Final = 1.1
# chat.update is Tier 3: 50 and more a minute, for all channels together. So many at once, and then
# one after so many seconds, are 50 in the busiest minute: a few changes need no wait.
UPDATE_SECONDS: Final = 1.4
UPDATES_AT_ONCE: Final = 7
UPDATES: Final = "updates"
# Each change without a slot comes back at a turn of its own, or all would come back at once.
TURNS: Final = "turns to update"
LONGEST_TURN_SECONDS: Final = 36_000.0
# A channel that Slack refuses so often in a row rests for so long.
REFUSALS: Final = 3
REST_SECONDS: Final = 300.0
# A channel that was left alone, or took messages of other workers, for so long is refused anew.
ROW_SECONDS: Final = 300.0
# A burst calls people once.
PING_SECONDS: Final = 300.0
# A slot that passed by so long ago may have another's message right beside it.
LATE_SECONDS: Final = 0.3
# The reason of a record that comes back for its turn.
AT_SLACKS_PACE: Final = "messages change at Slack's pace"


class Slot(NamedTuple):
    """A time to act, in Unix seconds; if it is not *is_taken*, the time to ask again."""

    at: float
    is_taken: bool


class Rates(Protocol):
    """The store of slots; every method raises StoreError if it does not answer."""

    def slot(self, name: str, *, every_seconds: float, now: float, latest: float) -> Slot:
        """Take the next free slot of *name* that starts by *latest*, for all workers together."""

    def slow_down(self, name: str, *, now: float, until: float, row_seconds: float) -> int:
        """
        Block the slots of *name* until then; return the number of such calls in a row.

        A call more than *row_seconds* after the end of the last one begins a new row.
        """

    def speed_up(self, name: str) -> None:
        """Forget how often *name* was slowed down."""


class Pause(NamedTuple):
    """The seconds for which a channel waits after *refusals* in a row."""

    seconds: float
    refusals: int
    is_rest: bool


class RateLimit:
    """
    The slots of one run: one a second for each channel, and fewer for all changes together.

    Methods raise StoreError if the store, which the workers share, does not answer.
    """

    def __init__(
        self,
        rates: Rates,
        locks: Locks,
        *,
        deadline: Deadline,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        slowed: set[str],
        patience_seconds: float = float("inf"),
    ) -> None:
        """
        Take slots within *patience_seconds* and before *deadline*; *clock* gives Unix seconds.

        *slowed* are the channels that this worker slowed down, in earlier runs, too.
        """
        self._patient_until = clock() + patience_seconds
        self._rates = rates
        self._locks = locks
        self._deadline = deadline
        self._clock = clock
        self._sleep = sleep
        self._held: dict[str, float] = {}
        self._free_at: dict[str, float] = {}
        self._slowed = slowed
        self._own_at: dict[str, float] = {}
        """The next free slots by name, of rates that cannot be read and so are not shared."""
        self._called: dict[str, str] = {}
        """The message that mentioned people in a channel whose lock cannot be read."""

    def is_full(self, channel: str) -> bool:
        """Return True if all slots of *channel* within the time of this run are taken."""
        return channel in self._free_at

    def wait(self, channel: str) -> float:
        """Return the seconds until the held slot of *channel*; zero if none is held."""
        return max(self._held.get(channel, 0.0) - self._clock(), 0.0)

    def is_patient(self, seconds: float) -> bool:
        """Return True if this run may wait so many seconds for a slot."""
        return self._clock() + seconds <= self._patient_until

    def is_now(
        self,
        channel: str,
        *,
        patience_seconds: float = float("inf"),
        least_seconds: float = 0.0,
    ) -> bool:
        """
        Return True if a slot of *channel* is now.

        Otherwise a later one is taken, if there is one within the run and *patience_seconds*, or
        within *least_seconds* in a run that does not wait for slots.
        """
        now = self._clock()
        if now - self._held.get(channel, 0.0) > LATE_SECONDS:
            left = self._deadline.remaining() - self._deadline.margin_seconds
            own = max(self._patient_until - now, least_seconds)
            patience = max(min(left, patience_seconds, own), 0.0)
            slot = self._slot(channel, every_seconds=POST_SECONDS, now=now, latest=now + patience)
            if not slot.is_taken:
                self._free_at[channel] = slot.at
                return False
            self._held[channel] = slot.at
        return self._held[channel] <= self._clock()

    def use(self, channel: str) -> None:
        """Spend the slot of *channel*: the next message needs another."""
        del self._held[channel]

    def come_back(self, channel: str) -> float:
        """Return the seconds until *channel* has a slot: more for each record sent away."""
        free_at = self._free_at[channel]
        self._free_at[channel] = free_at + 1.0
        return max(free_at - self._clock(), 0.0)

    def worked(self, channel: str) -> None:
        """Treat *channel* like any other again, once it took a message."""
        if channel in self._slowed:
            self._slowed.discard(channel)
            self._rates.speed_up(channel)

    def slow_down(self, name: str, wait_seconds: float) -> Pause:
        """
        Block the slots of *name* for *wait_seconds*, or longer if Slack refused it before.

        A channel that stays refused rests for five minutes, while the others go on. If the store
        cannot be told, this run alone waits.
        """
        now = self._clock()
        # Held for this run first, in case that the store does not answer.
        self._held[name] = now + wait_seconds
        refusals = self._slow_down(name, now, wait_seconds)
        self._slowed.add(name)
        is_rest = name != UPDATES and refusals >= REFUSALS
        if is_rest:
            wait_seconds = max(wait_seconds, REST_SECONDS)
            self._slow_down(name, now, wait_seconds)
        # The slot that is held was taken before Slack asked for patience.
        del self._held[name]
        return Pause(wait_seconds, refusals, is_rest=is_rest)

    def _slow_down(self, name: str, now: float, wait_seconds: float) -> int:
        until = now + wait_seconds
        return self._rates.slow_down(name, now=now, until=until, row_seconds=ROW_SECONDS)

    def seconds_to_change(self) -> float:
        """Take a slot to change a message and return zero, or return the seconds until a turn."""
        slot = self._update()
        if slot.is_taken:
            return 0.0
        turn = self._slot(
            TURNS,
            every_seconds=UPDATE_SECONDS,
            now=slot.at,
            latest=slot.at + LONGEST_TURN_SECONDS,
        )
        return max(turn.at - self._clock(), 1.0)

    def wait_for_change(self, channel: str) -> None:
        """
        Wait for a slot to change a message of *channel*, in a run whose work does not come back.

        Raises:
            UnavailableError: there is none in time.

        """
        slot = self._update()
        while not slot.is_taken and self._deadline.allows(slot.at - self._clock()):
            self._sleep(max(slot.at - self._clock(), 0.0))
            slot = self._update()
        if not slot.is_taken:
            raise UnavailableError(
                AT_SLACKS_PACE, channel=channel, code="out_of_time", ambiguous=False
            )

    def _update(self) -> Slot:
        """Take a slot for a change, if there is one right now."""
        now, early = self._clock(), (UPDATES_AT_ONCE - 1) * UPDATE_SECONDS
        slot = self._slot(UPDATES, every_seconds=UPDATE_SECONDS, now=now, latest=now + early)
        return slot if slot.is_taken else Slot(at=slot.at - early, is_taken=False)

    def _slot(self, name: str, *, every_seconds: float, now: float, latest: float) -> Slot:
        """Take a slot; where the shared ones cannot be read, this run keeps the pace alone."""
        try:
            return self._rates.slot(name, every_seconds=every_seconds, now=now, latest=latest)
        except UnreadableError:
            at = max(self._own_at.get(name, now), now)
            if at > latest:
                return Slot(at=at, is_taken=False)
            self._own_at[name] = at + every_seconds
            return Slot(at=at, is_taken=True)

    def may_call(self, channel: str, message_id: str) -> bool:
        """
        Return True if *message_id* may mention people in *channel*: once in five minutes.

        Where the lock cannot be read, it may once in a run.
        """
        try:
            return self._locks.once(
                f"call in {channel}", by=message_id, every_seconds=PING_SECONDS, now=self._clock()
            )
        except UnreadableError:
            return self._called.setdefault(channel, message_id) == message_id

    def cards_of(
        self, channel: str, names: Sequence[str], *, most: int, since: float
    ) -> Collection[str]:
        """
        Return those of *names* that may be cards in a burst for *channel*: *most* of all workers'.

        Cards of a burst before Unix second *since* do not count. Where they cannot be read, each
        run has as many.
        """
        try:
            return self._locks.seats(channel, names, most=most, since=since, now=self._clock())
        except UnreadableError:
            return names[:most]
