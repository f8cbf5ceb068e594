"""Whatever one item of the routing table is, its neighbours are routed as without it."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from factories import make_finding
from fakes import Clock
from finding_router.aws.attributes import readable_item
from finding_router.errors import ConfigurationError, StoreError
from finding_router.routing import table as table_module
from finding_router.routing.cache import RouteCache
from finding_router.routing.items import weight
from finding_router.routing.patterns.index import PatternIndex
from finding_router.routing.table import Decision, RoutingTable
from finding_router_cli.main import main
from pattern_language import LEAVES_OR_ABSENCE, TESTS

type Json = dict[str, Any]

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
MANY = examples(75)
SOME = examples(40)

# All operators, so that the row shares columns with them.
NEIGHBOURS: list[Json] = [
    {"kind": "route", "name": f"leaf {number}", "channel": "#a", "match": {"Title": leaf}}
    for number, leaf in enumerate(LEAVES_OR_ABSENCE)
] + [
    {"kind": "route", "name": "high", "channel": "#b", "match": {"Severity": {"Label": ["HIGH"]}}},
    {"kind": "route", "name": "or", "channel": "#c", "order": 7, "match": {
        "$or": [{"Title": [{"prefix": "x"}]}, {"Region": ["eu-west-1"], "Title": ["y"]}]}},
    {"kind": "route", "name": "every", "channel": "#{account}", "deliver": "scheduled",
     "schedule": {"time": "08:30", "zone": "Europe/Zurich"}},
    {"kind": "account", "name": "111122223333", "alias": "payments"},
    {"kind": "silence", "name": "quiet", "match": {"Title": ["xy"]}, "until": "2030-01-01T00:00Z"},
]  # fmt: skip
FINDINGS = [
    make_finding({"Title": title, "Severity": {"Label": label}})
    for title, label in (("x", "HIGH"), ("y", "LOW"), ("xy", "HIGH"), ("10.0.0.1", "LOW"))
]

DEEP: Any = ["x"]
for _ in range(200):
    DEEP = {"a": DEEP}
# As strings as they are worst: half pairs, nothing, zero width, too long, and other alphabets.
LONG = st.tuples(
    st.sampled_from(["x", "é", "8", "a/", "A1", "ß", "{account}", "*a"]),
    st.sampled_from([99, 20_000]),
).map(lambda parts: parts[0] * parts[1])
TEXTS = (
    st.text(max_size=8)
    | st.sampled_from(["\ud83d", "\udc00x", "", "\x00", "\u200b", "{account}", "{tag:\ud83d}"])
    | st.sampled_from(["../x", "Europe", "**", "\\", "10.0.0.0/99", "::1/0", "24:00"])
    | st.just("9999-12-31T23:59:59-14:00")
    | LONG
)
NUMBERS = st.sampled_from(
    [0, -1, 2**63, 1e308, 5e-324, 0.1, float("inf"), -float("inf"), float("nan")]
) | st.integers(0, 400).map(lambda digits: 10**digits)
SCALARS = TEXTS | NUMBERS | st.booleans() | st.none()
ANY_JSON = st.recursive(
    SCALARS | st.just(DEEP),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OPERATORS = [name for test in TESTS for name in test] + ["exists", "cidr", "nothing"]
LEAVES = st.lists(
    SCALARS
    | st.sampled_from(TESTS)
    | st.dictionaries(st.sampled_from(OPERATORS), ANY_JSON, min_size=1, max_size=2),
    max_size=3,
)
FIELDS = st.sampled_from(["Title", "Severity", "Label", "Region", "detail", "title", "", "a.b"])
MATCHES = st.recursive(
    LEAVES | ANY_JSON,
    lambda inner: (
        st.dictionaries(FIELDS | TEXTS, inner, max_size=3)
        | st.fixed_dictionaries({"$or": st.lists(inner, max_size=3) | ANY_JSON})
    ),
    max_leaves=6,
)
AS_TEXT = MATCHES.map(lambda match: json.dumps(match, default=str))
ATTRIBUTES = st.sampled_from(
    ["kind", "name", "match", "channel", "order", "enabled", "stop", "action", "mention", "deliver",
     "mention_from", "schedule", "active_hours", "mode", "description", "until", "reason", "by",
     "on_expiry", "alias", "Channel"]
)  # fmt: skip
GOOD: list[Json] = [
    {"kind": "route", "name": "row", "channel": "#row", "match": {"Title": ["x"]}},
    {"kind": "route", "name": "row", "channel": "#row", "deliver": "scheduled",
     "schedule": {"time": "08:30", "zone": "UTC", "weekdays": "MON-FRI"}},
    {"kind": "route", "name": "row", "channel": "#row",
     "active_hours": {"from": "08:00", "to": "18:00", "zone": "UTC"}},
    {"kind": "silence", "name": "row", "match": {}, "until": "2030-01-01T00:00Z"},
    {"kind": "account", "name": "999988887777", "alias": "row"},
]  # fmt: skip


@st.composite
def rows(draw: st.DrawFn, values: st.SearchStrategy[Any] = ANY_JSON) -> Any:
    """Return an item with a few attributes exchanged for anything, or something else entirely."""
    if draw(st.integers(0, 9)) == 0:
        return draw(values)
    row: Any = dict(draw(st.sampled_from(GOOD)))
    if draw(st.booleans()):
        row["match"] = draw(MATCHES | AS_TEXT | values)
    changes = st.dictionaries(ATTRIBUTES | TEXTS, values, max_size=2)
    row |= draw(changes)
    for owner in ("schedule", "active_hours"):
        if isinstance(row.get(owner), dict) and draw(st.booleans()):
            inner = st.sampled_from(["time", "zone", "weekdays", "from", "to", "always"])
            row[owner] = row[owner] | draw(st.dictionaries(inner | TEXTS, values, max_size=2))
    return row


PYTHON = ANY_JSON | st.sampled_from(
    [b"\xff", {1, 2}, {"a", "b"}, Decimal("1e-130"), Decimal("sNaN"), Decimal("Infinity"), object()]
)


def table_of(*items: object) -> RoutingTable:
    """Read *items*."""
    return RoutingTable.from_items(items, default_channel="#default", allow_suppress=True)


WITHOUT = table_of(*NEIGHBOURS)


def decisions(table: RoutingTable) -> list[Decision]:
    """Decide about every finding."""
    return [table.decide(finding, now=NOW) for finding in FINDINGS]


def neighbours_of(table: RoutingTable) -> list[list[str]]:
    """Return which of the neighbours match each finding."""
    events = [{"detail": {"findings": [finding.raw]}} for finding in FINDINGS]
    names = {item["name"] for item in NEIGHBOURS}
    return [[name for name in table._index.match(event) if name in names] for event in events]


class TestTable:
    """One row among good ones."""

    @MANY
    @given(rows() | rows(PYTHON), st.integers(0, len(NEIGHBOURS)))
    def test_neighbours_are_routed_as_without_it(self, row: Any, place: int) -> None:
        """A wrong row changes no decision, a right one none of what its neighbours match."""
        table = table_of(*NEIGHBOURS[:place], row, *NEIGHBOURS[place:])

        assert neighbours_of(WITHOUT) == neighbours_of(table)
        if table.problems:
            assert decisions(WITHOUT) == decisions(table)
            assert 1 == table.skipped
        else:
            decisions(table)

    @MANY
    @given(rows() | rows(PYTHON))
    def test_every_problem_can_be_told(self, row: Any) -> None:
        """Kind, name, field, problem and remedy, none too long and all of them UTF-8."""
        for problem in table_of(row).problems:
            said = (problem.kind, problem.name, problem.field, problem.problem, problem.remedy)
            assert str(problem).encode()
            assert all(map(str.strip, said[2:]))

    @SOME
    @given(st.lists(rows(), max_size=6))
    def test_several_rows_at_once(self, some: list[Any]) -> None:
        """They do not hurt their neighbours together, either."""
        assert neighbours_of(WITHOUT) == neighbours_of(table_of(*NEIGHBOURS, *some))

    def test_a_row_that_cannot_be_indexed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What no check foresees is found by trying each alone."""

        class Picky(PatternIndex):
            def __init__(self, patterns: dict[str, Any]) -> None:
                if "row" in patterns:
                    raise ZeroDivisionError("by nought")
                super().__init__(patterns)

        monkeypatch.setattr(table_module, "PatternIndex", Picky)
        table = table_of(*NEIGHBOURS, GOOD[0])

        assert decisions(WITHOUT) == decisions(table)
        told = (
            'route "row", item: cannot be used: ZeroDivisionError (by nought); '
            "write it in another way, or delete it"
        )
        assert [told] == list(map(str, table.problems))

    def test_the_default_channel_is_no_row(self) -> None:
        """Its mistake is that of the stack."""
        with pytest.raises(ConfigurationError, match="default channel"):
            RoutingTable.from_items(NEIGHBOURS, default_channel="#No")


