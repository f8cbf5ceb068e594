"""`finding-router stats`: the numbers of a stack."""

import itertools
import re
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli import Cli, lines
from finding_router_cli import ledger_counts, run_counts, stats
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
SILENCE = {
    "kind": "silence",
    "name": "patch",
    "match": {"Id": ["still"]},
    "until": "2040-01-01T00:00:00Z",
    "by": "anna",
    "reason": "kernel",
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
    """By channel, account and route, with times."""
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
    assert [] == told["not_known"]
    assert not any(line.startswith("not known: ") for line in said)
    monkeypatch.setattr(ledger_counts, "MAX_DECIDED", 3)
    assert cli.json("stats")["decided"]["is_cut"]


def table(said: Sequence[str], first: str) -> dict[str, dict[str, str]]:
    """Return the printed table whose *first* column has that name, by row and column."""
    start = next(number for number, line in enumerate(said) if line.startswith(first))
    rows = [re.split(r" {2,}", line.strip()) for line in said[start:]]
    names, width = rows[0], len(rows[0])
    cells = itertools.takewhile(lambda row: len(row) == width, rows[1:])
    return {row[0]: dict(zip(names, row, strict=True)) for row in cells}


def test_every_end_is_counted(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A duplicate, a digest, a silence, an end and a return, of two accounts."""
    cli.put(PAYMENTS, LISTED, ALL, SILENCE)
    began = datetime.now(UTC) - timedelta(hours=2)

    def send(finding_id: str, minutes: int, **changes: Any) -> str | None:
        at = began + timedelta(minutes=minutes)
        raw = raw_finding(finding_id, UpdatedAt=f"{at:%Y-%m-%dT%H:%M:%SZ}", **changes)
        [outcome] = cli.stack.send([imported(raw, sent_at=at.timestamp())])
        return outcome.outcome

    assert "posted" == send("one", 0)
    assert "duplicate" == send("one", 1)
    assert "updated" == send("one", 60, RecordState="ARCHIVED")
    assert "posted" == send("one", 90)
    assert "posted" == send("two", 0, AwsAccountId="210987654321")
    assert "digested" == send("b", 0, AwsAccountId="210987654321")
    assert "silenced" == send("still", 0)

    told = cli.json("stats")
    channels, routes, accounts = (
        {row.pop(one): {name: number for name, number in row.items() if number} for row in rows}
        for one, rows in (
            ("channel", told["channels"]),
            ("route", told["routes"]),
            ("account", told["accounts"]),
        )
    )
    assert {
        "findings": 2,
        "alerts": 2,
        "messages": 3,
        "held": 1,
        "updates": 1,
        "duplicates": 1,
        "silenced": 1,
    } == channels["#all"]
    assert {"findings": 1, "alerts": 1, "digested": 1, "digest_messages": 2} == channels["#list"]
    assert {
        "findings": 3,
        "messages": 3,
        "updates": 1,
        "duplicates": 1,
        "silenced": 1,
    } == routes["all"]
    assert {"findings": 1, "digested": 1, "digest_messages": 2} == routes["list"]
    assert {
        "findings": 2,
        "messages": 2,
        "updates": 1,
        "duplicates": 1,
        "silenced": 1,
    } == accounts["payments"]
    assert {"findings": 2, "messages": 1, "digested": 1} == accounts["210987654321"]
    # The return, too, took half an hour, and the others two.
    assert 4 == told["to_message"]["alerts"]
    assert [] == told["not_known"]
    said = lines(cli("stats"))
    assert "1" == table(said, "CHANNEL")["#all"]["DUPLICATES"]
    assert "2" == table(said, "ROUTE")["list"]["DIGEST MESSAGES"]
    assert "1" == table(said, "ACCOUNT")["payments"]["SILENCED"]

    # As after an upgrade: the Ledger has alerts of runs that left no numbers.
    monkeypatch.setattr(run_counts, "MAX_RUNS", 0)
    told = cli.json("stats")
    assert ([], 2) == (told["routes"], told["to_message"]["alerts"])
    assert 2 == len(told["not_known"])
    assert any(line.startswith("not known: messages of digests") for line in lines(cli("stats")))


def test_what_waits_is_counted(cli: Cli) -> None:
    """By the route that holds it."""
    cli.put(NIGHT)
    low = raw_finding("low", UpdatedAt=now(), Severity={"Label": "LOW"})
    cli.stack.send([imported(low, sent_at=time.time())])

    told = cli.json("stats")

    assert {"schedule low": 1} == told["held_by"]
    assert 1 == told["total"]["held"]


def test_a_table_is_as_narrow_as_its_terminal() -> None:
    """Its columns go on in another table: a number is never cut."""
    assert [["a", "b"], ["c"]] == list(stats._narrow({"a": 5, "b": 5, "c": 5}, 20))
    assert [["a"], ["b"]] == list(stats._narrow({"a": 50, "b": 50}, 20))


def test_an_empty_ledger_is_no_error(cli: Cli) -> None:
    """Nothing is known of it."""
    assert 0 == cli.json("stats", "--since", "24h")["total"]["messages"]
    assert any("AnswerEdits" in line for line in lines(cli("stats")))
    assert "is no time" in cli("stats", "--since", "soon", code=2).stderr
