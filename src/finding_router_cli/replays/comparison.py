"""The replay itself: each finding decided by both routing tables, as of the time when it came."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from finding_router.delivery.alerts.identity import hash_of, subject_of
from finding_router.findings.digest import kind_of
from finding_router.findings.finding import Finding
from finding_router.findings.ocsf import is_ocsf
from finding_router.findings.ocsf.view import as_asff
from finding_router.findings.reading import text_at
from finding_router.findings.timestamps import parse_timestamp
from finding_router.isolation import isolated
from finding_router.routing.organization import Organization
from finding_router.routing.table import RoutingTable
from finding_router_cli.explanation import Explanation, explain_event, told_channels
from finding_router_cli.replays.source import as_first_heard
from finding_router_cli.replays.tally import Bursts, Tally, Volume, days_of

NOISIEST: Final = 10
CREATED: Final = "CreatedAt"
UPDATED: Final = "UpdatedAt"
_UNREADABLE: Final = "(unreadable)"


@dataclass(kw_only=True)
class Replay:
    """
    The messages of *before*, the routes in force, and of *after*; None without others.

    Findings are counted from *since* on, by their time *by*.
    """

    before: RoutingTable
    after: RoutingTable | None
    bursts: Bursts
    organization: Organization
    since: datetime | None
    by: str
    origin: str
    findings: int = 0
    elsewhere: int = 0
    older: int = 0
    twice: int = 0
    unreadable: int = 0
    not_posted: Counter[str] = field(default_factory=Counter)
    titles: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with nothing."""
        self._tables = [each for each in (self.before, self.after) if each is not None]
        self.tallies = [Tally(self.bursts) for _ in self._tables]
        self._known: set[int] = set()

    def add(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Decide the findings of *events*, each once."""
        for event in events:
            heard = as_first_heard(event)
            with isolated("event not replayed"):
                self._add(heard)

    def _add(self, event: Mapping[str, Any]) -> None:
        now = datetime.now(UTC)
        first = list(explain_event(event, self.before, now, self.organization))
        for one in first:
            if one.finding is None and not one.channels:
                self.unreadable += 1
                continue
            at = self._time_of(one.finding, event) or now
            if self.since is not None and at < self.since:
                self.older += 1
                continue
            if one.finding is not None:
                # A hash takes a tenth of the room of an id.
                key = hash(one.finding.key)
                if key in self._known:
                    self.twice += 1
                    continue
                self._known.add(key)
            self.findings += 1
            self.unreadable += one.finding is None
            if one.not_posted:
                self.not_posted[one.not_posted] += 1
                continue
            # A silence and a schedule count as of then.
            told = [self._decided(one, event, table, at) for table in self._tables]
            self._count(one.finding, told, event, at)

    def _decided(
        self, one: Explanation, event: Mapping[str, Any], table: RoutingTable, at: datetime
    ) -> Explanation:
        if one.finding is None:
            return next(iter(explain_event(event, table, at, self.organization)))
        decision = table.decide(one.finding, event=event, now=at)
        return Explanation(channels=told_channels(decision), finding=one.finding, decision=decision)

    def _count(
        self,
        finding: Finding | None,
        told: list[Explanation],
        event: Mapping[str, Any],
        at: datetime,
    ) -> None:
        kind, subject, severity = _UNREADABLE, hash_of(event), None
        if finding is not None:
            found = kind_of(finding)
            kind, subject, severity = found.name, subject_of(finding), finding.severity
            if found.title and found.title != kind:
                self.titles.setdefault(kind, found.title)
        for tally, one in zip(self.tallies, told, strict=True):
            tally.add(one.channels, subject=subject, kind=kind, severity=severity, at=at)
        self.elsewhere += len({one.goes for one in told}) > 1

    def _time_of(self, finding: Finding | None, event: Mapping[str, Any]) -> datetime | None:
        written = None
        if finding is not None:
            raw = as_asff(finding.raw) if is_ocsf(finding.raw) else finding.raw
            created = text_at(raw, CREATED) if self.by == CREATED else None
            written = created or finding.updated_at
        return parse_timestamp(written) or parse_timestamp(event.get("time"))

    def result(self) -> "Result":
        """Return the counts."""
        volumes = [tally.volumes() for tally in self.tallies]
        return Result(
            replay=self,
            before=volumes[0],
            after=volumes[1] if len(volumes) > 1 else None,
            controls=self._noisiest([tally.kinds for tally in self.tallies]),
            routes=self._noisiest([tally.routes for tally in self.tallies]),
        )

    def _noisiest(self, counts: list[Counter[str]]) -> list["Noise"]:
        both = [+each for each in counts]
        last = both[-1]
        names = sorted(
            {name for each in both for name in each},
            key=lambda name: (-max(each[name] for each in both), -last[name], name),
        )
        return [
            Noise(name, self.titles.get(name, ""), both[0][name], last[name])
            for name in names[:NOISIEST]
        ]


@dataclass(frozen=True, slots=True)
class Noise:
    """A control or route, and its findings that are told *before* and *after*."""

    name: str
    title: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The counts of *replay*; *after* is None if only the routes in force decided."""

    replay: Replay
    before: Mapping[str, Volume]
    after: Mapping[str, Volume] | None
    controls: list[Noise]
    routes: list[Noise]

    @property
    def decisive(self) -> Mapping[str, Volume]:
        """Return the volumes of the routes that are to be in force."""
        return self.sides[-1]

    @property
    def sides(self) -> list[Mapping[str, Volume]]:
        """Return the volumes before, and those after if there are any."""
        return [each for each in (self.before, self.after) if each is not None]

    @property
    def totals(self) -> list[int]:
        """Return the messages of each of *sides*."""
        return [sum(volume.messages for volume in side.values()) for side in self.sides]

    def totals_of(self, days: Sequence[str]) -> list[list[int]]:
        """Return the messages of each of *sides* on each of *days*."""
        return [
            [sum(volume.days[day] for volume in side.values()) for day in days]
            for side in self.sides
        ]

    @property
    def days(self) -> list[str]:
        """Return the days with messages."""
        return days_of(*self.sides)

    @property
    def channels(self) -> list[str]:
        """Return the channels, the busiest first."""
        sides = self.sides
        most = {
            channel: max(each[channel].messages for each in sides if channel in each)
            for channel in {channel for each in sides for channel in each}
        }
        return sorted(most, key=lambda channel: (-most[channel], channel))

    def over(self, most: int) -> list[tuple[str, str, int]]:
        """Return channel, day and messages where a channel gets more than *most* on a day."""
        return [
            (channel, day, number)
            for channel in self.channels
            if channel in self.decisive
            for day, number in sorted(self.decisive[channel].days.items())
            if number > most
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the counts for programs."""
        replay, nothing = self.replay, Volume()
        return {
            "origin": replay.origin,
            "since": replay.since and replay.since.isoformat(timespec="seconds"),
            "time": replay.by,
            "findings": replay.findings,
            "elsewhere": replay.elsewhere,
            "older": replay.older,
            "twice": replay.twice,
            "unreadable": replay.unreadable,
            "not_posted": dict(sorted(replay.not_posted.items())),
            "bursts": replay.bursts._asdict(),
            "days": self.days,
            "channels": [
                {
                    "channel": channel,
                    "before": self.before.get(channel, nothing).as_json(),
                    "after": self.after and self.after.get(channel, nothing).as_json(),
                }
                for channel in self.channels
            ],
            "controls": list(map(self._noise, self.controls)),
            "routes": list(map(self._noise, self.routes)),
        }

    def _noise(self, one: Noise) -> dict[str, Any]:
        after = None if self.after is None else one.after
        return {"name": one.name, "title": one.title, "before": one.before, "after": after}