class TestLimits:
    """Rows and tables that would take long to read."""

    @pytest.mark.parametrize(
        ("change", "field", "problem"),
        [
            ({"name": "é" * 257}, "name", "has 514 bytes in UTF-8"),
            ({"channel": "C" + "A1" * 40}, "channel", "which is no channel id"),
            ({"channel": "#" + "ß" * 81}, "channel", "which is no channel name"),
            ({"channel": "{account}" * 11}, "channel", "has more than 10 placeholders"),
            ({"mention": ["@here"] * 51}, "mention", "has more than 50 entries"),
            ({"description": "x" * 32_768}, "item", "is too large: it has more than 32,768 bytes"),
            ({"match": {"Title": ["\ud83d"]}}, "match", "has half of a surrogate pair"),
            ({"match": '{"Title": "\\ud83d"}'}, "match", "has half of a surrogate pair"),
            ({"name": "\ud83d"}, "name", "has half of a surrogate pair"),
            ({"\ud83d": 1}, "\\ud83d", "has half of a surrogate pair"),
            ({"match": {"Title": [float("nan")]}}, "match.Title", "has the number nan in it"),
            ({"order": 10**5000}, "order", "is a number of too many digits"),
            ({"x": DEEP}, "x", "is no attribute of a route"),
        ],
    )
    def test_of_one_item(self, change: Json, field: str, problem: str) -> None:
        """Each is told with its remedy, and hurts nobody else."""
        table = table_of(*NEIGHBOURS, GOOD[0] | change)
        [told] = table.problems

        assert field == told.field
        assert problem in told.problem
        assert told.remedy
        assert decisions(WITHOUT) == decisions(table)

    def test_alternatives_multiply(self) -> None:
        """They are counted, not tried."""
        two = [{"Title": ["x"]}, {"Region": ["y"]}]
        match = {f"a{number}": {"$or": two} for number in range(400)}
        [told] = table_of(GOOD[0] | {"match": match}).problems

        assert "match" == told.field
        assert "has more than 5,000 fields in all combinations" in told.problem

    def test_many_mistakes_of_one_item(self) -> None:
        """Twenty are enough to begin with."""
        table = table_of(GOOD[0] | {f"x{number}": 1 for number in range(100)})

        assert 21 == len(table.problems)
        assert "has 80 further mistakes" == table.problems[-1].problem

    @pytest.mark.parametrize(
        ("limit", "room", "heavy"),
        [
            ("MAX_TABLE_BYTES", 2_500, {"description": "x" * 2_000}),
            ("MAX_TABLE_FIELDS", 20, {"match": {name: ["x"] for name in "abcdefghijklmnop"}}),
        ],
    )
    def test_the_heaviest_are_left_out(
        self, monkeypatch: pytest.MonkeyPatch, limit: str, room: int, heavy: Json
    ) -> None:
        """So that a heavy row takes no place from its neighbours, wherever it stands."""
        taken = WITHOUT.weight.size if limit == "MAX_TABLE_BYTES" else WITHOUT.weight.fields
        monkeypatch.setattr(weight, limit, taken + room)
        table = table_of(GOOD[0] | heavy | {"name": "one"}, *NEIGHBOURS, GOOD[0] | heavy)

        assert neighbours_of(WITHOUT) == neighbours_of(table)
        assert table.problems
        assert {"one", "row"} >= {problem.name for problem in table.problems}
        assert all(problem.problem.startswith("does not fit") for problem in table.problems)
        assert table.weight.share <= 1

    def test_too_many_items(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The last of those that weigh the same have no place."""
        monkeypatch.setattr(weight, "MAX_TABLE_ITEMS", 3)
        table = table_of(*(GOOD[0] | {"name": f"{number}"} for number in range(5)))

        assert ["3", "4"] == [problem.name for problem in table.problems]

    def test_a_held_finding_has_a_key(self) -> None:
        """The longest name and the longest channel make a key of at most 1,024 bytes."""
        name, channel = "é" * 256, "#" + "𐐨" * 80
        [route] = table_of(GOOD[1] | {"name": name, "channel": channel}).routes
        assert route.posts_to

        assert len(f"schedule#{route.name}#{route.posts_to.text}".encode()) <= 1024


class TestCheck:
    """`finding-router routes check`."""

    @SOME
    @given(row=rows())
    def test_it_names_item_field_and_remedy(
        self, tmp_path_factory: pytest.TempPathFactory, row: Any
    ) -> None:
        """Whatever is in a file that is JSON, there is no traceback."""
        path = tmp_path_factory.mktemp("rows") / "routes.json"
        written = json.dumps([*NEIGHBOURS, row])
        path.write_text(written, "utf-8")
        result = CliRunner().invoke(main, ["routes", "check", str(path)], catch_exceptions=False)

        assert result.exit_code in {0, 1}
        assert result.output.encode()
        for line in result.output.splitlines()[:-1]:
            if line.startswith("wrong: "):
                assert re.match(r'wrong: .* "?.*"?.*: .*; .*', line)

    @SOME
    @given(
        st.dictionaries(
            ATTRIBUTES,
            st.dictionaries(
                st.sampled_from(["S", "N", "M", "L", "SS", "BOOL", "B"]),
                ANY_JSON,
                min_size=1,
                max_size=1,
            ),
            min_size=1,
            max_size=3,
        )
    )
    def test_what_a_scan_prints_can_be_checked(self, row: Json) -> None:
        """Values that are not of their type stay as they are, and are told."""
        table = table_of(*NEIGHBOURS, readable_item(row))

        assert neighbours_of(WITHOUT) == neighbours_of(table)
        assert table.problems

    def test_a_number_that_cannot_be_converted(self) -> None:
        """One row of it must not keep all others from being read."""
        typed = {"kind": {"S": "route"}, "name": {"S": "row"}, "order": {"N": "1" * 40}}
        item = readable_item(typed)
        [told, *_] = table_of(item | {"channel": "#row"}).problems

        assert {"kind": "route", "name": "row", "order": {"N": "1" * 40}} == item
        assert 'route "row", order: is a map; make it a whole number such as 100' == str(told)

    def test_it_says_that_a_table_is_mostly_full(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Before something is left out."""
        monkeypatch.setattr(weight, "MAX_TABLE_ITEMS", len(NEIGHBOURS))
        path = tmp_path / "routes.json"
        path.write_text(json.dumps(NEIGHBOURS), "utf-8")
        result = CliRunner().invoke(main, ["routes", "check", str(path)], catch_exceptions=False)

        assert f"mostly full: {len(NEIGHBOURS)} of {len(NEIGHBOURS)} items, " in result.output


class TestCache:
    """The table of a worker."""

    def cache(self, read: Callable[[], list[Json]], clock: Clock) -> RouteCache:
        """Make a cache that reads again after a second."""
        return RouteCache(
            read, default_channel="#d", allow_suppress=True, cache_seconds=1, clock=clock
        )

    @SOME
    @given(row=rows())
    def test_it_goes_on(self, row: Any) -> None:
        """Warm or cold, with the row and when it is gone again."""
        items: list[Any] = list(NEIGHBOURS)
        clock = Clock()
        warm = self.cache(lambda: list(items), clock)
        warm.table()
        items.append(row)
        clock.now += 2

        for cache in (warm, self.cache(lambda: list(items), clock)):
            assert neighbours_of(WITHOUT) == neighbours_of(cache.table())
            assert cache.stale_because is None
        items.pop()
        clock.now += 2
        assert not warm.table().problems

    def test_a_table_that_cannot_be_built(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The last good one stays and is announced, and the items do not count as read."""
        items: list[Any] = list(NEIGHBOURS)
        clock = Clock()
        cache = self.cache(lambda: list(items), clock)
        good = cache.table()
        items.append(GOOD[0])

        with monkeypatch.context() as broken:
            broken.setattr(RoutingTable, "from_items", _fail)
            for _ in range(2):
                clock.now += 2
                assert good is cache.table()
                assert (
                    "the routing table cannot be used: ZeroDivisionError while reading it"
                    == str(cache.stale_because)
                )
            with pytest.raises(StoreError, match="ZeroDivisionError"):
                self.cache(lambda: list(items), clock).table()
        clock.now += 2

        assert cache.table().route("row")
        assert cache.stale_because is None


def _fail(*_: object, **__: object) -> RoutingTable:
    raise ZeroDivisionError
