"""
AWS's Lambda Runtime Interface Emulator, which runs a built function as Lambda would.

The emulator comes with the SAM CLI. It starts the runtime at the first invocation, holds it to the
function's timeout, and says how long init and each invocation took:
https://github.com/aws/aws-lambda-runtime-interface-emulator
"""

import contextlib
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from compileall import compile_dir
from importlib.metadata import distribution
from pathlib import Path
from py_compile import PycInvalidationMode
from types import TracebackType
from typing import Any, Final, Self

from finding_router_local.invocation import Invocation
from memory import peak_megabytes

_RAPID: Final = ".tools/sam/lib/python3.13/site-packages/samcli/local/rapid"
_BINARIES: Final = {
    "x86_64": "aws-lambda-rie-x86_64",
    "aarch64": "aws-lambda-rie-arm64",
    "arm64": "aws-lambda-rie-arm64",
}
# The packages in /var/runtime of Lambda's own image, besides boto3.
_RUNTIME_DISTRIBUTIONS: Final = ("awslambdaric", "simplejson", "snapshot-restore-py")
_INVOKE_PATH: Final = "/2015-03-31/functions/function/invocations"
_INIT_REPORT: Final = re.compile(r"INIT REPORT\(durationMs: ([\d.]+)\)")
_INVOKE_REPORT: Final = re.compile(r"INVOKE RTDONE\(.*duration: ([\d.]+)ms\)")
_START_SECONDS: Final = 10
_STOP_SECONDS: Final = 5
_LOG_SECONDS: Final = 2


def find_emulator(project: Path) -> Path | None:
    """Return the emulator for this machine in *project*'s own SAM CLI, or None without one."""
    binary = project / _RAPID / _BINARIES.get(platform.machine(), "none")
    return binary if binary.is_file() else None


