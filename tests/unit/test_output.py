"""Tables, colours and progress of commands."""

import time

import pytest

from finding_router_cli import output


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clear the environment's wishes for colours."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def test_a_table_in_a_pipe_has_a_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    """However long the row is, and without frames."""
    output.print_table(["Name", "Channel"], [["a", "x" * 200], ["b", None]])

    lines = capsys.readouterr().out.splitlines()
    assert ["Name  Channel", "a     " + "x" * 200, "b"] == [line.rstrip() for line in lines]


def test_no_finding_can_write_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Markup stays as it is written, and control characters become blanks."""
    output.print_table(["Name"], [["[red]a[/red] \x1b[31m :fire:"]])

    assert "[red]a[/red]  [31m :fire:" in capsys.readouterr().out


def test_colours_are_as_the_environment_wants_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As everywhere else in the command."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    output.print_lines([output.text("a", "red")])
    monkeypatch.setenv("NO_COLOR", "1")
    output.print_lines([output.text("a", "red")])

    assert "\x1b[31ma\x1b[0m\na\n" == capsys.readouterr().out


def test_progress_is_told_on_standard_error_after_a_moment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results stay alone on standard output; what is quick says nothing."""
    with output.progress("reading findings", total=2) as advance:
        advance(2)
    quick = capsys.readouterr()
    monkeypatch.setattr(output, "_PATIENCE_SECONDS", 0.0)
    with output.progress("reading findings", total=2) as advance:
        time.sleep(0.05)
        advance(2)
    slow = capsys.readouterr()

    assert ("", "") == (quick.out, quick.err)
    assert ("", "reading findings …\n") == (slow.out, slow.err)


def test_progress_is_a_bar_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the steps that are done."""
    monkeypatch.setattr(output, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with output.progress("reading findings", total=4) as advance:
        advance(3)
        time.sleep(0.2)

    shown = capsys.readouterr()
    assert "" == shown.out
    assert "reading findings" in shown.err
    assert "3/4" in shown.err
