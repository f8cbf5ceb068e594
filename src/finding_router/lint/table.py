"""Everything in a routing table that cannot match any finding."""

from collections.abc import Iterator
from typing import NamedTuple

from finding_router.errors import legible
from finding_router.lint.fields import Odd, odd_parts
from finding_router.lint.reach import unreached
from finding_router.lint.states import odd_states
from finding_router.routing.items.item_key import ItemKey
from finding_router.routing.items.route import Route
from finding_router.routing.items.silence import Silence
from finding_router.routing.table import RoutingTable


class OddItem(NamedTuple):
    """An item by *kind* and *name*, and a part of it that cannot match."""

    kind: str
    name: str
    odd: Odd

    @property
    def key(self) -> ItemKey:
        """Return the key of the item."""
        return self.kind, self.name

    def __str__(self) -> str:
        """Return one line."""
        return legible(f'{self.kind} "{self.name}", {self.odd}')


def odd_items(table: RoutingTable) -> Iterator[OddItem]:
    """Yield each part of an item that cannot match, and each route out of reach."""
    items: list[Route | Silence] = [*table.routes, *table.silences]
    for item in items:
        yield from odd_item(item)
    yield from out_of_reach(table)


def odd_item(item: Route | Silence) -> Iterator[OddItem]:
    """Yield each part of *item* that cannot match."""
    of_silence = isinstance(item, Silence)
    for odd in (*odd_parts(item.match), *odd_states(item.match, of_silence=of_silence)):
        yield OddItem(item.kind, item.name, odd)


def out_of_reach(table: RoutingTable) -> Iterator[OddItem]:
    """Yield each route that is never reached, which depends on the others."""
    for route, odd in unreached(table.routes):
        yield OddItem("route", route.name, odd)
