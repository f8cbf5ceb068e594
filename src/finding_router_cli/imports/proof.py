"""Proof that routes do the same as rules: findings decided both ways."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from finding_router.counts import counted
from finding_router.routing.patterns.pattern import compile_pattern
from finding_router.routing.table import RoutingTable
from finding_router_cli.documents import UnreadableError, read_text
from finding_router_cli.explanation import explain_event
from finding_router_cli.imports.joining import Joined, of_envelope
from finding_router_cli.inputs import read_events

_NOWHERE: Final = "#nowhere"
_MAX_SHOWN: Final = 5


@dataclass(kw_only=True)
class Proof:
    """The comparison of rules and routes."""

    findings: int = 0
    matched: int = 0
    """Findings that a rule matches."""
    not_posted: int = 0
    """Those of them that the router does not post."""
    unreadable: int = 0
    differences: list[str] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    """Routes whose rule matched no finding."""

    def lines(self) -> Iterator[str]:
        """Yield sentences for people."""
        same = "all decided the same" if not self.differences else "not all decided the same"
        yield (
            f"compared: {counted(self.findings, 'finding')} by rules and by routes, {same}; "
            f"a rule matches {self.matched:,}"
        )
        if self.not_posted:
            yield (
                f"of these the router does not post {self.not_posted:,}: "
                "they are archived, passed, or not NEW"
            )
        if self.unreadable:
            yield f"not compared: {counted(self.unreadable, 'event')} without readable findings"
        yield from (f"differs: {one}" for one in self.differences[:_MAX_SHOWN])
        if len(self.differences) > _MAX_SHOWN:
            yield f"differs: {len(self.differences) - _MAX_SHOWN:,} more"
        if self.untried:
            names = ", ".join(self.untried)
            yield f"no finding matched these, try your own with --findings FILE: {names}"

    def as_json(self) -> dict[str, Any]:
        """Return the numbers and the differences for programs."""
        return asdict(self)


def prove(joined: Joined, events: Iterable[Mapping[str, Any]]) -> Proof:
    """Return the comparison of both ways for each finding of *events*."""
    # A channel of its own for each route, since routes of one channel are told together.
    alone = [
        {**route, "channel": f"#c{number}"} for number, route in enumerate(joined.routes.values())
    ]
    table = RoutingTable.from_items(alone, default_channel=_NOWHERE, allow_suppress=False)
    rules = {name: compile_pattern(pattern) for name, pattern in joined.patterns.items()}
    proof, tried = Proof(), set()
    now = datetime.now(UTC)
    for event in _single(events):
        explanation = next(explain_event(event, table, now), None)
        if explanation is None or explanation.decision is None:
            proof.unreadable += 1
            continue
        by_rules = {name for name, rule in rules.items() if rule.matches(event)}
        decided = explanation.decision.channels
        by_routes = {name for one in decided for name in one.routes}
        proof.findings += 1
        proof.matched += bool(by_rules)
        proof.not_posted += bool(by_rules and explanation.not_posted)
        tried |= by_rules
        for name in sorted(by_rules ^ by_routes):
            which = "rule" if name in by_rules else "route"
            proof.differences.append(f'only the {which} "{name}" matches: {explanation.title}')
    proof.untried = [name for name in rules if name not in tried]
    return proof


def sample_events(folder: Path, joined: Joined) -> list[dict[str, Any]]:
    """
    Return the sample events of *folder*, and for each rule those of its kind made to match.

    Samples have accounts of their own, so that few rules match them as they are.
    """
    samples = []
    for file in sorted(folder.glob("imported-*.json")):
        samples += read_events(read_text(str(file)), str(file))
    if not samples:
        problem = "has no sample events"
        raise UnreadableError(str(folder), problem, "give findings with --findings FILE")
    fitted = [
        _fitted(sample, route["match"])
        for route in joined.routes.values()
        for sample in samples
        if _is_of_kind(route["match"], sample)
    ]
    return samples + fitted


def _is_of_kind(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Return True if *pattern* takes events of the kind of *event*."""
    kind = of_envelope(pattern)
    return kind is None or kind.matches(dict(event))


def _single(events: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield an event for each finding, as Security Hub sends them."""
    for event in events:
        match event:
            case {"detail": {"findings": [*findings]} as detail}:
                for finding in findings:
                    yield {**event, "detail": {**detail, "findings": [finding]}}
            case _:
                yield dict(event)


def _fitted(value: Any, pattern: Any) -> Any:
    """Return *value* with the first value that each field of *pattern* names."""
    if isinstance(pattern, list):
        return next((one for one in map(_named, pattern) if one is not None), value)
    if isinstance(value, list):
        return [_fitted(value[0] if value else {}, pattern), *value[1:]]
    inside = dict(value) if isinstance(value, Mapping) else {}
    for name, below in pattern.items():
        if name == "$or":
            inside = _fitted(inside, below[0])
            continue
        fitted = _fitted(inside.get(name), below)
        if fitted is not None:
            inside[name] = fitted
    return inside


def _named(test: object) -> object:
    """Return a value that *test* accepts; None if it is not known."""
    match test:
        case {"prefix": str() as text} | {"suffix": str() as text}:
            return text
        case {"equals-ignore-case": str() as text}:
            return text
        case {"wildcard": str() as text}:
            return text.replace("*", "x")
        case {"numeric": [">=" | "<=" | "=", number, *_]}:
            return number
        case str() | int() | float():
            return test
    return None
