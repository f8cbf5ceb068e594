"""The count of messages that a routing table makes of findings, for each channel and day."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from finding_router.findings.finding import Severity
from finding_router.routing.items.route import Deliver
from finding_router.routing.table import Destination

DEFAULT: Final = "(default channel)"
_MINUTE: Final = 60.0


class Bursts(NamedTuple):
    """The stack's rules of bursts, by the names of its parameters."""

    threshold: int = 5
    quiet_minutes: float = 10
    critical_cards: int = 5
    window_seconds: float = 5

    def sentence(self) -> str:
        """Return how messages are counted."""
        return (
            f"more than {self.threshold} new findings for a channel within "
            f"{self.window_seconds:g} s (one batch) count as one digest, which takes in what "
            f"follows until {self.quiet_minutes:g} quiet minutes have passed, besides up to "
            f"{self.critical_cards} cards of CRITICAL findings; what waits for one time counts as "
            "one message then"
        )


@dataclass(slots=True)
class _Batch:
    """The findings for one channel within one window, by their delivery."""

    cards: int = 0
    digested: int = 0
    choice: int = 0
    critical: int = 0


@dataclass(slots=True)
class Volume:
    """The *messages* of one channel by day, *digests* of them, and the *findings* in them."""

    days: Counter[str] = field(default_factory=Counter)
    findings: int = 0
    digests: int = 0

    @property
    def messages(self) -> int:
        """Return the number of messages."""
        return self.days.total()

    @property
    def busiest(self) -> tuple[str, int]:
        """Return the day with the most messages, and their number."""
        return max(self.days.items(), key=lambda one: (one[1], one[0]), default=("", 0))

    def as_json(self) -> dict[str, Any]:
        """Return the numbers."""
        return {
            "findings": self.findings,
            "messages": self.messages,
            "digests": self.digests,
            "days": dict(sorted(self.days.items())),
        }


class Tally:
    """
    The findings of one routing table, kept as one counter for each channel and batch.

    An alert counts once: the findings of several standards about one thing are one message.
    """

    def __init__(self, bursts: Bursts) -> None:
        """Count bursts by *bursts*."""
        self._bursts = bursts
        self._batches: dict[str, dict[int, _Batch]] = defaultdict(dict)
        self._held: dict[str, set[float]] = defaultdict(set)
        self._findings: Counter[str] = Counter()
        self._known: set[int] = set()
        self.kinds: Counter[str] = Counter()
        self.routes: Counter[str] = Counter()

    def add(
        self,
        destinations: Iterable[Destination],
        *,
        subject: str,
        kind: str,
        severity: Severity | None,
        at: datetime,
    ) -> None:
        """Count a finding about *subject*, which is told to *destinations*."""
        is_told = False
        for each in destinations:
            known = hash((subject, each.channel))
            if known in self._known:
                continue
            self._known.add(known)
            is_told = True
            self._findings[each.channel] += 1
            self.routes.update(each.routes or (DEFAULT,))
            if each.hold is not None:
                self._held[each.channel].add(each.hold.due_at.timestamp())
            else:
                self._add(each, severity, at)
        self.kinds[kind] += is_told

    def volumes(self) -> dict[str, Volume]:
        """Return the messages of each channel."""
        return {channel: self._volume(channel) for channel in self._findings}

    def _add(self, destination: Destination, severity: Severity | None, at: datetime) -> None:
        number = int(at.timestamp() // max(self._bursts.window_seconds, 1.0))
        batch = self._batches[destination.channel].setdefault(number, _Batch())
        match destination.deliver:
            case Deliver.CARD:
                batch.cards += 1
            case Deliver.DIGEST | Deliver.SCHEDULED:
                batch.digested += 1
            case Deliver.AUTO:
                batch.choice += 1
                batch.critical += severity is Severity.CRITICAL

    def _volume(self, channel: str) -> Volume:
        bursts, volume = self._bursts, Volume(findings=self._findings[channel])
        window, quiet = max(bursts.window_seconds, 1.0), bursts.quiet_minutes * _MINUTE
        until, seats = float("-inf"), 0
        for number, batch in sorted(self._batches[channel].items()):
            at = number * window
            is_on = at <= until
            is_burst = is_on or batch.choice > bursts.threshold
            messages = batch.cards
            together = batch.digested
            if is_burst:
                seats = seats if is_on else bursts.critical_cards
                beside = min(batch.critical, seats)
                seats -= beside
                messages += beside
                together += batch.choice - beside
            else:
                messages += batch.choice
            if together and not is_on:
                volume.digests += 1
                messages += 1
            if together or (is_on and batch.choice):
                until = at + window + quiet
            volume.days[_day(at)] += messages
        for due_at in self._held[channel]:
            volume.digests += 1
            volume.days[_day(due_at)] += 1
        # Days on which a digest only grew have no message.
        volume.days = +volume.days
        return volume


def days_of(*volumes: Mapping[str, Volume]) -> list[str]:
    """Return the days of all channels, in order."""
    return sorted({day for some in volumes for each in some.values() for day in each.days})


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
