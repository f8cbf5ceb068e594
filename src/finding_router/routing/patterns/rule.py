"""Check that all fields of a rule match an event, in the same array elements."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from typing import Final

from finding_router.routing.patterns.leaf import Leaf
from finding_router.routing.patterns.sight import Element, Place, Sight

OUTSIDE: Final[frozenset[Place]] = frozenset({None})
NOWHERE: Final[frozenset[Place]] = frozenset()


class Field:
    """A pattern's *leaf* at one *path*; compared by identity, which makes it a cheap key."""

    __slots__ = ("leaf", "path", "scope")

    def __init__(self, path: str, leaf: Leaf) -> None:
        self.path = path
        self.leaf = leaf
        self.scope = path + "."

    def places(self, sight: Sight) -> AbstractSet[Place]:
        """Return the places of the values that this field accepts."""
        values = sight.get(self.path)
        if values is None:
            return NOWHERE
        allows = self.leaf.allows
        return {place for value, place in values if allows(value)}


# A pattern without $or: fields that must all match, ordered by path as in the engine.
type Rule = tuple[Field, ...]


def holds(rule: Rule, sight: Sight, places: Callable[[Field], AbstractSet[Place]]) -> bool:
    """
    Return True if all fields of *rule* match; *places* returns where a field accepts values.

    Fields are checked in order, and each narrows the places where the fields so far match together:
    first anywhere, then in certain elements of certain arrays. A field inside an array of which an
    element is already chosen must match in that element; if the field may be absent, its absence
    from that element suffices. https://github.com/aws/event-ruler#json-array-matching
    """
    chosen: AbstractSet[Place] = OUTSIDE
    for field in rule:
        accepted = places(field)
        if chosen == OUTSIDE and not field.leaf.absent:
            chosen = accepted
        else:
            chosen = _narrow(chosen, field, accepted, sight)
        if not chosen:
            return False
    return True


def _narrow(
    chosen: AbstractSet[Place], field: Field, accepted: AbstractSet[Place], sight: Sight
) -> set[Place]:
    """Return the places that remain of those *chosen* before *field*, or lie inside them."""
    # Elements of arrays that contain neither this field nor any later one no longer matter.
    here = {_shared(place, field.scope) for place in chosen}
    narrowed = _inside(accepted, here) | _inside(here, accepted)
    if field.leaf.absent:
        present = {place for _, place in sight.get(field.path, ())}
        narrowed |= here - _inside(here, present) - _around(present)
    return narrowed


def _shared(place: Place, scope: str) -> Place:
    """Return the innermost of *place* and its outer elements whose array is part of *scope*."""
    while place is not None and not scope.startswith(place.scope):
        place = place.wider
    return place


def _inside(places: Iterable[Place], others: AbstractSet[Place]) -> set[Place]:
    """Return those of *places* that are one of *others* or lie inside one."""
    # Each element is visited once, however deeply the arrays are nested.
    known: dict[Place, bool] = {None: None in others}
    found = set()
    for place in places:
        passed: list[Element] = []
        outer = place
        while outer is not None and outer not in known and outer not in others:
            passed.append(outer)
            outer = outer.outer
        inside = known.get(outer, True)
        known |= dict.fromkeys(passed, inside)
        if inside:
            found.add(place)
    return found


def _around(places: Iterable[Place]) -> set[Place]:
    """Return *places* and all places that enclose them."""
    around: set[Place] = set()
    for place in places:
        outer = place
        while outer not in around:
            around.add(outer)
            if outer is not None:
                outer = outer.outer
    return around
