"""The text that `local up` prints about itself."""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from finding_router_cli import terminal
from finding_router_cli.local_usage import usage

STACK: Any = SimpleNamespace(
    slack=SimpleNamespace(page_url="http://127.0.0.1:2/"),
    aws=SimpleNamespace(url="http://127.0.0.1:1", region="us-east-1"),
    deployment=SimpleNamespace(tables={"RoutingTable": "routes"}),
    function=SimpleNamespace(logical_id="RouterFunction"),
    slack_app=None,
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project whose commands PATH does not know."""
    for command in (tmp_path / ".venv/bin/finding-router", tmp_path / ".tools/sam/bin/sam"):
        command.parent.mkdir(parents=True)
        command.touch()
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    monkeypatch.setattr(sys, "argv", [str(tmp_path / ".venv/bin/finding-router")])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(project: Path, *, is_open: bool) -> str:
    """Return the text about a stack of *project*."""
    environment = project / "events" / "local-env.json"
    return usage(STACK, project / "template.yaml", environment, is_open=is_open)


def test_commands_can_be_pasted(project: Path) -> None:
    """Each is named by where it is, if PATH does not lead to it."""
    text = said(project, is_open=True)

    assert "\n  .venv/bin/finding-router local send events/" in text
    assert "\n  .tools/sam/bin/sam build --parameter-overrides Architecture=" in text
    assert "\n  .tools/sam/bin/sam local invoke RouterFunction --parameter-" in text
    assert " --env-vars events/local-env.json\n" in text
    assert "--endpoint-url http://127.0.0.1:1 --table-name routes\n" in text


def test_samples_that_were_sent_are_sent_as_new(project: Path) -> None:
    """After the demo the first command still makes a message."""
    environment = project / "events" / "local-env.json"
    text = usage(STACK, project / "template.yaml", environment, is_open=False, is_sent=True)

    assert "\n  .venv/bin/finding-router local send --new events/" in text
    assert " --new " not in said(project, is_open=False)


@pytest.mark.parametrize("is_open", [True, False])
def test_commands_fit_the_terminal(
    project: Path, monkeypatch: pytest.MonkeyPatch, *, is_open: bool
) -> None:
    """At 80 columns each line fits, and the JSON of the route is still whole."""
    monkeypatch.setattr(terminal, "columns", lambda: 80)
    text = said(project, is_open=is_open)
    [item] = re.findall(r"--item '(.*?)'", text, re.DOTALL)

    assert [] == [line for line in text.split("\n") if len(line) > 80]
    assert "mine" == json.loads(item)["name"]["S"]


def test_commands_on_the_path_are_named_as_they_are(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person who installed them types no folder."""
    for command in (project / ".venv/bin/finding-router", project / ".tools/sam/bin/sam"):
        command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{project}/.venv/bin:{project}/.tools/sam/bin")

    text = said(project, is_open=True)

    assert "\n  finding-router local send events/" in text
    assert "\n  sam local invoke RouterFunction --parameter-overrides " in text


def test_without_sam_make_installs_it(project: Path) -> None:
    """No command is named that is not there."""
    (project / ".tools/sam/bin/sam").unlink()

    text = said(project, is_open=True)

    assert "\n  make build ARCHITECTURE=" in text
    assert "sam build" not in text
    assert "\n  .tools/sam/bin/sam local invoke RouterFunction --parameter-" in text


def test_from_another_folder_paths_are_whole(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A chain of dots would be hard to read."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    assert f" --env-vars {project}/events/local-env.json\n" in said(project, is_open=True)


def test_containers_need_an_open_address(project: Path) -> None:
    """Addresses that a container cannot reach are left out; the way to open them is shown."""
    text = said(project, is_open=False)

    assert "local invoke" not in text
    assert "\n  .venv/bin/finding-router local up --host 0.0.0.0\n" in text
