"""The key of an item of the routing table, without the models that parse the item."""

from collections.abc import Mapping

type ItemKey = tuple[str, str]
"""Kind and name of an item."""


def key_of(item: object) -> ItemKey:
    """Return kind and name of *item*; "" for what is missing or no text."""
    values = item if isinstance(item, Mapping) else {}
    kind, name = values.get("kind"), values.get("name")
    return kind if isinstance(kind, str) else "", name if isinstance(name, str) else ""
