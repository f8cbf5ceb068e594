"""The emulator runs a function as Lambda would."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rie import RuntimeEmulator, find_emulator

EMULATOR = find_emulator(Path(__file__).parents[2])
FUNCTION = """
import os, sys, time

calls = []


def handler(event, context):
    print("called")
    calls.append(event)
    if event.get("do") == "raise":
        raise ValueError("as told")
    if event.get("do") == "exit":
        os._exit(3)
    if event.get("do") == "sleep":
        time.sleep(30)
    if event.get("do") == "import":
        import pytest
    return {
        "calls": len(calls),
        "greeting": os.environ["GREETING"],
        "remaining_ms": context.get_remaining_time_in_millis(),
    }
"""

pytestmark = pytest.mark.skipif(
    EMULATOR is None, reason="the emulator comes with the SAM CLI: `make build` installs it"
)


@pytest.fixture
def function(runtime: Path, tmp_path: Path) -> Iterator[RuntimeEmulator]:
    """Start the emulator with the function above."""
    (tmp_path / "function.py").write_text(FUNCTION)
    assert EMULATOR is not None
    with RuntimeEmulator(
        emulator=EMULATOR,
        runtime=runtime,
        task=tmp_path,
        handler="function.handler",
        environment={"GREETING": "hello"},
        timeout_seconds=2,
    ) as emulator:
        yield emulator


def test_answer_comes_back(function: RuntimeEmulator) -> None:
    """With the environment and the time that the function has."""
    invocation = function.invoke({"any": "event"})

    assert invocation.error is None
    assert "hello" == invocation.answer["greeting"]
    assert 0 < invocation.answer["remaining_ms"] <= 2000
    assert "called" in invocation.log


def test_second_invocation_is_warm(function: RuntimeEmulator) -> None:
    """The process stays, as in Lambda, and init happens once."""
    first, second = function.invoke({}), function.invoke({})

    assert (1, 2) == (first.answer["calls"], second.answer["calls"])
    assert 1 == sum("INIT REPORT" in line for line in function.log)


def test_times_memory_and_processor_are_measured(function: RuntimeEmulator) -> None:
    """Init and each invocation are timed by the emulator itself."""
    assert function.init_ms is None

    invocation = function.invoke({})

    assert (function.init_ms or 0) > 0
    assert invocation.seconds > 0
    if sys.platform == "linux":
        assert function.peak_megabytes > 1
        assert function.cpu_ms > 0


def test_exception_is_a_failure(function: RuntimeEmulator) -> None:
    """The error has its type and text, and the function lives on."""
    failed = function.invoke({"do": "raise"})

    assert "ValueError: as told" == failed.error
    assert 2 == function.invoke({}).answer["calls"]


def test_end_of_the_process_is_a_failure(function: RuntimeEmulator) -> None:
    """A crash loses the memory of the process; the next invocation starts anew."""
    function.invoke({})

    failed = function.invoke({"do": "exit"})

    assert failed.error is not None
    assert failed.error.startswith("Runtime.ExitError")
    assert 1 == function.invoke({}).answer["calls"]


def test_timeout_is_a_failure(function: RuntimeEmulator) -> None:
    """The function is held to its timeout."""
    failed = function.invoke({"do": "sleep"})

    assert "Task timed out after 2.00 seconds" == failed.error


def test_only_what_is_deployed_can_be_imported(function: RuntimeEmulator) -> None:
    """A package of this environment is not a package of the function."""
    failed = function.invoke({"do": "import"})

    assert "ModuleNotFoundError: No module named 'pytest'" == failed.error


def test_stop_ends_the_runtime(function: RuntimeEmulator) -> None:
    """No process is left behind."""
    function.invoke({})
    pids = function.runtime_pids

    function.stop()

    assert [] == [pid for pid in pids if Path(f"/proc/{pid}/cmdline").exists()]


def test_emulator_that_does_not_start_is_told(runtime: Path, tmp_path: Path) -> None:
    """Instead of a test that hangs."""
    emulator = RuntimeEmulator(
        emulator=Path("/bin/false"), runtime=runtime, task=tmp_path, handler="function.handler"
    )

    with pytest.raises(RuntimeError, match="does not listen"):
        emulator.start()
    emulator.stop()
