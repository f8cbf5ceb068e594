"""
An index that matches an event against many patterns, at a cost nearly independent of their number.

Rules with the same set of paths form a table, with one row for each rule, and a column for each
path. The keys of an event's values (see `Lookup`) determine the tables to search. The candidate
rows of a table are the intersection of its columns, a few operations on bit sets, however many
rows there are: first the columns in which keys select the rows, then those with conditions that
accept many values.
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from finding_router.routing.patterns.column import Column, Rows
from finding_router.routing.patterns.lookup import Lookup, Seen
from finding_router.routing.patterns.pattern import Pattern, compile_pattern
from finding_router.routing.patterns.rule import Field, Rule, holds
from finding_router.routing.patterns.sight import Paths, Place, Sight

if TYPE_CHECKING:
    from finding_router.routing.patterns.leaf import Leaf

# A full table is continued in another. Each key has a bit set as long as its table, so that
# without a limit memory would grow with the square of the number of patterns.
_MAX_ROWS: Final = 16_384

# More rows are found faster among digits than by arithmetic on a long bit set.
_FEW: Final = 16

# For each path of an event, the keys of its values.
type _Found = Mapping[str, Seen]

type _Places = Callable[[Field], AbstractSet[Place]]

# The paths of a rule, each with True if its field may be absent.
type _Shape = tuple[tuple[str, bool], ...]


class PatternIndex:
    """An index of patterns by key."""

    def __init__(self, patterns: Mapping[str, Pattern | dict[str, Any]]) -> None:
        """
        Index *patterns*, compiled or parsed JSON.

        Raises:
            PatternError: One of them is invalid.

        """
        self._keys: Final = list(patterns)
        self._paths: Final = Paths()
        self._lookups: Final[dict[str, Lookup]] = {}
        tables = self._fill_tables(
            one if isinstance(one, Pattern) else compile_pattern(one) for one in patterns.values()
        )
        self._always, self._by_key = _distribute(tables)

    def match(self, event: dict[str, Any]) -> list[str]:
        """Return the keys of the patterns that match *event*, in the order of the mapping."""
        sight = self._paths.look(event)
        found = {path: self._lookups[path].see(values) for path, values in sight.items()}
        tables = set(self._always)
        for path, seen in found.items():
            by_key = self._by_key.get(path)
            if by_key:
                tables.update(by_key.get(_ANY, ()))
                for key in seen.keys:
                    if key in by_key:
                        tables.update(by_key[key])
        places = cache(lambda field: field.places(sight))
        matching = {
            position for table in tables for position in table.matching(found, sight, places)
        }
        return [self._keys[position] for position in sorted(matching)]

    def _fill_tables(self, patterns: Iterable[Pattern]) -> list["_Table"]:
        """Add each rule of each pattern to a table, sharing equal fields, and return the tables."""
        full: list[_Table] = []
        filling: dict[_Shape, _Table] = {}
        fields: dict[tuple[str, Leaf], Field] = {}
        for position, pattern in enumerate(patterns):
            for rule in pattern.rules:
                same = tuple(fields.setdefault((field.path, field.leaf), field) for field in rule)
                shape = tuple((field.path, field.leaf.absent) for field in rule)
                if shape not in filling:
                    filling[shape] = _Table(shape)
                table = filling[shape]
                table.add(position, same)
                if len(table) == _MAX_ROWS:
                    full.append(filling.pop(shape))
        for path in dict.fromkeys(path for path, _ in fields):
            self._paths.add(path)
            self._lookups[path] = Lookup()
        tables = [*full, *filling.values()]
        for table in tables:
            table.close(self._lookups)
        return tables


class _Table:
    """Rules with the same paths, one row each."""

    def __init__(self, shape: _Shape) -> None:
        self._rows: list[tuple[int, Rule]] = []
        self._fields: dict[str, dict[Field, Rows]] = {path: {} for path, _ in shape}
        self._columns: list[tuple[str, Column]] = []
        # Each required path, with the keys of which its values must have one.
        self.required: list[tuple[str, Collection[Hashable]]] = []
        self._may_be_absent = {path for path, absent in shape if absent}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, position: int, rule: Rule) -> None:
        """Add a row for *rule*, which belongs to the pattern at *position*."""
        row = 1 << len(self._rows)
        self._rows.append((position, rule))
        for field in rule:
            fields = self._fields[field.path]
            fields[field] = fields.get(field, 0) | row

    def close(self, lookups: Mapping[str, Lookup]) -> None:
        """Make the columns; no rule may be added any more."""
        columns = [
            (path, Column(fields.items(), lookups[path])) for path, fields in self._fields.items()
        ]
        # Keys select few rows, often none, so that the other conditions need not be compared.
        self._columns = sorted(columns, key=lambda one: one[1].keys is None)
        self._fields = {}
        self.required = [
            (path, (_ANY,) if column.keys is None else column.keys)
            for path, column in self._columns
            if path not in self._may_be_absent
        ]

    def matching(self, found: _Found, sight: Sight, places: _Places) -> Iterator[int]:
        """Yield the positions of the patterns with a matching rule; a position may repeat."""
        rows = (1 << len(self._rows)) - 1
        columns_in_arrays = 0
        may_differ = False
        for path, column in self._columns:
            seen = found.get(path)
            if path in self._may_be_absent and (
                seen is None or (seen.inside and all(place for _, place in sight[path]))
            ):
                # A path that is present may still be absent in the elements of the other fields.
                may_differ = may_differ or seen is not None
                continue
            if seen is None:
                return
            rows &= column.accepting(seen)
            if not rows:
                return
            columns_in_arrays += seen.inside
        # Only two or more fields in arrays can each match without matching in the same elements.
        certain = columns_in_arrays <= 1 and not may_differ
        for row in _positions(rows):
            position, rule = self._rows[row]
            if certain or holds(rule, sight, places):
                yield position


# Stands for a value with any keys.
_ANY: Final = object()

# The tables to search for a value at a path, by the keys of the value.
type _ByKey = dict[str, dict[Hashable, list[_Table]]]


def _distribute(tables: list[_Table]) -> tuple[list[_Table], _ByKey]:
    """Split *tables* into those always searched and those searched for a key of a value."""
    always: list[_Table] = []
    by_key: _ByKey = {}
    uses: dict[str, Counter[Hashable]] = {}
    for path, keys in chain.from_iterable(table.required for table in tables):
        uses.setdefault(path, Counter()).update(keys)
    for table in tables:
        if table.required:
            # Keys of the fewest tables cause the fewest useless searches.
            path, keys = min(table.required, key=lambda one: _most(uses[one[0]], one[1]))
            for key in keys:
                by_key.setdefault(path, {}).setdefault(key, []).append(table)
        else:
            always.append(table)
    return always, by_key


def _most(uses: Counter[Hashable], keys: Collection[Hashable]) -> tuple[bool, int]:
    return _ANY in keys, max(map(uses.__getitem__, keys), default=0)


def _positions(rows: Rows) -> Iterator[int]:
    """Yield the positions of the set bits, lowest first."""
    if rows.bit_count() <= _FEW:
        while rows:
            lowest = rows & -rows
            yield lowest.bit_length() - 1
            rows ^= lowest
        return
    digits = f"{rows:b}"[::-1]
    position = digits.find("1")
    while position >= 0:
        yield position
        position = digits.find("1", position + 1)
