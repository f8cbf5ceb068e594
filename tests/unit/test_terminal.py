"""Text that fits a terminal."""

import click
import pytest

from finding_router_cli import local_report, terminal
from finding_router_local.outcomes import Delivered, FindingOutcome

CLEARED = ("NO_COLOR", "FORCE_COLOR", "TERM")


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, None),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, None),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, None),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
)
def test_colours_are_as_the_environment_wants_them(
    monkeypatch: pytest.MonkeyPatch, *, environment: dict[str, str], wanted: bool | None
) -> None:
    """NO_COLOR comes before FORCE_COLOR; without either a terminal decides."""
    for name in CLEARED:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert wanted is terminal.colours()


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("payments", 8),
        ("支付-生产", 9),
        ("Größe", 5),
        ("हिन्दी", 5),
        ("نیم\u200cشب", 5),
        (click.style("支付", bold=True), 4),
    ],
)
def test_cells_are_columns_of_the_terminal(text: str, cells: int) -> None:
    """Wide letters take two columns, combining ones and styles none."""
    assert cells == terminal.cells(text)


def test_a_cut_text_ends_in_its_column() -> None:
    """However wide its letters are, the next column begins at the same place."""
    assert "支付…   |" == f"{terminal.fitted('支付-生产-帐户', 5)}   |"
    assert "支…  |" == f"{terminal.fitted('支付-生产', 4)} |"
    assert "支付  |" == f"{terminal.fitted('支付', 6)}|"


def test_names_of_every_script_are_printed() -> None:
    """Joiners are part of words; what moves the cursor or reverses the line is not printed."""
    name = "نیم\u200cشب हिन्दी 支付 👩\u200d💻"

    assert name == terminal.printable(name)
    assert "a [2Jb c" == terminal.printable("a\x1b[2Jb\u202ec")


def test_lines_are_wrapped_between_words() -> None:
    """A word that is longer than a line is cut, and styles take no room."""
    bold = click.style("four", bold=True)

    assert f"  one two\n  three\n  {bold}" == terminal.wrapped(f"one two three {bold}", 9, indent=2)
    assert "abcde\nfghij\nkl" == terminal.wrapped("abcdefghij kl", 5)


def test_a_long_command_goes_on_in_the_next_line() -> None:
    """It can be pasted, and an option keeps its value."""
    words = "aws dynamodb scan --endpoint-url http://127.0.0.1:1 --table-name routes"

    assert f"  {words}" == terminal.command(words, None)
    assert (
        "  aws dynamodb scan \\\n    --endpoint-url http://127.0.0.1:1 \\\n    --table-name routes"
        == terminal.command(words, 40)
    )


OUTCOME = FindingOutcome(
    outcome="posted",
    event=0,
    severity="CRITICAL",
    title="Security groups should not allow unrestricted access to ports with high risk",
    account_id="111122223333",
    account_name="支付-生产-帐户-支付-生产-帐户",
    product="Security Hub",
    channels=(
        Delivered(channel="#security-critical", routes=("critical-to-security",)),
        Delivered(channel="#" + "x" * 79, routes=("every-account-and-service", "another")),
    ),
    workflow_status="NOTIFIED",
)


@pytest.mark.parametrize("width", [40, 80, 94, 95, 120, 200])
def test_the_report_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """No line is wider than the terminal, and all words are there."""
    monkeypatch.setattr(terminal, "columns", lambda: width)
    lines = local_report.line(OUTCOME).split("\n")
    summary = local_report.summary([OUTCOME] * 3)

    assert all(terminal.cells(each) <= width for each in [*lines, *summary.split("\n")])
    words = click.unstyle(" ".join(lines))
    for word in ("CRITICAL", "111122223333", "Security Hub", "(critical-to-security),"):
        assert word in words


def test_a_narrow_terminal_shows_the_whole_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 80 columns account and product have a line of their own."""
    monkeypatch.setattr(terminal, "columns", lambda: 80)

    assert (
        "111122223333 支付-生产-帐户-支付-生产-帐户 · Security Hub"
        == local_report.line(OUTCOME).split("\n")[1].strip()
    )


def test_without_a_terminal_a_finding_is_one_line() -> None:
    """Programs read the lines, of any length, and no name is cut."""
    seen = local_report.line(OUTCOME)

    assert "\n" not in seen
    assert "支付-生产-帐户-支付-生产-帐户 Security Hub" in seen
