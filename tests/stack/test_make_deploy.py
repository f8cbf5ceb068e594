"""`make deploy` asks only what it must, and only once."""

import os
import pty
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
        self.place = ("123456789012", "eu-west-1", "router")

    def run(self, typed: str, *settings: str) -> subprocess.CompletedProcess[str]:
        """Deploy with *typed* as the answers."""
        command = ["make", "--no-print-directory", "-o", "build", "deploy", f"SAM={self.stub}"]
        return subprocess.run(
            [*command, f"ANSWERS={self.answers}", f"PLACE={self.place_command}", *settings],
            cwd=PROJECT,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def run_on_a_terminal(self, *settings: str) -> str:
        """Deploy at a terminal with the answers that are kept; return how SAM was to ask."""
        command = ["make", "--no-print-directory", "-o", "build", "deploy", f"SAM={self.stub}"]
        ours, theirs = pty.openpty()
        try:
            subprocess.run(
                [*command, f"ANSWERS={self.answers}", f"PLACE={self.place_command}", *settings],
                cwd=PROJECT,
                stdin=theirs,
                check=True,
                timeout=30,
            )
        finally:
            os.close(ours)
            os.close(theirs)
        return self.arguments[1]

    @property
    def place_command(self) -> str:
        """Write a command that tells the place without AWS, and return its path."""
        lines = zip(("Account", "Region", "Stack"), self.place, strict=True)
        said = "".join(f"echo {name}={value}\n" for name, value in lines)
        command = self.stub.with_name("place")
        command.write_text(f"#!/bin/sh\n{said}", "utf-8")
        command.chmod(0o755)
        return str(command)

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


@pytest.mark.parametrize(
    "other",
    [
        ("999999999999", "eu-west-1", "router"),
        ("123456789012", "us-east-1", "router"),
        ("123456789012", "eu-west-1", "another"),
    ],
)
def test_answers_of_another_place_are_not_used(
    deployment: Deployment, other: tuple[str, str, str]
) -> None:
    """Both places are named, and it is asked again; without an answer nothing is deployed."""
    deployment.run(f"{TOKEN}\n#security\n")
    deployment.called.unlink()
    deployment.place = other

    refused = deployment.run("")
    before = deployment.answers.read_text("utf-8")
    again = deployment.run(f"{TOKEN}\n#other\n")

    assert 0 != refused.returncode
    assert (
        "are for Account=123456789012 Region=eu-west-1 Stack=router, and this is" in refused.stderr
    )
    assert f"Account={other[0]} Region={other[1]} Stack={other[2]}. Answer" in refused.stderr
    assert "Account=123456789012" in before
    assert 0 == again.returncode
    assert "DefaultChannel=#other" == deployment.arguments[-1]
    assert f"Account={other[0]}" in deployment.answers.read_text("utf-8")


def test_answers_without_a_place_are_asked_for_again(deployment: Deployment) -> None:
    """A version before kept none."""
    deployment.answers.write_text(f"SlackTokenArn={TOKEN}\nDefaultChannel=#old\n", "utf-8")

    refused = deployment.run("")

    assert 0 != refused.returncode
    assert "are for another place" in refused.stderr
    assert not deployment.called.exists()


def test_a_place_that_is_not_known_ends_it(deployment: Deployment) -> None:
    """Without credentials nothing is asked."""
    result = deployment.run(f"{TOKEN}\n#security\n", "PLACE=false")

    assert 0 != result.returncode
    assert not deployment.called.exists()


def test_a_person_is_shown_the_change_set(deployment: Deployment) -> None:
    """And asked by SAM, unless YES says that there is no need."""
    deployment.run(f"{TOKEN}\n#security\n")

    assert "--confirm-changeset" == deployment.run_on_a_terminal()
    assert "--no-confirm-changeset" == deployment.run_on_a_terminal("YES=1")


def test_region_and_stack_are_those_of_the_place(deployment: Deployment) -> None:
    """SAM would choose the Region by other variables."""
    deployment.run(f"{TOKEN}\n#security\n", "STACK=another")

    assert ["--region", "eu-west-1", "--stack-name", "another"] == deployment.arguments[2:6]
