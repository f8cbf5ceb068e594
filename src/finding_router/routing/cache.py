"""The routing table in force: read again every few seconds, the last good one kept."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from finding_router.errors import StoreError

if TYPE_CHECKING:
    from finding_router.routing.table import RoutingTable


class RouteCache:
    """
    Keeps the table that was read last.

    Where the store does not answer, the last good table keeps working and `stale_because` says so;
    without one, the error goes up, since nothing can be decided.
    """

    def __init__(
        self,
        read: Callable[[], list[dict[str, Any]]],
        *,
        default_channel: str,
        allow_suppress: bool,
        cache_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Call *read* for the items once *cache_seconds* of *clock* have passed.

        The clock is that on the wall: a monotonic one may stand still while Lambda is frozen.
        """
        self._read = read
        self._default_channel = default_channel
        self._allow_suppress = allow_suppress
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._items: list[dict[str, Any]] = []
        self._table: RoutingTable | None = None
        self._read_at = 0.0
        self.stale_because: StoreError | None = None

    def table(self) -> "RoutingTable":
        """
        Give the table, read now or less than the cache time ago.

        Raises:
            StoreError: it cannot be read and never was.

        """
        now = self._clock()
        if self._table is not None and now - self._read_at < self._cache_seconds:
            return self._table
        try:
            items = self._read()
        except StoreError as error:
            if self._table is None:
                raise
            self.stale_because = error
            self._read_at = now
            return self._table
        self._read_at, self.stale_because = now, None
        # The index over ten thousand routes takes longer to build than the items to compare.
        if self._table is None or items != self._items:
            from finding_router.routing.table import RoutingTable

            self._items = items
            self._table = RoutingTable.from_items(
                items, default_channel=self._default_channel, allow_suppress=self._allow_suppress
            )
        return self._table
