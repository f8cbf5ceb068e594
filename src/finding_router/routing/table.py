"""
Route findings to channels.

All matching routes apply, sorted by order and then by name, up to and including the first that
stops. A channel gets one message, however many routes name it. A route that posts no message only
keeps a finding from the default channel; other routes still post it. Shadow routes have no effect,
and a silence holds all messages of a finding, independently of the routes.
"""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import replace
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from typing import Any, Final, Self

from finding_router.counts import counted
from finding_router.errors import ConfigurationError, RouteError
from finding_router.findings.events import IMPORTED, IMPORTED_V2, SOURCE
from finding_router.findings.finding import Finding
from finding_router.findings.ocsf import is_ocsf
from finding_router.isolation import contained
from finding_router.routing.hold import Hold
from finding_router.routing.items.channel import ChannelTemplate, UnfilledError, read_channel
from finding_router.routing.items.item_key import ItemKey, key_of
from finding_router.routing.items.match import ACCOUNT
from finding_router.routing.items.route import (
    Account,
    Action,
    Deliver,
    Listing,
    Parsed,
    Route,
    kind_of,
    label_of,
    parse_item,
)
from finding_router.routing.items.silence import Silence, Silences
from finding_router.routing.items.ticket import RouteTicket, Ticket, When, of_table, unknown
from finding_router.routing.items.weight import NO_WEIGHT, Weight, left_out, lightest, weigh
from finding_router.routing.patterns.index import PatternIndex
from finding_router.routing.patterns.mistake import MistakeError
from finding_router.routing.reminder import Reminder, ReminderKind
from finding_router.routing.trace import TraceStep, trace_routes
from finding_router.routing.waiting import held_by_route, held_by_silence, list_of, reminder_of

