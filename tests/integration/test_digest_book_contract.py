"""The fake book of digests and the one in DynamoDB keep the same promises."""

from dataclasses import replace
from typing import Any

import pytest
from finding_router.delivery.ledger import State

from digest_lines import make_line
from fake_books import FakeDigests
from fakes import Clock, Faults
from finding_router.aws.digests import DynamoDigests
from finding_router.aws.items import Items
from finding_router.delivery.digests.store import DigestBook, OpenDigest
from finding_router.findings.digest import Totals

NOW = 1_790_000_000.5
FIRST = OpenDigest(
    name="#alerts",
    channel="#alerts",
    number=1,
    state=State.CLAIMED,
    version=1,
    claimed_at=1_790_000_000.5,
    lease_until=1_790_000_095.25,
    claimed_by="worker-1",
    started_at=1_790_000_000.5,
    last_at=1_790_000_000.5,
)


class DigestBookContract:
    """What every book of digests promises."""

    def test_nothing_is_open_at_first(self, book: DigestBook) -> None:
        """Nor listed."""
        assert {} == book.open_digests(["#alerts"])
        assert [] == book.lines(FIRST.digest_id)
        assert book.about(FIRST.digest_id) is None

    def test_a_digest_is_read_as_it_was_written(self, book: DigestBook) -> None:
        """Every field."""
        full = replace(
            FIRST,
            name="schedule#weekly#@1790000000.0",
            heading="Digest of “weekly”",
            why="scheduled",
            routes=("weekly", "other"),
            mention=("@here",),
            banner="meant for #x: is_archived",
            posted_to="C1",
            ts="1790000000.000100",
            before=Totals.of([make_line()]),
        )

        assert book.write_digest(FIRST)
        assert book.write_digest(full)
        assert {"#alerts": FIRST, full.name: full} == book.open_digests(
            ["#alerts", full.name, "#other"]
        )

    def test_of_two_that_open_one_wins(self, book: DigestBook) -> None:
        """The other learns that it lost."""
        assert book.write_digest(FIRST)
        assert not book.write_digest(replace(FIRST, claimed_by="worker-2"))
        assert book.write_digest(FIRST)

    def test_of_two_that_go_on_one_wins(self, book: DigestBook) -> None:
        """Whatever they want to write."""
        book.write_digest(FIRST)

        assert book.write_digest(FIRST.posted(channel="C1", ts="1.2"))
        assert not book.write_digest(FIRST.given_back(State.RELEASED))

    def test_what_is_kept_is_known_when_another_one_is_open(self, book: DigestBook) -> None:
        """Its totals may still change."""
        posted = FIRST.posted(channel="C1", ts="1.2")
        book.write_digest(FIRST)
        book.keep_about(posted)
        book.write_digest(replace(FIRST, version=2, number=2))

        assert posted == book.about(FIRST.digest_id)
        assert [] == book.lines(FIRST.digest_id)

    def test_lines_are_listed_once_however_often_they_are_put(self, book: DigestBook) -> None:
        """The last word on each counts."""
        lines = [make_line(subject=f"{number:02}") for number in range(30)]
        book.put_lines(FIRST.digest_id, lines)
        book.put_lines(FIRST.digest_id, [replace(lines[3], is_ended=True)])

        listed = book.lines(FIRST.digest_id)

        assert [line.subject for line in lines] == [line.subject for line in listed]
        assert [lines[3].subject] == [line.subject for line in listed if line.is_ended]
        assert lines[:3] == listed[:3]

    def test_each_digest_has_its_own_lines(self, book: DigestBook) -> None:
        """Also of the same channel."""
        book.put_lines(FIRST.digest_id, [make_line()])

        assert [] == book.lines(replace(FIRST, number=2).digest_id)

    def test_each_line_that_is_put_counts(self, book: DigestBook) -> None:
        """Who has counted fewer counts again, also where one was replaced."""
        assert 0 == book.put_so_far(FIRST.digest_id)
        book.put_lines(FIRST.digest_id, [make_line(), make_line(subject="another")])
        book.put_lines(FIRST.digest_id, [make_line()])

        assert 3 == book.put_so_far(FIRST.digest_id)
        assert 2 == len(book.lines(FIRST.digest_id))

    def test_one_comes_to_count_at_a_time(self, book: DigestBook) -> None:
        """Others rely on it until it is late, or has begun."""
        assert book.count_later(FIRST.digest_id, at=NOW + 10, now=NOW)
        assert not book.count_later(FIRST.digest_id, at=NOW + 12, now=NOW + 9.5)
        assert book.count_later(FIRST.digest_id, at=NOW + 20, now=NOW + 10)
        book.begin_count(FIRST.digest_id)

        assert book.count_later(FIRST.digest_id, at=NOW + 30, now=NOW + 11)
        assert [] == book.lines(FIRST.digest_id)


class TestFakeDigests(DigestBookContract):
    """The fake."""

    @pytest.fixture
    def book(self) -> DigestBook:
        """Make one without faults."""
        return FakeDigests(Faults(Clock()))


class TestDynamoDigests(DigestBookContract):
    """The real one."""

    @pytest.fixture
    def book(self, make_table: Any) -> DigestBook:
        """Make one on a table of its own."""
        return DynamoDigests(Items(make_table("ledger", "finding", "channel")), days=400)
