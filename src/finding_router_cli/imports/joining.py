"""Routes that do the same as the rules of a set-up, and the reasons why others are left."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from finding_router.errors import ConfigurationError
from finding_router.findings.events import CUSTOM_ACTION, IMPORTED, IMPORTED_V2, SOURCE
from finding_router.routing.items.match import read_match, top_fields
from finding_router.routing.patterns.mistake import MistakeError
from finding_router.routing.patterns.pattern import Pattern, compile_pattern
from finding_router_cli.imports.setup import DEFAULT_BUS, Rule, Setup, Target
from finding_router_cli.items.item import Item, Key

_KINDS: Final = (IMPORTED, CUSTOM_ACTION, IMPORTED_V2)
_OF_CSPM: Final = (IMPORTED, CUSTOM_ACTION)


class _NotTakenError(Exception):
    """A rule is left; the text is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A rule, or one target of it, of which no route is made."""

    rule: str
    reason: str

    def __str__(self) -> str:
        """Return the rule and the reason."""
        return f'left: rule "{self.rule}" {self.reason}'


@dataclass(kw_only=True)
class Joined:
    """The *routes* made, the pattern of the rule of each, and the rules *left*."""

    routes: dict[Key, Item] = field(default_factory=dict)
    patterns: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The pattern of the rule as it is, by the name of its route."""
    left: list[Left] = field(default_factory=list)


def join(setup: Setup) -> Joined:
    """Return the routes that do the same as the rules of *setup*."""
    joined = Joined()
    for rule in setup.rules:
        try:
            pattern = _pattern(rule)
            channels = list(dict.fromkeys(_channels(rule, setup, joined.left)))
        except _NotTakenError as reason:
            joined.left.append(Left(rule=rule.label, reason=str(reason)))
            continue
        for channel in channels:
            name = rule.name if len(channels) == 1 else f"{rule.name}-{channel}"
            key = _free(Key("route", name), joined.routes)
            joined.routes[key] = {
                "kind": "route",
                "name": key.name,
                "description": f"Made of the rule {rule.label}",
                "channel": channel,
                "match": _same_events(pattern),
            }
            joined.patterns[key.name] = pattern
    return joined


def _pattern(rule: Rule) -> dict[str, Any]:
    """
    Return the pattern of *rule*, which is a valid match of a route.

    Raises:
        _NotTakenError: It is no rule for findings, or none that a route can replace.

    """
    if not rule.enabled:
        reason = "is disabled"
    elif rule.bus != DEFAULT_BUS:
        reason = f"is on the event bus {rule.bus}; findings come on the default one"
    elif not rule.pattern:
        reason = "has no event pattern, but a schedule"
    else:
        return _read_pattern(rule.pattern)
    raise _NotTakenError(reason)


def _read_pattern(written: str) -> dict[str, Any]:
    try:
        match = read_match(written)
        pattern = dict(match.pattern)
        kinds = of_envelope(pattern)
        events = [{"source": SOURCE, "detail-type": kind} for kind in _KINDS]
        takes_findings = kinds is None or any(map(kinds.matches, events))
    except (MistakeError, ConfigurationError) as error:
        message = f"has a pattern that cannot be a match: {error}"
        raise _NotTakenError(message) from error
    if not match.of_event:
        message = "names no source, detail-type or detail, and so takes more than findings"
        raise _NotTakenError(message)
    if not takes_findings:
        named = pattern.get("detail-type") if "source" not in pattern else pattern["source"]
        message = f"takes other events than findings of Security Hub: {json.dumps(named)}"
        raise _NotTakenError(message)
    return pattern


def of_envelope(pattern: Mapping[str, Any]) -> Pattern | None:
    """Return the part of *pattern* about source and detail-type; None if it names neither."""
    envelope = {name: pattern[name] for name in ("source", "detail-type") if name in pattern}
    return compile_pattern(envelope) if envelope else None


def _channels(rule: Rule, setup: Setup, left: list[Left]) -> Iterator[str]:
    """
    Yield the Slack channels that *rule* feeds; other targets are noted in *left*.

    Raises:
        _NotTakenError: It feeds none.

    """
    found: list[str] = []
    others: list[str] = []
    for target in setup.targets.get((rule.bus, rule.name), ()):
        channels = [] if target.transformed else setup.slack.get(target.arn, [])
        found += channels
        if not channels:
            others.append(_why(target, setup))
    if not found:
        raise _NotTakenError("; ".join(others) or "has no target")
    left += [Left(rule=rule.label, reason=f"also {other}; that stays") for other in others]
    yield from found


def _why(target: Target, setup: Setup) -> str:
    if target.transformed:
        return f"changes its events ({target.transformed}) before {target.arn} gets them"
    if target.arn in setup.teams:
        return f"feeds a channel of Microsoft Teams by {target.arn}"
    if target.arn.split(":")[2:3] == ["sns"]:
        return f"feeds {target.arn}, of which no Slack channel of the chatbot hears"
    return f"feeds something else: {target.arn}"


def _same_events(pattern: dict[str, Any]) -> dict[str, Any]:
    """
    Return *pattern* for a route, with the events of Security Hub CSPM alone where it means them.

    A route compares fields of ASFF with findings of both Security Hubs, EventBridge does not.
    """
    if "detail-type" in set(top_fields(pattern)) or not isinstance(pattern.get("detail"), dict):
        return pattern
    inside = pattern["detail"].get("findings")
    names = list(top_fields(inside)) if isinstance(inside, dict) else []
    if names and all(name[:1].isupper() for name in names):
        return {**pattern, "detail-type": list(_OF_CSPM)}
    return pattern


def _free(key: Key, taken: Mapping[Key, Item]) -> Key:
    """Return *key*, with a number if it is *taken*, as by a rule of another module or Region."""
    number, free = 2, key
    while free in taken:
        free, number = Key(key.kind, f"{key.name}-{number}"), number + 1
    return free
