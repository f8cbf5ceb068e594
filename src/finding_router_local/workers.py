"""The callers of the local function: workers, each with a poller of the queue, and a schedule."""

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial

from finding_router_local.aws import AwsServer
from finding_router_local.deployment import Function
from finding_router_local.event_source import EventSource
from finding_router_local.function_process import ClockState, FunctionProcess
from finding_router_local.invocation import Batch, Invoke

type MakeInvoke = Callable[[Function], Invoke]


class Workers:
    """
    The workers of *function*, in the order of their start.

    *on_batch* is called with each batch. Unless *make_invoke* returns something else that invokes
    the function, each worker has a process, whose clock is set to *pace* before an invocation.
    """

    def __init__(
        self,
        function: Function,
        aws: AwsServer,
        *,
        pace: Callable[[], ClockState],
        on_batch: Callable[[Batch], None],
        make_invoke: MakeInvoke | None = None,
    ) -> None:
        """Start with no worker."""
        self.processes: list[FunctionProcess] = []
        self.invokes: list[Invoke] = []
        self._sources: list[EventSource] = []
        self._function = function
        self._make_invoke = make_invoke
        self._make_process = partial(FunctionProcess, endpoint_url=aws.url, clock=pace)
        self._make_source = partial(
            EventSource, sqs=aws.client("sqs"), region=aws.region, on_batch=on_batch
        )

    def start(self, resources: ExitStack) -> None:
        """Start a worker; the end of *resources* does not wait for its work."""
        process = None
        if self._make_invoke is None:
            name = f"worker-{len(self.invokes)}"
            invoke: Invoke = (process := self._make_process(self._function, name=name))
            self.processes.append(process)
            process.start()
            resources.callback(process.close)
        else:
            invoke = self._make_invoke(self._function)
        self.invokes.append(invoke)
        source = self._make_source(self._function, invoke=invoke)
        self._sources.append(source)
        source.start()
        resources.callback(source.stop)
        if process is not None:
            resources.callback(process.kill)
        resources.callback(source.stop_soon)

    def hurry(self, *, now: bool) -> None:
        """If *now*, do not wait for more messages to fill a batch; if not, wait again."""
        for source in self._sources:
            source.hurry(now=now)

    @property
    def are_working(self) -> bool:
        """Return True if any worker has a batch at hand."""
        return any(source.is_working for source in self._sources)

    def kill(self, name: str | None) -> None:
        """Kill the process of this name."""
        for process in self.processes:
            if process.name == name:
                process.kill()


def run_schedule(call: Callable[[], object], every_seconds: float, resources: ExitStack) -> None:
    """Run *call* in the background until *resources* end; an OSError waits for the next run."""
    is_over = threading.Event()

    def run() -> None:
        while not is_over.wait(every_seconds):
            with suppress(OSError):
                call()

    threading.Thread(target=run, name="schedule", daemon=True).start()
    resources.callback(is_over.set)
