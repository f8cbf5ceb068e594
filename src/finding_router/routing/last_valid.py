"""The last valid version of each item of the routing table, which outlives a mistake in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from finding_router.routing.items.item_key import ItemKey

type Versions = Mapping[ItemKey, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastValid:
    """
    The last valid version of each item that is in the table, by kind and name.

    *read_at* is the Unix second at which the table was read. *version* makes writes conditional: 0
    means that nothing is stored.
    """

    items: Versions = field(default_factory=dict)
    read_at: float = 0.0
    version: int = 0


NONE: Final = LastValid()


class LastValidStore(Protocol):
    """The store of the versions; both methods raise StoreError if it does not answer."""

    def read(self) -> LastValid:
        """Return the stored versions."""

    def write(self, versions: LastValid) -> bool:
        """Put *versions* if their version follows the stored one; return False if it does not."""
