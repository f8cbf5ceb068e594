"""A function runs in its own process, with its own environment, and may die there."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from finding_router_local.deployment import Function
from finding_router_local.function_process import ClockState, FunctionProcess

SUPPORT = Path(__file__).parents[1] / "support"


@pytest.fixture
def process() -> Iterator[Any]:
    """Return a function that starts processes, and end them."""
    started = []

    def start(
        handler: str = "handler",
        *,
        timeout_seconds: int = 20,
        ahead_seconds: float = 0.0,
        **environment: str,
    ) -> Any:
        function = Function(
            logical_id="Function",
            name="the-function",
            arn="arn:aws:lambda:us-east-1:123456789012:function:the-function",
            handler=f"stub_function.{handler}",
            timeout_seconds=timeout_seconds,
            memory_mb=256,
            environment=environment,
            sources=(),
        )
        process = FunctionProcess(
            function,
            endpoint_url="http://127.0.0.1:1",
            name="worker-7",
            clock=lambda: ClockState(ahead_seconds),
            python_path=SUPPORT,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.close()


def batch(*orders: dict[str, Any]) -> Any:
    """Make an SQS batch of *orders* to the stub function."""
    return {
        "Records": [
            {"messageId": str(number), "body": json.dumps(order)}
            for number, order in enumerate(orders)
        ]
    }


def test_answer_and_log_come_back(process: Any) -> None:
    """The answer is the function's, the log is every line it printed."""
    invocation = process()(batch({}, {"do": "fail"}))

    assert {"batchItemFailures": [{"itemIdentifier": "1"}]} == invocation.answer
    assert invocation.error is None
    assert ["0", "1"] == [json.loads(line)["record_id"] for line in invocation.log]


def test_environment_is_the_functions_own(process: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's AWS account reaches the function."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")

    seen = process("environment", ROUTING_TABLE="routes")({}).answer

    environment = seen["environment"]
    assert "routes" == environment["ROUTING_TABLE"]
    assert "http://127.0.0.1:1" == environment["AWS_ENDPOINT_URL"]
    assert "worker-7" == environment["AWS_SDK_UA_APP_ID"]
    assert "local" == environment["AWS_SECRET_ACCESS_KEY"]
    assert environment.keys().isdisjoint({"AWS_PROFILE", "AWS_SESSION_TOKEN"})


def test_context_knows_the_function_and_its_time(process: Any) -> None:
    """The context object names the function and counts down to its timeout."""
    seen = process("environment", timeout_seconds=9)({}).answer

    assert "the-function" == seen["name"]
    assert seen["arn"].endswith(":function:the-function")
    assert 8000 < seen["remaining"] <= 9000


def test_clock_may_run_ahead(process: Any) -> None:
    """The function's clock is the stack's."""
    seen = process("environment", ahead_seconds=5000.0)({}).answer

    assert 4900 < seen["time"] - time.time() < 5100


def test_process_is_kept_for_the_next_invocation(process: Any) -> None:
    """The second invocation is warm."""
    function = process("environment")

    first, second = function({}).answer["pid"], function({}).answer["pid"]

    assert first == second == function.pid
    assert os.getpid() != first


def test_exception_is_the_error(process: Any) -> None:
    """The exception is named, its traceback is in the log, and the process lives on."""
    function = process()

    raised = function(batch({"do": "raise"}))
    after = function(batch({}))

    assert "ValueError: asked for" == raised.error
    assert any("Traceback" in line for line in raised.log)
    assert {"batchItemFailures": []} == after.answer


def test_timeout_kills(process: Any) -> None:
    """A function that takes too long is killed, and the next invocation finds a new process."""
    function = process(timeout_seconds=1)

    slow = function(batch({"do": "post"}, {"do": "sleep", "seconds": 60}))
    after = function(batch({}))

    assert "Task timed out after 1 seconds" == slow.error
    assert {"batchItemFailures": []} == after.answer


def test_death_is_the_error(process: Any) -> None:
    """A process that ends in the middle fails its invocation, and the next one works."""
    function = process()

    died = function(batch({"do": "exit"}))
    after = function(batch({}))

    assert "Runtime exited with status 3" == died.error
    assert {"batchItemFailures": []} == after.answer


def test_kill_while_the_function_is_imported(process: Any) -> None:
    """A process that is killed before it serves anything is replaced as well."""
    function = process("environment")
    function.start()
    first = function.pid
    function.kill()

    died, after = function({}), function({})

    assert "Runtime exited with status -9" == died.error
    assert first != after.answer["pid"] == function.pid


def test_fork_server_that_dies_is_replaced(process: Any) -> None:
    """The next process comes from a new one."""
    function = process("environment")
    first = function({}).answer["pid"]
    function._server._process.kill()
    function._server._process.wait()
    function.kill()

    died, after = function({}), function({})

    assert died.error is not None
    assert first != after.answer["pid"]


def test_handler_that_is_not_there_is_the_error(process: Any) -> None:
    """An import that fails is the error, each time."""
    function = process("nothing")

    errors = [function({}).error for _ in range(2)]

    assert all("AttributeError" in error for error in errors)


def test_answer_must_be_json(process: Any) -> None:
    """An answer that cannot be JSON fails, as in Lambda."""
    invocation = process("not_json")({})

    assert invocation.error.startswith("TypeError")
