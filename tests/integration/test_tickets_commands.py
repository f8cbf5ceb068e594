"""Tickets by `finding-router routes`: written, checked, exported, and missed if they are gone."""

from pathlib import Path

import yaml

from cli import Cli

SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:x"
TICKET = {
    "kind": "ticket",
    "name": "platform",
    "github": {"repository": "acme/infra", "token": SECRET},
}
ROUTE = {"kind": "route", "name": "r", "channel": "#a", "ticket": {"to": "platform"}}


def written(path: Path, *items: object) -> str:
    """Write *items* into a file of YAML, and return its path."""
    path.write_text(yaml.safe_dump(list(items)), "utf-8")
    return str(path)


def test_tickets_are_applied_exported_and_checked(cli: Cli, tmp_path: Path) -> None:
    """As routes are."""
    file = written(tmp_path / "items.yaml", TICKET, ROUTE)

    cli("routes", "apply", file, "--yes", "--no-impact")
    exported = cli.json("routes", "export")
    checked = cli("routes", "check", file).stdout
    cli("routes", "export", str(tmp_path / "folder"), "--yes")

    assert [ROUTE, TICKET] == exported
    assert "1 ticket" in checked
    assert (tmp_path / "folder" / "tickets.yaml").exists()


def test_a_route_cannot_name_a_ticket_that_is_not_there(cli: Cli, tmp_path: Path) -> None:
    """Nor can a ticket be taken away that a route names."""
    cli("routes", "apply", written(tmp_path / "a.yaml", TICKET), "--yes", "--no-impact")
    added = ("routes", "add", "r", "--channel", "#a", "--yes", "--no-impact")

    missing = cli(*added, "--set", "ticket={to: platforms}", code=1)
    cli(*added, "--set", "ticket={to: platform, when: always}")
    only = written(tmp_path / "b.yaml", {**ROUTE, "ticket": {"to": "platform"}})
    pruned = cli(
        *("routes", "apply", only, "--prune", "--kind", "route", "--kind", "ticket"),
        *("--yes", "--no-impact"),
        code=1,
    )

    assert 'is "platforms", which is no ticket of the table; did you mean "platform"?' in (
        missing.stderr
    )
    assert 'is "platform", which is no ticket of the table' in pruned.stderr


def test_a_file_with_a_ticket_that_is_not_there_is_wrong(cli: Cli, tmp_path: Path) -> None:
    """The check exits with 1."""
    said = cli("routes", "check", written(tmp_path / "items.yaml", ROUTE), code=1).stdout

    assert 'wrong: route "r", ticket.to: is "platform", which is no ticket of the table' in said
