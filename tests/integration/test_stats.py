"""`finding-router stats`: the numbers that the Ledger keeps."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cli import Cli, lines
from finding_router_cli import ledger_counts
from finding_router_local.stack import Stack
from hub_events import imported, raw_finding

PAYMENTS = {"kind": "account", "name": "123456789012", "alias": "payments"}
ALL = {"kind": "route", "name": "all", "channel": "#all"}
LISTED = {
    "kind": "route",
    "name": "list",
    "order": 1,
    "stop": True,
    "channel": "#list",
    "deliver": "digest",
    "match": {"Id": [{"prefix": "b"}]},
}
NIGHT = {
    "kind": "route",
    "name": "low",
    "channel": "#low",
    "match": {"Severity": {"Label": ["LOW"]}},
    "deliver": "scheduled",
    "schedule": {"time": "03:00", "zone": "UTC"},
}
NEVER = {"kind": "route", "name": "never", "channel": "#never", "match": {"Region": ["x"]}}
NOBODY_KNOWS = {
    "kind": "route",
    "name": "odd",
    "channel": "#odd",
    "match": {"Note": {"Text": ["x"]}},
}


@pytest.fixture(scope="module")
def cli_stack() -> Iterator[Stack]:
    """Run a stack with a worker, which fills the Ledger."""
    with Stack(answers_edits=True) as stack:
        yield stack


def now() -> str:
    """Return the present as Security Hub writes it."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_a_stack_is_counted(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """By channel, account and route, with times, and what is not known."""
    cli.put(PAYMENTS, LISTED, ALL, NEVER, NOBODY_KNOWS)
    names = ["1", *(f"b{number}" for number in range(7))]
    several = [raw_finding(name, UpdatedAt=now()) for name in names]
    cli.stack.send([imported(*several, sent_at=time.time())])

    told = cli.json("stats")

    assert [("#all", 1, 1, 1, 0), ("#list", 7, 7, 0, 7)] == [
        tuple(each[name] for name in ("channel", "findings", "alerts", "messages", "digested"))
        for each in told["channels"]
    ]
    assert {"payments": 8} == told["decided"]["accounts"]
    assert {"all": 1, "list": 7} == told["decided"]["routes"]
    assert (["never"], ["odd"]) == (
        told["decided"]["never_match"],
        told["decided"]["not_known_to_match"],
    )
    assert 8 == told["to_message"]["alerts"]
    assert told["to_message"]["median_seconds"] < 60
    assert told["to_end"] is None
    said = lines(cli("stats"))
    assert "routes that matched none of them: never" in said
    assert any(line.startswith("not known: ") for line in said)
    monkeypatch.setattr(ledger_counts, "MAX_DECIDED", 3)
    assert cli.json("stats")["decided"]["is_cut"]


def test_what_waits_is_counted(cli: Cli) -> None:
    """By the route that holds it."""
    cli.put(NIGHT)
    low = raw_finding("low", UpdatedAt=now(), Severity={"Label": "LOW"})
    cli.stack.send([imported(low, sent_at=time.time())])

    told = cli.json("stats")

    assert {"schedule low": 1} == told["held_by"]
    assert 1 == told["total"]["held"]


def test_an_empty_ledger_is_no_error(cli: Cli) -> None:
    """Nothing is known of it."""
    assert 0 == cli.json("stats", "--since", "24h")["total"]["messages"]
    assert any("AnswerEdits" in line for line in lines(cli("stats")))
    assert "is no time" in cli("stats", "--since", "soon", code=2).stderr
