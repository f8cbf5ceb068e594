"""Whether all fields of a pattern agree on an event, and do so in the same array elements."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from typing import Final

from finding_router.routing.patterns.leaf import Leaf
from finding_router.routing.patterns.sight import Element, Place, Sight

OUTSIDE: Final[frozenset[Place]] = frozenset({None})
NOWHERE: Final[frozenset[Place]] = frozenset()


class Field:
    """What a pattern accepts at one *path*. Equal to itself only, so that it is cheap as a key."""

    __slots__ = ("leaf", "path", "scope")

    def __init__(self, path: str, leaf: Leaf) -> None:
        self.path = path
        self.leaf = leaf
        self.scope = path + "."

    def places(self, sight: Sight) -> AbstractSet[Place]:
        """Find where the values stand that this field accepts."""
        values = sight.get(self.path)
        if values is None:
            return NOWHERE
        allows = self.leaf.allows
        return {place for value, place in values if allows(value)}


# A pattern without $or: fields that must all agree, ordered by path as the engine orders them.
type Rule = tuple[Field, ...]


def holds(rule: Rule, sight: Sight, places: Callable[[Field], AbstractSet[Place]]) -> bool:
    """
    Tell whether all fields of *rule* agree; *places* finds where the values of one are accepted.

    Fields are taken in order. Each narrows down where those before it may have been satisfied
    together: at first anywhere, then in some elements of some arrays. A field below an array in
    which an element is already chosen must be satisfied there; where it may be absent, it is enough
    that it is absent there. https://github.com/aws/event-ruler#json-array-matching
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
    """Give the places that remain of those *chosen* before *field*, or lie deeper inside them."""
    # What was chosen in arrays that this field and those after it are not in has done its duty.
    here = {_shared(place, field.scope) for place in chosen}
    narrowed = _inside(accepted, here) | _inside(here, accepted)
    if field.leaf.absent:
        present = {place for _, place in sight.get(field.path, ())}
        narrowed |= here - _inside(here, present) - _around(present)
    return narrowed


def _shared(place: Place, scope: str) -> Place:
    """Leave the arrays around *place* that what has this *scope* is not in."""
    while place is not None and not scope.startswith(place.scope):
        place = place.wider
    return place


def _inside(places: Iterable[Place], others: AbstractSet[Place]) -> set[Place]:
    """Give those of *places* that are one of *others*, or lie inside one."""
    # Each element is visited once, however deep the arrays are nested.
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
    """Give *places* and all that lies around them."""
    around: set[Place] = set()
    for place in places:
        outer = place
        while outer not in around:
            around.add(outer)
            if outer is not None:
                outer = outer.outer
    return around
