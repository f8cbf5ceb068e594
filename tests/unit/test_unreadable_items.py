"""Items of the Ledger that cannot be read: each of them hurts only itself, and stays as it is."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from dynamo_router import ALERTS, DynamoRouter, by_family, family_of, write_every_family
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.errors import UnreadableError
from hub_events import raw_finding
from memory_dynamo import Item, MemoryDynamo, copied
from odd_items import odd_variants
from router import OPS, outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from finding_router.aws.items import Items

FAMILIES = (
    "about",
    "alert",
    "bin",
    "channels",
    "count",
    "digest",
    "held",
    "held in",
    "lines",
    "lock",
    "account name",
    "rate",
    "seats",
    "due",
    "in list",
)
type Key = tuple[str, str]
type Stored = dict[Key, Item]


@pytest.fixture(scope="module")
def stored() -> Stored:
    """Return items of every family."""
    router = DynamoRouter()
    write_every_family(router)
    return router.dynamo.stored


def few(stored: Stored) -> Stored:
    """Return three items of each family, the largest among them."""
    return {
        key: stored[key]
        for several in by_family(stored).values()
        for key in sorted(several, key=lambda each: len(str(stored[each])))[-3:]
    }


def world(stored: Stored) -> tuple[DynamoRouter, MemoryDynamo]:
    """Return a worker over a copy of *stored*, four hours after it was begun."""
    router = DynamoRouter()
    router.clock.now += 4 * 3600
    router.dynamo.stored.update(copied(stored))
    return router, router.dynamo


def read_everything(router: DynamoRouter, stored: Stored) -> dict[Key, Any]:
    """Return what each family's port makes of each item: a value, or what it raises."""
    stores = router.stores
    answers: dict[Key, Any] = {}
    by_port: Mapping[str, Callable[[Key], Any]] = {
        "alert": lambda key: stores.ledger.read([AlertKey(*key)]).get(AlertKey(*key)),
        "channels": lambda key: sorted(stores.ledger.channels([key[0]]).get(key[0], [])),
        "held in": lambda key: stores.held.held_elsewhere("another bin", [key[0]]),
        "digest": lambda key: stores.digests.open_digests([key[0].removeprefix("digest#")]),
        "about": lambda key: stores.digests.about(key[0].removeprefix("lines#")),
        "count": lambda key: stores.digests.count(key[0].removeprefix("lines#")),
        "lines": lambda key: [
            each
            for each in stores.digests.lines(key[0].removeprefix("lines#"))
            if each.subject == key[1]
        ],
        "bin": lambda key: [each for each in stores.held.bins() if each.name == key[1]],
        "held": lambda key: (
            [
                each
                for each in stores.held.held(key[0].removeprefix("held#"))
                if each.name == key[1]
            ],
            dict(stores.held.events(key[0].removeprefix("held#"), [key[1]])),
        ),
        # They are taken, not read: one that is due tells the most.
        "rate": lambda key: stores.rates.slot(
            key[0].removeprefix("pace#"), every_seconds=1.0, now=0.0, latest=0.0
        ),
        "lock": lambda key: stores.locks.once(
            key[0].removeprefix("notice#"), by="nobody", every_seconds=1.0, now=0.0
        ),
        "account name": lambda key: stores.names.claims([key[0].removeprefix("account-name#")]),
        "seats": lambda key: stores.locks.seats(
            key[0].removeprefix("seats#"), [], most=1, since=0.0, now=0.0
        ),
        "due": lambda key: [
            each for each in stores.reminders.due(now=2e9, most=10) if key[1].endswith(each.name)
        ],
        "in list": lambda key: [
            each for each in stores.reminders.listed(ALERTS) if each.subject == key[1]
        ],
    }
    for key in sorted(stored):
        try:
            answers[key] = by_port[family_of(key)](key)
        except UnreadableError as error:
            answers[key] = type(error)
    return answers


def test_the_families_are_those_of_the_table(stored: Stored) -> None:
    """Each family of `keys` is generated from."""
    assert set(FAMILIES) == by_family(stored).keys()


