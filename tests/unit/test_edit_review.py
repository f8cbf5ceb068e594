"""A burst of edits is reviewed and answered with one notice."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest_lines import HOSTILE
from fake_ledger import FakeDecided, FakeLastValid
from fakes import Clock, Faults, store_down
from finding_router.delivery.notices import Notice
from finding_router.edits.edit import Change, edits_of
from finding_router.edits.review import Review, Reviewer
from finding_router.edits.words import answer
from finding_router.errors import StoreError
from finding_router.findings.asff import read_finding
from finding_router.findings.summary import summarise
from finding_router.routing.items.item_key import key_of
from finding_router.routing.last_valid import LastValid
from finding_router.slack.messages.notice import AMBER, notice
from hub_events import raw_finding
from slack_limits import acts, blocks_of, says_nothing, texts_of, violations

type Item = dict[str, Any]

ROUTE: Item = {"kind": "route", "name": "one", "channel": "#one"}
BROKEN: Item = {"kind": "route", "name": "one", "chanel": "#one"}
SILENCE: Item = {
    "kind": "silence",
    "name": "patch",
    "match": {},
    "until": "2030-01-01T00:00:00Z",
    "by": "anna",
    "reason": "kernel",
}


def change(before: Item | None, after: Item | None) -> Change:
    """Make a record of the stream."""
    return Change(key=key_of(after or before), before=before, after=after)


class World:
    """A table, its stores, and the function that reviews edits."""

    def __init__(self, *items: Item) -> None:
        """Hold *items*, which were there before."""
        self.clock = Clock()
        self.faults = Faults(self.clock)
        self.last_valid = FakeLastValid(self.faults)
        self.decided = FakeDecided(self.faults)
        self.items = [*items]
        valid = {key_of(item): item for item in items if item != BROKEN}
        self.last_valid.stored = LastValid(items=valid, read_at=self.clock.now - 60, version=1)
        self.reviewer = Reviewer(
            self._read,
            self.last_valid,
            self.decided,
            default_channel="#default",
            allow_suppress=False,
            clock=self.clock,
        )

    def _read(self) -> list[Item]:
        with self.faults.around("items"):
            return [*self.items]

    def edit(self, *changes: Change) -> None:
        """Write the items as after *changes*."""
        for each in changes:
            self.items = [item for item in self.items if key_of(item) != each.key]
            if each.after is not None:
                self.items.append(dict(each.after))

    def review(self, *changes: Change) -> Review | None:
        """Make *changes* and review them."""
        self.edit(*changes)
        return self.reviewer.review(changes)

    def told(self, *changes: Change) -> Notice:
        """Make *changes*, and return the answer."""
        review = self.review(*changes)
        assert review is not None
        return answer(review, topic="edits 1 2", table="https://table", cache_seconds=30)

    def decide(self, *raws: Item) -> None:
        """Note findings as decided an hour ago."""
        self.decided.add([summarise(read_finding(raw)) for raw in raws], at=self.clock.now - 3600)

    @property
    def kept(self) -> dict[str, str]:
        """Return the channels of the last valid versions by name."""
        return {
            name: item.get("channel", "")
            for (_, name), item in self.last_valid.stored.items.items()
        }


def lines(told: Notice) -> list[str]:
    """Return the details as lines."""
    return [
        f"{getattr(each, 'code', '')} {getattr(each, 'text', each)}".strip()
        for each in told.words.details
    ]


def test_a_burst_is_the_difference_between_its_ends() -> None:
    """What was undone is no edit."""
    two = ROUTE | {"name": "two"}
    edits = edits_of(
        [
            change(None, two),
            change(ROUTE, BROKEN),
            change(BROKEN, ROUTE | {"order": 5}),
            change(two, None),
        ]
    )

    [edit] = edits
    assert (ROUTE, ROUTE | {"order": 5}, "changed") == (edit.before, edit.after, edit.verb)


def test_a_valid_edit_says_what_changed_and_what_it_would_have_done() -> None:
    """In one message."""
    world = World(ROUTE)
    world.decide(raw_finding("a"), raw_finding("b"))

    told = world.told(change(ROUTE, ROUTE | {"channel": "#two"}))

    assert "Route “one” changed" == told.words.headline
    assert ["channel “#one” → “#two”"] == lines(told)
    assert "It is valid, and in force within 30 seconds." == told.words.consequence
    assert (
        "In the last seven days (2 findings): +2 messages to #two, "
        "\N{MINUS SIGN}2 messages to #one."
    ) == told.words.explanation
    assert AMBER != told.colour


def test_an_invalid_edit_says_why_and_what_is_in_force() -> None:
    """In the words of routes check."""
    world = World(ROUTE)
    told = world.told(change(ROUTE, BROKEN))

    assert "Route “one” is not valid" == told.words.headline
    assert 'chanel is no attribute of a route; did you mean "channel"?' in lines(told)
    assert "Its last valid version stays in force" in told.words.consequence
    assert "" == told.words.explanation
    assert AMBER == told.colour
    assert {"one": "#one"} == world.kept


def test_an_item_that_never_was_valid_is_left_out() -> None:
    """There is no version to keep."""
    world = World()
    told = world.told(change(None, BROKEN))

    assert "no version of it was ever valid" in told.words.consequence
    assert {} == world.kept


def test_a_mended_item_is_valid_again() -> None:
    """And its new version is kept."""
    world = World(ROUTE)
    world.review(change(ROUTE, BROKEN))
    told = world.told(change(BROKEN, ROUTE | {"channel": "#mended"}))

    assert "It is valid again, and in force within 30 seconds." == told.words.consequence
    assert {"one": "#mended"} == world.kept


def test_a_deleted_item_loses_its_last_valid_version() -> None:
    """An invalid one as well."""
    world = World(ROUTE)
    world.review(change(ROUTE, BROKEN))
    told = world.told(change(BROKEN, None))

    assert "Route “one” deleted" == told.words.headline
    assert {} == world.kept


def test_deleted_and_made_anew_it_has_none_either() -> None:
    """Within one burst."""
    world = World(ROUTE)
    world.review(change(ROUTE, None), change(None, BROKEN))

    assert {} == world.kept


def test_a_version_between_two_readings_of_the_table_is_kept() -> None:
    """The stream has every one."""
    world = World(ROUTE)
    between = ROUTE | {"channel": "#between"}
    world.review(change(ROUTE, between), change(between, BROKEN))

    assert {"one": "#between"} == world.kept


def test_a_version_that_only_the_stream_had_is_kept() -> None:
    """The wake-up has not stored it yet."""
    world = World(ROUTE)
    world.last_valid.stored = LastValid()
    world.review(change(ROUTE, BROKEN))

    assert {"one": "#one"} == world.kept


def test_another_writer_of_the_versions_is_asked_again() -> None:
    """A wake-up stores them at the same time."""
    world = World(ROUTE)
    other = LastValid(items={("route", "x"): ROUTE}, read_at=world.clock.now - 1, version=2)

    def meanwhile() -> None:
        world.last_valid.stored = other

    world.faults.plan("write_last_valid", meanwhile=meanwhile)
    world.review(change(ROUTE, ROUTE | {"channel": "#two"}))

    assert {"one": "#two"} == world.kept
    assert 3 == world.last_valid.stored.version


def test_writers_that_never_end_are_tried_again_later() -> None:
    """The batch comes again."""
    world = World(ROUTE)
    newer = LastValid(read_at=world.clock.now + 60, version=2)
    world.last_valid.stored = newer

    with pytest.raises(StoreError):
        world.review(change(ROUTE, ROUTE | {"channel": "#two"}))


@pytest.mark.parametrize("operation", ["items", "read_last_valid", "write_last_valid"])
def test_a_table_that_does_not_answer_is_tried_again(operation: str) -> None:
    """By the batch coming again."""
    world = World(ROUTE)
    world.faults.plan(operation, store_down)

    with pytest.raises(StoreError):
        world.review(change(ROUTE, ROUTE | {"channel": "#two"}))


def test_an_answer_does_not_wait_for_its_impact() -> None:
    """The rest is told."""
    world = World(ROUTE)
    world.faults.plan("read_decided", store_down)
    told = world.told(change(ROUTE, ROUTE | {"channel": "#two"}))

    assert "" == told.words.explanation
    assert lines(told)


def test_an_edit_that_hides_another_route_says_so() -> None:
    """The route that is never reached now."""
    world = World(ROUTE)
    first = {"kind": "route", "name": "first", "channel": "#x", "order": 1}
    world.review(change(None, first))
    told = world.told(change(first, first | {"stop": True}))

    assert (
        'route one is never reached: route "first" takes every finding before it; '
        "move it up, or take a stop away"
    ) in lines(told)
    assert "⚠️" == told.words.icon

    told = world.told(change(first | {"stop": True}, first | {"stop": True, "order": 2}))
    assert not any("never reached" in line for line in lines(told))


def test_a_value_that_matches_nothing_is_named() -> None:
    """As routes check has it."""
    world = World(ROUTE)
    odd = ROUTE | {"match": {"Severity": {"Label": ["Critical"]}}}
    told = world.told(change(ROUTE, odd))

    assert any('did you mean "CRITICAL"?' in line for line in lines(told))


def test_a_silence_that_is_made_says_who_and_why() -> None:
    """And what it would have held."""
    world = World(ROUTE)
    world.decide(raw_finding())
    told = world.told(change(None, SILENCE))

    assert "Silence “patch” made by anna" == told.words.headline
    assert ["by “anna”", "reason “kernel”", "until “2030-01-01T00:00:00Z”", "match {}"] == lines(
        told
    )
    assert "1 message would have waited" in told.words.explanation


@pytest.mark.parametrize("after", [None, SILENCE | {"until": "2020-01-01T00:00:00Z"}])
def test_a_silence_that_ends_early_says_so(after: Item | None) -> None:
    """Deleted, or with an earlier end."""
    world = World(ROUTE, SILENCE)
    told = world.told(change(SILENCE, after))

    assert "Silence “patch” ended early" == told.words.headline
    assert "The next wake-up posts what was silenced." in told.words.consequence


def test_a_silence_that_was_over_is_only_deleted() -> None:
    """Nobody misses it."""
    over = SILENCE | {"until": "2020-01-01T00:00:00Z"}

    assert "Silence “patch” deleted" == World(over).told(change(over, None)).words.headline


def test_many_edits_are_one_message() -> None:
    """The mistakes first, and all others counted."""
    world = World(ROUTE, SILENCE)
    added = [change(None, ROUTE | {"name": f"r{number}"}) for number in range(20)]
    told = world.told(
        *added,
        change(ROUTE, BROKEN),
        change(None, BROKEN | {"name": "never"}),
        change(SILENCE, None),
    )

    assert "23 items of the routing table: 21 added, 1 changed, 1 deleted" == told.words.headline
    assert lines(told)[0].startswith("route one not valid; its last valid version stays: channel")
    assert lines(told)[1].startswith("route never not valid: channel: is missing")
    assert "silence patch ended early: by “anna”" in lines(told)[-1]
    assert (
        "2 items are not valid, 1 of them stay in force as they were valid last"
        in told.words.consequence
    )
    assert "The others are valid, and in force within 30 seconds." in told.words.consequence


def test_what_was_undone_is_not_told() -> None:
    """There is nothing to say."""
    world = World(ROUTE)
    two = ROUTE | {"channel": "#two"}

    assert world.review(change(ROUTE, two), change(two, ROUTE)) is None


def test_an_old_batch_is_told_as_it_was_and_stores_what_is() -> None:
    """Slack was down, and there were edits since."""
    world = World(ROUTE)
    two, three = ROUTE | {"channel": "#two"}, ROUTE | {"channel": "#three"}
    world.edit(change(ROUTE, three))
    review = world.reviewer.review([change(ROUTE, two)])

    assert review is not None
    [edit] = review.edits
    assert two == edit.after
    [route] = review.after.routes
    assert "#two" == (route.channel and route.channel.text)
    assert {"one": "#three"} == world.kept


def values() -> st.SearchStrategy[Any]:
    """Return values that a row may have."""
    scalars = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | HOSTILE
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HOSTILE, inner, max_size=3),
        max_leaves=6,
    )


def rows() -> st.SearchStrategy[Item | None]:
    """Return rows as people write them, and worse."""
    attributes = st.dictionaries(
        st.sampled_from(["channel", "match", "by", "reason", "until", "order", "description"])
        | HOSTILE,
        values(),
        max_size=5,
    )
    keys = st.tuples(st.sampled_from(["route", "silence", "account"]), HOSTILE)
    return st.none() | st.builds(
        lambda key, rest: {**rest, "kind": key[0], "name": key[1]}, keys, attributes
    )


def pairs() -> st.SearchStrategy[tuple[Item | None, Item | None]]:
    """Return rows before and after an edit, of one key."""
    return st.tuples(rows(), rows()).map(
        lambda both: (
            (both[0], {**both[1], "kind": both[0]["kind"], "name": both[0]["name"]})
            if both[0] and both[1]
            else both
        )
    )


@settings(max_examples=60)
@given(st.lists(pairs(), min_size=1, max_size=4))
def test_every_answer_is_harmless_and_within_limits(
    edits: Iterable[tuple[Item | None, Item | None]],
) -> None:
    """Rows may hold anything: nobody is mentioned, nothing is a link, and Slack takes it."""
    changes = [change(before, after) for before, after in edits if before or after]
    world = World()
    world.decide(raw_finding())
    world.edit(*changes)
    review = world.reviewer.review(changes)
    if review is None:
        return
    told = answer(review, topic="t", table="https://table", cache_seconds=30)
    arguments = notice(told.words, colour=told.colour).arguments()

    assert [] == violations(arguments) + acts(arguments) + says_nothing(arguments)
    assert all(texts_of(block) for block in blocks_of(arguments))
