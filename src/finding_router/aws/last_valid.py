"""The last valid versions of the routing table in the Ledger's table: one item for all of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from finding_router.aws import keys
from finding_router.aws.items import Items
from finding_router.aws.packed import MAX_BYTES, packed, plain, unpacked
from finding_router.errors import UnreadableError
from finding_router.routing.items.item_key import key_of
from finding_router.routing.last_valid import LastValid
from finding_router.stored import AttributeProblemError, Stored
from finding_router.telemetry import logger

# The largest table has fewer bytes of JSON; the router never wrote more.
_MAX_PLAIN_BYTES: Final = 40_000_000
_LESS: Final = 0.8


class DynamoLastValid:
    """One item, the JSON of all versions compressed by zlib; it never expires."""

    def __init__(self, items: Items) -> None:
        """Keep it among *items*."""
        self._items = items

    def read(self) -> LastValid:
        """Return the stored versions, strongly consistent; none if they cannot be read."""
        found = self._items.read([keys.LAST_VALID])
        if not found:
            return LastValid()
        try:
            return self._items.parsed(found[0], _to_versions)
        except UnreadableError:
            # `write` does not overwrite such an item either.
            return LastValid()

    def write(self, versions: LastValid) -> bool:
        """Put *versions* if their version follows the stored one; return False if it does not."""
        return self._items.put_version(
            {
                **keys.named(keys.LAST_VALID),
                "shape": keys.SHAPE,
                "version": versions.version,
                "read_at": versions.read_at,
                "items": _fitting([*versions.items.values()]),
            },
            _to_versions,
        )


def _fitting(items: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the JSON of *items* compressed; the longest are left out if it would be too long."""
    blob = packed(items)
    if len(blob) <= MAX_BYTES:
        return blob
    shortest = sorted(items, key=lambda item: len(plain(item)))
    while len(blob) > MAX_BYTES:
        shortest = shortest[: int(len(shortest) * _LESS)]
        blob = packed(shortest)
    logger.warning("valid versions not kept", left_out=len(items) - len(shortest))
    return blob


def _to_versions(stored: Stored) -> LastValid:
    items = unpacked(stored, "items", most=_MAX_PLAIN_BYTES)
    if not isinstance(items, list):
        raise AttributeProblemError("items: no list")
    return LastValid(
        items={key_of(each): each for each in items if isinstance(each, dict)},
        read_at=stored.number("read_at"),
        version=stored.whole("version", least=1),
    )
