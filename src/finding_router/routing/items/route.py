"""
Parse and validate the items of the RoutingTable, which people write in the DynamoDB console.

To add an attribute, add a field and, if pydantic validates it, a remedy. To add a kind of item, add
a model and an entry in `_KINDS`.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import ErrorDetails

from finding_router.counts import counted
from finding_router.errors import RouteError, legible
from finding_router.findings.finding import Severity
from finding_router.isolation import contained
from finding_router.routing.items.actions import Actions
from finding_router.routing.items.channel import ChannelTemplate, channel_safe, read_channel
from finding_router.routing.items.clock import (
    DURATION_EXAMPLE,
    MOMENT_EXAMPLE,
    TIME_EXAMPLE,
    ZONE_EXAMPLE,
)
from finding_router.routing.items.match import EVERYTHING, Match, read_match
from finding_router.routing.items.mention import read_mentions
from finding_router.routing.items.reading import Item, one_of, read_name, whole
from finding_router.routing.items.remind import EXAMPLE as REMIND_EXAMPLE
from finding_router.routing.items.remind import Remind
from finding_router.routing.items.schedule import ActiveHours, Schedule
from finding_router.routing.items.silence import Silence
from finding_router.routing.items.ticket import OWNERS, REMEDIES, RouteTicket, Ticket
from finding_router.routing.patterns.mistake import MistakeError, did_you_mean, shown
from finding_router.routing.patterns.pattern import PatternError

_ACCOUNT_ID_DIGITS: Final = 12
_MAX_LABEL_CHARS: Final = 80
_MAX_MISTAKES: Final = 20
# Python writes no integer of more than 4,300 digits.
_MAX_ORDER: Final = 10**18


class Action(StrEnum):
    """The action of a route on a matching finding."""

    POST = "post"
    DROP = "drop"
    """Post no message."""
    SUPPRESS = "suppress"
    """Post no message, and set the finding's Workflow status to SUPPRESSED."""


class Deliver(StrEnum):
    """The delivery of a route's findings, the most immediate first."""

    CARD = "card"
    """One message for each finding."""
    AUTO = "auto"
    """One message for each finding, or a digest during a burst."""
    DIGEST = "digest"
    """Digests."""
    SCHEDULED = "scheduled"
    """Digests at the times of a schedule."""


class Listing(StrEnum):
    """The findings that the digests of a schedule list."""

    NEW = "new"
    """Those that came since the last one."""
    OPEN = "open"
    """Besides, all that are still open in the channel."""


class Mode(StrEnum):
    """Whether a route takes effect."""

    LIVE = "live"
    SHADOW = "shadow"
    """Evaluated and counted like a live route, without any effect."""


def _account_id(written: str) -> str:
    if len(written) == _ACCOUNT_ID_DIGITS and written.isascii() and written.isdigit():
        return written
    problem = f"is {shown(written)}, which is no account id"
    raise MistakeError(problem, f"write its {_ACCOUNT_ID_DIGITS} digits")


def _alias(written: str) -> str:
    alias = written.strip()
    if channel_safe(alias):
        return alias
    problem = f"is {shown(written)}, of which no channel name can be made" if alias else "is empty"
    raise MistakeError(problem, 'use letters a-z or digits, as in "payments-prod"')


def _order(written: int) -> int:
    if abs(written) <= _MAX_ORDER:
        return written
    raise MistakeError(f"is {shown(written)}", _REMEDIES["order"])


def _channel(written: object, info: ValidationInfo) -> ChannelTemplate | None:
    if written is None:
        # An invalid action is reported as such, without a further mistake here.
        if info.data.get("action") is not Action.POST:
            return None
        problem = "is missing"
        raise MistakeError(problem, 'write a name, an id or a template such as "#{account}-alerts"')
    if not isinstance(written, str):
        problem = f"is {shown(written)}"
        raise MistakeError(problem, 'make it a text such as "#security-alerts"')
    return read_channel(written)


def _schedule(schedule: Schedule | None, info: ValidationInfo) -> Schedule | None:
    # An invalid deliver (None here) is reported as such, without a further mistake.
    deliver = info.data.get("deliver")
    if schedule is None and deliver is Deliver.SCHEDULED:
        problem = "is missing, though deliver is scheduled"
        raise MistakeError(problem, _REMEDIES["schedule"])
    if schedule is not None and deliver not in {Deliver.SCHEDULED, None}:
        problem = f"is there, though deliver is {deliver}"
        raise MistakeError(problem, 'set deliver to "scheduled", or leave the schedule out')
    return schedule