_MAX_REASON_CHARS: Final = 200
_IMMEDIATE_FIRST: Final = list(Deliver)
_AT_ONCE: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """
    One planned message; *routes* are the names of the routes to *channel*, empty for the default.

    *mention* has the mentions of the routes that post first. *note* is the reason for the default
    channel; None if a route names it. *reminders* follow a message that is posted now.
    """

    channel: str
    routes: tuple[str, ...] = ()
    mention: tuple[str, ...] = ()
    deliver: Deliver = Deliver.AUTO
    note: str | None = None
    hold: Hold | None = None
    reminders: tuple[Reminder, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Decision:
    """
    The routing of one finding; if *channels* is empty, *dropped_by* is the route that dropped it.

    With *suppress*, that route also asks to set the Workflow status to SUPPRESSED. *silenced_by*
    names the silence that holds the messages to all channels. *shadowed* has the messages that
    shadow routes would have posted.
    """

    channels: tuple[Destination, ...]
    dropped_by: str | None = None
    suppress: bool = False
    silenced_by: str | None = None
    shadowed: tuple[Destination, ...] = ()
    tracer: Callable[[], Iterable[TraceStep]] = field(default=tuple, repr=False, compare=False)

    @cached_property
    def trace(self) -> tuple[TraceStep, ...]:
        """Return a step for each route, in order; computed on first use, as it checks them all."""
        return tuple(self.tracer())


class RoutingTable:
    """The valid routes, silences and account aliases, and the *problems* of the other items."""

    def __init__(
        self,
        routes: Iterable[Route],
        *,
        default_channel: str,
        aliases: Mapping[str, str] | None = None,
        silences: Iterable[Silence] = (),
        tickets: Iterable[Ticket] = (),
        problems: Iterable[RouteError] = (),
        kept: Iterable[ItemKey] = (),
        weight: Weight = NO_WEIGHT,
    ) -> None:
        """
        Index *routes* and *silences*, whose names must be unique.

        *aliases* maps account ids to names. *kept* are the invalid items whose last valid version
        is in force.

        Raises:
            ConfigurationError: The default channel is invalid.

        """
        self.routes: Final = tuple(sorted(routes, key=lambda route: (route.order, route.name)))
        self.aliases: Final = dict(aliases or {})
        self.silences: Final = tuple(sorted(silences, key=lambda one: (one.until, one.name)))
        self.tickets: Final = {one.name: one for one in sorted(tickets, key=lambda one: one.name)}
        self.problems: Final = tuple(problems)
        self.kept: Final = tuple(kept)
        self.weight: Final = weight
        self.default_channel: Final = _read_default(default_channel)
        enabled = {route.name: route for route in self.routes if route.enabled}
        self._enabled: Final = enabled
        self._rank: Final = {name: rank for rank, name in enumerate(enabled)}
        patterns = {name: route.match.compiled for name, route in enabled.items()}
        self._index: Final = PatternIndex({name: p for name, p in patterns.items() if p})
        self._for_everything: Final = [name for name, pattern in patterns.items() if not pattern]
        self._silences: Final = Silences(self.silences)
        live = [route for route in enabled.values() if route.is_live and route.posts_to]
        self._lists: Final = [route for route in live if route.listing is Listing.OPEN]
        self.has_reminders: Final = bool(self._lists) or any(route.remind for route in live)

    @classmethod
    def from_items(
        cls,
        items: Iterable[object],
        *,
        default_channel: str,
        allow_suppress: bool = False,
        last_valid: Callable[[], Mapping[ItemKey, object]] = dict,
    ) -> Self:
        """
        Return a table of *items*, read by `parse_item`; each mistake becomes one of *problems*.

        So does any other exception that an item causes, and an item for which there is no room. Of
        an invalid item the version in *last_valid* is in force, if there is one; that is called
        only if an item is invalid.

        Raises:
            ConfigurationError: The default channel is invalid.

        """
        _read_default(default_channel)
        several = list(items)
        parts = _read(several, allow_suppress=allow_suppress)
        kept: list[ItemKey] = []
        if parts.problems and (versions := _in_place_of_invalid(several, parts, last_valid())):
            mended = [versions.get(key_of(item), item) for item in several]
            again = _read(mended, allow_suppress=allow_suppress)
            kept = [key for key in versions if key in again.read]
            named = {(problem.kind, problem.name) for problem in parts.problems}
            again.problems[:] = [
                *parts.problems,
                *(each for each in again.problems if (each.kind, each.name) not in named),
            ]
            parts = again
        whole: dict[str, Any] = {
            "default_channel": default_channel,
            "problems": parts.problems,
            "kept": kept,
            "weight": parts.weight,
        }
        with contained():
            return cls(**_by_kind(parts.read.values()), **whole)
        # Some item cannot be indexed: each is tried alone, which takes longer.
        for key, one in list(parts.read.items()):
            with _reported({"kind": one.kind, "name": one.name}, parts.problems):
                del parts.read[key]
                if isinstance(one, Route | Silence):
                    PatternIndex({one.name: one.match.compiled} if one.match.compiled else {})
                parts.read[key] = one
        whole["kept"] = [key for key in kept if key in parts.read]
        return cls(**_by_kind(parts.read.values()), **whole)

    @property
    def skipped(self) -> int:
        """The number of items with problems, also of those in force in their last valid version."""
        return len({(problem.kind, problem.name) for problem in self.problems})

    @cached_property
    def keys(self) -> frozenset[ItemKey]:
        """Return kind and name of each item in force."""
        return frozenset(
            (
                *(("route", each.name) for each in self.routes),
                *(("silence", each.name) for each in self.silences),
                *(("account", each) for each in self.aliases),
                *(("ticket", each) for each in self.tickets),
            )
        )

    @cached_property
    def kept_labels(self) -> frozenset[ItemKey]:
        """Return *kept* with the names that problems have."""
        return frozenset((kind, label_of({"name": name})) for kind, name in self.kept)

    def route(self, name: str) -> Route | None:
        """Return the route of that *name*, enabled or not; None if there is none."""
        return next((route for route in self.routes if route.name == name), None)

    def ticket_of(self, routes: Iterable[str]) -> RouteTicket | None:
        """Return the tickets of those *routes*: the first that always makes one, else the first."""
        wanted = [
            route.ticket
            for name in routes
            if (route := self._enabled.get(name)) and route.ticket and self.ticket(route.ticket)
        ]
        always = [each for each in wanted if each.when is When.ALWAYS]
        return next(iter([*always, *wanted]), None)

    def ticket(self, wanted: RouteTicket) -> Ticket | None:
        """Return the place of tickets that a route wants; None if the table has none."""
        return of_table(self.tickets, wanted)

    @cached_property
    def unmet(self) -> tuple[RouteError, ...]:
        """
        Return a problem for each route whose ticket the table does not have.

        Such a route is in force, and makes no ticket.
        """
        return tuple(
            RouteError(
                "route",
                label_of({"name": route.name}),
                "ticket.to",
                *unknown(route.ticket, self.tickets),
            )
            for route in self.routes
            if route.ticket and not self.ticket(route.ticket)
        )

    def silence(self, name: str) -> Silence | None:
        """Return the silence of that *name*, ended or not; None if there is none."""
        return next((silence for silence in self.silences if silence.name == name), None)

    def is_invalid(self, kind: str, name: str) -> bool:
        """Return True if the item exists but is invalid, and no version of it is in force."""
        return (kind, name) not in self.kept and bool(self.problems_of(kind, name))

    def problems_of(self, kind: str, name: str) -> list[RouteError]:
        """Return the problems of the item, which have its name as a label."""
        label = label_of({"name": name})
        return [each for each in self.problems if (each.kind, each.name) == (kind, label)]

    def in_force(
        self,
        items: Iterable[Mapping[str, Any]],
        last_valid: Mapping[ItemKey, Mapping[str, Any]],
    ) -> dict[ItemKey, Mapping[str, Any]]:
        """Return each item in force, of *items* if it is valid there, else of *last_valid*."""
        valid = {key: item for item in items if (key := key_of(item)) in self.keys}
        return valid | {key: last_valid[key] for key in self.kept}

    def over(self, now: datetime) -> tuple[RouteError, ...]:
        """
        Return a problem for each silence that has ended at *now* (aware).

        These are not among the table's *problems*: most such silences have served their purpose.
        """
        return tuple(self._silences.over(now))

    def decide(
        self,
        finding: Finding,
        *,
        event: Mapping[str, Any] | None = None,
        requested: bool = False,
        now: datetime | None = None,
    ) -> Decision:
        """
        Return the routing of *finding*, with holds as of *now* (aware; default: the current time).

        Patterns of whole rules are compared with the *event* that contained the finding, without
        its other findings, or with an Imported event if it is None. A finding *requested* by a
        person is always posted, and without a hold.
        """
        around = event_around(finding, event)
        passed = self._passed(around)
        live = [route for route in passed if route.is_live]
        # Without a time, nothing is held: a requested finding is posted at once.
        moment = None if requested else now or datetime.now(UTC)
        silence = moment and self._silences.longest(around, moment)
        hold = held_by_silence(silence) if silence else None
        wanted = self._wanted(live, finding, moment)
        quiet = [route for route in live if route.posts_to is None]
        if not wanted and (requested or not quiet):
            wanted = [Destination(channel=self.default_channel, note=self._why_default(quiet))]
        suppressing = [route for route in quiet if route.action is Action.SUPPRESS]
        shadows = [route for route in passed if not route.is_live]
        return Decision(
            channels=self._listed(_one_per_channel(wanted, hold), finding, moment),
            dropped_by=None if wanted else (suppressing or quiet)[0].name,
            suppress=bool(suppressing and not wanted),
            silenced_by=silence.name if silence and wanted else None,
            shadowed=_one_per_channel(self._wanted(shadows, finding, moment), hold),
            tracer=lambda: trace_routes(self.routes, passed, around),
        )

    def alias(self, account_id: str | None) -> str | None:
        """Return the alias of an account; None if it has none."""
        return None if account_id is None else self.aliases.get(account_id)

    def account_of(self, finding: Finding | None) -> str:
        """Return the alias of the account of *finding*, or its name, or id; "?" without any."""
        if finding is None:
            return "?"
        alias = self.alias(finding.account_id)
        return alias or finding.account_name or finding.account_id or "?"

    def _passed(self, event: dict[str, Any]) -> list[Route]:
        """Return the matching routes, shadows included, in order, up to the first that stops."""
        matching = [*self._for_everything, *self._index.match(event)]
        passed = []
        for name in sorted(matching, key=self._rank.__getitem__):
            passed.append(self._enabled[name])
            if passed[-1].stop and passed[-1].is_live:
                break
        return passed

    def _wanted(
        self, routes: Iterable[Route], finding: Finding, now: datetime | None
    ) -> list[Destination]:
        """Return the destination of each of *routes* that posts; without *now*, none is held."""
        return [
            self._destination(route, channel, finding, now)
            for route in routes
            if (channel := route.posts_to)
        ]

    def _listed(
        self, channels: tuple[Destination, ...], finding: Finding, now: datetime | None
    ) -> tuple[Destination, ...]:
        """Return *channels* with the next list of each in which a route lists what is open."""
        lists: dict[str, list[Reminder]] = {}
        for route in self._lists if now else ():
            try:
                channel = route.posts_to.fill(finding, self.aliases) if route.posts_to else ""
            except UnfilledError:
                continue
            if now and (reminder := list_of(route, now)):
                lists.setdefault(channel, []).append(reminder)
        if not lists:
            return channels
        return tuple(
            replace(each, reminders=(*each.reminders, *lists.get(each.channel, ())))
            for each in channels
        )

    def _destination(
        self, route: Route, template: ChannelTemplate, finding: Finding, now: datetime | None
    ) -> Destination:
        note = None
        try:
            channel = template.fill(finding, self.aliases)
        except UnfilledError as unfilled:
            channel, note = self.default_channel, f'route "{route.name}": {unfilled}'
        is_worth_a_mention = finding.severity.rank >= route.mention_from.rank
        is_scheduled = route.deliver is Deliver.SCHEDULED
        reminder = reminder_of(route, finding.severity, now) if now else None
        return Destination(
            channel=channel,
            routes=(route.name,),
            mention=route.mention if is_worth_a_mention else (),
            deliver=Deliver.AUTO if is_scheduled and now is None else route.deliver,
            note=note,
            hold=held_by_route(route, finding.severity, now) if now else None,
            reminders=(reminder,) if reminder else (),
        )

    def _why_default(self, quiet: Sequence[Route]) -> str:
        if quiet:
            return f'requested, though route "{quiet[0].name}" says nothing'
        if left_out := self.skipped - len(self.kept):
            items = counted(left_out, "invalid item was", "invalid items were")
            return f"no route matches, and {items} left out"
        return "no route matches"


@dataclass(slots=True)
class _Parts:
    """The valid items by their keys, the problems of the others, and the weight of all."""

    read: dict[ItemKey, Parsed]
    problems: list[RouteError]
    weight: Weight


def _read(items: Iterable[object], *, allow_suppress: bool) -> _Parts:
    """Parse *items*; each that is invalid, or for which there is no room, makes a problem."""
    problems: list[RouteError] = []
    weighed: list[tuple[object, Weight]] = []
    for item in items:
        with _reported(item, problems):
            weighed.append((item, weigh(item)))
    fitting, weight = lightest(weight for _, weight in weighed)
    read: dict[ItemKey, Parsed] = {}
    for position, (item, _) in enumerate(weighed):
        if position not in fitting:
            problems.append(left_out(item))
            continue
        with _reported(item, problems):
            parsed = parse_item(item)
            _check_name_is_free(parsed, read)
            _check_may_suppress(parsed, allow_suppress=allow_suppress)
            read[parsed.kind, parsed.name] = parsed
    return _Parts(read, problems, weight)


def _in_place_of_invalid(
    items: Iterable[object], parts: _Parts, last_valid: Mapping[ItemKey, object]
) -> dict[ItemKey, object]:
    """Return the last valid versions of those *items* that are not among the valid *parts*."""
    keys = map(key_of, items)
    return {key: last_valid[key] for key in keys if key in last_valid and key not in parts.read}


def _one_per_channel(wanted: Iterable[Destination], hold: Hold | None) -> tuple[Destination, ...]:
    """Merge the destinations of each channel; *hold* overrides their holds."""
    by_channel: dict[str, list[Destination]] = {}
    for destination in wanted:
        one = replace(destination, hold=hold) if hold else destination
        by_channel.setdefault(destination.channel, []).append(one)
    return tuple(_united(several) for several in by_channel.values())


def _united(several: Sequence[Destination]) -> Destination:
    """
    Return one destination for *several* of a channel: the earliest, with the routes of all.

    It has the mentions of all that are due at the same time, and the most immediate delivery.
    """
    first = min(several, key=_immediacy)
    together = [one for one in several if _due_at(one) == _due_at(first)]
    return replace(
        first,
        routes=tuple(chain.from_iterable(one.routes for one in several)),
        mention=tuple(dict.fromkeys(chain.from_iterable(one.mention for one in together))),
        note="; ".join(one.note for one in several if one.note) or None,
        reminders=_soonest(chain.from_iterable(one.reminders for one in several)),
    )


def _soonest(reminders: Iterable[Reminder]) -> tuple[Reminder, ...]:
    """Return the reminder of an alert that comes first, if there is any."""
    of_alert = [each for each in reminders if each.kind is ReminderKind.ALERT]
    return (min(of_alert, key=lambda each: each.at),) if of_alert else ()


def _immediacy(destination: Destination) -> tuple[datetime, int]:
    return _due_at(destination), _IMMEDIATE_FIRST.index(destination.deliver)


def _due_at(destination: Destination) -> datetime:
    return destination.hold.due_at if destination.hold else _AT_ONCE


def event_around(finding: Finding, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return *event* with *finding* alone, or an Imported event with it if *event* is None."""
    seen = _as_matched(finding)
    if not event:
        kind = IMPORTED_V2 if is_ocsf(seen) else IMPORTED
        return {"source": SOURCE, "detail-type": kind, "detail": {"findings": [seen]}}
    return {**event, "detail": {**event["detail"], "findings": [seen]}}


def _as_matched(finding: Finding) -> Mapping[str, Any]:
    """Return the JSON of *finding* with its account of AWS Organizations, which it cannot state."""
    if finding.account is not None:
        return {**finding.raw, ACCOUNT: finding.account.as_matched()}
    if ACCOUNT in finding.raw:
        return {name: value for name, value in finding.raw.items() if name != ACCOUNT}
    return finding.raw


def _read_default(written: str) -> str:
    try:
        channel = read_channel(written)
    except MistakeError as error:
        message = f"default channel: {error}"
        raise ConfigurationError(message) from error
    if not channel.is_fixed:
        message = (
            "default channel: has placeholders, which may be unfillable; write a name or an id"
        )
        raise ConfigurationError(message)
    return channel.text


def _by_kind(items: Collection[Parsed]) -> dict[str, Any]:
    """Return *items* as arguments of a RoutingTable."""
    return {
        "routes": [item for item in items if isinstance(item, Route)],
        "aliases": {item.name: item.alias for item in items if isinstance(item, Account)},
        "silences": [item for item in items if isinstance(item, Silence)],
        "tickets": [item for item in items if isinstance(item, Ticket)],
    }


@contextmanager
def _reported(item: object, problems: list[RouteError]) -> Iterator[None]:
    """Add any exception of the block, which reads *item*, to *problems*."""
    with contained() as trouble:
        yield
    match trouble.error:
        case None:
            pass
        case RouteError() as error:
            # A traceback keeps everything that was read, for as long as the problem is told.
            error.__cause__ = error.__context__ = None
            problems += [error.with_traceback(None), *error.others]
        case error:
            problem = f"cannot be used: {type(error).__name__} ({str(error)[:_MAX_REASON_CHARS]})"
            remedy = "write it in another way, or delete it"
            problems.append(RouteError(kind_of(item), label_of(item), "item", problem, remedy))


def _check_name_is_free(item: Parsed, taken: Container[tuple[str, str]]) -> None:
    # Names are unique in DynamoDB, but not in a file.
    if (item.kind, item.name) in taken:
        problem = "is there twice"
        raise RouteError(item.kind, item.name, "name", problem, "give each a name of its own")


def _check_may_suppress(item: Parsed, *, allow_suppress: bool) -> None:
    if isinstance(item, Route) and item.action is Action.SUPPRESS and not allow_suppress:
        problem = "is suppress, which this stack may not do"
        remedy = 'deploy with the parameter AllowSuppress set to "true", or write drop'
        raise RouteError(item.kind, item.name, "action", problem, remedy)
