"""Attributes of the Ledger that are compressed JSON: many small things in one item."""

import json
import zlib
from typing import Any, Final

from finding_router.stored import AttributeProblemError, Stored

# An item of DynamoDB has 400 KB at most, and has other attributes, too:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MAX_BYTES: Final = 350_000


def plain(value: object) -> bytes:
    """Return *value* as JSON without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()


def packed(value: object) -> bytes:
    """Return *value* as JSON, compressed."""
    return zlib.compress(plain(value))


def unpacked(stored: Stored, name: str, *, most: int = 0) -> Any:
    """
    Return the value of the attribute *name*, of *most* bytes of JSON; 0 sets no limit.

    Raises:
        AttributeProblemError: It is longer, or no compressed JSON.

    """
    blob = stored.blob(name)
    try:
        return json.loads(zlib.decompressobj().decompress(blob, most))
    except (zlib.error, ValueError, RecursionError) as error:
        raise AttributeProblemError(f"{name}: {type(error).__name__}") from error
