"""`finding-router routes test`: findings, and where they are expected to go."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli import Cli, lines
from hub_events import imported, raw_finding

ROUTES = [
    {
        "kind": "route",
        "name": "urgent",
        "match": {"Severity": {"Label": ["HIGH"]}},
        "channel": "#u",
    },
    {
        "kind": "route",
        "name": "quiet",
        "match": {"Severity": {"Label": ["LOW"]}},
        "action": "drop",
    },
]
LOW = raw_finding("low", Severity={"Label": "LOW"})


@pytest.fixture
def command(tmp_path: Path) -> Any:
    """Return a function that writes tests and routes, and returns the command's arguments."""

    def write(*entries: Any, routes: Any = ROUTES) -> list[str]:
        (tmp_path / "routes.yaml").write_text(yaml.safe_dump(routes), "utf-8")
        path = tmp_path / "tests.yaml"
        path.write_text(yaml.safe_dump(list(entries)), "utf-8")
        return ["routes", "test", str(path), "--routes", str(tmp_path / "routes.yaml")]

    return write


def test_expectations_that_hold_are_a_success(cli: Cli, command: Any) -> None:
    """A line each, by its name or the title of its finding."""
    words = command(
        {"name": "urgent ones", "finding": raw_finding(), "channels": ["u"]},
        {"finding": LOW, "channels": []},
        {"finding": LOW, "channels": "none", "at": "2030-01-01T00:00:00Z"},
    )

    assert [
        "✓ urgent ones  #u",
        "✓ Title of low  none",
        "✓ Title of low  none",
        "3 findings, 0 not as expected",
    ] == lines(cli(*words))


def test_differences_are_told_with_their_reasons(cli: Cli, command: Any) -> None:
    """Channels too many with their route, missing ones with what keeps the finding from them."""
    words = command(
        {"name": "more", "finding": raw_finding(), "channels": ["#x"]},
        {"name": "dropped", "finding": LOW, "channels": ["#x"]},
        {"name": "archived", "finding": raw_finding(RecordState="ARCHIVED"), "channels": ["#u"]},
        {"name": "unreadable", "finding": {"Id": 1}, "channels": ["#x"]},
    )

    told = lines(cli(*words, code=1))

    assert [
        "✗ more",
        "    expected #x, goes to #u",
        "    + #u  by route urgent",
        "    - #x  no route posts it there",
        "✗ dropped",
        "    expected #x, goes to none",
        "    - #x  dropped by route quiet",
        "✗ archived",
        "    expected #u, goes to none",
        "    - #u  not posted: archived",
    ] == told[:10]
    assert ["✗ unreadable", "    expected #x, goes to #default-channel"] == told[10:12]
    assert told[13].startswith("    - #x  posted raw: ")
    assert "4 findings, 4 not as expected" == told[14]


def test_programs_read_the_results(cli: Cli, command: Any) -> None:
    """With the same reasons."""
    words = command({"name": "more", "finding": raw_finding(), "channels": ["#x"]})

    assert {
        "tests": [
            {
                "name": "more",
                "title": "Title of finding-1",
                "expected": ["#x"],
                "goes": ["#u"],
                "is_right": False,
                "reasons": ["+ #u  by route urgent", "- #x  no route posts it there"],
            }
        ],
        "problems": [],
    } == cli.json(*words, code=1)


def test_findings_may_be_in_files(cli: Cli, command: Any, tmp_path: Path) -> None:
    """Beside the file of the tests; each finding of an event is looked at."""
    (tmp_path / "event.json").write_text(json.dumps(imported(raw_finding("1"), LOW)), "utf-8")

    told = lines(cli(*command({"file": "event.json", "channels": ["#u"]}), code=1))

    assert ["✓ Title of 1  #u", "✗ Title of low"] == told[:2]


def test_a_moment_decides_about_silences(cli: Cli, command: Any) -> None:
    """What is held goes to its channel, only later; what is forgotten goes nowhere."""
    silence = {"kind": "silence", "name": "s", "match": {}, "until": "2030-01-01T00:00:00Z"}
    words = command(
        {"finding": raw_finding(), "channels": [], "at": "2029-12-31T00:00:00Z"},
        {"finding": raw_finding(), "channels": ["#u"], "at": "2030-01-02T00:00:00Z"},
        routes=[*ROUTES, silence | {"on_expiry": "forget"}],
    )

    assert [
        "✓ Title of finding-1  none",
        "✓ Title of finding-1  #u",
        "2 findings, 0 not as expected",
    ] == lines(cli(*words))


def test_a_wrong_route_fails_as_well(cli: Cli, command: Any) -> None:
    """It would be left out in the stack."""
    words = command(
        {"finding": LOW, "channels": []}, routes=[*ROUTES, {"kind": "route", "name": "x"}]
    )

    told = lines(cli(*words, code=1))

    assert told[0].startswith('wrong: route "x", channel: is missing')
    assert "1 finding, 0 not as expected" == told[-1]


def test_routes_of_a_stack_are_tested_without_a_file(cli: Cli, command: Any) -> None:
    """Which are those that run here."""
    cli.put(*ROUTES)
    words = command({"finding": raw_finding(), "channels": ["#u"]})

    assert ["✓ Title of finding-1  #u", "1 finding, 0 not as expected"] == lines(cli(*words[:3]))


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (1, "test 1 is no map; write a list of tests, each with a finding"),
        (
            {"finding": LOW, "channel": []},
            "test 1 has the attribute channel; known are at, channels",
        ),
        ({"channels": []}, "test 1 has neither or both of finding and file"),
        ({"finding": LOW, "file": "x", "channels": []}, "has neither or both"),
        ({"finding": LOW}, 'test 1 has no list of channels; write ["#alerts"], or []'),
        ({"finding": LOW, "channels": [1]}, "has no list of channels"),
        ({"finding": LOW, "channels": ["#A"]}, 'is the text "#A"'),
        ({"finding": LOW, "channels": [], "at": "now"}, "write a moment with its zone"),
        ({"file": "missing.json", "channels": []}, "missing.json cannot be opened"),
    ],
)
def test_a_file_that_is_wrong_is_refused(cli: Cli, command: Any, entry: Any, told: str) -> None:
    """With the place and the remedy; the exit code is not that of a finding elsewhere."""
    assert told in cli(*command(entry), code=2).stderr


def test_an_empty_file_is_no_success(cli: Cli, command: Any) -> None:
    """A test that tests nothing is forgotten easily."""
    assert "holds no test" in cli(*command(), code=2).stderr


def test_json_is_read_as_well(cli: Cli, tmp_path: Path) -> None:
    """Of a file that is called so."""
    routes, path = tmp_path / "routes.json", tmp_path / "tests.json"
    routes.write_text(json.dumps(ROUTES), "utf-8")
    path.write_text(json.dumps([{"finding": LOW, "channels": []}]), "utf-8")

    assert ["✓ Title of low  none", "1 finding, 0 not as expected"] == lines(
        cli("routes", "test", str(path), "--routes", str(routes))
    )
