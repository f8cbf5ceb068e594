"""The quick way of the function's processes to the local AWS fails as boto3's own does."""

import socket
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.httpsession import URLLib3Session

from finding_router_local import boto_speed
from finding_router_local.aws import AwsServer
from finding_router_local.faults import Effect, Fault


@pytest.fixture(params=["quick", "boto3's own"])
def connect(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, aws_environment: AwsServer
) -> Any:
    """Return a function that makes a client which tries once, in either way."""
    # The first answer of all takes long.
    aws_environment.client("dynamodb").list_tables()
    if request.param == "quick":
        monkeypatch.setattr(URLLib3Session, "send", boto_speed._send)
        monkeypatch.setattr(URLLib3Session, "close", boto_speed._close)

    def client(url: str) -> Any:
        config = Config(retries={"total_max_attempts": 1}, read_timeout=1.0)
        return boto3.client("dynamodb", endpoint_url=url, config=config)

    return client


def test_a_closed_connection_is_replaced(connect: Any, aws_environment: AwsServer) -> None:
    """A call after an idle time does not fail, and calls share a connection until then."""
    client, server = connect(aws_environment.url), aws_environment._server
    before = server.opened_connections
    for _ in range(3):
        client.list_tables()
    server.cut_connections()

    assert [] == client.list_tables()["TableNames"]
    assert before + 2 == server.opened_connections
    client.close()


@pytest.mark.parametrize(
    ("effect", "seconds", "error"),
    [(Effect.LOSE_ANSWER, 0.0, ConnectionClosedError), (Effect.DELAY, 1.5, ReadTimeoutError)],
)
def test_a_missing_answer_is_an_error(
    connect: Any,
    aws_environment: AwsServer,
    effect: Effect,
    seconds: float,
    error: type[Exception],
) -> None:
    """The call is broken off, or lasts too long; the next one is answered again."""
    client = connect(aws_environment.url)
    aws_environment.faults.add(Fault(effect=effect, service="dynamodb", seconds=seconds))

    with pytest.raises(error):
        client.list_tables()
    aws_environment.faults.clear()

    assert [] == client.list_tables()["TableNames"]
    client.close()


def test_a_server_that_is_not_there_is_an_error(connect: Any, aws_environment: AwsServer) -> None:
    """Nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

    with pytest.raises(EndpointConnectionError):
        connect(url).list_tables()
