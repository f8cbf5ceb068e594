"""`make deploy` asks only what it must, and only once."""

import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
TOKEN = "arn:aws:ssm:eu-west-1:123456789012:parameter/slack/token"


class Deployment:
    """A `make deploy` with a stub in place of the SAM CLI."""

    def __init__(self, folder: Path) -> None:
        """Write the stub into *folder*."""
        self.answers = folder / "answers"
        self.called = folder / "called"
        self.stub = folder / "sam"
        self.stub.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{self.called}"\n', "utf-8")
        self.stub.chmod(0o755)

    def run(self, typed: str, *settings: str) -> subprocess.CompletedProcess[str]:
        """Deploy with *typed* as the answers."""
        command = ["make", "--no-print-directory", "-o", "build", "deploy", f"SAM={self.stub}"]
        return subprocess.run(
            [*command, f"ANSWERS={self.answers}", *settings],
            cwd=PROJECT,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    @property
    def arguments(self) -> list[str]:
        """Return the arguments of the last call of the SAM CLI."""
        return self.called.read_text("utf-8").splitlines()


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    """Return a deployment that nobody has answered for."""
    return Deployment(tmp_path)


def test_both_answers_are_passed_and_asked_for_once(deployment: Deployment) -> None:
    """The second time reads nothing, and passes the same."""
    assert 0 == deployment.run(f"{TOKEN}\n#security\n").returncode
    first = deployment.arguments
    assert 0 == deployment.run("").returncode

    assert [f"SlackTokenArn={TOKEN}", "DefaultChannel=#security"] == first[-2:]
    assert "--no-confirm-changeset" in first
    assert first == deployment.arguments


def test_other_parameters_are_set_besides(deployment: Deployment) -> None:
    """SET adds to the answers."""
    deployment.run(f"{TOKEN}\n#security\n", "SET=LogLevel=DEBUG WakeMinutes=5")

    assert ["LogLevel=DEBUG", "WakeMinutes=5"] == deployment.arguments[-2:]


def test_parameter_can_be_emptied(deployment: Deployment) -> None:
    """As docs/actions.md switches buttons off: the SAM CLI takes quotes, but no empty value."""
    page = (Path(__file__).parents[2] / "docs" / "actions.md").read_text("utf-8")
    written = r"SlackSigningSecretArn=\"\""

    assert f"make deploy SET='{written}'" in page
    deployment.run(f"{TOKEN}\n#security\n", f"SET={written}")
    assert 'SlackSigningSecretArn=""' == deployment.arguments[-1]


def test_nothing_is_deployed_or_kept_without_an_answer(deployment: Deployment) -> None:
    """An empty answer ends it."""
    assert 0 != deployment.run(f"{TOKEN}\n\n").returncode
    assert not deployment.called.exists()
    assert not deployment.answers.exists()


def test_answers_of_a_failed_deployment_are_asked_for_again(deployment: Deployment) -> None:
    """What AWS refused is not kept."""
    deployment.stub.write_text("#!/bin/sh\nexit 1\n", "utf-8")

    assert 0 != deployment.run(f"{TOKEN}\n#security\n").returncode
    assert not deployment.answers.exists()
