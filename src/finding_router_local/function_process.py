"""The function in a process of its own, as Lambda runs it: with its environment, killable."""

import json
import os
import selectors
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from finding_router_local.deployment import Function
from finding_router_local.fork_server import ForkedProcess, base_environment, shared_server
from finding_router_local.invocation import Invocation

_SOURCE: Final = Path(__file__).parents[1]
_START_SECONDS: Final = 60.0
_GRACE_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class ClockState:
    """How far the stack's clock is ahead of the machine's; if *is_hasty*, a sleep moves it on."""

    ahead_seconds: float = 0.0
    is_hasty: bool = False


class FunctionProcess:
    """
    An execution environment of the function; a new one starts where the last one died.

    *name* goes out with every AWS call, so that faults can kill exactly the one that called.
    """

    def __init__(
        self,
        function: Function,
        *,
        endpoint_url: str,
        name: str = "worker-0",
        clock: Callable[[], ClockState] = ClockState,
        python_path: Path | None = None,
    ) -> None:
        """Reach AWS at *endpoint_url*; find the handler in *python_path* too."""
        self.name = name
        self._function = function
        self._clock = clock
        paths = os.pathsep.join(str(path) for path in (python_path, _SOURCE) if path)
        package = function.handler.partition(".")[0]
        level = function.environment.get("AWS_LAMBDA_LOG_LEVEL", "INFO")
        self._server = shared_server(package, paths, level)
        self._environment = {
            **base_environment(paths),
            **function.environment,
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_SDK_UA_APP_ID": name,
        }
        self._process: ForkedProcess | None = None
        self._pipes: _Pipes | None = None
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Return the id of the process, if one runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process; it imports the function while its caller does something else."""
        if self._process is None:
            self._process = self._server.fork(self._function.handler, self._environment)
            self._pipes = _Pipes(self._process)

    def __call__(self, event: Mapping[str, Any]) -> Invocation:
        """Invoke the function; its exception, timeout or death is the error of the result."""
        began = time.monotonic()
        with self._lock:
            self.start()
            assert self._pipes is not None  # noqa: S101 -- started in the line above
            reply = self._exchange(self._pipes, event)
            log = tuple(self._pipes.take_log())
            if reply is None or not self._pipes.is_ready:
                end = self._end()
        seconds = time.monotonic() - began
        if reply is None:
            return Invocation(error=end, log=log, seconds=seconds)
        if "error" in reply:
            return Invocation(error=reply["error"], log=log, seconds=seconds)
        return Invocation(answer=json.loads(reply["answer"]), log=log, seconds=seconds)

    def _exchange(self, pipes: "_Pipes", event: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the reply to *event*, or to the start of the process if that already failed."""
        if not pipes.is_ready:
            reply = pipes.read_reply(_START_SECONDS)
            if reply is None or "error" in reply:
                return reply
            pipes.is_ready = True
        pipes.send(self._request(event))
        return pipes.read_reply(self._function.timeout_seconds + _GRACE_SECONDS)

    def kill(self) -> None:
        """Kill the process where it is, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End the process."""
        self.kill()
        with self._lock:
            if self._process is not None:
                self._end()

    def _request(self, event: Mapping[str, Any]) -> dict[str, Any]:
        pace = self._clock()
        return {
            "request_id": str(uuid.uuid4()),
            "arn": self._function.arn,
            "event": event,
            "timeout_seconds": self._function.timeout_seconds,
            "ahead_seconds": pace.ahead_seconds,
            "is_hasty": pace.is_hasty,
        }

    def _end(self) -> str:
        """Remove a process that does not answer, and return how it ended."""
        assert self._process is not None  # noqa: S101 -- only called while there is one
        assert self._pipes is not None  # noqa: S101 -- same
        status = None
        if self._pipes.is_broken:
            # The pipe may break a moment before the process is gone.
            status = self._process.wait(_GRACE_SECONDS)
        self.kill()
        self._pipes.close()
        self._process = self._pipes = None
        if status is None:
            return f"Task timed out after {self._function.timeout_seconds} seconds"
        return f"Runtime exited with status {status}"


class _Pipes:
    """The pipes of a process: requests in, replies and log out."""

    def __init__(self, process: ForkedProcess) -> None:
        self.is_ready = False
        self.is_broken = False
        self._process = process
        self._buffers = {"reply": b"", "log": b""}
        self._selector = selectors.DefaultSelector()
        self._selector.register(process.replies, selectors.EVENT_READ, "reply")
        self._selector.register(process.stdout, selectors.EVENT_READ, "log")

    def send(self, request: dict[str, Any]) -> None:
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return

    def read_reply(self, seconds: float) -> dict[str, Any] | None:
        """Return the next reply; None where the process dies or takes longer."""
        end = time.monotonic() + seconds
        while b"\n" not in self._buffers["reply"]:
            left = end - time.monotonic()
            if left <= 0 or not self._selector.get_map():
                return None
            for key, _ in self._selector.select(left):
                chunk = os.read(key.fd, 65_536)
                self._buffers[key.data] += chunk
                if not chunk:
                    self._selector.unregister(key.fileobj)
                    if key.data == "reply" and b"\n" not in self._buffers["reply"]:
                        self.is_broken = True
                        return None
        line, _, self._buffers["reply"] = self._buffers["reply"].partition(b"\n")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def take_log(self) -> list[str]:
        """Return the lines logged so far; all of them are there once the reply is."""
        while any(key.data == "log" for key, _ in self._selector.select(0)):
            chunk = os.read(self._process.stdout.fileno(), 65_536)
            if not chunk:
                self._selector.unregister(self._process.stdout)
            self._buffers["log"] += chunk
        lines = self._buffers["log"].decode(errors="replace").splitlines()
        self._buffers["log"] = b""
        return lines

    def close(self) -> None:
        self._selector.close()
        self._process.close()
