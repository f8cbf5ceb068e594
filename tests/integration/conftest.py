"""One local AWS for all tests of the process, empty for each."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.retries.standard import ExponentialBackoff
from playwright.sync_api import Page

from chromium import open_window
from cli import Cli, as_running
from finding_router.aws import clients
from finding_router_local.aws import CREDENTIALS, AwsServer
from finding_router_local.stack import Stack


@pytest.fixture(scope="session")
def aws_server() -> Iterator[Any]:
    """Serve AWS as long as the tests run."""
    with AwsServer() as server:
        yield server


@pytest.fixture
def aws(aws_server: AwsServer) -> Iterator[Any]:
    """Return an AWS that holds nothing."""
    aws_server.reset()
    yield aws_server
    aws_server.reset()


@pytest.fixture
def aws_environment(aws: AwsServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lead every client that is made during the test to the local AWS."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    # The default sessions remember the environment that they were made in.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    clients._session.cache_clear()
    return aws


@pytest.fixture
def published(aws: AwsServer) -> list[dict[str, Any]]:
    """Return the list of events that Security Hub sends."""
    events: list[dict[str, Any]] = []
    aws.security_hub.publish = events.append
    return events


@pytest.fixture
def make_table(aws_environment: AwsServer) -> Any:
    """Make a table of two text keys, and return its name."""

    def make(name: str, partition_key: str, sort_key: str) -> str:
        aws_environment.client("dynamodb").create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": partition_key, "KeyType": "HASH"},
                {"AttributeName": sort_key, "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": each, "AttributeType": "S"} for each in (partition_key, sort_key)
            ],
        )
        return name

    return make


@pytest.fixture(autouse=True)
def _no_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn the waits of clients in this process off: they are botocore's own matter."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda _self, _context: 0.0)


@pytest.fixture(scope="module")
def cli_stack() -> Iterator[Stack]:
    """Run one stack, without workers, for all tests of a module that call commands."""
    with Stack(workers=0) as stack:
        yield stack


@pytest.fixture(scope="module")
def buttons_stack() -> Iterator[Stack]:
    """Run one stack whose cards have buttons for all tests of a module."""
    with Stack(has_actions=True) as stack:
        yield stack


@pytest.fixture
def cli(cli_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Return the commands, and an empty stack that they find."""
    cli_stack.reset()
    for name in ("ROUTING_TABLE", "DEFAULT_CHANNEL", "ALLOW_SUPPRESS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    found = as_running(cli_stack)
    monkeypatch.setattr("finding_router_cli.routes_at_hand.find_running", lambda _: found)
    return Cli(cli_stack)


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sit somebody at the terminal, whose answers are the input of a command."""
    monkeypatch.setattr("finding_router_cli.plan.is_interactive", lambda: True)


@pytest.fixture(scope="module")
def window() -> Iterator[Page]:
    """Open one window of a browser for all tests of a module."""
    with open_window() as opened:
        yield opened
