"""`finding-router routes check`."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from finding_router_cli.main import main


def check(folder: Path, *items: object) -> Result:
    """Check a file that holds *items*."""
    path = folder / "routes.json"
    path.write_text(json.dumps(items), "utf-8")
    return CliRunner().invoke(main, ["routes", "check", str(path)], catch_exceptions=False)


def test_a_right_table_is_counted(tmp_path: Path) -> None:
    """Without problems, only the counts are printed."""
    result = check(
        tmp_path,
        {"kind": "route", "name": "a", "channel": "#a", "match": {"Title": ["x"]}},
        {"kind": "route", "name": "b", "channel": "#a", "enabled": False},
        {"kind": "route", "name": "c", "channel": "#a", "mode": "shadow"},
        {"kind": "account", "name": "111122223333", "alias": "payments"},
        {"kind": "silence", "name": "s", "match": {}, "until": "9999-01-01T00:00Z"},
    )

    assert result.output == (
        "3 routes (1 not enabled, 1 shadow), 1 account, 1 silence (0 over), 0 wrong items\n"
    )
    assert result.exit_code == 0


def test_every_mistake_is_told(tmp_path: Path) -> None:
    """Each with its remedy, and the exit code for scripts."""
    result = check(
        tmp_path,
        {"kind": "route", "name": "a", "channels": "#a", "channel": "#A"},
        {"kind": "rout", "name": "b"},
    )

    lines = result.output.splitlines()
    assert lines[0].startswith('wrong: route "a", channel: is the text "#A"')
    assert lines[1].endswith('channels: is no attribute of a route; did you mean "channel"?')
    assert lines[2].startswith('wrong: rout "b", kind: is the text "rout"')
    assert lines[3] == (
        "0 routes (0 not enabled, 0 shadows), 0 accounts, 0 silences (0 over), 2 wrong items"
    )
    assert result.exit_code == 1


def test_a_silence_that_is_over_is_wrong(tmp_path: Path) -> None:
    """It silences nothing, which is probably a mistake."""
    result = check(
        tmp_path, {"kind": "silence", "name": "s", "match": {}, "until": "2026-03-09T08:00Z"}
    )

    assert result.output.splitlines() == [
        (
            'wrong: silence "s", until: is past since 2026-03-09 08:00 UTC; '
            "write a later moment, or delete the item"
        ),
        "0 routes (0 not enabled, 0 shadows), 0 accounts, 1 silence (1 over), 0 wrong items",
    ]
    assert result.exit_code == 1


def test_fields_that_no_finding_has_are_odd(tmp_path: Path) -> None:
    """They may be right one day, so that they are pointed out and not refused."""
    result = check(
        tmp_path,
        {
            "kind": "route",
            "name": "a",
            "channel": "#a",
            "match": {"AccountId": ["1"], "Zzz": ["x"], "Title": ["y"]},
        },
        {"kind": "route", "name": "b", "channel": "#a", "match": {"detail": {"actionName": ["x"]}}},
        {
            "kind": "silence",
            "name": "s",
            "match": {"AccountId": ["x"]},
            "until": "9999-01-01T00:00Z",
        },
    )

    assert result.output.splitlines() == [
        'odd: route "a", match.AccountId: unknown to ASFF; did you mean "AwsAccountId"?',
        'odd: route "a", match.Zzz: unknown to ASFF; is it spelt right?',
        'odd: silence "s", match.AccountId: unknown to ASFF; did you mean "AwsAccountId"?',
        "2 routes (0 not enabled, 0 shadows), 0 accounts, 1 silence (0 over), 0 wrong items",
    ]
    assert result.exit_code == 0
