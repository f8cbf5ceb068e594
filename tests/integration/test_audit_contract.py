"""The audit trail in memory and in DynamoDB keeps the same promises."""

from copy import replace
from typing import Any

import pytest

from finding_router.aws.audit import DynamoAudit
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.audit import AuditTrail, Entry
from memory_dynamo import MemoryDynamo

NOW = 1_790_000_000.0
ENTRY = Entry(
    id="9c" * 20,
    at=NOW,
    action="suppress",
    user="U0JANE00001",
    name="jane ✨",
    team="T0HOME",
    channel="C0ALERTS",
    ts="1772323200.000100",
    subject="5f0c" * 10,
    routed_to="#alerts",
    reason="a pen test",
    form='{"scope": "finding"}',
)


def newest(trail: AuditTrail, *, days: float = 7) -> list[Entry]:
    """Return the entries of *days*."""
    return list(trail.newest(since=NOW - days * DAY_SECONDS, now=NOW))


class AuditContract:
    """The contract of every audit trail."""

    def test_an_entry_is_read_as_it_was_written(self, trail: AuditTrail) -> None:
        """Every field."""
        assert ENTRY == trail.begin(ENTRY)

        assert [ENTRY] == newest(trail)

    def test_what_was_decided_stays(self, trail: AuditTrail) -> None:
        """A press that comes again does what it was about to do."""
        trail.begin(ENTRY)
        first = trail.decide(ENTRY, "take")
        second = trail.decide(ENTRY, "give back")

        assert ("take", "take") == (first.decided, second.decided)
        assert first == trail.begin(ENTRY)

    def test_the_outcome_stays(self, trail: AuditTrail) -> None:
        """Whoever is done first has the word."""
        trail.begin(ENTRY)
        done = replace(ENTRY, outcome="done", detail="set", findings=("a", "b"))
        trail.end(done)
        trail.end(replace(ENTRY, outcome="failed"))

        assert [done] == newest(trail)
        assert done == trail.begin(ENTRY)

    def test_the_newest_come_first(self, trail: AuditTrail) -> None:
        """Within a day and across days, and older ones are left out."""
        for number, days in enumerate((3, 0, 6.5, 0.001, 8)):
            trail.begin(replace(ENTRY, id=str(number), at=NOW - days * DAY_SECONDS))

        assert ["1", "3", "0", "2"] == [each.id for each in newest(trail)]
        assert ["1", "3"] == [each.id for each in newest(trail, days=1)]


class TestMemory(AuditContract):
    """The one of unit tests."""

    @pytest.fixture
    def trail(self) -> AuditTrail:
        """Make one."""
        return DynamoAudit(MemoryDynamo().items(), days=400)


class TestDynamo(AuditContract):
    """The real one."""

    @pytest.fixture
    def items(self, make_table: Any) -> Items:
        """Make a table."""
        return Items(make_table("ledger", "finding", "channel"))

    @pytest.fixture
    def trail(self, items: Items) -> AuditTrail:
        """Make one on a table of its own."""
        return DynamoAudit(items, days=400)

    def test_it_expires(self, items: Items, trail: AuditTrail) -> None:
        """As alerts do."""
        trail.begin(ENTRY)

        [stored] = items.query("audit#2026-09-21")
        assert NOW + 400 * DAY_SECONDS == stored["expires_at"]
