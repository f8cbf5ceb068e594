"""`finding-router preview`: cards in the terminal, as a page, and in Block Kit Builder."""

import json
from pathlib import Path
from urllib.parse import unquote

import pytest

from cli import Cli, lines
from finding_router_cli.previews import FOLD
from hub_events import imported, raw_finding

EVENTS = Path(__file__).parents[2] / "events"
PAYMENTS = {"kind": "account", "name": "123456789012", "alias": "payments"}
ROUTE = {"kind": "route", "name": "all", "channel": "#all", "mention": ["@here"]}


def test_a_card_is_shown_as_text(cli: Cli, tmp_path: Path) -> None:
    """With names and mentions of the stack's routes; nothing is posted."""
    cli.put(PAYMENTS, ROUTE)
    file = tmp_path / "finding.json"
    file.write_text(json.dumps(raw_finding("a", Title="Open *door* <!channel>")))

    said = lines(cli("preview", str(file)))

    assert said[0].startswith("to #all (finding ")
    assert ["@here", "🟠 HIGH · Open *door* <!channel>: S3 bucket invoices"] == said[1:3]
    assert said[3].startswith("payments · eu-west-1 · GuardDuty")
    assert [] == cli.stack.slack.messages()


def test_the_card_is_what_the_router_sends(cli: Cli) -> None:
    """In JSON, and in the link."""
    cli.put(ROUTE)

    [card] = cli.json("preview", str(EVENTS / "imported-v2-exposure.json"))["cards"]

    content = json.loads(unquote(card["builder_url"].partition("#")[2]))
    assert {name: card["message"][name] for name in ("blocks", "attachments")} == content


def test_it_folds_as_slack_does(cli: Cli, tmp_path: Path) -> None:
    """In the terminal and on the page, which shows both widths at once."""
    page = tmp_path / "cards.html"

    said = cli("preview", str(EVENTS / "imported-v2-exposure.json"), "--html", str(page))

    assert 1 == said.stdout.count(FOLD)
    assert 'data-asked="both"' in page.read_text("utf-8")
    assert 1 == page.read_text("utf-8").count("Show more</button>")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (raw_finding("a", RecordState="ARCHIVED"), "to nowhere (not posted: archived)"),
        (imported(raw_finding("a"), {"Id": "x"}), "(posted raw: "),
        ({"detail-type": "odd", "source": "me"}, "to nowhere (refused: "),
    ],
)
def test_what_is_not_posted_as_a_card_is_said(
    cli: Cli, tmp_path: Path, document: object, said: str
) -> None:
    """And the card of an unreadable finding is the router's."""
    file = tmp_path / "finding.json"
    file.write_text(json.dumps(document))

    assert said in cli("preview", str(file)).stdout


def test_bad_input_is_refused(cli: Cli, tmp_path: Path) -> None:
    """With 2, as wrong usage."""
    file = tmp_path / "odd"
    file.write_text("{")

    assert "is no JSON" in cli("preview", str(file), code=2).stderr
