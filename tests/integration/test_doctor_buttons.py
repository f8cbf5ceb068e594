"""`finding-router doctor` checks the address of the buttons, and the scopes that they need."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from finding_router_cli.health.buttons import check_buttons, check_scopes
from finding_router_cli.health.result import Mark, Result

SCOPES = frozenset({"users:read", "channels:read", "groups:read"})
SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:signing-Ab1cd2"


@contextmanager
def answering(status: int) -> Iterator[str]:
    """Serve *status* to every POST; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def site(
    url: str | None, *, scopes: frozenset[str] | None = SCOPES, has_buttons: bool = True
) -> Any:
    """Return the deployed stack "router", whose buttons call *url*."""
    outputs = {"ActionsUrl": url} if url else {}
    return SimpleNamespace(
        parameters={"SlackSigningSecretArn": SECRET_ARN if has_buttons else ""},
        stack=SimpleNamespace(name="router", account=SimpleNamespace(outputs=lambda _: outputs)),
        slack=SimpleNamespace(scopes=scopes),
        options=" --stack router",
    )


def of_address(url: str | None) -> Result:
    """Return the one result about the address *url*."""
    [found] = check_buttons(site(url))
    return found


@pytest.mark.parametrize(
    ("status", "mark", "words"),
    [
        (401, Mark.GOOD, "refuses what Slack did not sign"),
        (403, Mark.BAD, "ActionsEndpoint=http-api"),
        (200, Mark.BAD, "answers 200"),
        (502, Mark.BAD, "answers 502"),
    ],
)
def test_the_address_answers_slack_alone(status: int, mark: Mark, words: str) -> None:
    """Anything but a refusal of strangers is a fault, and its cure is named."""
    with answering(status) as url:
        found = of_address(url)

    assert mark is found.mark
    assert words in f"{found.found} {found.cure}"


def test_an_address_that_is_out_of_reach_is_no_fault_for_certain() -> None:
    """Slack may reach it."""
    with answering(401) as url:
        gone = url

    assert Mark.UNSURE is of_address(gone).mark


def test_a_stack_without_its_address() -> None:
    """Its deployment ended early."""
    assert Mark.BAD is of_address(None).mark


@pytest.mark.parametrize("missing", sorted(SCOPES))
def test_a_scope_that_is_missing(missing: str) -> None:
    """Every press is refused then, so that it is a fault; the command to cure it is named."""
    [found] = check_scopes(site(None, scopes=SCOPES - {missing}))

    assert Mark.BAD is found.mark
    assert missing in found.found
    assert "finding-router manifest --stack router" in found.cure


def test_all_scopes_are_there() -> None:
    """Nothing is wrong."""
    [found] = check_scopes(site(None, scopes=SCOPES | {"chat:write"}))

    assert Mark.GOOD is found.mark


def test_a_stack_without_buttons_hears_nothing_of_them() -> None:
    """Nothing is checked."""
    without = site(None, has_buttons=False)

    assert [] == [*check_buttons(without), *check_scopes(without)]
