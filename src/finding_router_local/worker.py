"""
The process that a function runs in: ``python -m finding_router_local.worker HANDLER REPLY_FD``.

It reads each request as a line of JSON from standard input, and writes each reply as a line to the
file descriptor *REPLY_FD*, after the function's log lines are flushed to standard output. Like
Lambda's runtime it is killed from outside.
"""

import http.client
import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_system_time = time.time
_system_monotonic = time.monotonic
_system_sleep = time.sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Lambda's context object, with the attributes that the router uses."""

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
    """Serve requests until standard input ends."""
    handler_name, reply_fd = sys.argv[1], int(sys.argv[2])
    clock = _Clock()
    time.time, time.monotonic = clock.time, clock.monotonic
    time.sleep = clock.sleep  # type: ignore[assignment]  # of floats only
    with os.fdopen(reply_fd, "w", buffering=1) as replies:
        try:
            handler = _find(handler_name)
        except Exception as error:  # noqa: BLE001 -- Lambda reports any exception of an import
            _reply(replies, error=_describe(error))
            return
        _reply(replies, ready=True)
        for line in sys.stdin:
            request = json.loads(line)
            clock.set(request["ahead_seconds"], is_hasty=request["is_hasty"])
            _serve(handler, request, replies)


class _Clock:
    """
    The process's clock, set to the stack's, which may run ahead of the machine's.

    In a hasty stack, a sleep moves the stack's time forward instead, for all processes.
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
        # If the answer is no JSON, Lambda fails the invocation.
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
