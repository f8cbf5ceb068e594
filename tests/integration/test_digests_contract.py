"""The fake store of digests and the one in DynamoDB keep the same promises."""

from copy import replace
from typing import Any

import pytest

from digest_lines import make_line
from fake_books import FakeDigests
from fakes import Clock, Faults
from finding_router.aws.digests import DynamoDigests
from finding_router.aws.items import Items
from finding_router.delivery.alerts.care import Person
from finding_router.delivery.digests.store import Count, DigestState, DigestStore, OpenDigest
from finding_router.findings.digest import Totals
from memory_dynamo import MemoryDynamo

NOW = 1_790_000_000.5
FIRST = OpenDigest(
    name="#alerts",
    channel="#alerts",
    number=1,
    state=DigestState.CLAIMED,
    version=1,
    claimed_at=1_790_000_000.5,
    lease_until=1_790_000_095.25,
    claimed_by="worker-1",
    started_at=1_790_000_000.5,
    last_at=1_790_000_000.5,
)


class DigestStoreContract:
    """The contract of every store of digests."""

    def test_nothing_is_open_at_first(self, digests: DigestStore) -> None:
        """Nor listed."""
        assert {} == digests.open_digests(["#alerts"])
        assert [] == digests.lines(FIRST.digest_id)
        assert digests.about(FIRST.digest_id) is None

    def test_an_owner_is_kept_beside_the_count(self, digests: DigestStore) -> None:
        """Others put lines and count them; the later press is the owner's."""
        jane, bob = Person("UJANE", "jane", NOW), Person("UBOB", "bob", NOW + 1)
        id_ = FIRST.digest_id
        digests.put_lines(id_, [make_line()])

        assert digests.own(id_, jane, is_given_back=False)
        assert digests.own(id_, jane, is_given_back=False)
        digests.end_count(id_, shown=3, at=NOW)
        assert (jane, False) == (digests.count(id_).owner, digests.count(id_).is_outdated)
        assert digests.own(id_, bob, is_given_back=False)
        assert not digests.own(id_, jane, is_given_back=False)
        assert not digests.own(id_, jane, is_given_back=True)
        digests.put_lines(id_, [make_line()])
        assert bob == digests.count(id_).owner
        assert digests.own(id_, bob, is_given_back=True)
        assert digests.own(id_, bob, is_given_back=True)
        assert digests.count(id_).owner is None
        assert not digests.own(id_, jane, is_given_back=False)

    def test_a_digest_is_read_as_it_was_written(self, digests: DigestStore) -> None:
        """Every field."""
        full = replace(
            FIRST,
            name="schedule#weekly#@1790000000.0",
            heading="Digest of “weekly”",
            why="scheduled",
            routes=("weekly", "other"),
            mention=("@here",),
            meant_for=("#x: is_archived",),
            posted_to="C1",
            ts="1790000000.000100",
            before=Totals.of([make_line()]),
        )

        assert digests.write_digest(FIRST)
        assert digests.write_digest(full)
        assert {"#alerts": FIRST, full.name: full} == digests.open_digests(
            ["#alerts", full.name, "#other"]
        )

    def test_of_two_that_open_one_wins(self, digests: DigestStore) -> None:
        """The other learns that it lost."""
        assert digests.write_digest(FIRST)
        assert not digests.write_digest(replace(FIRST, claimed_by="worker-2"))
        assert digests.write_digest(FIRST)

    def test_of_two_that_go_on_one_wins(self, digests: DigestStore) -> None:
        """If two write to one version of a digest, one wins, even with the same content."""
        digests.write_digest(FIRST)

        assert digests.write_digest(FIRST.posted(channel="C1", ts="1.2"))
        assert not digests.write_digest(FIRST.given_back(may_be_posted=False))

    def test_what_is_kept_is_known_when_another_one_is_open(self, digests: DigestStore) -> None:
        """Its totals may still change."""
        posted = FIRST.posted(channel="C1", ts="1.2")
        digests.write_digest(FIRST)
        digests.keep_about(posted)
        digests.write_digest(replace(FIRST, version=2, number=2))

        assert posted == digests.about(FIRST.digest_id)
        assert [] == digests.lines(FIRST.digest_id)

    def test_lines_are_listed_once_however_often_they_are_put(self, digests: DigestStore) -> None:
        """The last word on each counts."""
        lines = [make_line(subject=f"{number:02}") for number in range(30)]
        digests.put_lines(FIRST.digest_id, lines)
        digests.put_lines(FIRST.digest_id, [replace(lines[3], is_ended=True)])

        listed = digests.lines(FIRST.digest_id)

        assert [line.subject for line in lines] == [line.subject for line in listed]
        assert [lines[3].subject] == [line.subject for line in listed if line.is_ended]
        assert lines[:3] == listed[:3]

    def test_each_digest_has_its_own_lines(self, digests: DigestStore) -> None:
        """Also of the same channel."""
        digests.put_lines(FIRST.digest_id, [make_line()])

        assert [] == digests.lines(replace(FIRST, number=2).digest_id)

    def test_each_line_that_is_put_counts(self, digests: DigestStore) -> None:
        """Totals that were counted before that are outdated, also if a line was replaced."""
        assert Count(put=0, shown=-1) == digests.count(FIRST.digest_id)
        digests.put_lines(FIRST.digest_id, [make_line(), make_line(subject="another")])
        digests.put_lines(FIRST.digest_id, [make_line()])

        assert 3 == digests.count(FIRST.digest_id).put
        assert 2 == len(digests.lines(FIRST.digest_id))

    def test_one_worker_counts_at_a_time(self, digests: DigestStore) -> None:
        """Until it ends the count, with or without a result, or its lease ends."""
        digests.put_lines(FIRST.digest_id, [make_line()])
        assert digests.begin_count(FIRST.digest_id, now=NOW, until=NOW + 60)
        assert not digests.begin_count(FIRST.digest_id, now=NOW + 59, until=NOW + 120)
        assert digests.begin_count(FIRST.digest_id, now=NOW + 60, until=NOW + 120)
        digests.end_count(FIRST.digest_id, shown=None)
        assert digests.count(FIRST.digest_id).is_outdated
        assert digests.begin_count(FIRST.digest_id, now=NOW + 61, until=NOW + 120)
        digests.end_count(FIRST.digest_id, shown=1)

        assert Count(put=1, shown=1) == digests.count(FIRST.digest_id)
        assert not digests.count(FIRST.digest_id).is_outdated

    def test_one_comes_to_count_at_a_time(self, digests: DigestStore) -> None:
        """Others rely on it until it is late, or has begun."""
        assert digests.count_later(FIRST.digest_id, at=NOW + 10, now=NOW)
        assert not digests.count_later(FIRST.digest_id, at=NOW + 12, now=NOW + 9.5)
        assert digests.count_later(FIRST.digest_id, at=NOW + 20, now=NOW + 10)
        digests.begin_count(FIRST.digest_id, now=NOW + 11, until=NOW + 60)

        assert digests.count_later(FIRST.digest_id, at=NOW + 30, now=NOW + 11)
        assert [] == digests.lines(FIRST.digest_id)


class TestFakeDigests(DigestStoreContract):
    """The fake."""

    @pytest.fixture
    def digests(self) -> DigestStore:
        """Make one without faults."""
        return FakeDigests(Faults(Clock()))


class TestDynamoDigests(DigestStoreContract):
    """The real one."""

    @pytest.fixture
    def digests(self, make_table: Any) -> DigestStore:
        """Make one on a table of its own."""
        return DynamoDigests(Items(make_table("ledger", "finding", "channel")), days=400)


class TestMemoryDynamoDigests(DigestStoreContract):
    """The real one over the DynamoDB in memory that other tests use."""

    @pytest.fixture
    def digests(self) -> DigestStore:
        """Make one on a table of its own."""
        return DynamoDigests(MemoryDynamo().items(), days=400)
