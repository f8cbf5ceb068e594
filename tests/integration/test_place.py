"""The account, Region and stack that `make deploy` keeps beside its answers."""

import pytest

from finding_router_cli.account import Account
from finding_router_cli.place import main, place


@pytest.mark.usefixtures("aws_environment")
def test_the_place_is_told_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """The stack is that of samconfig.toml, or the one that is named."""
    assert 0 == main([])
    default = capsys.readouterr().out.splitlines()
    assert 0 == main(["another"])
    named = capsys.readouterr().out.splitlines()

    assert ["Account", "Region", "Stack"] == [line.partition("=")[0] for line in default]
    assert "Region=us-east-1" in default
    assert "Stack=security-hub-slack-router" == default[-1]
    assert "Stack=another" == named[-1]


@pytest.mark.usefixtures("aws_environment")
def test_without_a_region_it_is_said_how_to_set_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a sentence, as by every command."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")

    assert 1 == main([])
    assert "no Region is set" in capsys.readouterr().err


def test_a_place_is_of_an_account(aws_environment: object) -> None:
    """Twelve digits."""
    assert 12 == len(place(Account())["Account"])