def assemble_runtime(folder: Path, *, extra: Iterable[str] = ()) -> Path:
    """
    Copy Lambda's Python runtime into *folder*, compiled as it is in Lambda.

    *extra* names further distributions that the runtime brings along, such as boto3.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*_RUNTIME_DISTRIBUTIONS, *extra):
        installed = distribution(name)
        for part in sorted({file.parts[0] for file in installed.files or ()}):
            source = Path(str(installed.locate_file(part)))
            if part.startswith(".") or not source.exists():
                continue
            if source.is_dir():
                shutil.copytree(
                    source,
                    folder / part,
                    dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("__pycache__"),
                )
            else:
                shutil.copy2(source, folder / part)
    compile_dir(folder, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    return folder


class RuntimeEmulator:
    """
    A built function under the emulator, as a context manager.

    Nothing but the function, its layer, the runtime and the standard library can be imported.
    """

    def __init__(
        self,
        *,
        emulator: Path,
        runtime: Path,
        task: Path,
        handler: str,
        layer: Path | None = None,
        environment: Mapping[str, str] | None = None,
        timeout_seconds: int = 90,
        memory_megabytes: int = 512,
    ) -> None:
        """Run *handler* of the folder *task*; *layer* is mounted at ``/opt`` in Lambda."""
        self._emulator = emulator
        self._task = task
        self._handler = handler
        self._timeout_seconds = timeout_seconds
        path = [task, *([layer / "python"] if layer else []), runtime]
        self._environment = {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "PYTHONPATH": ":".join(str(part.resolve()) for part in path),
            # The folders of a real function are read-only.
            "PYTHONDONTWRITEBYTECODE": "1",
            "LAMBDA_TASK_ROOT": str(task.resolve()),
            "AWS_LAMBDA_FUNCTION_NAME": "RouterFunction",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_seconds),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_megabytes),
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_SESSION_TOKEN": "local",
            **(environment or {}),
        }
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._lines: list[str] = []
        self._url = ""
        self.init_cpu_ms = 0.0
        """The processor time of the latest init; Linux only."""

    def __enter__(self) -> Self:
        """Start the emulator."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the emulator and the runtime."""
        self.stop()

    @property
    def log(self) -> tuple[str, ...]:
        """Every line that the emulator and the function have written."""
        return tuple(self._lines)

    @property
    def init_ms(self) -> float | None:
        """How long the latest init took: the interpreter's start and the handler's import."""
        return _latest(_INIT_REPORT, self._lines)

    @property
    def runtime_pids(self) -> tuple[int, ...]:
        """The processes of the runtime; none before the first invocation. Linux only."""
        if self._process is None:
            return ()
        children = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        return tuple(int(pid) for file in children for pid in file.read_text().split())

    @property
    def peak_megabytes(self) -> float:
        """The most memory that the runtime has held until now. Linux only."""
        return peak_megabytes(self.runtime_pids) or 0.0

    @property
    def cpu_ms(self) -> float:
        """
        The processor time that the runtime has used until now. Linux only.

        Unlike the time of a clock, it hardly grows while the machine is busy with other work.
        """
        ticks = 0
        for pid in self.runtime_pids:
            # The second field is a name in parentheses; utime and stime are 14 and 15.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return 1000 * ticks / os.sysconf("SC_CLK_TCK")

    def start(self) -> None:
        """
        Start the emulator; the runtime itself starts at the first invocation.

        Raises:
            RuntimeError: the emulator does not listen.

        """
        port, runtime_port = _free_ports()
        self._url = f"http://127.0.0.1:{port}{_INVOKE_PATH}"
        self._process = subprocess.Popen(
            [
                str(self._emulator),
                "--log-level",
                "info",
                "--runtime-interface-emulator-address",
                f"127.0.0.1:{port}",
                "--runtime-api-address",
                f"127.0.0.1:{runtime_port}",
                # -S keeps this environment's own packages out of the function's sight.
                sys._base_executable,  # type: ignore[attr-defined]
                "-S",
                "-m",
                "awslambdaric",
                self._handler,
            ],
            cwd=self._task,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        _wait_for(port, self._process)

    def invoke(self, event: Mapping[str, Any]) -> Invocation:
        """Invoke the function with *event* and wait for its answer."""
        before = len(self._lines)
        body = self._post(json.dumps(event).encode())
        deadline = time.monotonic() + _LOG_SECONDS
        while time.monotonic() < deadline and not _ended(self._lines[before:]):
            time.sleep(0.005)
        log = tuple(self._lines[before:])
        seconds = (_latest(_INVOKE_REPORT, log) or 0.0) / 1000
        answer = _json(body)
        # The emulator calls it a success, too, when the handler raises.
        if isinstance(answer, dict) and "errorType" in answer:
            error = f"{answer['errorType']}: {answer.get('errorMessage')}"
            return Invocation(error=error, log=log, seconds=seconds)
        if not seconds:  # "Task timed out after 90.00 seconds"
            return Invocation(error=body, log=log)
        return Invocation(answer=answer, log=log, seconds=seconds)

    def __call__(self, event: Mapping[str, Any], /) -> Invocation:
        """Invoke the function, as the embedded stack does."""
        return self.invoke(event)

    def _post(self, body: bytes) -> str:
        """Send *body* to the emulator and return its answer."""
        request = urllib.request.Request(self._url, data=body, method="POST")
        timeout = self._timeout_seconds + _START_SECONDS
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return str(answer.read(), "utf-8")
        except urllib.error.HTTPError as error:  # the runtime exited
            with error:
                return str(error.read(), "utf-8")

    def stop(self) -> None:
        """End the emulator and the runtime; harmless when nothing runs."""
        if self._process is None:
            return
        runtimes = self.runtime_pids
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid in runtimes:
            _kill(pid)
        if self._reader:
            self._reader.join(_STOP_SECONDS)
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None

    def _read(self) -> None:
        """Collect the output until the emulator and the runtime have closed their end."""
        if self._process is None or self._process.stdout is None:
            return
        for line in self._process.stdout:
            if _INIT_REPORT.search(line):
                self.init_cpu_ms = self.cpu_ms
            self._lines.append(line.rstrip("\n"))


def _json(body: str) -> Any:
    """Return *body* read as JSON, or None if it is none."""
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        return None


def _ended(lines: Iterable[str]) -> bool:
    """Return True if the emulator has written the last line of an invocation."""
    return any(line.startswith("REPORT RequestId") for line in lines)


def _latest(pattern: re.Pattern[str], lines: Iterable[str]) -> float | None:
    """Return the number of the last line that has one."""
    found = [float(match[1]) for line in lines if (match := pattern.search(line))]
    return found[-1] if found else None


def _free_ports() -> tuple[int, int]:
    """Return two ports of loopback that nothing listens on."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    """
    Wait until *process* listens on *port*.

    Raises:
        RuntimeError: it ended, or does not listen in time.

    """
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    process.kill()
    message = f"the Runtime Interface Emulator does not listen on port {port}; is it executable?"
    raise RuntimeError(message)


def _kill(pid: int) -> None:
    """End the runtime, which the emulator leaves behind when it is stopped."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