@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_an_item_holds_its_neighbours_are_read(stored: Stored, family: str) -> None:
    """It is read, or noted and left as it is; nothing else of the table is another."""
    stored = few(stored)
    router, _ = world(stored)
    well = read_everything(router, stored)
    key = max(by_family(stored)[family], key=lambda each: len(str(stored[each])))
    tried = 0
    for name, odd in odd_variants(stored[key]):
        router, dynamo = world(stored)
        dynamo.stored[key] = odd

        found = read_everything(router, stored)

        neighbours = {
            each: answer
            for each, answer in found.items()
            if (each != key and family_of(each) == family) or each[0] != key[0]
        }
        assert {each: well[each] for each in neighbours} == neighbours, name
        if router.stores.unreadable:
            assert odd == dynamo.stored[key], name
            router.stores.unreadable.take()
        tried += 1

    assert tried > 8


def test_a_line_of_a_newer_shape_is_left_out_and_named(stored: Stored) -> None:
    """The totals are those of the others."""
    router, dynamo = world(stored)
    key = by_family(stored)["lines"][0]
    dynamo.stored[key]["shape"] = {"N": "2"}

    lines = router.stores.digests.lines(key[0].removeprefix("lines#"))

    assert {key[1]} == lines.unreadable
    assert len(by_family(stored)["lines"]) - 1 == len(lines)


def change(dynamo: MemoryDynamo, key: Key, **values: Any) -> Item:
    """Change an item, and return what it is now."""
    dynamo.stored[key] |= values
    return copied(dynamo.stored[key])


def alert_of(dynamo: MemoryDynamo, finding_id: str, channel: str = ALERTS) -> Key:
    """Return the key of the alert of a finding."""
    from finding_router.delivery.alerts.identity import finding_hash  # noqa: PLC0415
    from hub_events import PRODUCT_ARN  # noqa: PLC0415

    key = finding_hash(PRODUCT_ARN, finding_id), channel
    assert key in dynamo.stored
    return key


def test_an_alert_of_an_unknown_state_comes_back_alone(stored: Stored) -> None:
    """After a back-off, with its reason, and operators hear of it."""
    router, dynamo = world(stored)
    key = alert_of(dynamo, "listed-3")
    odd = change(dynamo, key, state={"S": "paused"})

    jobs = router.send(
        raw_finding("listed-3", RecordState="ARCHIVED", UpdatedAt="2026-09-02T10:00:00Z"),
        raw_finding("new", Severity={"Label": "CRITICAL"}),
    )

    assert ["failed", "posted"] == outcomes(jobs)
    assert "state: 'paused' is not known" in jobs[0].detail
    assert jobs[0].retry_seconds >= 10
    assert odd == dynamo.stored[key]
    [notice] = router.slack.opened(OPS)
    assert "1 item of the Ledger cannot be read" in notice.text
    assert "paused" in notice.all


def test_operators_hear_of_it_once_an_hour(stored: Stored) -> None:
    """However often it is tried again."""
    router, dynamo = world(stored)
    change(dynamo, alert_of(dynamo, "listed-3"), shape={"N": "2"})
    for minutes in (0, 20, 20, 30):
        router.clock.now += 60 * minutes
        router.send(raw_finding("listed-3", RecordState="ARCHIVED"))

    assert 2 == len(router.slack.opened(OPS))


def test_a_finding_of_two_channels_is_not_done_with_one(stored: Stored) -> None:
    """The other cannot be read: its record comes back, and it is not marked."""
    router, dynamo = world(stored)
    router.items.append({"kind": "route", "name": "also", "channel": "#also"})
    router.clock.now += 60
    router.send(raw_finding("twin"))
    change(dynamo, alert_of(dynamo, "twin", "#also"), severity={"S": "TERRIBLE"})
    router.hold(raw_finding("twin"), status="NEW")

    [job] = router.send(raw_finding("twin"))

    assert "failed" == job.outcome
    assert "NEW" == router.status("twin")


