"""What the stack answers over HTTP beside AWS's own operations, to tests and commands."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from werkzeug.wrappers import Request, Response

from finding_router_local.aws import AwsServer
from finding_router_local.deployment import Deployment
from finding_router_local.faults import Fault
from finding_router_local.outcomes import FindingOutcome
from finding_router_local.running import PREFIX
from finding_router_local.slack import SlackServer


class Controlled(Protocol):
    """What is asked of a stack."""

    id: str
    aws: AwsServer
    slack: SlackServer
    deployment: Deployment

    def environment(self) -> dict[str, str]:
        """Return the function's environment."""

    def routes(self) -> list[dict[str, Any]]:
        """Return the items of the RoutingTable."""

    def advance(self, seconds: float) -> float:
        """Let *seconds* pass; give how far the clock is ahead."""

    def send(self, events: Sequence[Mapping[str, Any]], *, seconds: float) -> list[FindingOutcome]:
        """Route *events*; wait for so many *seconds*."""

    def wake(self) -> list[FindingOutcome]:
        """Call the function as its schedule does; raises OSError."""


class Control:
    """
    A WSGI application below `PREFIX`.

    ``GET /_local`` tells about the stack, and ``GET /_local/routes`` by what it routes; ``GET``,
    ``POST`` and ``DELETE /_local/faults`` list, add and clear faults; ``POST /_local/send`` takes
    ``{"events": […], "seconds": 30}``; ``POST /_local/advance`` takes ``{"seconds": 30}`` and moves
    the stack's clock on; ``POST /_local/wake`` calls the function as its schedule does.
    """

    def __init__(self, stack: Controlled) -> None:
        """Control *stack*."""
        self._stack = stack
        self._answers: Mapping[tuple[str, str], Callable[[Any], object]] = {
            ("GET", PREFIX): self._describe,
            ("GET", f"{PREFIX}/routes"): self._routes,
            ("GET", f"{PREFIX}/faults"): lambda _: stack.aws.faults.state(),
            ("POST", f"{PREFIX}/faults"): self._add_fault,
            ("DELETE", f"{PREFIX}/faults"): lambda _: stack.aws.faults.clear(),
            ("POST", f"{PREFIX}/advance"): self._advance,
            ("POST", f"{PREFIX}/send"): self._send,
            ("POST", f"{PREFIX}/wake"): self._wake,
        }

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Answer one request, in JSON."""
        request = Request(environ)
        answer = self._answers.get((request.method, request.path.rstrip("/")))
        if answer is None:
            response = _json({"problem": "not known; GET /_local tells what is here"}, 404)
        else:
            try:
                response = _json(answer(json.loads(request.get_data() or b"{}")), 200)
            except (KeyError, OSError, TypeError, ValueError) as error:
                response = _json({"problem": f"{type(error).__name__}: {error}"}, 400)
        return response(environ, start_response)

    def _describe(self, _: object) -> dict[str, Any]:
        stack = self._stack
        return {
            "id": stack.id,
            "endpoint_url": stack.aws.url,
            "region": stack.aws.region,
            "slack_page_url": stack.slack.page_url,
            "tables": dict(stack.deployment.tables),
            "queues": dict(stack.deployment.queues),
            "environment": stack.environment(),
        }

    def _routes(self, _: object) -> dict[str, Any]:
        environment = self._stack.deployment.function.environment
        return {
            "items": self._stack.routes(),
            "default_channel": environment["DEFAULT_CHANNEL"],
            "allow_suppress": environment["ALLOW_SUPPRESS"] == "true",
        }

    def _add_fault(self, value: object) -> list[dict[str, Any]]:
        faults = self._stack.aws.faults
        faults.add(Fault.from_json(value))
        return faults.state()

    def _advance(self, request: dict[str, Any]) -> dict[str, float]:
        return {"ahead_seconds": self._stack.advance(float(request["seconds"]))}

    def _send(self, request: dict[str, Any]) -> dict[str, Any]:
        outcomes = self._stack.send(request["events"], seconds=request.get("seconds", 30.0))
        return {"outcomes": [outcome.as_json() for outcome in outcomes]}

    def _wake(self, _: object) -> dict[str, Any]:
        return {"outcomes": [outcome.as_json() for outcome in self._stack.wake()]}


def _json(value: object, status: int) -> Response:
    return Response(json.dumps(value, default=str), status, content_type="application/json")
