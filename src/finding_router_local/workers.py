"""What calls the local function: workers, each with a poller of the queue, and a schedule."""

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress

from finding_router_local.event_source import EventSource
from finding_router_local.function_process import FunctionProcess
from finding_router_local.invocation import Invoke

type MakeSource = Callable[[Invoke], EventSource]


class Workers:
    """Every worker there is, in the order that they started."""

    def __init__(self) -> None:
        """Start with none."""
        self.processes: list[FunctionProcess] = []
        self.invokes: list[Invoke] = []
        self._sources: list[EventSource] = []

    def start(self, invoke: Invoke, make_source: MakeSource, resources: ExitStack) -> None:
        """Start a worker; at the end of *resources* nobody waits for what it is doing."""
        process = invoke if isinstance(invoke, FunctionProcess) else None
        if process is not None:
            self.processes.append(process)
            process.start()
            resources.callback(process.close)
        self.invokes.append(invoke)
        source = make_source(invoke)
        self._sources.append(source)
        source.start()
        resources.callback(source.stop)
        if process is not None:
            resources.callback(process.kill)
        resources.callback(source.stop_soon)

    def hurry(self, *, now: bool) -> None:
        """Tell them whether more is to come: if not (*now*), they do not wait for it."""
        for source in self._sources:
            source.hurry(now=now)

    @property
    def are_working(self) -> bool:
        """Return True if any of them has a batch at hand."""
        return any(source.is_working for source in self._sources)

    def kill(self, name: str | None) -> None:
        """Kill the process of this name."""
        for process in self.processes:
            if process.name == name:
                process.kill()


def run_schedule(call: Callable[[], object], every_seconds: float, resources: ExitStack) -> None:
    """Call in the background, until *resources* end; what fails is due at the next call as well."""
    is_over = threading.Event()

    def run() -> None:
        while not is_over.wait(every_seconds):
            with suppress(OSError):
                call()

    threading.Thread(target=run, name="schedule", daemon=True).start()
    resources.callback(is_over.set)
