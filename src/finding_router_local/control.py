"""The control plane: JSON over HTTP for tests and commands, beside AWS's and Slack's own calls."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from finding_router_local.faults import Fault
from finding_router_local.outcomes import FindingOutcome
from finding_router_local.running import PREFIX
from finding_router_local.serving import Reply

if TYPE_CHECKING:
    from finding_router_local.stack import Stack


class MistakeError(Exception):
    """The request is not one that the operation takes; the message is for the caller."""


type Operation = Callable[[Request], Reply]


class ControlPlane:
    """
    A WSGI application that runs *operations*, named by method and path below *prefix*.

    An error of an operation is answered with 400 and ``{"problem": …}``, an unknown address with
    404 and the same.
    """

    def __init__(self, prefix: str, operations: Mapping[str, Operation]) -> None:
        """Take operations such as ``{"GET /faults": …}``; "GET" alone is *prefix* itself."""
        self._prefix = prefix
        self._operations = operations

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Answer one request."""
        request = Request(environ)
        path = request.path.removeprefix(self._prefix).rstrip("/")
        operation = self._operations.get(f"{request.method} {path}".rstrip())
        try:
            reply = self._unknown() if operation is None else operation(request)
        except MistakeError as error:
            reply = _problem(str(error))
        except (KeyError, OSError, TypeError, ValueError) as error:
            reply = _problem(f"{type(error).__name__}: {error}")
        body = (
            "" if reply.status == HTTPStatus.NO_CONTENT else json.dumps(reply.value, default=_plain)
        )
        response = Response(body, reply.status, content_type="application/json")
        return response(environ, start_response)

    def _unknown(self) -> Reply:
        known = ", ".join(self._operations)
        return _problem(f"not known; below {self._prefix} there are {known}", HTTPStatus.NOT_FOUND)


def sent_object(request: Request) -> dict[str, Any]:
    """
    Return the JSON object that *request* has sent.

    Raises:
        MistakeError: It has sent none.

    """
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        raise MistakeError("send a JSON object, with Content-Type: application/json")
    return sent


def doing(work: Callable[[], None]) -> Operation:
    """Return an operation that does *work*, and answers without a body."""

    def operation(_: Request) -> Reply:
        work()
        return Reply(status=HTTPStatus.NO_CONTENT)

    return operation


def stack_control(stack: "Stack") -> ControlPlane:
    """Return the control plane of *stack*: ``/_local`` of docs/local.md."""

    def add_fault(request: Request) -> Reply:
        stack.faults.add(Fault.from_json(_sent(request)))
        return Reply(stack.faults.state())

    def clear_faults(_: Request) -> Reply:
        stack.faults.clear()
        return Reply()

    def put_organization(request: Request) -> Reply:
        stack.put_organization(_sent(request)["accounts"])
        return Reply({"accounts": stack.organization()})

    def send(request: Request) -> Reply:
        sent = _sent(request)
        return _outcomes(stack.send(sent["events"], seconds=sent.get("seconds", 30.0)))

    def wake_worker(_: Request) -> Reply:
        stack.wake_worker()
        return Reply()

    def import_v2(request: Request) -> Reply:
        match _sent(request):
            case {"findings": list() as findings}:
                return Reply(stack.import_v2(findings))
        raise MistakeError('an import is an object with "findings", a list of OCSF findings')

    return ControlPlane(
        PREFIX,
        {
            "GET": lambda _: Reply(stack.describe()),
            "GET /routes": lambda _: Reply(stack.routing()),
            "GET /organization": lambda _: Reply({"accounts": stack.organization()}),
            "POST /organization": put_organization,
            "GET /faults": lambda _: Reply(stack.faults.state()),
            "POST /faults": add_fault,
            "DELETE /faults": clear_faults,
            "POST /send": send,
            "POST /findings-v2": import_v2,
            "POST /advance": lambda request: Reply(
                {"ahead_seconds": stack.advance(float(_sent(request)["seconds"]))}
            ),
            "POST /wake": lambda _: _outcomes(stack.wake()),
            "POST /wake-worker": wake_worker,
        },
    )


def _sent(request: Request) -> Any:
    return json.loads(request.get_data() or b"{}")


def _outcomes(outcomes: Sequence[FindingOutcome]) -> Reply:
    return Reply({"outcomes": [outcome.as_json() for outcome in outcomes]})


def _problem(problem: str, status: int = HTTPStatus.BAD_REQUEST) -> Reply:
    return Reply({"problem": problem}, status)


def _plain(value: object) -> object:
    """Return *value*, which json cannot encode, as a type that it can."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
