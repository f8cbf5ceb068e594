"""Stored items that cannot be read: what another version, or a person, may have left in one."""

from collections.abc import Iterator, Mapping
from typing import Any

from memory_dynamo import Item, copied

type Change = tuple[str, Item]

_TOMORROW = {"S": "a word of tomorrow"}
_ODD: Mapping[str, Mapping[str, Any]] = {
    "null": {"NULL": True},
    "text": _TOMORROW,
    "number": {"N": "7"},
    "huge": {"N": "1E+60"},
    "map": {"M": {}},
    "list": {"L": [{"N": "1"}]},
    "bytes": {"B": b"\x00"},
    "boolean": {"BOOL": True},
}
_KEYS = {"finding", "channel"}


def odd_variants(item: Item) -> Iterator[Change]:
    """Yield *item* with each of its attributes missing, or of each other type, and its name."""
    for path in _paths({"M": item}):
        if path[0] in _KEYS:
            continue
        yield f"{'.'.join(path)} missing", _changed(item, path, None)
        for name, value in _ODD.items():
            yield f"{'.'.join(path)} {name}", _changed(item, path, value)
    yield "newer shape", _changed(item, ("shape",), {"N": "2"})


def _paths(value: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, inner in value.get("M", {}).items():
        yield (name,)
        for rest in _paths(inner):
            yield (name, *rest)


def _changed(item: Item, path: tuple[str, ...], value: Mapping[str, Any] | None) -> Item:
    odd = copied(item)
    here = odd
    for part in path[:-1]:
        here = here[part]["M"]
    if value is None:
        del here[path[-1]]
    else:
        here[path[-1]] = dict(value)
    return odd
