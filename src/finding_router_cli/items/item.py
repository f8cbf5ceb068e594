"""One item of the routing table: its key, the order of its attributes, and its mistakes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import click
from pydantic import BaseModel

from finding_router.errors import RouteError
from finding_router.routing.items.route import Account, Route
from finding_router.routing.items.silence import Silence
from finding_router.routing.items.ticket import Ticket
from finding_router.routing.table import RoutingTable

type Item = Mapping[str, Any]

_FIRST: Final = ("kind", "name", "description")
_MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "route": Route,
    "silence": Silence,
    "account": Account,
    "ticket": Ticket,
}
ATTRIBUTES: Final = {
    kind: tuple(dict.fromkeys([*_FIRST, *model.model_fields])) for kind, model in _MODELS.items()
}
"""The attributes of each kind of item, in the order in which they are written."""
_ANY_CHANNEL: Final = "#any"


class Key(NamedTuple):
    """The key of an item."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return the item as messages name it."""
        return f'{self.kind} "{self.name}"'


class InvalidItemsError(click.ClickException):
    """Items are wrong: nothing is written. The message has a line for each mistake."""

    def __init__(self, problems: Iterable[RouteError]) -> None:
        """Name the item, the field and the remedy of each."""
        lines = dict.fromkeys(map(str, problems))
        super().__init__("nothing was changed, since this is wrong:\n  " + "\n  ".join(lines))


def key_of(item: Item) -> Key:
    """Return the key of *item*, whose `kind` and `name` are there."""
    return Key(str(item["kind"]), str(item["name"]))


def ordered(item: Item) -> dict[str, Any]:
    """Return *item* with its attributes in the order of the documentation, without nulls."""
    known = ATTRIBUTES.get(str(item.get("kind")), _FIRST)
    names = [
        *(name for name in known if name in item),
        *(name for name in item if name not in known),
    ]
    return {name: item[name] for name in names if item[name] is not None}


def mistakes(items: Iterable[object], *, allow_suppress: bool = True) -> list[RouteError]:
    """Return the mistakes of *items*, each looked at for itself."""
    found: list[RouteError] = []
    for item in items:
        table = RoutingTable.from_items(
            [item], default_channel=_ANY_CHANNEL, allow_suppress=allow_suppress
        )
        found += table.problems
    return found


def keyed(items: Iterable[Any], source: str) -> Iterator[tuple[Key, dict[str, Any]]]:
    """
    Yield valid *items* with their keys; *source* is where they come from, for errors.

    Raises:
        InvalidItemsError: Two have the same key.

    """
    seen: set[Key] = set()
    for item in items:
        key = key_of(item)
        if key in seen:
            problem = f"is there twice in {source}"
            raise InvalidItemsError(
                [RouteError(key.kind, key.name, "name", problem, "remove one, or rename it")]
            )
        seen.add(key)
        yield key, ordered(item)
