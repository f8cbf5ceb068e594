"""
Many patterns at once, at a cost that hardly grows with their number.

Rules that look at the same paths form a table. It has a row for each of them, and for each path a
column that says in which rows each field of theirs is. An event tells which fields accept its
values, and by that which tables to ask. The rows of one that may match are the intersection of its
columns, which takes a handful of operations on bit sets, however many rows there are.
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

# A longer table goes on in another one. Each field has a bit set as long as its table, so that
# without a limit the memory would grow with the square of the number of patterns.
_MAX_ROWS: Final = 4096

# For each path that an event has, the fields that accept a value there, and where it stands.
type _Found = Mapping[str, Mapping[Field, set[Place]]]

# The paths of a rule, and for each whether its field may be absent.
type _Shape = tuple[tuple[str, bool], ...]


class PatternIndex:
    """Patterns by their keys, ready to be compared with events all at once."""

    def __init__(self, patterns: Mapping[str, dict[str, Any]]) -> None:
        """
        Index *patterns*, parsed JSON.

        Raises:
            PatternError: one of them is none of the language.

        """
        self._keys: Final = list(patterns)
        self._paths: Final = Paths()
        self._lookups: Final[dict[str, Lookup]] = {}
        tables = self._fill_tables(patterns.values())
        self._always, self._by_field = _distribute(tables)

    def match(self, event: dict[str, Any]) -> list[str]:
        """Give the keys of the patterns that match *event*, in the order of the mapping."""
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
        """Write each rule of each pattern into a table, and equal fields of theirs as one."""
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
    """Rules that look at the same paths, a row each."""

    def __init__(self, shape: _Shape) -> None:
        self._rows: list[tuple[int, Rule]] = []
        self._columns: dict[str, dict[Field, int]] = {path: {} for path, _ in shape}
        self._may_be_absent = {path for path, absent in shape if absent}

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def required(self) -> list[Collection[Field]]:
        """For each path that is needed, the fields of which one must accept what is there."""
        return [
            column.keys()
            for path, column in self._columns.items()
            if path not in self._may_be_absent
        ]

    def add(self, position: int, rule: Rule) -> None:
        """Add a row for a *rule* of the pattern at that *position*."""
        row = 1 << len(self._rows)
        self._rows.append((position, rule))
        for field in rule:
            column = self._columns[field.path]
            column[field] = column.get(field, 0) | row

    def matching(self, found: _Found, sight: Sight) -> Iterator[int]:
        """Give the positions of the patterns with a rule that matches."""
        rows = (1 << len(self._rows)) - 1
        columns_in_arrays = 0
        may_differ = False
        for path, column in self._columns.items():
            if path in self._may_be_absent and all(place for _, place in sight.get(path, ())):
                # Where it is there at all, it may yet be absent where the other fields are.
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
        # Only several fields in arrays can agree each by itself, and not in the same elements.
        certain = columns_in_arrays <= 1 and not may_differ
        for row in _positions(rows):
            position, rule = self._rows[row]
            if certain or holds(
                rule, sight, lambda field: found.get(field.path, {}).get(field, NOWHERE)
            ):
                yield position


def _distribute(tables: list[_Table]) -> tuple[list[_Table], dict[Field, list[_Table]]]:
    """Part *tables* into those always asked, and those asked where one of some fields accepts."""
    always: list[_Table] = []
    by_field: dict[Field, list[_Table]] = {}
    uses = Counter(chain.from_iterable(chain.from_iterable(table.required for table in tables)))
    for table in tables:
        if table.required:
            # The fields that fewest tables have in common call for the fewest in vain.
            rarest = min(table.required, key=lambda fields: max(uses[field] for field in fields))
            for field in rarest:
                by_field.setdefault(field, []).append(table)
        else:
            always.append(table)
    return always, by_field


def _positions(rows: int) -> Iterator[int]:
    """Give the positions of the bits that are set."""
    while rows:
        lowest = rows & -rows
        yield lowest.bit_length() - 1
        rows ^= lowest
