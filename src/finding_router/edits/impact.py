"""The effect that an edit would have had on the findings of the last days."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Final

from finding_router.delivery.decided import Decided
from finding_router.findings.summary import Summary, is_kept, read_summary
from finding_router.isolation import isolated
from finding_router.routing.items.route import Route
from finding_router.routing.items.silence import Silence
from finding_router.routing.patterns.index import PatternIndex
from finding_router.routing.patterns.pattern import Pattern
from finding_router.routing.table import Destination, RoutingTable, event_around

MAX_FINDINGS: Final = 3_000
"""More findings are not decided: it takes a second or two for so many."""
# Findings between two looks at the clock.
_STEP: Final = 50


@dataclass(slots=True)
class Impact:
    """Of so many *findings*, those *decided*, and what would have changed for them."""

    findings: int = 0
    decided: int = 0
    is_cut: bool = False
    """There were more findings than were looked at."""
    more: Counter[str] = field(default_factory=Counter)
    """Messages that a channel would have got besides."""
    fewer: Counter[str] = field(default_factory=Counter)
    """Messages that a channel would not have got."""
    held: int = 0
    """Messages that would have waited, and came at once."""
    at_once: int = 0
    """Messages that would have come at once, and waited."""


def impact_of(
    before: RoutingTable,
    after: RoutingTable,
    findings: Iterable[Decided],
    *,
    is_late: Callable[[], bool] = lambda: False,
) -> Impact:
    """
    Return the effect of *after* in the place of *before* on *findings*, each counted once.

    Each finding is decided as of the time when it came. It ends early once *is_late*.
    """
    impact = Impact()
    known: set[tuple[str, str]] = set()
    deciders = cache(lambda missing: (_Decider(before, missing), _Decider(after, missing)))
    for at, said in findings:
        summary = read_summary(said)
        if summary is not None and summary.finding.key in known:
            continue
        if impact.findings >= MAX_FINDINGS or (impact.findings % _STEP == 0 and is_late()):
            impact.is_cut = True
            break
        impact.findings += 1
        if summary is None:
            continue
        known.add(summary.finding.key)
        with isolated("finding not compared", finding_id=summary.finding.id):
            now = datetime.fromtimestamp(at, UTC)
            was, would_be = (decider.decide(summary, now) for decider in deciders(summary.missing))
            if was is not None and would_be is not None:
                impact.decided += 1
                _add(impact, was, would_be)
    return impact


def _add(
    impact: Impact, before: Mapping[str, Destination], after: Mapping[str, Destination]
) -> None:
    impact.more.update(after.keys() - before.keys())
    impact.fewer.update(before.keys() - after.keys())
    for channel in before.keys() & after.keys():
        did_wait, would_wait = (one[channel].hold is not None for one in (before, after))
        impact.held += would_wait and not did_wait
        impact.at_once += did_wait and not would_wait


class _Decider:
    """
    Decides by a table, as far as summaries allow.

    A pattern with a field that they do not keep is first asked without that field: a finding that
    does not match even so is decided without it, and any other finding is not decided.
    """

    def __init__(self, table: RoutingTable, missing: frozenset[str]) -> None:
        self._missing = missing
        unsure: dict[str, Pattern] = {}
        routes = list(self._sure("route", table.routes, unsure))
        silences = list(self._sure("silence", table.silences, unsure))
        self._table = table
        if unsure:
            self._table = RoutingTable(
                routes,
                default_channel=table.default_channel,
                aliases=table.aliases,
                silences=silences,
            )
        self._is_unsure = any(not rule for pattern in unsure.values() for rule in pattern.rules)
        self._unsure = PatternIndex(
            {name: pattern for name, pattern in unsure.items() if all(pattern.rules)}
        )

    def _sure[One: (Route, Silence)](
        self, kind: str, items: Iterable[One], unsure: dict[str, Pattern]
    ) -> Iterator[One]:
        """Yield those of *items* that go by kept fields alone, and note the patterns of others."""
        for item in items:
            rules = item.match.compiled.rules if item.match.compiled else ()
            if all(is_kept(field.path, self._missing) for rule in rules for field in rule):
                yield item
            elif not isinstance(item, Route) or item.enabled:
                unsure[f"{kind} {item.name}"] = Pattern(
                    tuple(
                        tuple(each for each in rule if is_kept(each.path, self._missing))
                        for rule in rules
                    )
                )

    def decide(self, summary: Summary, now: datetime) -> dict[str, Destination] | None:
        """Return the destinations that get a message; None if that cannot be told."""
        finding = summary.finding
        if self._is_unsure or self._unsure.match(event_around(finding)):
            return None
        decision = self._table.decide(finding, now=now)
        return {
            each.channel: each
            for each in decision.channels
            if each.hold is None or not each.hold.forget
        }