def test_a_bin_with_a_finding_that_cannot_be_read_stays_for_it(stored: Stored) -> None:
    """The others in it are said; it is not closed over what it has left."""
    router, dynamo = world(stored)
    router.send(raw_finding("also held", Severity={"Label": "LOW"}))
    [key] = by_family(stored)["held"]
    odd = change(dynamo, key, subject={"N": "7"})
    router.clock.now += 2 * 86_400

    first, second = router.wake(), router.wake()

    assert ["digested"] == outcomes(first)
    assert [] == outcomes(second)
    assert odd == dynamo.stored[key]
    [bin_] = router.stores.held.bins()
    assert bin_.due_at is not None
    assert any("cannot be said" in each.text for each in router.slack.opened(OPS))
    dynamo.stored[key] = copied(stored[key])
    assert ["digested"] == outcomes(router.wake())


def test_an_event_that_cannot_be_read_stays_in_its_bin(stored: Stored) -> None:
    """Its neighbours are said, and so is it once it can be read again."""
    router, dynamo = world(stored)
    router.send(raw_finding("also held", Severity={"Label": "LOW"}))
    [key] = by_family(stored)["held"]
    change(dynamo, key, event={"S": "tomorrow's"})
    router.clock.now += 2 * 86_400

    assert ["digested"] == outcomes(router.wake())
    dynamo.stored[key] = copied(stored[key])
    assert ["digested"] == outcomes(router.wake())


def test_a_bin_that_cannot_be_read_does_not_stop_the_others(stored: Stored) -> None:
    """It is neither closed nor filled."""
    router, dynamo = world(stored)
    [key] = by_family(stored)["bin"]
    odd = change(dynamo, key, kind={"S": "weather"})
    del router.items[1]["stop"]
    router.items.append({**router.items[1], "name": "other", "channel": "#other"})
    router.clock.now += 60
    jobs = router.send(raw_finding("two bins", Severity={"Label": "LOW"}))
    assert ["failed"] == outcomes(jobs)
    router.clock.now += 2 * 86_400

    assert ["digested"] == outcomes(router.wake())
    assert odd == dynamo.stored[key]


def test_a_newer_shape_is_neither_changed_nor_deleted(stored: Stored) -> None:
    """Whatever this version would do to it."""
    for family, several in by_family(stored).items():
        router, dynamo = world(stored)
        odd = {key: change(dynamo, key, shape={"N": "2"}) for key in several}
        router.send(
            raw_finding("new"),
            raw_finding("listed-3", RecordState="ARCHIVED"),
            raw_finding("card"),
            raw_finding("held", Severity={"Label": "LOW"}),
        )
        router.clock.now += 2 * 86_400
        router.wake()

        assert odd == {key: dynamo.stored[key] for key in several}, family


@pytest.mark.parametrize(
    "values", [{"next_at": {"S": "soon"}}, {"next_at": {"NULL": True}}, {"shape": {"NULL": True}}]
)
def test_a_pace_that_cannot_be_read_is_kept_by_each_run(
    stored: Stored, values: dict[str, Any]
) -> None:
    """The channel takes its messages, a second apart."""
    router, dynamo = world(stored)
    change(dynamo, (f"pace#{ALERTS}", "pace"), **values)
    router.clock.now += 3600

    jobs = router.send(*(raw_finding(f"new-{number}") for number in range(3)))

    assert ["posted"] * 3 == outcomes(jobs)
    times = [each.at for each in router.slack.opened(ALERTS)]
    assert [1.1, 1.1] == [round(b - a, 1) for a, b in pairwise(times)]


def test_a_key_that_dynamodb_does_not_take_is_left_out() -> None:
    """A list in another item may name a channel that is too long for one."""
    dynamo = MemoryDynamo()
    items: Items = dynamo.items()
    for number in range(5):
        items.put_all([{"finding": f"f{number}", "channel": "#a"}])

    found = items.read([*((f"f{number}", "#a") for number in range(5)), ("f1", "#" * 2000)])

    assert 5 == len(found)
    assert items.unreadable
