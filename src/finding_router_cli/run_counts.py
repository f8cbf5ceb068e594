"""The numbers of a stack's runs, by channel, account and route."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from finding_router.aws.decided import DynamoTallies
from finding_router.aws.items import Items
from finding_router.delivery.tally import Counted, End

MAX_RUNS: Final = 200_000
"""The numbers of more runs are not looked at."""
MOST_CHANNEL_CHARS: Final = 100
_NAMES: Final = {
    "findings": End.FOUND,
    "messages": End.POSTED,
    "digested": End.DIGESTED,
    "digest_messages": End.DIGEST,
    "updates": End.UPDATED,
    "duplicates": End.DUPLICATE,
    "held": End.HELD,
    "silenced": End.SILENCED,
    "dropped": End.DROPPED,
    "suppressed": End.SUPPRESSED,
}


@dataclass(slots=True)
class Ends:
    """How many *messages*, and which *findings*, came to each end."""

    messages: Counter[End] = field(default_factory=Counter)
    findings: defaultdict[End, set[str]] = field(default_factory=lambda: defaultdict(set))

    def __getitem__(self, end: End) -> int:
        """Return the number of *end*."""
        return self.messages[end] + len(self.findings[end])

    def as_json(self) -> dict[str, int]:
        """Return the numbers."""
        return {name: self[end] for name, end in _NAMES.items()}


@dataclass(slots=True)
class RunCounts:
    """The numbers of the runs of a time, by channel, account and route: None is that of none."""

    channels: dict[str, Ends] = field(default_factory=dict)
    accounts: dict[str, Ends] = field(default_factory=dict)
    routes: dict[str | None, Ends] = field(default_factory=dict)
    to_message: list[float] = field(default_factory=list)
    began_at: float = math.inf
    """Unix second of the first run."""
    runs: int = 0
    is_cut: bool = False


def count_runs(items: Items, *, since: float, now: float) -> RunCounts:
    """Return the numbers of the runs *since* then, those of the newest at least. StoreError."""
    counts = RunCounts()
    for tally in DynamoTallies(items).newest(since=since, now=now):
        if counts.runs >= MAX_RUNS:
            counts.is_cut = True
            break
        counts.runs += 1
        counts.began_at = min(counts.began_at, tally.at)
        counts.to_message += tally.to_message
        for key, number in tally.messages.items():
            for ends in _concerned(counts, key):
                ends.messages[key.end] += number
        for key, names in tally.findings.items():
            for ends in _concerned(counts, key):
                ends.findings[key.end] |= names
    return counts


def _concerned(counts: RunCounts, key: Counted) -> Iterator[Ends]:
    if key.channel is not None:
        yield counts.channels.setdefault(key.channel[:MOST_CHANNEL_CHARS], Ends())
    if key.account is not None:
        yield counts.accounts.setdefault(key.account, Ends())
    for route in key.routes or (None,):
        yield counts.routes.setdefault(route, Ends())
