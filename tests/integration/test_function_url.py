"""The address of a local function: requests become events of format 2.0, answers responses."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import urllib3

from finding_router_local.function_url import FunctionUrl
from finding_router_local.invocation import Invocation


class Function:
    """Keeps its events, and answers as it is told."""

    def __init__(self) -> None:
        self.events: list[Mapping[str, Any]] = []
        self.invocation = Invocation(answer={"statusCode": 200, "body": ""})

    def __call__(self, event: Mapping[str, Any], /) -> Invocation:
        """Answer one event."""
        self.events.append(event)
        return self.invocation


@pytest.fixture
def function() -> Function:
    """Return a function that answers with an empty 200."""
    return Function()


@pytest.fixture
def url(function: Function) -> Iterator[str]:
    """Serve *function*."""
    server = FunctionUrl(function)
    yield server.url
    server.close()


def test_a_form_comes_in_base64(function: Function, url: str) -> None:
    """As from a real address; the header names are in small letters."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Slack-Signature": "v0=a"}
    urllib3.request("POST", f"{url}?a=b", body=b"payload=%7B%7D", headers=headers)

    [event] = function.events
    assert (True, b"payload=%7B%7D") == (
        event["isBase64Encoded"],
        base64.b64decode(event["body"]),
    )
    assert ("2.0", "/", "a=b") == (event["version"], event["rawPath"], event["rawQueryString"])
    assert "v0=a" == event["headers"]["x-slack-signature"]
    assert "POST" == event["requestContext"]["http"]["method"]


def test_json_comes_as_it_is(function: Function, url: str) -> None:
    """Text is no base64."""
    urllib3.request("POST", url, json={"a": "ü"})

    [event] = function.events
    assert (False, '{"a":"ü"}') == (event["isBase64Encoded"], event["body"])


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        ({"statusCode": 401}, 401, b""),
        ({"statusCode": 200, "body": "YQ==", "isBase64Encoded": True}, 200, b"a"),
        ({"errors": {}}, 200, b'{"errors": {}}'),
        ("a", 200, b"a"),
    ],
)
def test_an_answer_is_a_response(
    function: Function, url: str, answer: Any, status: int, body: bytes
) -> None:
    """Status, headers and body; what is no response is the body."""
    function.invocation = Invocation(answer=answer)
    response = urllib3.request("POST", url)

    assert (status, body) == (response.status, response.data)


def test_a_failure_is_a_bad_gateway(function: Function, url: str) -> None:
    """What the function raised is not told."""
    function.invocation = Invocation(error="ValueError: secret")
    response = urllib3.request("POST", url)

    assert 502 == response.status
    assert b"secret" not in response.data
