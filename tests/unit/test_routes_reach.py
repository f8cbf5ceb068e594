"""Routes that an earlier one keeps every finding from."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from finding_router.lint.reach import implies
from finding_router.routing.patterns.pattern import Pattern, compile_pattern
from finding_router_cli.main import main
from pattern_language import UNTIMED, cases, patterns

type Json = dict[str, Any]

HIGH: Json = {"Severity": {"Label": ["HIGH"]}}
GRAVE: Json = {"Severity": {"Label": ["CRITICAL", "HIGH"]}}
IN_ONE: Json = {"AwsAccountId": ["111122223333"]}
EVERY_EVENT: Json = {
    "source": ["aws.securityhub"],
    "detail-type": [{"prefix": "Security Hub"}, {"suffix": "V2"}],
}


def unreached(folder: Path, first: Json, second: Json) -> list[str]:
    """Return what is odd about the order of two routes, of which the first one stops."""
    routes = [
        {"kind": "route", "name": "first", "channel": "#a", "order": 1, "stop": True} | first,
        {"kind": "route", "name": "second", "channel": "#b", "order": 2} | second,
    ]
    path = folder / "routes.json"
    path.write_text(json.dumps(routes), "utf-8")
    result = CliRunner().invoke(main, ["routes", "check", str(path)], catch_exceptions=False)
    return [line for line in result.output.splitlines() if ", order: " in line]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({}, {"match": HIGH}),
        ({"match": EVERY_EVENT}, {}),
        ({"match": {"source": ["aws.securityhub"]}}, {"match": HIGH}),
        ({"match": HIGH}, {"match": HIGH}),
        ({"match": GRAVE}, {"match": HIGH}),
        ({"match": GRAVE}, {"match": HIGH | IN_ONE}),
        ({"match": {"Severity.Label": ["HIGH"]}}, {"match": HIGH}),
        ({"match": HIGH}, {"match": {"detail": {"findings": HIGH}}}),
        ({"match": GRAVE}, {"match": {"$or": [HIGH, {"Severity": {"Label": ["CRITICAL"]}}]}}),
        ({"match": {"$or": [HIGH, IN_ONE]}}, {"match": IN_ONE}),
        ({"match": {"Title": [{"prefix": "S"}]}}, {"match": {"Title": [{"prefix": "S3"}, "S"]}}),
        ({"match": {"Title": [{"suffix": "c"}]}}, {"match": {"Title": [{"suffix": "lic"}]}}),
        ({"match": {"Title": [{"exists": True}]}}, {"match": {"Title": [{"wildcard": "*a*b*"}]}}),
        (
            {"match": {"Confidence": [{"numeric": [">=", 50]}]}},
            {"match": {"Confidence": [{"numeric": [">", 50, "<", 60]}, 70]}},
        ),
        (
            {"match": {"Region": [{"anything-but": "eu-west-1"}]}},
            {"match": {"Region": [{"anything-but": ["eu-west-1", "eu-west-2"]}, "us-east-1"]}},
        ),
        (
            {"match": {"Network": {"SourceIpV4": [{"cidr": "10.0.0.0/8"}]}}},
            {"match": {"Network": {"SourceIpV4": [{"cidr": "10.1.0.0/16"}, "10.0.0.1"]}}},
        ),
        (
            {"match": {"Title": [{"wildcard": "a*b*c"}, {"equals-ignore-case": "x"}]}},
            {"match": {"Title": [{"equals-ignore-case": "X"}]}},
        ),
        ({"match": HIGH, "action": "drop"}, {"match": HIGH, "mode": "shadow"}),
    ],
)
def test_a_route_behind_a_stop_that_takes_all_of_it(
    tmp_path: Path, first: Json, second: Json
) -> None:
    """It names the one before it."""
    [line] = unreached(tmp_path, first, second)

    assert line.startswith('odd: route "second", order: is never reached: route "first" ')
    assert line.endswith("; move it up, or take a stop away")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"stop": False}, {}),
        ({"mode": "shadow"}, {}),
        ({"enabled": False}, {}),
        ({}, {"enabled": False}),
        ({}, {"order": 0}),
        ({"match": HIGH}, {}),
        ({"match": HIGH}, {"match": GRAVE}),
        ({"match": HIGH}, {"match": IN_ONE}),
        ({"match": HIGH | IN_ONE}, {"match": HIGH}),
        ({"match": HIGH}, {"match": {"$or": [HIGH, IN_ONE]}}),
        ({"match": EVERY_EVENT | {"detail-type": ["Security Hub Findings - Imported"]}}, {}),
        ({"match": {"Title": [{"prefix": "S3"}]}}, {"match": {"Title": [{"prefix": "S"}]}}),
        (
            {"match": {"Note": {"Text": [{"exists": False}]}}},
            {"match": {"Note": {"Text": [{"exists": False}]}, **HIGH}},
        ),
        (
            {"match": {"Confidence": [{"numeric": [">", 50]}]}},
            {"match": {"Confidence": [{"numeric": [">=", 50]}]}},
        ),
        (
            {"match": {"Region": [{"anything-but": ["eu-west-1", "eu-west-2"]}]}},
            {"match": {"Region": [{"anything-but": "eu-west-1"}]}},
        ),
        (
            {"match": {"Network": {"SourceIpV4": [{"cidr": "10.1.0.0/16"}]}}},
            {"match": {"Network": {"SourceIpV4": [{"cidr": "10.0.0.0/8"}]}}},
        ),
    ],
)
def test_a_route_that_gets_something(tmp_path: Path, first: Json, second: Json) -> None:
    """Or that nobody expects anything of."""
    assert [] == unreached(tmp_path, first, second)


def test_several_routes_before_it_may_take_all_of_it(tmp_path: Path) -> None:
    """Each of them an alternative."""
    routes = [
        {"kind": "route", "name": "a", "channel": "#a", "order": 1, "stop": True, "match": HIGH},
        {"kind": "route", "name": "b", "channel": "#a", "order": 2, "stop": True, "match": IN_ONE},
        {"kind": "route", "name": "c", "channel": "#a", "match": {"$or": [HIGH, IN_ONE]}},
    ]
    path = tmp_path / "routes.json"
    path.write_text(json.dumps(routes), "utf-8")

    result = CliRunner().invoke(main, ["routes", "check", str(path)], catch_exceptions=False)

    assert (
        'odd: route "c", order: is never reached: routes "a", "b" stop before it' in result.output
    )


@st.composite
def _narrowed(draw: Any) -> tuple[Json, Json, Json]:
    """Return a pattern, another one with further fields or fewer values, and an event."""
    narrow, event = draw(cases())
    chance: Random = draw(st.randoms(use_true_random=True))
    return _wider(narrow, chance), narrow, event


def _wider(pattern: Json, chance: Random) -> Json:
    wide: Json = {}
    for name, inner in pattern.items():
        if name == "$or" or chance.random() < 0.3:
            continue
        more = chance.choice([["x"], [{"prefix": "x"}], [{"exists": True}], [{"exists": False}]])
        wide[name] = _wider(inner, chance) if isinstance(inner, dict) else [*inner, *more]
    return wide or {next(iter(pattern)): next(iter(pattern.values()))}


@UNTIMED
@given(_narrowed() | st.tuples(patterns(), patterns(), cases().map(lambda case: case[1])))
def test_a_rule_that_implies_another_matches_no_more(case: tuple[Json, Json, Json]) -> None:
    """Elements of arrays, absence and alternatives included."""
    wide, narrow, event = case
    for rule in compile_pattern(narrow).rules:
        for other in compile_pattern(wide).rules:
            if implies(rule, other) and _matches(rule, event):
                assert _matches(other, event)


def _matches(rule: Any, event: Json) -> bool:

    return Pattern((rule,)).matches(event)


def test_a_large_table_of_stops_is_checked_in_time(tmp_path: Path) -> None:
    """Routes are compared only with those that share a value."""
    routes = [
        {"kind": "route", "name": f"{n}", "channel": "#a", "stop": True,
         "match": {"AwsAccountId": [f"{n:012}"], "Title": [{"prefix": "x"}]}}
        for n in range(3000)
    ]  # fmt: skip
    last = {"kind": "route", "name": "last", "order": 999, "channel": "#a"}
    last["match"] = {"AwsAccountId": [f"{2999:012}"], "Title": ["xy"]}
    path = tmp_path / "routes.json"
    path.write_text(json.dumps([*routes, last]), "utf-8")

    result = CliRunner().invoke(main, ["routes", "check", str(path)], catch_exceptions=False)

    [line] = [line for line in result.output.splitlines() if line.startswith("odd")]
    assert 'route "last", order: is never reached: route "2999" stops before it' in line
