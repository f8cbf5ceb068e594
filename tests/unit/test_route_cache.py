"""The cache of routes: edits take effect soon, and an outage of DynamoDB stops nothing."""

from typing import Any

import pytest

from fake_ledger import FakeLastValid
from fakes import Clock, Faults, store_down
from finding_router.errors import StoreError
from finding_router.routing.cache import RouteCache
from finding_router.routing.last_valid import LastValid

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


BROKEN = {"kind": "route", "name": "one", "chanel": "#one"}


class Workers:
    """Workers that share a table and a store of the last valid versions."""

    def __init__(self) -> None:
        """Hold one valid route."""
        self.clock = Clock()
        self.faults = Faults(self.clock)
        self.store = FakeLastValid(self.faults)
        self.items: list[dict[str, Any]] = [{"kind": "route", "name": "one", "channel": "#one"}]

    def start(self) -> RouteCache:
        """Start a worker, which knows nothing."""
        return RouteCache(
            self._read,
            default_channel="#security",
            allow_suppress=False,
            cache_seconds=CACHE,
            last_valid=self.store,
            clock=self.clock,
        )

    def _read(self) -> list[dict[str, Any]]:
        with self.faults.around("items"):
            return [dict(item) for item in self.items]

    def later(self) -> None:
        """Let the cache time pass."""
        self.clock.now += CACHE


def channels(cache: RouteCache) -> list[str]:
    """Return the channels of the routes in force."""
    return [route.channel.text for route in cache.table().routes if route.channel]


@pytest.fixture
def workers() -> Workers:
    """Make a world without a worker."""
    return Workers()


def remembered(workers: Workers) -> RouteCache:
    """Start a worker that has stored the versions of the table."""
    worker = workers.start()
    worker.table()
    worker.remember()
    workers.later()
    return worker


def test_a_valid_table_costs_no_reading_of_versions(workers: Workers) -> None:
    """Neither at the start nor after an edit."""
    worker = workers.start()
    worker.table()
    workers.items.append({"kind": "route", "name": "two", "channel": "#two"})
    workers.later()
    worker.table()

    assert 0 == workers.faults.count("read_last_valid")


def test_an_invalid_edit_leaves_the_last_valid_version_in_force(workers: Workers) -> None:
    """And its mistake is told all the same."""
    worker = remembered(workers)
    workers.items[0] = BROKEN

    table = worker.table()
    assert ["#one"] == channels(worker)
    assert [("route", "one")] == list(table.kept)
    assert 1 == table.skipped
    assert table.problems


def test_it_holds_on_a_cold_start(workers: Workers) -> None:
    """The store knows it."""
    remembered(workers)
    workers.items[0] = BROKEN

    assert ["#one"] == channels(workers.start())


def test_a_worker_remembers_it_without_the_store(workers: Workers) -> None:
    """The Ledger may be down."""
    worker = remembered(workers)
    workers.faults.plan("read_last_valid", store_down, times=None)
    workers.items[0] = BROKEN

    assert ["#one"] == channels(worker)


def test_a_worker_that_could_not_ask_asks_again_and_forgets_nothing(workers: Workers) -> None:
    """It writes no versions without those that it could not read."""
    remembered(workers)
    workers.faults.plan("read_last_valid", store_down, times=1)
    workers.items[0] = BROKEN
    worker = workers.start()

    assert [] == channels(worker)
    worker.remember()
    assert ("route", "one") in workers.store.stored.items
    workers.later()
    assert ["#one"] == channels(worker)


def test_a_mended_item_is_in_force_at_once(workers: Workers) -> None:
    """And becomes the last valid version."""
    worker = remembered(workers)
    workers.items[0] = BROKEN
    worker.table()
    workers.items[0] = {"kind": "route", "name": "one", "channel": "#mended"}
    workers.later()

    assert ["#mended"] == channels(worker)
    assert not worker.table().kept
    worker.remember()
    workers.items[0] = BROKEN
    assert ["#mended"] == channels(workers.start())


def test_a_deleted_item_is_gone_with_its_last_valid_version(workers: Workers) -> None:
    """Also if it was invalid, and comes again invalid."""
    worker = remembered(workers)
    workers.items[0] = BROKEN
    worker.table()
    workers.items.clear()
    workers.later()

    assert [] == channels(worker)
    worker.remember()
    workers.items.append(BROKEN)
    assert [] == channels(workers.start())


def test_an_item_that_never_was_valid_is_left_out(workers: Workers) -> None:
    """There is nothing else to do with it."""
    worker = remembered(workers)
    workers.items.append({"kind": "route", "name": "two", "chanel": "#two"})

    assert ["#one"] == channels(worker)
    assert [] == list(worker.table().kept)
    assert not worker.table().is_invalid("route", "one")
    assert worker.table().is_invalid("route", "two")


def test_a_route_that_is_switched_off_is_valid(workers: Workers) -> None:
    """On purpose, so that no version before it is in force."""
    worker = remembered(workers)
    workers.items[0] = workers.items[0] | {"enabled": False}

    [route] = worker.table().routes
    assert not route.enabled
    assert not worker.table().kept


def test_the_versions_are_written_once(workers: Workers) -> None:
    """However many workers know them, and however often they are asked to."""
    worker = remembered(workers)
    worker.table()
    worker.remember()
    other = workers.start()
    other.table()
    other.remember()
    other.remember()

    assert 1 == workers.store.writes
    assert 2 == workers.faults.count("read_last_valid")


def test_a_worker_that_read_an_older_table_does_not_overwrite_a_newer_one(workers: Workers) -> None:
    """It was frozen in between."""
    frozen = workers.start()
    frozen.table()
    workers.later()
    workers.items[0] = {"kind": "route", "name": "one", "channel": "#newer"}
    remembered(workers)

    frozen.remember()

    assert "#newer" == workers.store.stored.items["route", "one"]["channel"]


def test_an_unreadable_table_is_that_of_the_last_valid_versions_on_a_cold_start(
    workers: Workers,
) -> None:
    """An outage of one table stops nothing."""
    remembered(workers)
    workers.faults.plan("items", store_down)
    worker = workers.start()

    assert ["#one"] == channels(worker)
    assert worker.stale_because is not None
    workers.items.clear()
    workers.later()
    assert [] == channels(worker)
    assert worker.stale_because is None


def test_what_another_worker_knew_first_comes_in_force(workers: Workers) -> None:
    """A version that was valid between two readings of this one."""
    worker = workers.start()
    workers.items[0] = BROKEN
    assert [] == channels(worker)
    version = {"kind": "route", "name": "one", "channel": "#between"}
    later = workers.clock.now + 1
    workers.store.write(LastValid(items={("route", "one"): version}, read_at=later, version=1))
    workers.later()

    assert ["#between"] == channels(worker)


def test_a_version_that_may_no_longer_be_is_not_in_force(workers: Workers) -> None:
    """The stack was deployed without AllowSuppress."""
    route = {"kind": "route", "name": "one", "action": "suppress"}
    workers.items[0] = route
    workers.store.write(LastValid(items={("route", "one"): route}, read_at=1.0, version=1))

    table = workers.start().table()

    assert () == table.routes
    assert () == table.kept
    assert 1 == len(table.problems)
