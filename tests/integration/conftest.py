"""One local AWS for all tests of the process, empty for each."""

from collections.abc import Iterator
from typing import Any

import pytest

from finding_router_local.aws import AwsServer


@pytest.fixture(scope="session")
def aws_server() -> Iterator[Any]:
    """Serve AWS as long as the tests run."""
    with AwsServer() as server:
        yield server


@pytest.fixture
def aws(aws_server: AwsServer) -> Iterator[Any]:
    """Give an AWS that holds nothing."""
    aws_server.reset()
    yield aws_server
    aws_server.reset()
