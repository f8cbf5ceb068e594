"""A cache of the routing table, which keeps the last good table while the store fails."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from finding_router.errors import RouterError, StoreError
from finding_router.isolation import isolated

if TYPE_CHECKING:
    from finding_router.routing.table import RoutingTable


class RouteCache:
    """
    The most recently read routing table.

    If the store fails, or its items make no table, the last good table stays in use and
    `stale_because` holds the error. Without such a table the error is raised, since no finding can
    be routed.
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
        Call *read* for the items when the table is older than *cache_seconds* by *clock*.

        *clock* returns wall time, since a monotonic clock may stop while Lambda is frozen.
        """
        self._read = read
        self._default_channel = default_channel
        self._allow_suppress = allow_suppress
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._items: list[dict[str, Any]] = []
        self._table: RoutingTable | None = None
        self._read_at = 0.0
        self.stale_because: RouterError | None = None

    def table(self) -> "RoutingTable":
        """
        Return the table, read at most *cache_seconds* ago unless that fails.

        Raises:
            StoreError: The table cannot be read, and was never read before.
            ConfigurationError: The default channel is invalid.

        """
        now = self._clock()
        if self._table is not None and now - self._read_at < self._cache_seconds:
            return self._table
        try:
            table, self.stale_because = self._refreshed(), None
        except RouterError as error:
            if self._table is None:
                raise
            table, self.stale_because = self._table, error
        self._table, self._read_at = table, now
        return table

    def _refreshed(self) -> "RoutingTable":
        """
        Return the table as it is in the store.

        Raises:
            RouterError: The store fails, or its items make no table.

        """
        foreseen: RouterError | None = None
        with isolated("routing table not used") as trouble:
            try:
                return self._current()
            except RouterError as error:
                foreseen = error
        message = f"the routing table cannot be used: {trouble.while_('reading it')}"
        raise foreseen or StoreError(message)

    def _current(self) -> "RoutingTable":
        items = self._read()
        # Building the index of ten thousand routes takes longer than comparing the items.
        if self._table is not None and items == self._items:
            return self._table
        from finding_router.routing.table import RoutingTable

        table = RoutingTable.from_items(
            items, default_channel=self._default_channel, allow_suppress=self._allow_suppress
        )
        self._items = items
        return table
