"""docs/migrating-from-chatbot.md: its commands run, as far as they need no AWS."""

import json
import re
import shlex
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli import Cli
from finding_router_cli.main import main
from finding_router_local import TEMPLATE
from hub_events import raw_finding

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "migrating-from-chatbot.md").read_text("utf-8")
RULES = PROJECT / "tests" / "fixtures" / "rules"
NAME = "finding-router"
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line.startswith(NAME)
]
# They read AWS: only their options are looked at.
OF_AWS = ("--profile",)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder that has what Terraform and the AWS CLI print."""
    shutil.copytree(TEMPLATE.parent / "events", tmp_path / "events")
    shutil.copy(RULES / "terraform.json", tmp_path)
    rules, *targets, channels = _documents((RULES / "aws-cli.json").read_text("utf-8"))
    (tmp_path / "rules.json").write_text(json.dumps(rules), "utf-8")
    (tmp_path / "targets.json").write_text("\n".join(map(json.dumps, targets)), "utf-8")
    (tmp_path / "channels.json").write_text(json.dumps(channels), "utf-8")
    (tmp_path / "findings.json").write_text(json.dumps({"Findings": [raw_finding()]}), "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _documents(text: str) -> list[object]:
    decoder, found, start = json.JSONDecoder(), [], 0
    while text[start:].strip():
        document, start = decoder.raw_decode(text, start + (text[start] == "\n"))
        found.append(document)
    return found


@pytest.mark.usefixtures("folder", "person")
def test_the_commands_run_in_their_order(cli: Cli) -> None:
    """With the stack of this process in place of STACK."""
    ran = 0
    for line in COMMANDS:
        words = shlex.split(line.replace("--stack STACK", ""))[1:]
        if any(option in words for option in OF_AWS) or words[0] == "doctor":
            continue
        result = CliRunner().invoke(main, words, input="y\n", catch_exceptions=False)
        assert 0 == result.exit_code, (line, result.output)
        ran += 1

    assert ran > 5
    assert {"C0PAYTHREAT", "C0PAYPATCH", "C0CONTROLS"} == {item["channel"] for item in cli.items}


@pytest.mark.parametrize("line", COMMANDS)
def test_the_options_exist(line: str) -> None:
    """Also of commands that need AWS."""
    words = shlex.split(line)[1:]
    context = click.Context(main, **main.context_settings)
    command: click.Command | None = main
    while isinstance(command, click.Group):
        command = command.get_command(context, words.pop(0))

    assert command is not None
    # click keeps the names of --help that a command is first asked with.
    assert command.make_context(line, words, parent=context)
