"""Silences: the findings that are not posted, and until when."""

from datetime import UTC, datetime, timedelta
from typing import Any

from factories import make_finding
from finding_router.findings.finding import Finding, Severity
from finding_router.routing.hold import Hold, HoldKind
from finding_router.routing.table import Destination, RoutingTable

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 9, 18, tzinfo=UTC)
HIGH = {"Severity": {"Label": ["HIGH"]}}
A = {"kind": "route", "name": "a", "channel": "#a"}


def silence(name: str = "s", until: datetime = LATER, **attributes: Any) -> dict[str, Any]:
    """Write a silence of everything, with *attributes*."""
    return {"kind": "silence", "name": name, "match": {}, "until": until.isoformat()} | attributes


def table_of(*items: object) -> RoutingTable:
    """Make a table of *items*, which are right."""
    table = RoutingTable.from_items(items, default_channel="#default")
    assert table.problems == ()
    return table


def finding(label: str = "HIGH") -> Finding:
    """Make a finding of a severity."""
    return make_finding({"Severity": {"Label": label}}, severity=Severity(label))


def held(name: str = "s", until: datetime = LATER, *, forget: bool = False) -> Hold:
    """Return how long a silence holds."""
    return Hold(kind=HoldKind.SILENCE, name=name, due_at=until, forget=forget)


def test_all_messages_of_a_silenced_finding_wait() -> None:
    """They keep their channels, in which they will be listed when it is over."""
    table = table_of(A, {"kind": "route", "name": "b", "channel": "#b"}, silence())

    decision = table.decide(finding(), now=NOW)

    assert decision.silenced_by == "s"
    assert decision.channels == (
        Destination(channel="#a", routes=("a",), hold=held()),
        Destination(channel="#b", routes=("b",), hold=held()),
    )


def test_the_default_channel_is_silenced_as_well() -> None:
    """A silence needs no route."""
    [destination] = table_of(silence()).decide(finding(), now=NOW).channels

    assert ("#default", held()) == (destination.channel, destination.hold)


def test_only_what_matches_is_silenced() -> None:
    """Patterns are those of routes, for findings or for whole events."""
    rule = {"source": ["aws.securityhub"], "detail": {"findings": {"Severity": {"Label": ["LOW"]}}}}
    table = table_of(A, silence("high", match=HIGH), silence("low", match=rule))

    by = [table.decide(finding(label), now=NOW).silenced_by for label in ("HIGH", "LOW", "MEDIUM")]

    assert by == ["high", "low", None]


def test_it_ends_by_itself() -> None:
    """At that moment, without the table being read again."""
    table = table_of(A, silence(until=LATER))

    before = table.decide(finding(), now=LATER - timedelta(microseconds=1))
    after = table.decide(finding(), now=LATER)

    assert before.silenced_by == "s"
    assert after.silenced_by is None
    assert [None] == [one.hold for one in after.channels]


def test_without_a_moment_it_is_now() -> None:
    """The default moment is the present."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    assert table_of(A, silence(until=tomorrow)).decide(finding()).silenced_by == "s"
    assert table_of(A, silence(until=NOW)).decide(finding()).silenced_by is None


def test_of_several_the_longest_counts() -> None:
    """A finding that any of them silences stays silent."""
    table = table_of(
        A,
        silence("short", NOW + timedelta(hours=1)),
        silence("long", NOW + timedelta(hours=3), on_expiry="forget", match=HIGH),
        silence("middle", NOW + timedelta(hours=2)),
        silence("over", NOW - timedelta(hours=1)),
    )

    [destination] = table.decide(finding(), now=NOW).channels

    assert held("long", NOW + timedelta(hours=3), forget=True) == destination.hold


def test_of_equally_long_ones_that_which_tells_counts() -> None:
    """No finding is forgotten that another silence posts at its end."""
    table = table_of(A, silence("z", on_expiry="forget"), silence("a"), silence("b"))

    assert table.decide(finding(), now=NOW).silenced_by == "b"


def test_what_a_person_asks_for_is_not_silenced() -> None:
    """A person who sends a finding wants it to be posted now."""
    decision = table_of(A, silence()).decide(finding(), requested=True, now=NOW)

    assert decision.silenced_by is None
    assert [None] == [one.hold for one in decision.channels]


def test_what_is_dropped_is_not_silenced() -> None:
    """There is nothing to list when the silence is over."""
    table = table_of({"kind": "route", "name": "drop", "action": "drop"}, silence())

    decision = table.decide(finding(), now=NOW)

    assert ("drop", None, ()) == (decision.dropped_by, decision.silenced_by, decision.channels)


def test_it_wins_over_schedule_and_hours() -> None:
    """One message when it is over has everything, with the mentions of all routes."""
    zone = {"zone": "UTC"}
    hours = {"from": "01:00", "to": "02:00"} | zone
    table = table_of(
        A | {"deliver": "scheduled", "schedule": {"time": "13:00"} | zone, "mention": ["@here"]},
        A | {"name": "b", "active_hours": hours, "mention": ["@channel"]},
        silence(),
    )

    [destination] = table.decide(finding(), now=NOW).channels

    assert destination == Destination(
        channel="#a", routes=("a", "b"), mention=("@here", "@channel"), hold=held()
    )


def test_the_worst_is_silenced_as_well() -> None:
    """For messages about CRITICAL findings, write a narrower match."""
    decision = table_of(A, silence()).decide(finding("CRITICAL"), now=NOW)

    assert decision.silenced_by == "s"


def test_a_silence_that_is_over_is_told_but_no_problem() -> None:
    """It has mostly done its work; written in the past by mistake, it does nothing."""
    table = table_of(A, silence("a"), silence("b", NOW), silence("c", NOW - timedelta(days=400)))

    assert [str(error) for error in table.over(NOW)] == [
        (
            'silence "c", until: is past since 2025-02-02 12:00 UTC; '
            "write a later moment, or delete the item"
        ),
        (
            'silence "b", until: is past since 2026-03-09 12:00 UTC; '
            "write a later moment, or delete the item"
        ),
    ]
    assert table.over(NOW - timedelta(days=500)) == ()
    assert ["c", "b", "a"] == [one.name for one in table.silences]


def test_of_two_with_one_name_the_first_counts() -> None:
    """A file may have them; the second is a problem."""
    table = RoutingTable.from_items([silence(), silence()], default_channel="#default")

    [problem] = table.problems
    assert 'silence "s", name: is there twice; give each a name of its own' == str(problem)


def test_many_of_them_are_told_apart() -> None:
    """They are indexed as routes are."""
    many = [silence(f"s{n}", match={"GeneratorId": [f"g{n}"]}) for n in range(1000)]
    table = table_of(A, *many)

    decisions = [
        table.decide(make_finding({"GeneratorId": generator}), now=NOW)
        for generator in ("g77", "g1000")
    ]

    assert ["s77", None] == [decision.silenced_by for decision in decisions]
