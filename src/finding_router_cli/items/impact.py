"""The findings that would go elsewhere after a change of the routing table."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from finding_router.counts import counted
from finding_router.routing.table import RoutingTable
from finding_router_cli.explanation import explain_event

_MAX_CHANNELS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """
    The comparison of two routing tables by *findings*, which are named by *origin*.

    *elsewhere* of them go to other channels; *by_channel* has how many more (or fewer, negative)
    go to each channel.
    """

    origin: str
    findings: int
    elsewhere: int
    by_channel: Mapping[str, int]

    def sentence(self) -> str:
        """Return the numbers in words."""
        if not self.findings:
            return f"there are no findings {self.origin} to compare by"
        head = f"of {counted(self.findings, 'finding')} {self.origin}"
        if not self.elsewhere:
            return f"{head} none would go elsewhere"
        most = sorted(self.by_channel.items(), key=lambda one: (-abs(one[1]), one[0]))
        some = _first([f"{number:+,} to {channel}" for channel, number in most])
        return f"{head} {self.elsewhere:,} would go elsewhere" + (f": {some}" if some else "")

    def as_json(self) -> dict[str, Any]:
        """Return the numbers."""
        return {
            "origin": self.origin,
            "findings": self.findings,
            "elsewhere": self.elsewhere,
            "by_channel": dict(sorted(self.by_channel.items())),
        }


def impact(
    before: RoutingTable,
    after: RoutingTable,
    events: Iterable[Mapping[str, Any]],
    *,
    origin: str,
    now: datetime,
) -> Impact:
    """Return where the findings of *events* go by *before* and by *after*, as if received *now*."""
    findings = elsewhere = 0
    by_channel: Counter[str] = Counter()
    for event in events:
        both = zip(explain_event(event, before, now), explain_event(event, after, now), strict=True)
        for one, other in both:
            old, new = one.goes, other.goes
            findings += 1
            elsewhere += old != new
            by_channel.update(new - old)
            by_channel.subtract(old - new)
    return Impact(
        origin=origin,
        findings=findings,
        elsewhere=elsewhere,
        by_channel={channel: number for channel, number in by_channel.items() if number},
    )


def kept_by(
    silence: str, table: RoutingTable, events: Iterable[Mapping[str, Any]], now: datetime
) -> tuple[int, Counter[str]]:
    """Return the number of findings of *events* that *silence* keeps, and of each channel's."""
    kept = 0
    by_channel: Counter[str] = Counter()
    for event in events:
        for one in explain_event(event, table, now):
            if one.decision is None or one.not_posted or one.decision.silenced_by != silence:
                continue
            kept += 1
            by_channel.update(each.channel for each in one.decision.channels)
    return kept, by_channel


def shown_channels(by_channel: Mapping[str, int]) -> str:
    """Return the number of each channel in words, the largest first."""
    most = sorted(by_channel.items(), key=lambda one: (-one[1], one[0]))
    return _first([f"{number:,} of {channel}" for channel, number in most])


def _first(channels: Sequence[str]) -> str:
    """Return the first of *channels*, which are in words, and the number of the others."""
    some, left = ", ".join(channels[:_MAX_CHANNELS]), len(channels) - _MAX_CHANNELS
    return f"{some}, and {left} more channels" if left > 0 else some