def _listing(listing: Listing, info: ValidationInfo) -> Listing:
    deliver = info.data.get("deliver")
    if listing is Listing.OPEN and deliver not in {Deliver.SCHEDULED, None}:
        problem = f"is open, though deliver is {deliver}"
        raise MistakeError(problem, 'set deliver to "scheduled", with a schedule')
    return listing


def _remind(remind: Remind | None, info: ValidationInfo) -> Remind | None:
    action = info.data.get("action")
    if remind is not None and action not in {Action.POST, None}:
        problem = f"is there, though action is {action}"
        raise MistakeError(problem, "leave it out: such a route says nothing that is open")
    return remind


def _active_hours(hours: ActiveHours | None, info: ValidationInfo) -> ActiveHours | None:
    if hours is not None and info.data.get("deliver") is Deliver.SCHEDULED:
        problem = "is there, though deliver is scheduled"
        raise MistakeError(problem, "leave them out: the schedule says when to post")
    return hours


def _ticket(ticket: RouteTicket | None, info: ValidationInfo) -> RouteTicket | None:
    action = info.data.get("action", Action.POST)
    if ticket is not None and action is not Action.POST:
        problem = f"is there, though action is {action}"
        raise MistakeError(problem, "leave it out: a route that posts nothing makes no ticket")
    return ticket


class Route(Item):
    """A rule for matching findings; *channel* is set if *action* is post."""

    kind: Literal["route"] = "route"
    name: Annotated[str, AfterValidator(read_name)]
    order: Annotated[int, BeforeValidator(whole), AfterValidator(_order)] = 100
    enabled: bool = True
    match: Annotated[Match, PlainValidator(read_match)] = EVERYTHING
    action: Annotated[Action, one_of(Action)] = Action.POST
    channel: Annotated[ChannelTemplate | None, PlainValidator(_channel)] = Field(
        default=None, validate_default=True
    )
    mention: Annotated[tuple[str, ...], PlainValidator(read_mentions)] = ()
    mention_from: Annotated[Severity, one_of(Severity)] = Severity.INFORMATIONAL
    stop: bool = False
    deliver: Annotated[Deliver, one_of(Deliver)] = Deliver.AUTO
    schedule: Annotated[Schedule | None, AfterValidator(_schedule)] = Field(
        default=None, validate_default=True
    )
    active_hours: Annotated[ActiveHours | None, AfterValidator(_active_hours)] = None
    listing: Annotated[Listing, one_of(Listing), AfterValidator(_listing)] = Field(
        default=Listing.NEW, alias="list"
    )
    remind: Annotated[Remind | None, AfterValidator(_remind)] = None
    ticket: Annotated[RouteTicket | None, AfterValidator(_ticket)] = None
    mode: Annotated[Mode, one_of(Mode)] = Mode.LIVE
    actions: Actions | None = None

    @property
    def posts_to(self) -> ChannelTemplate | None:
        """Return the channel for matching findings; None if the route posts no message."""
        return self.channel if self.action is Action.POST else None

    @property
    def is_live(self) -> bool:
        """Return False for a shadow route, which has no effect on any finding."""
        return self.mode is Mode.LIVE


class Account(Item):
    """The alias of an account; *name* is its id."""

    kind: Literal["account"] = "account"
    name: Annotated[str, AfterValidator(_account_id)]
    alias: Annotated[str, AfterValidator(_alias)]


type Parsed = Route | Account | Silence | Ticket
"""An item that was parsed."""

_KINDS: Final[Mapping[str, type[Parsed]]] = {
    "route": Route,
    "account": Account,
    "silence": Silence,
    "ticket": Ticket,
}
# By kind and path, the owner of an unknown attribute, an item or a map inside one: its words and
# its model.
_OWNERS: Final[Mapping[str, tuple[str, type[BaseModel]]]] = {
    "route": ("a route", Route),
    "account": ("an account", Account),
    "silence": ("a silence", Silence),
    "ticket": ("a ticket", Ticket),
    "route.schedule": ("a schedule", Schedule),
    "route.active_hours": ("active hours", ActiveHours),
    "route.actions": ("actions", Actions),
    "route.remind": ("remind", Remind),
    **OWNERS,
}

# Remedies by dotted attribute, for values of a wrong type, of which pydantic says no more.
_REMEDIES: Final = {
    "name": "make it a text",
    "description": "make it a text",
    "order": "make it a whole number such as 100",
    "enabled": "make it the Boolean true or false, without quotes",
    "stop": "make it the Boolean true or false, without quotes",
    "alias": 'make it a text such as "payments-prod"',
    "schedule": 'write a map such as {"time": "08:30", "zone": "Europe/Zurich"}',
    "schedule.time": TIME_EXAMPLE,
    "schedule.zone": ZONE_EXAMPLE,
    "active_hours": 'write a map such as {"from": "08:00", "to": "18:00", "zone": "Europe/Zurich"}',
    "active_hours.from": TIME_EXAMPLE,
    "active_hours.to": TIME_EXAMPLE,
    "active_hours.zone": ZONE_EXAMPLE,
    "actions": 'write a map such as {"allow": ["S0123456789"], "only": ["acknowledge"]}',
    "remind": REMIND_EXAMPLE,
    "remind.after": DURATION_EXAMPLE,
    "match": "write which findings; an empty map, {}, means all",
    "until": f"a silence must end: {MOMENT_EXAMPLE}",
    "reason": "make it a text",
    "by": "make it a text",
    **REMEDIES,
}


