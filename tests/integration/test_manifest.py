"""The manifest of the Slack app: the file as it is, or with the address of a stack."""

import json
from pathlib import Path
from typing import Any

import boto3
import click
import pytest
import yaml
from click.testing import CliRunner, Result

from finding_router_cli.main import main
from finding_router_cli.manifest import FILE, manifest_of
from finding_router_local import TEMPLATE

URL = "https://abcdefghij.lambda-url.us-east-1.on.aws/"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:slack-AbCdEf"


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["manifest", *arguments], catch_exceptions=False)


def put_stack(*, url: str | None, secret: str) -> None:
    """Deploy something with the parameter and the output of a stack."""
    template: dict[str, Any] = {
        "Parameters": {"SlackSigningSecretArn": {"Type": "String"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"ActionsUrl": {"Value": url}} if url else {},
    }
    boto3.client("cloudformation", "us-east-1").create_stack(
        StackName="router",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "SlackSigningSecretArn", "ParameterValue": secret}],
    )


def test_without_a_stack_it_is_the_file() -> None:
    """To the byte, or the same as JSON."""
    text = TEMPLATE.with_name(FILE).read_text("utf-8")

    assert text == run().stdout == run("--yaml").stdout
    assert yaml.safe_load(text) == json.loads(run("--json").stdout)


def test_address_and_scopes_are_filled_in() -> None:
    """And nothing else is changed."""
    plain, filled = (yaml.safe_load(manifest_of(url)) for url in (None, URL))

    assert {"is_enabled": True, "request_url": URL} == filled["settings"].pop("interactivity")
    assert {"is_enabled": False} == plain["settings"].pop("interactivity")
    assert {
        "bot": ["chat:write", "chat:write.public", "users:read", "channels:read", "groups:read"],
        "bot_optional": ["usergroups:read"],
    } == filled["oauth_config"].pop("scopes")
    del plain["oauth_config"]["scopes"]
    assert plain == filled
    # A comment that offers a scope which is there already, or tells of no buttons, would be wrong.
    assert "# - channels:read" not in manifest_of(URL)
    assert "never calls back" not in manifest_of(URL)


@pytest.mark.usefixtures("aws_environment")
class TestDeployed:
    """The stack that is named."""

    def test_address_is_that_of_the_stack(self) -> None:
        """As its output tells it."""
        put_stack(url=URL, secret=SECRET)

        assert manifest_of(URL) == run("--stack", "router", "--region", "us-east-1").stdout
        said = json.loads(run("--stack", "router", "--region", "us-east-1", "--json").stdout)
        assert URL == said["settings"]["interactivity"]["request_url"]

    def test_stack_without_actions_has_none(self) -> None:
        """Its manifest is the file."""
        put_stack(url=None, secret="")

        assert manifest_of(None) == run("--stack", "router", "--region", "us-east-1").stdout

    def test_stack_without_its_output_is_said(self) -> None:
        """It is not deployed yet."""
        put_stack(url=None, secret=SECRET)

        result = run("--stack", "router", "--region", "us-east-1")
        assert 1 == result.exit_code
        assert "has no output ActionsUrl" in result.stderr


def test_region_alone_is_not_enough() -> None:
    """As with other commands."""
    result = run("--region", "us-east-1")

    assert 2 == result.exit_code
    assert "--stack" in result.stderr


def test_changed_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the line to put in by hand."""
    (tmp_path / FILE).write_text("settings: {}\n", "utf-8")
    monkeypatch.setattr("finding_router_cli.manifest.TEMPLATE", tmp_path / "template.yaml")

    with pytest.raises(
        click.ClickException, match=r"settings\.interactivity\.request_url: https://"
    ):
        manifest_of(URL)
