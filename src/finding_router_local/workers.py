"""The callers of the local function: workers, each with a poller of the queue, and a schedule."""

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial

from finding_router_local.aws import AwsServer
from finding_router_local.deployment import Function, Source
from finding_router_local.event_source import EventSource
from finding_router_local.function_process import ClockState, FunctionProcess
from finding_router_local.invocation import Batch, Invoke
from finding_router_local.polling import QueueCalls

type MakeInvoke = Callable[[Function], Invoke]


class Workers:
    """
    The workers of *function*, in the order of their start; each polls all queues of the function.

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
        name: str = "worker",
    ) -> None:
        """Start with no worker; their processes have *name* and a number."""
        self._name = name
        self.processes: list[FunctionProcess] = []
        self.invokes: list[Invoke] = []
        self._sources: list[EventSource] = []
        self._function = function
        self._make_invoke = make_invoke
        self._make_process = partial(FunctionProcess, endpoint_url=aws.url, clock=pace)
        self._make_source = partial(
            EventSource,
            sqs=QueueCalls(aws),
            region=aws.region,
            on_batch=on_batch,
            ahead=lambda: pace().ahead_seconds,
        )

    def start(self, resources: ExitStack, *, shares: bool) -> None:
        """
        Start a worker for each queue; the end of *resources* does not wait for their work.

        If it *shares*, one process works for all queues, on one batch at a time.
        """
        number = len(self.invokes)
        invoke = self._invoke(f"{self._name}-{number}", resources)
        self.invokes.append(invoke)
        for source in self._function.sources:
            own = source is self._function.sources[0] or shares or self._make_invoke is not None
            name = f"{source.queue}-{number}"
            self._poll(source, invoke if own else self._invoke(name, resources), resources)

    def _invoke(self, name: str, resources: ExitStack) -> Invoke:
        if self._make_invoke is not None:
            return self._make_invoke(self._function)
        process = self._make_process(self._function, name=name)
        self.processes.append(process)
        process.start()
        resources.callback(process.close)
        return process

    def _poll(self, source: Source, invoke: Invoke, resources: ExitStack) -> None:
        poller = self._make_source(source, invoke=invoke)
        self._sources.append(poller)
        poller.start()
        resources.callback(poller.stop)
        if isinstance(invoke, FunctionProcess):
            resources.callback(invoke.kill)
        resources.callback(poller.stop_soon)

    def hurry(self, *, now: bool) -> None:
        """If *now*, do not wait for more messages to fill a batch; if not, wait again."""
        for source in self._sources:
            source.hurry(now=now)

    def stop_soon(self) -> None:
        """Take no further batch."""
        for source in self._sources:
            source.stop_soon()

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
