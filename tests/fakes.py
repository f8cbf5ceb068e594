"""
In-memory stand-ins for what the router talks to, which fail as planned.

Each is held to the real adapter by a contract test that runs against both.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from finding_router.delivery.deadline import SECURITY_HUB_SECONDS, Deadline
from finding_router.delivery.ledger import Entry, EntryKey
from finding_router.delivery.marking import OUT_OF_TIME, FindingKey, Status
from finding_router.errors import (
    ChannelError,
    CredentialError,
    MessageError,
    RateLimitedError,
    StoreError,
    UnavailableError,
    WorkflowUpdateError,
)
from finding_router.slack.client import Posted
from finding_router.slack.message import Message

START = 1_790_000_000.0
type MakeError = Callable[[str], BaseException]


class Killed(BaseException):
    """The worker died here."""


@dataclass
class Clock:
    """Unix time that only passes when somebody sleeps, or a planned fault takes its time."""

    now: float = START
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Tell the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Fault:
    """
    What goes wrong with calls of *operation*, about *about* if it says so.

    It lets *skip* calls pass and strikes *times* calls (None: all). With *carried_out* the call
    has its effect before it fails. Without an *error* it only takes *seconds*, in which
    *meanwhile* happens: what another worker does, say.
    """

    operation: str
    error: MakeError | None = None
    about: str | None = None
    skip: int = 0
    times: int | None = 1
    carried_out: bool = False
    seconds: float = 0.0
    meanwhile: Callable[[], object] = lambda: None


class Faults:
    """The plan of what goes wrong, shared by all fakes of a test."""

    def __init__(self, clock: Clock) -> None:
        """Start with nothing wrong."""
        self._clock = clock
        self._planned: list[Fault] = []
        self.calls: list[tuple[str, str]] = []

    def plan(self, operation: str, error: MakeError | None = None, **how: Any) -> Fault:
        """Plan a `Fault`; of several that concern a call the first strikes."""
        fault = Fault(operation, error, **how)
        self._planned.append(fault)
        return fault

    def clear(self) -> None:
        """End all faults."""
        self._planned.clear()

    def count(self, operation: str) -> int:
        """Tell how often *operation* was called."""
        return sum(called == operation for called, _ in self.calls)

    @contextmanager
    def around(self, operation: str, about: str = "") -> Iterator[None]:
        """Carry out a call, unless a fault has it otherwise."""
        self.calls.append((operation, about))
        fault = self._strike(operation, about)
        if fault is None:
            yield
            return
        if fault.carried_out:
            yield
        self._clock.now += fault.seconds
        fault.meanwhile()
        if fault.error is not None:
            raise fault.error(about)
        if not fault.carried_out:
            yield

    def _strike(self, operation: str, about: str) -> Fault | None:
        for fault in self._planned:
            if fault.operation != operation or fault.about not in (None, about):
                continue
            if fault.skip:
                fault.skip -= 1
            elif fault.times is None:
                return fault
            elif fault.times:
                fault.times -= 1
                return fault
        return None


def killed(_about: str) -> BaseException:
    """Kill the worker."""
    return Killed()


def rate_limited(seconds: float) -> MakeError:
    """Make Slack ask for *seconds* of quiet."""
    return lambda channel: RateLimitedError(
        "ratelimited", channel=channel, code="ratelimited", retry_after_seconds=seconds
    )


def unavailable(code: str = "unreachable", *, ambiguous: bool = False) -> MakeError:
    """Make Slack fail; when *ambiguous*, nobody knows whether it posted."""
    return lambda channel: UnavailableError(code, channel=channel, code=code, ambiguous=ambiguous)


def channel_refused(code: str = "channel_not_found") -> MakeError:
    """Make the channel take nothing."""
    return lambda channel: ChannelError(code, channel=channel, code=code)


def token_refused(code: str = "invalid_auth") -> MakeError:
    """Make Slack refuse the token."""
    return lambda channel: CredentialError(code, channel=channel, code=code)


def message_refused(code: str = "invalid_blocks") -> MakeError:
    """Make Slack refuse the message."""
    return lambda channel: MessageError(code, channel=channel, code=code)


def store_down(_about: str) -> BaseException:
    """Make DynamoDB fail."""
    return StoreError("ThrottlingException from DynamoDB")


def security_hub_down(_about: str) -> BaseException:
    """Make Security Hub fail."""
    return WorkflowUpdateError("InternalException from Security Hub")


@dataclass(frozen=True)
class Said:
    """A message that stands in *channel*, as routed."""

    channel: str
    message: Message
    delivery_id: str | None
    ts: str

    @property
    def text(self) -> str:
        """The summary."""
        return self.message.text


def late(clock: Clock, seconds_left: float) -> Deadline:
    """Give the deadline of an invocation that began long ago."""
    deadline = Deadline(90, clock=clock)
    clock.now += 90 - seconds_left
    return deadline


class FakeSlack:
    """Slack with every channel one could wish for, but the *missing*."""

    def __init__(self, clock: Clock, faults: Faults, *, missing: Collection[str] = ()) -> None:
        """Stamp messages by *clock*."""
        self._clock = clock
        self._faults = faults
        self._missing = set(missing)
        self.posted: list[Said] = []

    def post(
        self,
        channel: str,
        message: Message,
        *,
        delivery_id: str | None = None,
        seconds: float = 40.0,
    ) -> Posted:
        """Keep *message* in *channel*."""
        with self._faults.around("post", channel):
            self._check(channel, seconds)
            # As in Slack, no two messages of a channel have the same.
            ts = f"{self._clock.now:.0f}.{len(self.posted):06d}"
            self.posted.append(Said(channel, message, delivery_id, ts))
            return Posted(channel_id(channel), ts)

    def find(
        self, channel: str, delivery_id: str, *, since: float, seconds: float = 40.0
    ) -> Posted | None:
        """Look among what was kept."""
        with self._faults.around("find", channel):
            self._check(channel, seconds)
            for said in reversed(self.posted):
                if (
                    channel_id(said.channel) == channel_id(channel)
                    and said.delivery_id == delivery_id
                    and float(said.ts) >= since
                ):
                    return Posted(channel_id(channel), said.ts)
            return None

    def _check(self, channel: str, seconds: float) -> None:
        if seconds <= 0:
            raise unavailable("out_of_time")(channel)
        if channel in self._missing:
            raise channel_refused()(channel)

    def texts(self, channel: str) -> list[str]:
        """Give the summaries that stand in *channel*, oldest first."""
        return [said.text for said in self.posted if said.channel == channel]


def channel_id(channel: str) -> str:
    """Give the id of a channel; an id is its own."""
    return f"C0{channel[1:].upper()}" if channel.startswith("#") else channel


class FakeLedger:
    """Entries in a dict."""

    def __init__(self, faults: Faults) -> None:
        """Start empty."""
        self._faults = faults
        self.entries: dict[EntryKey, Entry] = {}
        self._said_at: dict[str, float] = {}

    def read(self, keys: Iterable[EntryKey]) -> dict[EntryKey, Entry]:
        """Give the entries there are."""
        with self._faults.around("read"):
            return {key: self.entries[key] for key in keys if key in self.entries}

    def write(self, entry: Entry) -> bool:
        """Put *entry* if its version follows."""
        with self._faults.around("write", entry.state.value):
            stored = self.entries.get(entry.key)
            if (stored.version if stored else 0) != entry.version - 1:
                return stored == entry
            self.entries[entry.key] = entry
            return True

    def record_notified(self, keys: Sequence[EntryKey], *, at: float) -> None:
        """Note the time, where there is an entry."""
        with self._faults.around("record_notified"):
            for key in keys:
                if key in self.entries:
                    self.entries[key] = replace(self.entries[key], notified_at=at)

    def once(self, topic: str, *, every_seconds: float, now: float) -> bool:
        """Tell whether *topic* is due."""
        with self._faults.around("once", topic):
            said_at = self._said_at.get(topic)
            if said_at is not None and said_at > now - every_seconds:
                return False
            self._said_at[topic] = now
            return True


class FakeWorkflow:
    """Security Hub's findings, by key; those it does not hold it does not find."""

    def __init__(self, faults: Faults) -> None:
        """Start without findings."""
        self._faults = faults
        self.status: dict[FindingKey, str] = {}
        self.refusals: dict[FindingKey, list[str]] = {}
        self.marked: list[tuple[FindingKey, Status]] = []

    def mark(
        self, keys: Iterable[FindingKey], status: Status, *, deadline: Deadline
    ) -> dict[FindingKey, str]:
        """Set *status*, but where a refusal is due."""
        keys = list(keys)
        if not deadline.leaves(SECURITY_HUB_SECONDS):
            return dict.fromkeys(keys, OUT_OF_TIME)
        with self._faults.around("mark", status):
            refused = {}
            for key in keys:
                codes = self.refusals.get(key)
                if codes:
                    refused[key] = codes.pop(0)
                elif key not in self.status:
                    refused[key] = "FindingNotFound"
                else:
                    self.status[key] = status
                    self.marked.append((key, status))
            return refused

    def statuses(
        self, keys: Collection[FindingKey], *, deadline: Deadline
    ) -> Mapping[FindingKey, str]:
        """Give the status of those that are there."""
        if not deadline.leaves(SECURITY_HUB_SECONDS):
            raise security_hub_down("")
        with self._faults.around("statuses"):
            return {key: self.status[key] for key in keys if key in self.status}
