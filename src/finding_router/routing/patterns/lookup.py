"""Find the fields at one path that accept a value, without testing each of them."""

from collections.abc import Hashable, Iterable, Iterator
from itertools import chain

from finding_router.routing.patterns.caseless import AsciiCaseless, Part
from finding_router.routing.patterns.leaf import Condition
from finding_router.routing.patterns.rule import Field
from finding_router.routing.patterns.scalar import literal
from finding_router.routing.patterns.sight import Place
from finding_router.routing.patterns.wildcard import Wildcard

# The fields that have each condition.
type _Conditions = dict[Condition, list[Field]]
# Fields by length and text: a value has one prefix and one suffix of each length.
type _ByLength = dict[int, dict[str, list[Field]]]


class Lookup:
    """The fields at one path, indexed by their conditions."""

    def __init__(self) -> None:
        self._literals: dict[Hashable, list[Field]] = {}
        # True while all fields have only literals, as is the case at most paths.
        self._only_literals = True
        self._prefixes: _ByLength = {}
        self._suffixes: _ByLength = {}
        self._any_value: list[Field] = []
        self._lower: dict[str, list[Field]] = {}
        # Wildcards, keyed by a trigram that a matching value must contain.
        self._threes: dict[str, _Conditions] = {}
        # All other conditions: each distinct one is tested once for each value.
        self._others: _Conditions = {}

    def add(self, field: Field) -> None:
        """Add *field* to the index."""
        leaf = field.leaf
        if leaf.prefixes or leaf.suffixes or leaf.conditions or leaf.present:
            self._only_literals = False
        for value in leaf.literals:
            self._literals.setdefault(value, []).append(field)
        for prefix in leaf.prefixes:
            self._prefixes.setdefault(len(prefix), {}).setdefault(prefix, []).append(field)
        for suffix in leaf.suffixes:
            self._suffixes.setdefault(len(suffix), {}).setdefault(suffix, []).append(field)
        for condition in leaf.conditions:
            self._fields_with(condition).append(field)
        if leaf.present:
            self._any_value.append(field)

    def _fields_with(self, condition: Condition) -> list[Field]:
        match condition:
            case AsciiCaseless(lower=lower, part=Part.WHOLE):
                return self._lower.setdefault(lower, [])
            case Wildcard(head, middle, tail) if threes := _threes(head, *middle, tail):
                # The rarest trigram so far selects the fewest wildcards to test.
                rarest = min(sorted(threes), key=lambda three: len(self._threes.get(three, ())))
                conditions = self._threes.setdefault(rarest, {})
            case _:
                conditions = self._others
        return conditions.setdefault(condition, [])

    def places(self, values: list[tuple[object, Place]]) -> dict[Field, set[Place]]:
        """Return the fields that accept any of *values*, each with the places of those values."""
        found: dict[Field, set[Place]] = {}
        for value, place in values:
            for field in self._accepting(value):
                found.setdefault(field, set()).add(place)
        return found

    def _accepting(self, value: object) -> Iterable[Field]:
        """Return the fields that accept *value*, possibly with repeats."""
        exactly = self._literals.get(literal(value), ())
        return exactly if self._only_literals else chain(exactly, self._loosely_accepting(value))

    def _loosely_accepting(self, value: object) -> Iterator[Field]:
        yield from self._any_value
        conditions = [self._others]
        if isinstance(value, str):
            yield from _starting(value, self._prefixes)
            yield from _ending(value, self._suffixes)
            if self._threes:
                conditions += [
                    self._threes[three] for three in self._threes.keys() & _threes(value)
                ]
            if self._lower and value.isascii():
                yield from self._lower.get(value.lower(), ())
        for condition, fields in chain.from_iterable(each.items() for each in conditions):
            if condition.allows(value):
                yield from fields


def _starting(value: str, by_length: _ByLength) -> Iterator[Field]:
    for length, fields_by_text in by_length.items():
        yield from fields_by_text.get(value[:length], ())


def _ending(value: str, by_length: _ByLength) -> Iterator[Field]:
    for length, fields_by_text in by_length.items():
        yield from fields_by_text.get(value[len(value) - length :], ())


def _threes(*texts: str) -> set[str]:
    """Return all trigrams of *texts*."""
    return {text[at : at + 3] for text in texts for at in range(len(text) - 2)}
