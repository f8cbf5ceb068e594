"""The cache of routes: edits take effect soon, and an outage of DynamoDB stops nothing."""

from typing import Any

import pytest

from fakes import Clock, store_down
from finding_router.errors import StoreError
from finding_router.routing.cache import RouteCache

CACHE = 30.0


class World:
    """A store of routes that can fail, and a cache of it."""

    def __init__(self) -> None:
        """Hold one route."""
        self.clock = Clock()
        self.items: list[dict[str, Any]] = [{"kind": "route", "name": "one", "channel": "#one"}]
        self.reads = 0
        self.is_down = False
        self.cache = RouteCache(
            self._read,
            default_channel="#security",
            allow_suppress=False,
            cache_seconds=CACHE,
            clock=self.clock,
        )

    def _read(self) -> list[dict[str, Any]]:
        self.reads += 1
        if self.is_down:
            raise store_down("")
        return [dict(item) for item in self.items]

    def routes(self) -> list[str]:
        """Return the names of the routes in force."""
        return [route.name for route in self.cache.table().routes]


@pytest.fixture
def world() -> World:
    """Make a store with one route."""
    return World()


def test_the_table_is_read_once_within_the_cache_time(world: World) -> None:
    """A batch costs no read of its own."""
    world.routes()
    world.clock.now += CACHE - 1
    world.routes()

    assert 1 == world.reads


def test_an_edit_takes_effect_after_the_cache_time(world: World) -> None:
    """Without a deployment."""
    world.routes()
    world.items.append({"kind": "route", "name": "two", "channel": "#two"})
    world.clock.now += CACHE

    assert ["one", "two"] == world.routes()


def test_an_unchanged_table_is_not_indexed_again(world: World) -> None:
    """Ten thousand routes are costly to index and cheap to compare."""
    before = world.cache.table()
    world.clock.now += CACHE

    assert world.cache.table() is before
    assert 2 == world.reads


def test_the_last_good_table_keeps_working_and_says_so(world: World) -> None:
    """It is tried again after the cache time, and not with every batch."""
    world.routes()
    world.is_down = True
    world.clock.now += CACHE

    assert ["one"] == world.routes()
    assert ["one"] == world.routes()
    assert 2 == world.reads
    assert world.cache.stale_because is not None


def test_a_table_read_again_is_not_stale(world: World) -> None:
    """The trouble is over."""
    world.routes()
    world.is_down = True
    world.clock.now += CACHE
    world.routes()
    world.is_down = False
    world.clock.now += CACHE

    world.routes()

    assert world.cache.stale_because is None


def test_without_any_table_nothing_can_be_decided(world: World) -> None:
    """The batch goes back to the queue; the next one tries again at once."""
    world.is_down = True

    with pytest.raises(StoreError):
        world.routes()

    world.is_down = False

    assert ["one"] == world.routes()
