"""
An index that matches an event against many patterns, at a cost nearly independent of their number.

Rules with the same set of paths form a table, with one row for each rule. A column for each path
maps each field to the bit set of its rows. The fields that accept the values of an event determine
the tables to search. The candidate rows of a table are the intersection of its columns, a few
operations on bit sets, however many rows there are.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from finding_router.routing.patterns.lookup import Lookup
from finding_router.routing.patterns.pattern import compile_pattern
from finding_router.routing.patterns.rule import NOWHERE, OUTSIDE, Field, Rule, holds
from finding_router.routing.patterns.sight import Paths, Place, Sight

if TYPE_CHECKING:
    from finding_router.routing.patterns.leaf import Leaf

# A full table is continued in another. Each field has a bit set as long as its table, so that
# without a limit memory would grow with the square of the number of patterns.
_MAX_ROWS: Final = 4096

# For each path of an event, the fields that accept a value there, and the places of those values.
type _Found = Mapping[str, Mapping[Field, set[Place]]]

# The paths of a rule, each with True if its field may be absent.
type _Shape = tuple[tuple[str, bool], ...]


class PatternIndex:
    """An index of patterns by key."""

    def __init__(self, patterns: Mapping[str, dict[str, Any]]) -> None:
        """
        Index *patterns*, parsed JSON.

        Raises:
            PatternError: One of them is invalid.

        """
        self._keys: Final = list(patterns)
        self._paths: Final = Paths()
        self._lookups: Final[dict[str, Lookup]] = {}
        tables = self._fill_tables(patterns.values())
        self._always, self._by_field = _distribute(tables)

    def match(self, event: dict[str, Any]) -> list[str]:
        """Return the keys of the patterns that match *event*, in the order of the mapping."""
        sight = self._paths.look(event)
        found = {path: self._lookups[path].places(values) for path, values in sight.items()}
        accepting = chain.from_iterable(found.values())
        tables = {table for field in accepting for table in self._by_field.get(field, ())}
        matching = {
            position
            for table in chain(self._always, tables)
            for position in table.matching(found, sight)
        }
        return [self._keys[position] for position in sorted(matching)]

    def _fill_tables(self, patterns: Iterable[dict[str, Any]]) -> list["_Table"]:
        """Add each rule of each pattern to a table, sharing equal fields, and return the tables."""
        full: list[_Table] = []
        filling: dict[_Shape, _Table] = {}
        fields: dict[tuple[str, Leaf], Field] = {}
        for position, pattern in enumerate(patterns):
            for rule in compile_pattern(pattern).rules:
                same = tuple(fields.setdefault((field.path, field.leaf), field) for field in rule)
                shape = tuple((field.path, field.leaf.absent) for field in rule)
                if shape not in filling:
                    filling[shape] = _Table(shape)
                table = filling[shape]
                table.add(position, same)
                if len(table) == _MAX_ROWS:
                    full.append(filling.pop(shape))
        for field in fields.values():
            self._paths.add(field.path)
            self._lookups.setdefault(field.path, Lookup()).add(field)
        return [*full, *filling.values()]


class _Table:
    """Rules with the same paths, one row each."""

    def __init__(self, shape: _Shape) -> None:
        self._rows: list[tuple[int, Rule]] = []
        self._columns: dict[str, dict[Field, int]] = {path: {} for path, _ in shape}
        self._may_be_absent = {path for path, absent in shape if absent}

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def required(self) -> list[Collection[Field]]:
        """Return for each required path the fields of which one must accept a value there."""
        return [
            column.keys()
            for path, column in self._columns.items()
            if path not in self._may_be_absent
        ]

    def add(self, position: int, rule: Rule) -> None:
        """Add a row for *rule*, which belongs to the pattern at *position*."""
        row = 1 << len(self._rows)
        self._rows.append((position, rule))
        for field in rule:
            column = self._columns[field.path]
            column[field] = column.get(field, 0) | row

    def matching(self, found: _Found, sight: Sight) -> Iterator[int]:
        """Yield the positions of the patterns with a matching rule; a position may repeat."""
        rows = (1 << len(self._rows)) - 1
        columns_in_arrays = 0
        may_differ = False
        for path, column in self._columns.items():
            if path in self._may_be_absent and all(place for _, place in sight.get(path, ())):
                # A path that is present may still be absent in the elements of the other fields.
                may_differ = may_differ or path in sight
                continue
            accepting = 0
            in_arrays = False
            for field, places in found.get(path, {}).items():
                if field in column:
                    accepting |= column[field]
                    in_arrays = in_arrays or places != OUTSIDE
            rows &= accepting
            if not rows:
                return
            columns_in_arrays += in_arrays
        # Only two or more fields in arrays can each match without matching in the same elements.
        certain = columns_in_arrays <= 1 and not may_differ
        for row in _positions(rows):
            position, rule = self._rows[row]
            if certain or holds(
                rule, sight, lambda field: found.get(field.path, {}).get(field, NOWHERE)
            ):
                yield position


def _distribute(tables: list[_Table]) -> tuple[list[_Table], dict[Field, list[_Table]]]:
    """Split *tables* into those always searched and those searched if a field of theirs accepts."""
    always: list[_Table] = []
    by_field: dict[Field, list[_Table]] = {}
    uses = Counter(chain.from_iterable(chain.from_iterable(table.required for table in tables)))
    for table in tables:
        if table.required:
            # Fields shared by the fewest tables cause the fewest useless searches.
            rarest = min(table.required, key=lambda fields: max(uses[field] for field in fields))
            for field in rarest:
                by_field.setdefault(field, []).append(table)
        else:
            always.append(table)
    return always, by_field


def _positions(rows: int) -> Iterator[int]:
    """Yield the positions of the set bits, lowest first."""
    while rows:
        lowest = rows & -rows
        yield lowest.bit_length() - 1
        rows ^= lowest
