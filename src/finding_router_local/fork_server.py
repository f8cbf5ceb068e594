"""A process that has imported the functions, and forks the processes that run them."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Final

from finding_router_local.aws import CREDENTIALS
from finding_router_local.worker import LENGTH_BYTES

# Variables that a process needs to run; none that could lead to a real AWS account.
_INHERITED: Final = ("PATH", "HOME", "LANG", "TMPDIR", "COVERAGE_PROCESS_START")


class ForkServer:
    """
    Forks the processes of the handlers in *package*, each with an environment of its own.

    A process that is killed is replaced in milliseconds, since the next one imports nothing.
    Its methods are safe to call from any thread.
    """

    def __init__(self, package: str, environment: Mapping[str, str]) -> None:
        """Start nothing before the first `fork`; the package is imported in *environment*."""
        self._package = package
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None
        self._lock = threading.RLock()

    def fork(self, handler: str, environment: Mapping[str, str]) -> "ForkedProcess":
        """
        Return a new process of *handler* that has exactly *environment*.

        The first one starts once the server has imported the package.
        """
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self.close()
                self._orders = self._start()
            assert self._orders is not None  # noqa: S101 -- started in the line above
            order = {"handler": handler, "environment": dict(environment)}
            return self._send(self._orders, json.dumps(order).encode())

    def _send(self, orders: socket.socket, order: bytes) -> "ForkedProcess":
        stdin_read, stdin_write = os.pipe()
        stdout_read, stdout_write = os.pipe()
        replies_read, replies_write = os.pipe()
        states_read, states_write = os.pipe()
        sent = [stdin_read, stdout_write, replies_write, states_write]
        # A server that dies right now leaves a process that never answers.
        with suppress(BrokenPipeError):
            socket.send_fds(orders, [str(len(order)).encode().ljust(LENGTH_BYTES)], sent)
            orders.sendall(order)
        for fd in sent:
            os.close(fd)
        return ForkedProcess(
            stdin=stdin_write, stdout=stdout_read, replies=replies_read, states=states_read
        )

    def close(self) -> None:
        """End the server; the processes that it forked are to be ended before."""
        with self._lock:
            if self._process is None or self._orders is None:
                return
            self._orders.close()
            self._process.kill()
            self._process.wait()
            self._process = self._orders = None

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    f"{__package__}.worker",
                    self._package,
                    str(theirs.fileno()),
                ],
                # Its processes have pipes of their own in the place of these.
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=self._environment,
                pass_fds=[theirs.fileno()],
            )
        return ours


def base_environment(python_path: str) -> dict[str, str]:
    """Return the variables that every process has, with those of the local AWS account."""
    return {
        **{key: os.environ[key] for key in _INHERITED if key in os.environ},
        **CREDENTIALS,
        "PYTHONPATH": python_path,
    }


@cache
def shared_server(package: str, python_path: str, log_level: str) -> ForkServer:
    """
    Return the one server of this process for *package*, which it finds in *python_path*.

    The stacks of a process and the functions of a stack have it in common: what a function imports
    takes a second of the CPU's time, and depends on nothing in its environment but *log_level*.
    """
    environment = base_environment(python_path) | {"AWS_LAMBDA_LOG_LEVEL": log_level}
    server = ForkServer(package, environment)
    atexit.register(server.close)
    return server


class ForkedProcess:
    """One process of the handler, with pipes: requests in, log and replies out."""

    def __init__(self, *, stdin: int, stdout: int, replies: int, states: int) -> None:
        """Take file descriptors; the server writes the process's id and status to *states*."""
        self.stdin = os.fdopen(stdin, "wb")
        self.stdout = os.fdopen(stdout, "rb", buffering=0)
        self.replies = os.fdopen(replies, "rb", buffering=0)
        self._states = os.fdopen(states, "rb", buffering=0)
        self._said = b""
        self._is_over = False
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Return the id once the process runs; None if it cannot start any more."""
        said = self._wait_for_states(1, None)
        return said[0] if said else None

    def wait(self, seconds: float | None = None) -> int | None:
        """Return the exit status once the process has ended; None if that takes longer."""
        said = self._wait_for_states(2, seconds)
        return said[1] if len(said) > 1 else None

    def kill(self) -> None:
        """Kill the process where it is, and wait until it is gone."""
        pid = self.pid
        if pid is not None and self.wait(0) is None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self.wait()

    def close(self) -> None:
        """Close the pipes."""
        for pipe in (self.stdin, self.stdout, self.replies, self._states):
            with suppress(BrokenPipeError):
                pipe.close()

    def _wait_for_states(self, count: int, seconds: float | None) -> list[int]:
        """Return as many states as there are in time: the id, then the exit status."""
        end = None if seconds is None else time.monotonic() + seconds
        with self._lock:
            while self._said.count(b"\n") < count and not self._is_over:
                left = None if end is None else max(end - time.monotonic(), 0.0)
                if not select.select([self._states], [], [], left)[0]:
                    break
                said = os.read(self._states.fileno(), 64)
                self._said += said
                self._is_over = not said
            return [int(line) for line in self._said.split(b"\n")[:-1]]
