"""The last valid versions of the routing table in the Ledger's table: one item for all of them."""

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from finding_router.aws import keys
from finding_router.aws.items import Items
from finding_router.errors import UnreadableError
from finding_router.routing.items.item_key import key_of
from finding_router.routing.last_valid import LastValid
from finding_router.stored import AttributeProblemError, Stored
from finding_router.telemetry import logger

# An item of DynamoDB has 400 KB at most.
MAX_BYTES: Final = 350_000
# A table of the largest size is this many bytes of JSON, and more is none that was written here.
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
            # A version that is newer than any is not overwritten.
            return LastValid()

    def write(self, versions: LastValid) -> bool:
        """Put *versions* if their version follows the stored one; return False if it does not."""
        finding, channel = keys.LAST_VALID
        return self._items.put_version(
            {
                "finding": finding,
                "channel": channel,
                "shape": keys.SHAPE,
                "version": versions.version,
                "read_at": versions.read_at,
                "items": _packed([*versions.items.values()]),
            },
            _to_versions,
        )


def _packed(items: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the JSON of *items* compressed; the longest are left out if it would be too long."""
    packed = zlib.compress(_json(items))
    if len(packed) <= MAX_BYTES:
        return packed
    shortest = sorted(items, key=lambda item: len(_json(item)))
    while len(packed) > MAX_BYTES:
        shortest = shortest[: int(len(shortest) * _LESS)]
        packed = zlib.compress(_json(shortest))
    logger.warning("valid versions not kept", left_out=len(items) - len(shortest))
    return packed


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _to_versions(stored: Stored) -> LastValid:
    try:
        plain = zlib.decompressobj().decompress(stored.blob("items"), _MAX_PLAIN_BYTES)
        items = [each for each in json.loads(plain) if isinstance(each, dict)]
    except (zlib.error, ValueError, TypeError, RecursionError) as error:
        raise AttributeProblemError(f"items: {type(error).__name__}") from error
    return LastValid(
        items={key_of(each): each for each in items},
        read_at=stored.number("read_at"),
        version=stored.whole("version", least=1),
    )
