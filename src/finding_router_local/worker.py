"""
The processes that functions run in: ``python -m finding_router_local.worker PACKAGE SOCKET_FD``.

This one imports the package, and forks another one whenever a handler, its environment and four
file descriptors come by the socket: standard input and output, one for replies, and one to say its
id and exit status to. The other one reads a request as a line of JSON from standard input, and
answers each with a line, once all that the function logged is out on standard output. Like Lambda's
runtime it is killed from outside.
"""

import gc
import http.client
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

# Reading the model of a service takes botocore longer than all else of a first invocation.
_SERVICES: Final = ("dynamodb", "secretsmanager", "securityhub", "sqs")

LENGTH_BYTES: Final = 8
"""The length of an order stands before it, filled up with blanks to so many bytes."""

_system_time = time.time
_system_monotonic = time.monotonic
_system_sleep = time.sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The part of Lambda's context object that the function uses."""

    aws_request_id: str
    deadline: float
    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    function_version: str = "$LATEST"
    log_group_name: str = ""
    log_stream_name: str = ""
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the function's timeout."""
        return max(int((self.deadline - time.monotonic()) * 1000), 0)


def main() -> None:
    """Fork a process for each order; return in each of them."""
    package, orders = sys.argv[1], socket.socket(fileno=int(sys.argv[2]))
    clock = _Clock()
    time.time, time.monotonic = clock.time, clock.monotonic
    time.sleep = clock.sleep  # type: ignore[assignment]  # of floats only
    # Each process reports the exception of its import by itself.
    with suppress(Exception):
        _prepare(package)
    # No process looks for garbage among all that, which would also copy its pages.
    gc.freeze()
    # The intermediate process, which waits for the requested one, needs no wait.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        length, fds, _, _ = socket.recv_fds(orders, LENGTH_BYTES, 4)
        if not fds:
            return
        order = json.loads(_read(orders, int(length)))
        if not os.fork():
            break
        for fd in fds:
            os.close(fd)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    orders.close()
    *pipes, states = fds
    pid = os.fork()
    if not pid:
        os.close(states)
        os.environ.clear()
        os.environ.update(order["environment"])
        _run(order["handler"], clock, pipes)
        return
    for fd in pipes:
        os.close(fd)
    _tell(states, pid)
    _tell(states, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def _read(orders: socket.socket, length: int) -> bytes:
    """Return the next *length* bytes; fewer if there is nobody who sends any more."""
    read = b""
    while len(read) < length and (part := orders.recv(length - len(read))):
        read += part
    return read


def _tell(states: int, state: int) -> None:
    """Write *state* as a line, if the reader is still there."""
    with suppress(BrokenPipeError):
        os.write(states, f"{state}\n".encode())


def _prepare(package: str) -> None:
    """Import all that a function may import later, and read the models of its services."""
    path = getattr(importlib.import_module(package), "__path__", ())
    for module in pkgutil.walk_packages(path, f"{package}."):
        importlib.import_module(module.name)
    importlib.import_module(f"{__package__}.http_speed").speed_up()
    if "botocore" in sys.modules:
        boto_speed = importlib.import_module(f"{__package__}.boto_speed")
        boto_speed.speed_up()
        boto_speed.sign_nothing()
        boto_speed.send_plainly()
        session = importlib.import_module("botocore.session").Session()
        for service in _SERVICES:
            session.create_client(service).close()


def _run(handler_name: str, clock: "_Clock", pipes: Sequence[int]) -> None:
    """Serve requests until standard input ends."""
    stdin, stdout, reply_fd = pipes
    for fd, standard in ((stdin, 0), (stdout, 1), (stdout, 2)):
        os.dup2(fd, standard)
    os.close(stdin)
    os.close(stdout)
    with os.fdopen(reply_fd, "w", buffering=1) as replies:
        try:
            handler = _find(handler_name)
        except Exception as error:  # noqa: BLE001 -- Lambda reports whatever an import raises
            _reply(replies, error=_describe(error))
            return
        _reply(replies, ready=True)
        for line in sys.stdin:
            request = json.loads(line)
            clock.set(request["ahead_seconds"], is_hasty=request["is_hasty"])
            _serve(handler, request, replies)


class _Clock:
    """
    The process's clock: the stack's, which may run ahead of the machine's.

    In a hasty stack no process sleeps: the time of the whole stack is moved on instead.
    """

    def __init__(self) -> None:
        self._ahead_seconds = 0.0
        self._is_hasty = False

    def set(self, ahead_seconds: float, *, is_hasty: bool) -> None:
        self._ahead_seconds = ahead_seconds
        self._is_hasty = is_hasty

    def time(self) -> float:
        return _system_time() + self._ahead_seconds

    def monotonic(self) -> float:
        return _system_monotonic() + self._ahead_seconds

    def sleep(self, seconds: float) -> None:
        if not self._is_hasty:
            _system_sleep(seconds)
            return
        connection = http.client.HTTPConnection(urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc)
        connection.request("POST", "/_local/advance", json.dumps({"seconds": seconds}))
        self._ahead_seconds = json.loads(connection.getresponse().read())["ahead_seconds"]
        connection.close()


def _serve(handler: Callable[[Any, Context], Any], request: dict[str, Any], replies: Any) -> None:
    context = Context(
        aws_request_id=request["request_id"],
        deadline=time.monotonic() + request["timeout_seconds"],
        function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        invoked_function_arn=request["arn"],
        memory_limit_in_mb=os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
    )
    try:
        # The answer has to be JSON, or Lambda fails the invocation.
        outcome = {"answer": json.dumps(handler(request["event"], context))}
    except Exception as error:  # noqa: BLE001 -- as Lambda's runtime does
        outcome = {"error": _describe(error)}
    sys.stdout.flush()
    _reply(replies, **outcome)


def _find(name: str) -> Callable[[Any, Context], Any]:
    module, _, function = name.rpartition(".")
    found: Callable[[Any, Context], Any] = getattr(importlib.import_module(module), function)
    return found


def _reply(replies: Any, **fields: Any) -> None:
    replies.write(json.dumps(fields) + "\n")


def _describe(error: Exception) -> str:
    traceback.print_exc(file=sys.stdout)
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
