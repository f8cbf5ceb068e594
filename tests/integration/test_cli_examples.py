"""The examples of the help texts are run as they stand, against a stack."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from cli import Cli, as_running
from cli_page import NAME, commands, examples
from finding_router_cli.main import main
from finding_router_local import EXAMPLE_ROUTES, TEMPLATE
from finding_router_local.stack import Stack
from hub_events import raw_finding

# They take a whole stack: test_local_cli.py and test_doctor.py run them.
ON_A_WHOLE_STACK = ("doctor", "local up", "local demo")
SILENCE = {"kind": "silence", "name": "patch-weekend", "match": {}, "until": "2999-01-01T00:00:00Z"}
EXAMPLES = [
    (name.removeprefix(NAME).strip(), line)
    for name, command in commands()
    for line in examples(command)
]


@pytest.fixture(scope="module")
def cli_stack() -> Iterator[Stack]:
    """Run a stack with a worker, since some examples send findings."""
    with Stack() as stack:
        yield stack


@pytest.fixture
def project(cli: Cli, cli_stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder like that of the project, with a stack that has the example routes."""
    items = json.loads(EXAMPLE_ROUTES.read_text("utf-8"))
    cli.put(*items, SILENCE)
    shutil.copytree(TEMPLATE.parent / "events", tmp_path / "events")
    # The finding of `explain ID`.
    cli.stack.load(json.loads((tmp_path / "events/imported-guardduty-port-probe.json").read_text()))
    rules = Path(__file__).parents[1] / "fixtures" / "rules" / "terraform.json"
    shutil.copy(rules, tmp_path / "terraform.json")
    (tmp_path / "routes.yaml").write_text(yaml.safe_dump(items), "utf-8")
    test = {"finding": raw_finding(Severity={"Label": "INFORMATIONAL"}), "channels": []}
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump([test]), "utf-8")
    for module in ("local", "redrive"):
        monkeypatch.setattr(
            f"finding_router_cli.{module}.find_running", lambda _: as_running(cli_stack)
        )
    monkeypatch.setattr("click.edit", lambda text, **_: text.replace("#", "# ", 1))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("project", "person")
@pytest.mark.parametrize(
    ("name", "line"), [one for one in EXAMPLES if one[0] not in ON_A_WHOLE_STACK]
)
def test_an_example_runs(name: str, line: str) -> None:
    """And succeeds, with a yes where it asks."""
    words = shlex.split(line)
    while "=" in words[0]:
        del words[0]
    assert NAME == words.pop(0)

    result = CliRunner().invoke(main, words, input="y\n", catch_exceptions=False)

    assert 0 == result.exit_code, (name, result.output)


@pytest.mark.parametrize(("name", "line"), [one for one in EXAMPLES if one[0] in ON_A_WHOLE_STACK])
def test_an_example_that_starts_a_stack_is_understood(name: str, line: str) -> None:
    """Its options exist."""
    found: click.Command | None = main
    _, *words = shlex.split(line)
    context = click.Context(main, **main.context_settings)
    while isinstance(found, click.Group):
        found = found.get_command(context, words.pop(0))

    assert found is not None
    # The parent says how help is asked for, which a command keeps from its first context.
    assert found.make_context(name, words, parent=context)


def test_the_installed_command_finds_a_stack_by_its_table(cli: Cli) -> None:
    """In a process of its own, as a person starts it; piped, so without colours."""
    cli.put({"kind": "route", "name": "a", "channel": "#a"})
    table = cli.stack.deployment.tables["RoutingTable"]
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": cli.stack.aws.url,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "us-east-1",
        "ROUTING_TABLE": table,
    }

    result = subprocess.run(
        [str(Path(sys.executable).with_name(NAME)), "routes", "list"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "" == result.stderr
    assert ["100", "a", "live", "#a", "everything"] == result.stdout.splitlines()[1].split()


@pytest.mark.parametrize("words", [["routes", "list"], ["silence", "list"], ["routes", "export"]])
def test_without_a_stack_it_is_said_how_to_name_one(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same words everywhere."""
    monkeypatch.delenv("ROUTING_TABLE", raising=False)
    monkeypatch.setattr("finding_router_cli.routes_at_hand.find_running", lambda _: None)

    nothing = CliRunner().invoke(main, words)
    half = CliRunner().invoke(main, [*words, "--region", "eu-west-1"])

    assert (2, 2) == (nothing.exit_code, half.exit_code)
    assert "no stack: name a deployed one with --stack NAME, or start one" in nothing.stderr
    assert "name the stack with --stack, or its table with --table" in half.stderr
