"""The part of the stack that takes presses of buttons: the endpoint, its queue and the worker."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Final

from finding_router_local.aws import AwsServer
from finding_router_local.deployment import Actions, Schedule
from finding_router_local.function_process import ClockState, FunctionProcess
from finding_router_local.function_url import FunctionUrl
from finding_router_local.invocation import Batch, Invocation, Invoke
from finding_router_local.queues import QueueView
from finding_router_local.slack_app import SlackApp
from finding_router_local.workers import Workers

ENDPOINT: Final = "actions-endpoint"
WORKER: Final = "actions-worker"
# Messages that the worker sends itself for later than that are not waited for.
SOON_SECONDS: Final = 60.0


class ActionsPart:
    """
    Runs *actions* from `start` to the end of the resources given there.

    *on_call* is called with each invocation of the endpoint, *on_batch* with each batch of the
    worker. The processes are named `ENDPOINT` and `WORKER` with a number, for faults that kill one.
    """

    def __init__(
        self,
        actions: Actions,
        aws: AwsServer,
        *,
        pace: Callable[[], ClockState],
        on_call: Callable[[Invocation], None],
        on_batch: Callable[[Batch], None],
        queue: QueueView,
    ) -> None:
        """Start nothing yet."""
        self._actions = actions
        self._on_call = on_call
        self.queue = queue
        self.endpoint = FunctionProcess(
            actions.endpoint, endpoint_url=aws.url, name=ENDPOINT, clock=pace
        )
        self.workers = Workers(actions.worker, aws, pace=pace, on_batch=on_batch, name=WORKER)

    def start(self, resources: ExitStack, *, host: str, shares: bool) -> str:
        """Start all of it, and return the address that Slack calls."""
        self.endpoint.start()
        resources.callback(self.endpoint.close)
        self.workers.start(resources, shares=shares)
        url = FunctionUrl(self.call, host=host)
        resources.callback(url.close)
        resources.callback(self.endpoint.kill)
        return url.url

    def feed(
        self,
        resources: ExitStack,
        *,
        app: SlackApp,
        signing_secret: str,
        report: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        """Call the endpoint with presses in the workspace of *app*, until *resources* end."""
        # A third of a second of imports, for few.
        from finding_router_local.socket_mode import SocketFeed  # noqa: PLC0415 -- see above

        feed = SocketFeed(
            app, call=self.call, signing_secret=signing_secret, report=report, clock=clock
        )
        resources.callback(feed.close)

    def call(self, event: Mapping[str, Any]) -> Invocation:
        """Call the endpoint with an event of its address."""
        invocation = self.endpoint(event)
        self._on_call(invocation)
        return invocation

    @property
    def worker(self) -> Invoke:
        """Return the function that calls the worker."""
        return self.workers.invokes[0]

    @property
    def schedule(self) -> Schedule | None:
        """Return the schedule that calls the worker."""
        return self._actions.schedule

    def kill(self, name: str | None) -> None:
        """Kill the process of this name."""
        if name == ENDPOINT:
            self.endpoint.kill()
        self.workers.kill(name)