def parse_item(item: object) -> Parsed:
    """
    Parse one item from DynamoDB or a JSON file; values may be plain, Decimal or sets.

    Raises:
        RouteError: The first mistake in the item, with the further ones in *others*.

    """
    if not isinstance(item, Mapping):
        problem = f"is {shown(item)}"
        raise RouteError("item", label_of(item), "item", problem, "make it a map of attributes")
    label = label_of(item)
    try:
        attributes = {str(name): _plain(value) for name, value in item.items()}
    except RecursionError as error:
        problem = "is nested too deeply"
        raise RouteError("item", label, "item", problem, "write fewer levels") from error
    kind = attributes.get("kind")
    model = _KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise _unknown_kind(attributes, label)
    try:
        return model.model_validate(attributes)
    except ValidationError as error:
        mistakes = error.errors(include_url=False)
        errors = [
            RouteError(str(kind), label, *_mistake(details, str(kind)))
            for details in mistakes[:_MAX_MISTAKES]
        ]
        if more := len(mistakes[_MAX_MISTAKES:]):
            problem = f"has {counted(more, 'further mistake')}"
            errors.append(
                RouteError(str(kind), label, "item", problem, "correct those above first")
            )
        first = errors[0]
        first.others = tuple(errors[1:])
        raise first from error


def label_of(item: object) -> str:
    """Return the name of *item*, or the beginning of its content; at most 80 characters."""
    name = item.get("name") if isinstance(item, Mapping) else None
    text = name.strip()[: _MAX_LABEL_CHARS + 1] if isinstance(name, str) else ""
    if not text:
        # Whatever else an item is may be too deep or too long a number to write.
        with contained():
            text = "" if name is None else str(name)
    if not text:
        text = "(no name)"
        with contained():
            text = f"(no name) {item}"
    text = legible(text)
    return text if len(text) <= _MAX_LABEL_CHARS else text[: _MAX_LABEL_CHARS - 1] + "…"


def kind_of(item: object) -> str:
    """Return the kind of *item*, or "item" if it has none."""
    kind = item.get("kind") if isinstance(item, Mapping) else None
    return kind if isinstance(kind, str) and kind in _KINDS else "item"


def _unknown_kind(attributes: Mapping[str, Any], label: str) -> RouteError:
    if "kind" not in attributes:
        return RouteError("item", label, "kind", "is missing", did_you_mean("", _KINDS))
    kind = attributes["kind"]
    word = kind if isinstance(kind, str) else ""
    problem = f"is {shown(kind)}, which is no kind of item"
    return RouteError(word or "item", label, "kind", problem, did_you_mean(word, _KINDS))


def _mistake(details: ErrorDetails, kind: str) -> tuple[str, str, str]:
    """Return field, problem and remedy for one of pydantic's errors in an item of *kind*."""
    *owners, attribute = map(str, details["loc"])
    field = ".".join([*owners, attribute])
    match details["type"], details.get("ctx", {}).get("error"):
        case _, PatternError() as error:
            path = f"{field}.{error.path}" if error.path else field
            return path, error.problem, error.remedy
        case _, MistakeError() as error:
            return field, error.problem, error.remedy
        case "extra_forbidden", _:
            called, owner = _OWNERS[".".join([kind, *owners])]
            known = [one.alias or name for name, one in owner.model_fields.items()]
            return field, f"is no attribute of {called}", did_you_mean(attribute, known)
        case "missing", _:
            return field, "is missing", _REMEDIES[field]
        case _:
            return field, f"is {shown(details['input'])}", _REMEDIES[field]


def _plain(value: Any) -> Any:
    """Return *value* as JSON types: Decimal becomes int or float, a set a sorted list."""
    match value:
        case str() | int() | float() | None:
            return value
        case Decimal():
            is_whole = value.is_finite() and value == value.to_integral_value()
            return int(value) if is_whole else float(value)
        case set() | frozenset():
            return sorted(map(_plain, value), key=str)
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case Mapping():
            return {str(name): _plain(inner) for name, inner in value.items()}
        case _:
            return value
