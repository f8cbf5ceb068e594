"""The fake store of reminders and the one in DynamoDB keep the same promises."""

import time
from copy import replace
from typing import Any

import pytest

from fake_reminders import FakeReminders
from fakes import Clock, Faults
from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.aws.reminders import DynamoReminders
from finding_router.delivery.alerts.alert import Form
from finding_router.delivery.reminders.store import Due, Listed, ReminderStore
from finding_router.routing.reminder import ReminderKind
from memory_dynamo import MemoryDynamo

NOW = 1_790_000_000
ONE = Due(
    kind=ReminderKind.ALERT,
    at=NOW,
    channel="#alerts",
    route="said-again",
    subject="one",
    first_at=float(NOW),
    names={"member": {Form.ASFF: ("product", "id"), Form.OCSF: ("product", "id", "account")}},
)
TWO = replace(ONE, at=NOW + 60, subject="two")
LIST = Due(
    kind=ReminderKind.LIST,
    at=NOW + 30,
    channel="#alerts",
    route="a#b",
    first_at=0.0,
    before=0,
    last_at=NOW - 86_400.0,
)
LISTED = Listed(channel="#alerts", subject="one", episode=1, names=ONE.names)


class ReminderStoreContract:
    """The contract of every store of reminders."""

    def test_nothing_is_due_at_first(self, store: ReminderStore) -> None:
        """And nothing is listed."""
        assert [] == store.due(now=NOW, most=10)
        assert [] == store.listed("#alerts")

    def test_what_is_due_is_read_as_it_was_put(self, store: ReminderStore) -> None:
        """The longest due first, up to a number."""
        store.put([TWO, ONE])
        store.put([LIST])

        assert [] == store.due(now=NOW - 1, most=10)
        assert [ONE] == store.due(now=NOW, most=10)
        assert [ONE, LIST, TWO] == store.due(now=NOW + 60.5, most=10)
        assert [ONE, LIST] == store.due(now=NOW + 60.5, most=2)

    def test_many_are_put_at_once(self, store: ReminderStore) -> None:
        """More than a call takes, and the same one twice."""
        several = [replace(ONE, subject=f"{number:03}") for number in range(60)]

        store.put([*several, several[0]])

        found = store.due(now=NOW, most=100)
        assert {each.subject for each in several} == {each.subject for each in found}
        assert len(several) == len(found)

    def test_one_that_begins_leaves_one_that_is_there(self, store: ReminderStore) -> None:
        """That knows the list before."""
        store.put([LIST])

        store.begin(replace(LIST, before=None, last_at=None))
        store.begin(replace(LIST, channel="#other"))

        assert [LIST, replace(LIST, channel="#other")] == store.due(now=NOW + 60, most=10)

    def test_what_is_moved_is_due_then(self, store: ReminderStore) -> None:
        """Or never again; twice is as good as once."""
        store.put([ONE, TWO, LIST])
        later = replace(ONE, at=NOW + 90)
        moves = [(ONE, later), (LIST, None)]

        store.move(moves)
        store.move(moves)

        assert [TWO, later] == store.due(now=NOW + 100, most=10)

    def test_what_is_moved_to_where_it_is_stays(self, store: ReminderStore) -> None:
        """Its next time may be the same."""
        store.put([ONE])

        store.move([(ONE, ONE)])

        assert [ONE] == store.due(now=NOW, most=10)

    def test_what_is_listed_is_read_by_channel(self, store: ReminderStore) -> None:
        """The last word counts."""
        other = replace(LISTED, channel="#other", names={})
        store.list_open([LISTED, other, LISTED])
        store.list_open([replace(LISTED, episode=2)])

        assert [replace(LISTED, episode=2)] == store.listed("#alerts")
        assert [other] == store.listed("#other")

    def test_what_is_over_is_listed_no_more(self, store: ReminderStore) -> None:
        """Unless it is back meanwhile."""
        again = replace(LISTED, subject="two", episode=2)
        store.list_open([LISTED, again])

        store.unlist([LISTED, replace(again, episode=1), replace(LISTED, subject="three")])

        assert [again] == store.listed("#alerts")


class TestFakeReminders(ReminderStoreContract):
    """The fake."""

    @pytest.fixture
    def store(self) -> ReminderStore:
        """Make one without faults."""
        return FakeReminders(Faults(Clock()))


class TestDynamoReminders(ReminderStoreContract):
    """The real one."""

    @pytest.fixture
    def store(self, make_table: Any) -> ReminderStore:
        """Make one on a table of its own."""
        return DynamoReminders(Items(make_table("ledger", "finding", "channel")), days=400)

    def test_what_nobody_looks_for_expires(self, make_table: Any) -> None:
        """A reminder a month after it was due, an item of a list with the Ledger."""
        items = Items(make_table("ledger", "finding", "channel"))
        store = DynamoReminders(items, days=400)
        store.put([ONE])
        store.list_open([LISTED])

        [due] = [each for name in keys.DUE for each in items.query(name)]
        [listed] = items.query(keys.listed("#alerts"))
        assert NOW + 30 * DAY_SECONDS == due["expires_at"]
        assert time.time() + 400 * DAY_SECONDS == pytest.approx(listed["expires_at"], abs=60)
        assert [1, 1] == [due["shape"], listed["shape"]]

    def test_one_that_cannot_be_read_leaves_the_others(self, make_table: Any) -> None:
        """It is noted, and neither changed nor deleted."""
        items = Items(make_table("ledger", "finding", "channel"))
        store = DynamoReminders(items, days=400)
        store.put([ONE, TWO])
        store.list_open([LISTED, replace(LISTED, subject="two")])
        due = [each for name in keys.DUE for each in items.query(name)]
        [stored] = [each for each in due if each["subject"] == "one"]
        items.put_all([stored | {"shape": 2}])
        listed = items.query(keys.listed("#alerts"))
        [in_list] = [each for each in listed if each["channel"] == "one"]
        items.put_all([in_list | {"episode": "x"}])

        assert [TWO] == store.due(now=NOW + 60, most=10)
        assert ["two"] == [each.subject for each in store.listed("#alerts")]
        assert 2 == len(items.unreadable.take())


class TestMemoryDynamoReminders(ReminderStoreContract):
    """The real one over the DynamoDB in memory that other tests use."""

    @pytest.fixture
    def store(self) -> ReminderStore:
        """Make one on a table of its own."""
        return DynamoReminders(MemoryDynamo().items(), days=400)
