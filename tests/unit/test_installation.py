"""What the command needs of what pyproject.toml installs."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from finding_router_cli.__main__ import _EXTRAS

ROOT = Path(__file__).parents[2]
# Of the extra "local" alone.
LOCAL = ("moto", "jinja2", "samtranslator", "flask", "werkzeug")


def run(*arguments: str, without: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run the command in a Python that lacks some packages."""
    script = (
        f"import sys; sys.modules |= dict.fromkeys({without}); sys.argv[1:] = {list(arguments)}; "
        "from finding_router_cli.__main__ import run; run()"
    )
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT
    )


@pytest.mark.parametrize(
    ("arguments", "missing", "extra"),
    [
        (["--help"], "click", "cli"),
        (["routes", "check", "--table", "t", "--region", "us-east-1"], "boto3", "cli"),
        (["local", "up"], "moto", "local"),
        (["local", "demo"], "jinja2", "local"),
    ],
)
def test_a_missing_package_is_a_sentence(arguments: list[str], missing: str, extra: str) -> None:
    """It says what to install."""
    result = run(*arguments, without=(missing,))

    assert 1 == result.returncode
    assert result.stderr == (
        f"Error: this command needs {missing}, which is not installed; "
        f'in the project\'s folder, run: pip install ".[{extra}]"\n'
    )


def test_a_missing_module_of_our_own_is_no_sentence() -> None:
    """It is a fault of this project."""
    result = run("routes", "check", "x", without=("finding_router_cli.routing_items",))

    assert "Traceback" in result.stderr


def test_commands_for_aws_need_no_local_stack(tmp_path: Path) -> None:
    """They are installed by the extra "cli", without moto."""
    routes = tmp_path / "routes.json"
    routes.write_text(json.dumps([{"kind": "route", "name": "a", "channel": "#a"}]), "utf-8")
    finding = str(ROOT / "events" / "imported-guardduty-port-probe.json")

    checked = run("routes", "check", str(routes), without=LOCAL)
    explained = run("explain", finding, "--routes", str(routes), without=LOCAL)
    redriven = run("redrive", "--help", without=LOCAL)
    listed = run("local", "--help", without=LOCAL)

    assert [0] * 4 == [one.returncode for one in (checked, explained, redriven, listed)]
    assert "#a  by a" in explained.stdout


def test_extras_are_those_of_the_project() -> None:
    """A package is named with the extra that brings it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]

    assert {"cli", "local"} == extras.keys() == set(_EXTRAS.values())
    assert "security-hub-slack-router[cli]" in extras["local"]
    of_cli = ("boto3", "click", "rich", "ruamel.yaml")
    assert not [each for each in extras["cli"] if not each.startswith(of_cli)]
