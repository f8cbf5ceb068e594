"""A Slack in memory, with threads and changes, which fails as planned."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from fakes import Clock, Faults, channel_refused, gone, unavailable
from finding_router.errors import ChannelError, CredentialError, DeliveryError, GoneError
from finding_router.slack.api.client import Found, Posted
from finding_router.slack.api.refusals import MISSING_SCOPE
from finding_router.slack.kit.message import Message


@dataclass
class Said:
    """
    A message in *channel*, as routed, since Unix second *at*.

    *message* is its content now, *first* the content when it was posted.
    """

    channel: str
    message: Message
    delivery_ids: tuple[str, ...]
    ts: str
    at: float
    thread_ts: str | None = None
    is_broadcast: bool = False
    changed_at: list[float] = field(default_factory=list)
    first: Message = field(init=False)

    def __post_init__(self) -> None:
        self.first = self.message

    @property
    def text(self) -> str:
        """The summary."""
        return self.message.text

    @property
    def all(self) -> str:
        """Everything that it says."""
        return str(self.message.arguments())


class FakeSlack:
    """Slack with every channel one could wish for, but the *missing*."""

    def __init__(self, clock: Clock, faults: Faults, *, missing: Collection[str] = ()) -> None:
        """Stamp messages by *clock*."""
        self._clock = clock
        self._faults = faults
        self._missing = set(missing)
        self.posted: list[Said] = []
        self.is_long = False
        """Whether there is more to read than a search can."""

    def post(
        self,
        channel: str,
        message: Message,
        *,
        delivery_ids: Sequence[str] = (),
        thread_ts: str | None = None,
        broadcast: bool = False,
        seconds: float = 40.0,
    ) -> Posted:
        """Keep *message* in *channel*; without the thread that it is for, in the open."""
        with _calling("chat.postMessage"), self._faults.around("post", channel):
            self._check(channel, seconds)
            parent = self._find(channel, thread_ts)
            in_thread = parent is not None and parent.thread_ts is None
            # As in Slack, no two messages of a channel have the same.
            ts = f"{self._clock.now:.0f}.{len(self.posted):06d}"
            said = Said(
                channel,
                message,
                tuple(delivery_ids),
                ts,
                self._clock.now,
                thread_ts=thread_ts if in_thread else None,
                is_broadcast=in_thread and broadcast,
            )
            self.posted.append(said)
            return Posted(channel_id(channel), ts, is_in_thread=in_thread)

    def update(self, channel_id: str, ts: str, message: Message, *, seconds: float = 40.0) -> None:
        """Replace the content of the message *ts* by *message*."""
        with _calling("chat.update"), self._faults.around("update", channel_id):
            self._check(channel_id, seconds)
            said = self._find(channel_id, ts)
            if said is None:
                raise gone()(channel_id)
            said.message = message
            said.changed_at.append(self._clock.now)

    def find(
        self,
        channel: str,
        delivery_ids: Collection[str],
        *,
        since: float,
        thread_ts: str | None = None,
        seconds: float = 40.0,
    ) -> Found:
        """Search the stored messages; a channel or a scope that refuses makes it incomplete."""
        try:
            with _calling("conversations.history"), self._faults.around("find", channel):
                self._check(channel, seconds)
                return self._found(channel, delivery_ids, since=since, thread_ts=thread_ts)
        except GoneError:
            return Found({}, is_complete=True)
        except (ChannelError, CredentialError) as error:
            if isinstance(error, CredentialError) and error.code != MISSING_SCOPE:
                raise
            return Found({}, is_complete=False)

    def _found(
        self, channel: str, delivery_ids: Collection[str], *, since: float, thread_ts: str | None
    ) -> Found:
        if thread_ts is not None and self._find(channel, thread_ts) is None:
            return Found({}, is_complete=True)
        found: dict[str, Posted] = {}
        for said in reversed(self.posted):
            in_open = said.thread_ts is None or said.is_broadcast
            is_here = in_open if thread_ts is None else thread_ts in (said.thread_ts, said.ts)
            is_in_channel = channel_id(said.channel) == channel_id(channel)
            if is_in_channel and is_here and float(said.ts) >= since:
                where = Posted(channel_id(channel), said.ts, is_in_thread=bool(said.thread_ts))
                for each in set(delivery_ids).intersection(said.delivery_ids):
                    found.setdefault(each, where)
        return Found(found, is_complete=not self.is_long)

    def check(self, *, seconds: float = 40.0) -> None:
        """Accept the token, unless a fault has it otherwise."""
        with _calling("auth.test"), self._faults.around("check", "(any channel)"):
            self._check("(any channel)", seconds)

    def delete(self, said: Said) -> None:
        """Delete a message as a person would."""
        self.posted.remove(said)

    def texts(self, channel: str) -> list[str]:
        """Return the summaries that stand in *channel* itself, oldest first."""
        return [said.text for said in self.opened(channel)]

    def opened(self, channel: str) -> list[Said]:
        """Return the messages in *channel* itself, oldest first."""
        here = [said for said in self.posted if channel_id(said.channel) == channel_id(channel)]
        return [said for said in here if said.thread_ts is None]

    def thread(self, parent: Said) -> list[Said]:
        """Return the answers to *parent*, oldest first."""
        return [
            said
            for said in self.posted
            if channel_id(said.channel) == channel_id(parent.channel)
            and said.thread_ts == parent.ts
        ]

    def _check(self, channel: str, seconds: float) -> None:
        if seconds <= 0:
            raise unavailable("out_of_time")(channel)
        if channel in self._missing or channel in map(channel_id, self._missing):
            raise channel_refused()(channel)

    def _find(self, channel: str, ts: str | None) -> Said | None:
        for said in self.posted:
            if said.ts == ts and channel_id(said.channel) == channel_id(channel):
                return said
        return None


@contextmanager
def _calling(method: str) -> Iterator[None]:
    """Name *method* in the error of a call."""
    try:
        yield
    except DeliveryError as error:
        error.method = method
        raise


def channel_id(channel: str) -> str:
    """Return the id of a channel; an id is its own."""
    return f"C0{channel[1:].upper()}" if channel.startswith("#") else channel
