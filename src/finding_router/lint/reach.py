"""Find routes that no finding reaches, since an earlier route that stops takes all of theirs."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from typing import Final

from finding_router.findings.events import CUSTOM_ACTION, IMPORTED, IMPORTED_V2, SOURCE
from finding_router.lint.fields import Odd
from finding_router.routing.items.route import Route
from finding_router.routing.patterns.leaf import AddressRange, AnythingBut, Leaf, NumberRange
from finding_router.routing.patterns.rule import Field, Rule

_MAX_TRIED: Final = 200


def unreached(routes: Iterable[Route]) -> Iterator[tuple[Route, Odd]]:
    """Yield each of *routes*, in their order, that is never reached, and the reason."""
    stops = _Stops()
    for route in routes:
        if not route.enabled:
            continue
        rules = route.match.compiled.rules if route.match.compiled else None
        before = stops.all_of(rules)
        if before is not None:
            problem = f"is never reached: {before} before it"
            yield route, Odd("order", problem, "move it up, or take a stop away")
        elif route.stop and route.is_live:
            stops.add(route, rules)


class _Stops:
    """The routes so far that stop, by the values that each of their findings must have."""

    def __init__(self) -> None:
        self._everything: str | None = None
        self._by_field: dict[Hashable, list[tuple[str, Rule]]] = defaultdict(list)

    def add(self, route: Route, rules: tuple[Rule, ...] | None) -> None:
        """Add *route*, which has *rules*; None if it matches everything."""
        for rule in rules or ((),):
            demands = tuple(field for field in rule if not _is_met_by_every_event(field))
            if not demands:
                self._everything = self._everything or route.name
                return
            # Values tell more routes apart than the path of a field does.
            rarest = max(demands, key=lambda field: _keys(field) != [field.path])
            for key in _keys(rarest):
                self._by_field[key].append((route.name, demands))

    def all_of(self, rules: tuple[Rule, ...] | None) -> str | None:
        """Return the routes that take everything of *rules*, in words; None if some is left."""
        if self._everything is not None:
            return f'route "{self._everything}" takes every finding'
        takers = [self._taker(rule) for rule in rules or ()]
        names = list(dict.fromkeys(name for name in takers if name is not None))
        if not takers or None in takers:
            return None
        quoted = ", ".join(f'"{name}"' for name in names)
        return f"{'route' if len(names) == 1 else 'routes'} {quoted} stop{'s' * (len(names) == 1)}"

    def _taker(self, rule: Rule) -> str | None:
        """Return the name of a route that takes everything that *rule* matches."""
        tried = 0
        for field in rule:
            # Whoever takes all literals of a field takes the first of them.
            for key in _keys(field)[:1] if field.leaf.literals else (field.path,):
                for candidates in (self._by_field.get(key, ()), self._by_field.get(field.path, ())):
                    for name, other in candidates:
                        tried += 1
                        if tried > _MAX_TRIED:
                            return None
                        if implies(rule, other):
                            return name
        return None


def _is_met_by_every_event(field: Field) -> bool:
    """Return True if every event that is routed has a value for *field*, and it is accepted."""
    match field.path:
        case "source":
            return field.leaf.allows(SOURCE)
        case "detail-type":
            return all(map(field.leaf.allows, (IMPORTED, IMPORTED_V2, CUSTOM_ACTION)))
        case _:
            return False


def _keys(field: Field) -> list[Hashable]:
    """Return the keys under which a rule with *field* is found: its values, or its path."""
    leaf = field.leaf
    others = leaf.prefixes or leaf.suffixes or leaf.conditions or leaf.present or leaf.absent
    if others or not leaf.literals:
        return [field.path]
    return sorted(((field.path, value) for value in leaf.literals), key=repr)


def implies(rule: Rule, other: Rule) -> bool:
    """
    Return True only if every event that *rule* matches is matched by *other*, too.

    Fields that accept absence are looked for in elements that the fields before them choose, so
    that they are compared only where both rules are the same.
    """
    if [(field.path, field.leaf) for field in rule] == [(one.path, one.leaf) for one in other]:
        return True
    leaves = {field.path: field.leaf for field in rule if not field.leaf.absent}
    return all(
        not one.leaf.absent and one.path in leaves and _is_within(leaves[one.path], one.leaf)
        for one in other
    )


def _is_within(leaf: Leaf, wider: Leaf) -> bool:
    """Return True only if *wider* accepts every value that *leaf* accepts."""
    if wider.present or leaf == wider:
        return True
    return not leaf.present and all(
        (
            all(wider.allows(_value(literal)) for literal in leaf.literals),
            all(prefix.startswith(wider.prefixes) for prefix in leaf.prefixes),
            all(suffix.endswith(wider.suffixes) for suffix in leaf.suffixes),
            all(_is_condition_within(one, wider) for one in leaf.conditions),
        )
    )


def _is_condition_within(condition: object, wider: Leaf) -> bool:
    for other in wider.conditions:
        match condition, other:
            case AnythingBut(refused), AnythingBut(refused_wider):
                if _is_within(refused_wider, refused):
                    return True
            case NumberRange(), NumberRange():
                above = condition.bottom > other.bottom or (
                    condition.bottom == other.bottom
                    and (other.open_bottom <= condition.open_bottom)
                )
                below = condition.top < other.top or (
                    condition.top == other.top and other.open_top <= condition.open_top
                )
                if above and below:
                    return True
            case AddressRange(version, first, last), AddressRange():
                if version == other.version and other.first <= first and last <= other.last:
                    return True
            case _:
                if condition == other:
                    return True
    return False


def _value(literal: Hashable) -> object:
    """Return the value of a key by `finding_router.routing.patterns.scalar.literal`."""
    return literal[1] if isinstance(literal, tuple) else literal
