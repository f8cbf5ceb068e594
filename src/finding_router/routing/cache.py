"""
A cache of the routing table, which keeps what was valid last in force.

There is one source for that, the last valid version of each item: in the memory of this worker, and
in the Ledger for all workers. The version of an invalid item is in force in its place, and those of
all items while the table cannot be read.
"""

import time
from collections.abc import Callable
from copy import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from finding_router.errors import RouterError, StoreError
from finding_router.isolation import isolated
from finding_router.routing.last_valid import NONE, LastValid, LastValidStore, Versions
from finding_router.telemetry import logger

if TYPE_CHECKING:
    from finding_router.routing.table import RoutingTable

type Items = list[dict[str, Any]]


class RouteCache:
    """
    The most recently read routing table.

    If the store fails, or its items make no table, the last valid items stay in force and
    `stale_because` holds the error. Without any the error is raised, since no finding can be
    routed.
    """

    def __init__(
        self,
        read: Callable[[], Items],
        *,
        default_channel: str,
        allow_suppress: bool,
        cache_seconds: float,
        last_valid: LastValidStore | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Call *read* for the items when the table is older than *cache_seconds* by *clock*.

        *clock* returns wall time, since a monotonic clock may stop while Lambda is frozen. Without
        *last_valid* the versions are in this worker's memory alone.
        """
        self._read = read
        self._default_channel = default_channel
        self._allow_suppress = allow_suppress
        self._cache_seconds = cache_seconds
        self._store = last_valid
        self._clock = clock
        self._items: Items | None = None
        self._table: RoutingTable | None = None
        self._read_at = 0.0
        self._versions = NONE
        self._are_stored = True
        self._is_known = True
        self.stale_because: RouterError | None = None

    def table(self) -> "RoutingTable":
        """
        Return the table, read at most *cache_seconds* ago unless that fails.

        Raises:
            StoreError: The table cannot be read, and no item of it is known.
            ConfigurationError: The default channel is invalid.

        """
        now = self._clock()
        if self._table is not None and now - self._read_at < self._cache_seconds:
            return self._table
        try:
            table, self.stale_because = self._refreshed(), None
        except RouterError as error:
            table = self._table or self._remembered(error)
            self.stale_because = error
        self._table, self._read_at = table, now
        return table

    def remember(self) -> None:
        """
        Store the versions in force, for workers that start when an item is invalid.

        Do nothing if they are stored, or if another worker read the table later.

        Raises:
            StoreError: The store does not answer.

        """
        if self._store is None or self._are_stored:
            return
        own, stored = self._versions, self._store.read()
        self._are_stored = (
            stored.items == own.items
            or stored.read_at >= own.read_at
            or self._store.write(replace(own, version=stored.version + 1))
        )

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
        began = self._clock()
        items = self._read()
        self._is_known = True
        newest = cache(self._newest)
        # Building the index of ten thousand routes takes longer than comparing the items.
        if self._table is not None and items == self._items:
            if not self._table.problems:
                self._versions = replace(self._versions, read_at=began)
                return self._table
            # Another worker may have known more, or the store did not answer before.
            if newest().items == self._versions.items:
                self._note(self._versions.items, self._versions.read_at or began)
                return self._table
        table = self._compiled(items, lambda: newest().items)
        in_force = table.in_force(items, newest().items if table.kept else NONE.items)
        self._table, self._items = table, items
        self._note(in_force, began)
        return table

    def _note(self, versions: Versions, read_at: float) -> None:
        """Keep the *versions* in force; without those of the store they count as old."""
        is_same = (versions, read_at) == (self._versions.items, self._versions.read_at)
        self._are_stored = not self._is_known or (self._are_stored and is_same)
        self._versions = LastValid(items=versions, read_at=read_at if self._is_known else 0.0)

    def _compiled(
        self, items: Items, last_valid: Callable[[], Versions] = lambda: NONE.items
    ) -> "RoutingTable":
        from finding_router.routing.table import RoutingTable

        return RoutingTable.from_items(
            items,
            default_channel=self._default_channel,
            allow_suppress=self._allow_suppress,
            last_valid=last_valid,
        )

    def _newest(self) -> LastValid:
        """Return the newer ones of the versions that this worker and the store have."""
        stored = self._stored()
        self._is_known = stored is not None
        own = self._versions
        return stored if stored and stored.read_at > own.read_at else own

    def _stored(self) -> LastValid | None:
        """Return the versions of the store; None if it does not answer."""
        if self._store is None:
            return NONE
        try:
            return self._store.read()
        except StoreError as error:
            logger.warning("last valid routes not read", reason=str(error))
            return None

    def _remembered(self, error: RouterError) -> "RoutingTable":
        """Return a table of the stored versions; raise *error* if there are none."""
        stored = self._stored()
        if stored is None or not stored.version:
            raise error
        self._versions = stored
        return self._compiled([dict(item) for item in stored.items.values()])
