"""
The weight of items, which limits the time and memory that reading a table takes.

A table of the largest weight is read within a few seconds, also with little memory, where Lambda
gives a fraction of a processor.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from finding_router.errors import RouteError
from finding_router.routing.items.match import MAX_DEPTH, OR
from finding_router.routing.items.route import kind_of, label_of

MAX_ITEM_BYTES: Final = 32_768
MAX_ITEM_FIELDS: Final = 5_000
MAX_TABLE_ITEMS: Final = 20_000
MAX_TABLE_BYTES: Final = 4_000_000
MAX_TABLE_FIELDS: Final = 100_000
# About as DynamoDB counts, without its overhead for each item.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
_SCALAR_BYTES: Final = 8


class Weight(NamedTuple):
    """
    The weight of one item or of a table.

    *size* is in bytes of names and values. *fields* counts the fields of ``match`` in every
    combination of the alternatives of ``$or``: each is a row's cell in the index.
    """

    items: int = 0
    size: int = 0
    fields: int = 0

    def __str__(self) -> str:
        """Return the measures beside their limits."""
        return (
            f"{self.items:,} of {MAX_TABLE_ITEMS:,} items, "
            f"{self.size:,} of {MAX_TABLE_BYTES:,} bytes, "
            f"{self.fields:,} of {MAX_TABLE_FIELDS:,} fields"
        )

    @property
    def share(self) -> float:
        """Return the share of the weight that a table may have."""
        return max(
            self.items / MAX_TABLE_ITEMS,
            self.size / MAX_TABLE_BYTES,
            self.fields / MAX_TABLE_FIELDS,
        )

    def plus(self, other: "Weight") -> "Weight":
        """Return the weight of both."""
        return Weight(self.items + other.items, self.size + other.size, self.fields + other.fields)


NO_WEIGHT: Final = Weight()


def weigh(item: object) -> Weight:
    """
    Return the weight of *item*, as written.

    Raises:
        RouteError: It is too heavy, or its text is not Unicode.

    """
    attributes = item if isinstance(item, Mapping) else {"item": item}
    size = 0
    match = attributes.get("match")
    parsed = _from_text(match)
    for name, value in attributes.items():
        try:
            size += _size([name, value])
            if value is match and parsed is not match:
                # JSON text may hold half a surrogate pair as an escape.
                _size([parsed])
        except UnicodeEncodeError as error:
            problem = "has half of a surrogate pair, which is no character"
            remedy = 'write whole characters, as in "\\ud83d\\ude00" for a smiley'
            raise _error(item, str(name), problem, remedy) from error
        if size > MAX_ITEM_BYTES:
            problem = f"is too large: it has more than {MAX_ITEM_BYTES:,} bytes"
            raise _error(item, "item", problem, "make several items of it")
    fields = _count(parsed)[1]
    if fields > MAX_ITEM_FIELDS:
        problem = (
            f"has more than {MAX_ITEM_FIELDS:,} fields in all combinations of its alternatives"
        )
        remedy = "list values in one field in place of $or, or write several items"
        raise _error(item, "match", problem, remedy)
    return Weight(1, size, max(1, fields))


def lightest(weights: Iterable[Weight]) -> tuple[frozenset[int], Weight]:
    """
    Return the positions of the *weights* that fit into one table, and their sum.

    The heaviest do not fit, so that one item too heavy takes no place from its neighbours.
    """
    chosen: set[int] = set()
    total = NO_WEIGHT
    for position, weight in sorted(enumerate(weights), key=lambda one: one[1].share):
        with_it = total.plus(weight)
        if with_it.share <= 1:
            chosen.add(position)
            total = with_it
    return frozenset(chosen), total


def left_out(item: object) -> RouteError:
    """Return the problem of an *item* that does not fit into the table."""
    problem = (
        "does not fit: a table has at most "
        f"{MAX_TABLE_ITEMS:,} items, {MAX_TABLE_BYTES:,} bytes and {MAX_TABLE_FIELDS:,} fields"
    )
    return _error(item, "item", problem, "delete items, or make this one smaller")


def _error(item: object, field: str, problem: str, remedy: str) -> RouteError:
    return RouteError(kind_of(item), label_of(item), field, problem, remedy)


def _size(value: object) -> int:
    """Return the bytes of *value*, or some number above the limit as soon as that is exceeded."""
    size = 0
    rest = [value]
    while rest and size <= MAX_ITEM_BYTES:
        one = rest.pop()
        if isinstance(one, str):
            size += len(one) if one.isascii() else len(one.encode())
        elif isinstance(one, list | tuple | set | frozenset):
            size += 1 + len(one)
            rest += one
        elif isinstance(one, int | float):
            size += _SCALAR_BYTES
        elif isinstance(one, bytes | bytearray):
            size += len(one)
        elif isinstance(one, Mapping):
            size += 1 + len(one)
            rest += one
            rest += one.values()
        else:
            size += _SCALAR_BYTES
    return size


def _from_text(match: Any) -> Any:
    if not isinstance(match, str) or len(match) > MAX_ITEM_BYTES:
        return match
    try:
        return json.loads(match)
    except (ValueError, RecursionError):
        # Reported when it is read.
        return match


def _count(pattern: object, depth: int = 0) -> tuple[int, int]:
    """Return how many alternatives *pattern* has, and how many fields all of them together."""
    if not isinstance(pattern, dict) or depth > MAX_DEPTH:
        return 1, 1
    alternatives, fields = 1, 0
    for name, inner in pattern.items():
        if name == OR and isinstance(inner, list):
            counts = [_count(branch, depth + 2) for branch in inner] or [(1, 0)]
            more = sum(count for count, _ in counts)
            below = sum(count for _, count in counts)
        else:
            more, below = _count(inner, depth + 1)
        alternatives, fields = alternatives * more, fields * more + below * alternatives
    return alternatives, fields
