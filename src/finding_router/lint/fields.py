"""Find the fields and values of a pattern that no event of Security Hub has."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from functools import cache
from typing import Any, Final, NamedTuple

from finding_router.errors import legible
from finding_router.findings.events import AROUND_FINDING, IMPORTED_V2
from finding_router.lint.asff import (
    ANYTHING,
    SERVICES,
    Place,
    event_place,
    finding_place,
)
from finding_router.lint.values import entry_shown, letters
from finding_router.routing.items.match import ACCOUNT, OR, Match
from finding_router.routing.patterns.leaf import Leaf
from finding_router.routing.patterns.mistake import closest
from finding_router.routing.patterns.notation import read_leaf

# Further entries of one field are only counted.
_MAX_ENTRIES: Final = 5
_LEAST_LIKENESS: Final = 0.7
_FINDINGS: Final = "findings"


class Odd(NamedTuple):
    """A part of an item that cannot match: the dotted *field*, the *problem* and the *remedy*."""

    field: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        """Return one line."""
        return legible(f"{self.field}: {self.problem}; {self.remedy}")


def odd_parts(match: Match) -> Iterator[Odd]:
    """Yield the fields and values of *match* that no event has which reaches the router."""
    compiled = match.compiled
    if compiled is None:
        return
    inside = "" if match.of_event else AROUND_FINDING
    # Of a field that is written twice, only the later one is in force.
    in_force = {(field.path, field.leaf) for rule in compiled.rules for field in rule}
    place = event_place() if match.of_event else finding_place()
    for leaf_at in _leaves(match.pattern, place, "match"):
        match leaf_at:
            case Odd():
                yield leaf_at
            case _Leaf(at, path, there, entries):
                leaf = read_leaf(entries)
                # A leaf that accepts absence matches every event without the field.
                if not leaf.absent and (inside + path, leaf) in in_force:
                    yield from _odd_entries(at, there, entries)


class _Leaf(NamedTuple):
    """The *entries* at the end of a dotted path, *at* which `$or` and positions are shown."""

    at: str
    path: str
    place: Place
    entries: list[object]


def _leaves(
    pattern: Mapping[str, Any], place: Place, at: str, path: str = ""
) -> Iterator[_Leaf | Odd]:
    """Yield the leaves of *pattern* at known fields, and its unknown fields."""
    for name, inner in pattern.items():
        below = f"{at}.{name}"
        if name == OR:
            for number, alternative in enumerate(inner):
                yield from _leaves(alternative, place, f"{below}.{number}", path)
            continue
        there = place
        for step in name.split("."):
            deeper = _inside(there, step)
            if isinstance(deeper, Odd):
                if _needs_a_value(inner):
                    yield deeper._replace(field=below)
                break
            there = deeper
        else:
            longer = f"{path}.{name}" if path else name
            if isinstance(inner, dict):
                yield from _leaves(inner, there, below, longer)
            else:
                yield _Leaf(below, longer, there, inner)


def _inside(place: Place, name: str) -> Place | Odd:
    """Return the place of the field *name* inside *place*, or the oddity."""
    if place.is_free:
        return ANYTHING
    if place.values is not None:
        return Odd("", f'is below "{place.name}", which has no fields', "end the path there")
    found = place.inside.get(name)
    return Odd("", _unknown(place), _remedy(name, place)) if found is None else found


def _unknown(place: Place) -> str:
    if place is event_place().inside["detail"]:
        return f"unknown to the events of Security Hub, of which detail has {_names(place)}"
    return "unknown to ASFF"


def _remedy(name: str, place: Place) -> str:
    if name == "EventPattern":
        return 'paste the value of "EventPattern" alone as the match'
    if place is finding_place() and name.lower() in {_FINDINGS, "finding"}:
        return "leave it out: a match begins with the fields of a finding"
    if place is finding_place() and name == "detail":
        return 'write a whole rule without dots: {"detail": {"findings": …}}'
    if name.isdigit() or name.startswith("["):
        return f'arrays are no part of a path: leave "{name}" out'
    if place is event_place().inside["detail"]:
        right = closest(name, [_FINDINGS])
        return f'did you mean "{right}"?' if right else f'name fields inside "{_FINDINGS}"'
    right = _by_joined_names().get(letters(name)) if place is finding_place() else None
    # A field that is misspelt is more often one of ASFF than the account that the router adds.
    right = right or _like(name, (each for each in place.inside if each != ACCOUNT))
    return f'did you mean "{right}"?' if right else "is it spelt right?"


def _like(name: str, known: Iterable[str]) -> str | None:
    """Return the one of *known* that is much like *name*; None if none is."""
    right = closest(name, known)
    likeness = SequenceMatcher(None, name.lower(), (right or "").lower()).ratio()
    return right if likeness >= _LEAST_LIKENESS else None


@cache
def _by_joined_names() -> Mapping[str, str]:
    """Return paths by their names in one, as filters of GetFindings have: SeverityLabel."""
    paths = [
        (outer, inner)
        for outer, place in finding_place().inside.items()
        for inner in place.inside
        if outer != ACCOUNT
    ]
    names = {letters(outer + inner): f"{outer}.{inner}" for outer, inner in paths}
    # Filters have the singular: ResourceType for Resources.Type.
    singular = {letters(outer.removesuffix("s") + inner): (outer, inner) for outer, inner in paths}
    return {name: ".".join(path) for name, path in singular.items()} | names


def _names(place: Place) -> str:
    return ", ".join(place.inside)


def _needs_a_value(inner: Any) -> bool:
    """Return True unless *inner* also matches where the field is missing."""
    match inner:
        case dict():
            return any(
                all(map(_needs_a_value, deeper)) if name == OR else _needs_a_value(deeper)
                for name, deeper in inner.items()
            )
        case _:
            return not read_leaf(inner).absent


def _odd_entries(at: str, place: Place, entries: list[object]) -> Iterator[Odd]:
    if place is ANYTHING:
        return
    if place.values is None:
        if None not in entries:
            some = ", ".join(list(place.inside)[:3])
            remedy = f"name a field inside it, such as {some}" if some else "name a field inside it"
            yield Odd(at, "is about a map, which has no value of its own", remedy)
        return
    odd = [entry for entry in entries if not place.values.admits(_of(entry))]
    for entry in odd[:_MAX_ENTRIES]:
        problem, remedy = place.values.problem(entry)
        yield Odd(at, problem, _of_service(at, entry) or _of_v2(at, entry) or remedy)
    if more := odd[_MAX_ENTRIES:]:
        problem = f"has {len(more)} more such entries, the last {entry_shown(more[-1])}"
        yield Odd(at, problem, "correct those above first")


def _of(entry: object) -> Leaf:
    return read_leaf([entry])


def _of_v2(at: str, entry: object) -> str | None:
    """Return the remedy for a detail-type that is meant to be that of AWS Security Hub."""
    is_meant = at.endswith("detail-type") and isinstance(entry, str) and "v2" in entry.lower()
    return f'did you mean "{IMPORTED_V2}"?' if is_meant else None


def _of_service(at: str, entry: object) -> str | None:
    """Return the remedy for an event's source that is a service whose findings do arrive."""
    if not at.endswith("source") or not isinstance(entry, str):
        return None
    service = entry.removeprefix("aws.").rstrip("2")
    if service not in SERVICES or service == "securityhub":
        return None
    suffix = f'{{"detail": {{"findings": {{"ProductArn": [{{"suffix": "/aws/{service}"}}]}}}}}}'
    return f'its findings come from "aws.securityhub": write that, and {suffix}'
