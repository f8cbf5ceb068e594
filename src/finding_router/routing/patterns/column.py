"""One column of a table of rules: the rows whose field accepts the values at one path."""

from bisect import bisect_right
from collections.abc import Collection, Hashable, Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Final

from finding_router.routing.patterns.leaf import AddressRange, AnythingBut, Leaf, NumberRange
from finding_router.routing.patterns.lookup import Lookup, Seen
from finding_router.routing.patterns.rule import Field

# Between two stored bit sets of `Steps`, those of so many bounds are added up.
_STRIDE: Final = 16

# A set of rows: the bit of each row that is in it.
type Rows = int

# A number or address with its place beside equal ones: before, at or after them.
type Bound = tuple[float, float]


class Column:
    """The fields at one path by their conditions, each with the rows that have the field."""

    __slots__ = ("_addresses", "_by_key", "_numbers", "_present", "_refusals")

    def __init__(self, fields: Iterable[tuple[Field, Rows]], lookup: Lookup) -> None:
        """Index *fields*, each with its rows; *lookup* is that of their path."""
        self._by_key: dict[Hashable, Rows] = {}
        self._present: Rows = 0
        numbers: dict[Bound, Rows] = {}
        addresses: dict[Bound, Rows] = {}
        refusals: list[_Refusals] = []
        for field, rows in fields:
            leaf = field.leaf
            _add(self._by_key, lookup.keys_of(leaf), rows)
            if leaf.present:
                self._present |= rows
            if leaf.conditions:
                _add_steps(numbers, _number_bounds(leaf), rows)
                _add_steps(addresses, _address_bounds(leaf), rows)
                refused = [one.refused for one in leaf.conditions if isinstance(one, AnythingBut)]
                for place, each in enumerate(refused):
                    if place == len(refusals):
                        refusals.append(_Refusals())
                    refusals[place].add(lookup.keys_of(each), rows)
        self._numbers = Steps(numbers) if numbers else None
        self._addresses = Steps(addresses) if addresses else None
        self._refusals = refusals

    @property
    def keys(self) -> Collection[Hashable] | None:
        """Return the keys of which an accepted value has one; None if others are accepted too."""
        return None if self._present or self.is_slow else self._by_key.keys()

    @property
    def is_slow(self) -> bool:
        """Return True if the column has more than keys."""
        return bool(self._numbers or self._addresses or self._refusals)

    def accepting(self, seen: Seen) -> Rows:
        """Return the rows whose field accepts a value of *seen*, of which there is one or more."""
        rows = self._present
        by_key = self._by_key
        for key in seen.keys:
            if key in by_key:
                rows |= by_key[key]
        if self._numbers:
            for number in seen.numbers:
                rows |= self._numbers.at((number, 0))
        if self._addresses:
            for point in seen.addresses:
                rows |= self._addresses.at(point)
        for refusals in self._refusals:
            for keys in seen.each:
                rows |= refusals.accepting(keys)
        return rows


class Steps:
    """Rows with ranges of numbers or addresses, by the bounds at which a range begins or ends."""

    __slots__ = ("_bounds", "_changes", "_stored")

    def __init__(self, changes: dict[Bound, Rows]) -> None:
        """Take the rows that are in or out from each bound on; *changes* has those that change."""
        ordered = sorted(changes.items(), key=itemgetter(0))
        self._bounds: Sequence[Bound] = [bound for bound, _ in ordered]
        self._changes: Sequence[Rows] = [rows for _, rows in ordered]
        self._stored: list[Rows] = []
        rows = 0
        for number, change in enumerate(self._changes):
            if number % _STRIDE == 0:
                self._stored.append(rows)
            rows ^= change

    def at(self, point: Bound) -> Rows:
        """Return the rows with a range that has *point* in it."""
        end = bisect_right(self._bounds, point)
        block = min(end // _STRIDE, len(self._stored) - 1)
        rows = self._stored[block]
        for change in self._changes[block * _STRIDE : end]:
            rows ^= change
        return rows


class _Refusals:
    """Rows with an ``anything-but``, by the keys of the values that it refuses."""

    __slots__ = ("_all", "_refused")

    def __init__(self) -> None:
        self._all: Rows = 0
        self._refused: dict[Hashable, Rows] = {}

    def add(self, keys: Iterable[Hashable], rows: Rows) -> None:
        self._all |= rows
        _add(self._refused, keys, rows)

    def accepting(self, keys: Iterable[Hashable]) -> Rows:
        """Return the rows that do not refuse a value with *keys*."""
        refused = 0
        for key in keys:
            refused |= self._refused.get(key, 0)
        return self._all & ~refused


def _add(by_key: dict[Hashable, Rows], keys: Iterable[Hashable], rows: Rows) -> None:
    for key in keys:
        before = by_key.get(key)
        # Without a need to combine them, the keys of a field share one bit set.
        by_key[key] = rows if before is None else before | rows


def _add_steps(steps: dict[Bound, Rows], ranges: list[tuple[Bound, Bound]], rows: Rows) -> None:
    """Add to *steps* that *rows* accept the union of *ranges*."""
    union: list[tuple[Bound, Bound]] = []
    for start, end in sorted(ranges):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((start, end))
    for bound in chain.from_iterable(union):
        steps[bound] = steps.get(bound, 0) ^ rows


def _number_bounds(leaf: Leaf) -> list[tuple[Bound, Bound]]:
    return [
        (
            (one.bottom, 1 if one.open_bottom else 0),
            (one.top, 0 if one.open_top else 1),
        )
        for one in leaf.conditions
        if isinstance(one, NumberRange)
    ]


def _address_bounds(leaf: Leaf) -> list[tuple[Bound, Bound]]:
    return [
        ((one.version, one.first), (one.version, one.last + 1))
        for one in leaf.conditions
        if isinstance(one, AddressRange) and one.first != one.last
    ]
