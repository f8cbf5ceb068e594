"""Explain why routes match a finding or not; slow, for use on request only."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from finding_router.routing.items.match import OR, Match
from finding_router.routing.items.route import Action, Route
from finding_router.routing.patterns.pattern import compile_pattern

_MAX_SHOWN_CHARS: Final = 80
_MAX_SHOWN_VALUES: Final = 3

type _Path = tuple[str, ...]


class TraceStep(NamedTuple):
    """The result of one route for a finding; *reason* is a sentence without a full stop."""

    route: str
    order: int
    matched: bool
    reason: str


def trace_routes(
    routes: Iterable[Route], passed: Sequence[Route], event: dict[str, Any]
) -> Iterator[TraceStep]:
    """
    Yield the result of each of *routes*, in order, for the single finding in *event*.

    *passed* are the routes that matched, up to the first that stopped.
    """
    names = {route.name for route in passed}
    stopper = passed[-1] if passed and passed[-1].stop and passed[-1].is_live else None
    stopped = False
    for route in routes:
        matched = route.name in names
        if not route.enabled:
            reason = "is not enabled"
        elif matched:
            reason = f"{_effect(route)}; matches {_matching(route.match)}"
        elif stopped and stopper:
            reason = f'is not reached: "{stopper.name}" stops before it'
        else:
            reason = explain_mismatch(route.match, event)
        yield TraceStep(route.name, route.order, matched, reason)
        stopped = stopped or route is stopper


def explain_mismatch(match: Match, event: dict[str, Any]) -> str:
    """
    Return a sentence on the first field of *match* that refuses the single finding in *event*.

    Fields are added one by one, in document order: a field that matches alone but not together with
    those before it matches in another element of an array.
    """
    subject = event if match.of_event else event["detail"]["findings"][0]
    together: dict[str, Any] = {}
    for path, wanted in _leaves(match.pattern):
        _put(together, path, wanted)
        if compile_pattern(together).matches(subject):
            continue
        alone: dict[str, Any] = {}
        _put(alone, path, wanted)
        if compile_pattern(alone).matches(subject):
            return f"{'.'.join(path)} matches, but not in the same array element as the rest"
        return _refusal(path, wanted, subject)
    return "matches"


def _leaves(pattern: Mapping[str, Any], above: _Path = ()) -> Iterator[tuple[_Path, Any]]:
    for name, inner in pattern.items():
        path = (*above, name)
        if isinstance(inner, dict):
            yield from _leaves(inner, path)
        else:
            yield path, inner


def _put(pattern: dict[str, Any], path: _Path, leaf: Any) -> None:
    for name in path[:-1]:
        pattern = pattern.setdefault(name, {})
    pattern[path[-1]] = leaf


def _refusal(path: _Path, wanted: Any, subject: object) -> str:
    if path[-1] == OR:
        return f"none of the {len(wanted)} alternatives of {'.'.join(path)} matches"
    values = list(_values(subject, path))
    found = ", ".join(map(_short, values[:_MAX_SHOWN_VALUES]))
    if len(values) > _MAX_SHOWN_VALUES:
        found += f" and {len(values) - _MAX_SHOWN_VALUES} more"
    return f"{'.'.join(path)} is {found or 'absent'}, wanted {_short(wanted)}"


def _values(here: object, path: _Path) -> Iterator[object]:
    """Yield the values at *path*, in all elements of arrays on the way."""
    if isinstance(here, list):
        for element in here:
            yield from _values(element, path)
    elif not path:
        yield here
    elif isinstance(here, Mapping) and path[0] in here:
        yield from _values(here[path[0]], path[1:])


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_SHOWN_CHARS else text[: _MAX_SHOWN_CHARS - 1] + "…"


def _matching(match: Match) -> str:
    fields = ", ".join(".".join(path) for path, _ in _leaves(match.pattern))
    return f"on {fields}" if fields else "every finding"


def _effect(route: Route) -> str:
    post, say, suppress, stop = (
        ("posts", "says", "suppresses", "stops")
        if route.is_live
        else ("would post", "would say", "suppress", "stop")
    )
    if route.posts_to:
        effect = f"{post} to {route.posts_to.text}"
    elif route.action is Action.SUPPRESS:
        effect = f"{say} nothing and {suppress}"
    else:
        effect = f"{say} nothing"
    return f"{effect}, and {stop}" if route.stop else effect
