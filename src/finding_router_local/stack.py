"""The embedded stack: everything that template.yaml deploys, and Slack, on this machine."""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, nullcontext, suppress
from copy import replace
from pathlib import Path
from typing import Any, Final, Self

from finding_router.aws.clients import DynamoDB
from finding_router.aws.items import Items
from finding_router.aws.last_valid import DynamoLastValid
from finding_router.aws.organization import DynamoOrganization
from finding_router.delivery.organization import CURRENT, read_current, write_current
from finding_router.errors import UnreadableError
from finding_router_local import TEMPLATE
from finding_router_local.actions import SOON_SECONDS, ActionsPart
from finding_router_local.aws import AwsServer
from finding_router_local.bus import EventBus
from finding_router_local.control import stack_control
from finding_router_local.deployment import Deployment, Function, Schedule, deploy
from finding_router_local.faults import FaultBoard
from finding_router_local.function_process import ClockState, FunctionProcess
from finding_router_local.github import DEFAULT_REPOSITORY, GitHubServer
from finding_router_local.invocation import Batch
from finding_router_local.journal import Journal
from finding_router_local.organization import EXAMPLE, accounts_of, put_accounts
from finding_router_local.outcomes import FindingOutcome, findings_of
from finding_router_local.queues import QueueView
from finding_router_local.running import PREFIX
from finding_router_local.secret_store import TICKET_TOKENS, Keeper, SecretStore
from finding_router_local.security_hub.v2 import IMPORTED_V2
from finding_router_local.serving import LOOPBACK
from finding_router_local.slack import ACTION_SCOPES, DEFAULT_SCOPES, SlackServer
from finding_router_local.slack_app import SlackApp
from finding_router_local.stream import StreamPoller
from finding_router_local.tables import Table
from finding_router_local.template import read_template
from finding_router_local.wiring import show_wiring
from finding_router_local.workers import MakeInvoke, Workers, run_schedule

# Routes are read again so often that an edit applies to the next finding, and the log has the
# outcome of every finding, also of those that were not posted.
PARAMETERS: Final[Mapping[str, object]] = {
    "DefaultChannel": "#security",
    "OpsChannel": "#security-ops",
    "RouteCacheSeconds": 1,
    "LogLevel": "DEBUG",
}
DRAIN_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.02
_INSTANT_SECONDS: Final = 0.001
_HASTY_WINDOW_SECONDS: Final = 0.5


class Stack:
    """
    The stack, from ``with`` to its end.

    *template* is a SAM template like the project's, *parameters* are added to `PARAMETERS`. Without
    *slack* it starts one of its own. With *is_hasty* it never sleeps: if the function sleeps, or
    only retries are left in the queue, the clocks of queue, function and Slack jump ahead.
    *make_invoke* runs the function elsewhere than in a process of its own.
    """

    def __init__(  # noqa: PLR0913 -- each is a property of the stack that a test may set
        self,
        *,
        template: Path = TEMPLATE,
        parameters: Mapping[str, object] | None = None,
        slack: SlackServer | None = None,
        workers: int = 1,
        is_hasty: bool = True,
        host: str = LOOPBACK,
        port: int = 0,
        slack_port: int = 0,
        github_port: int = 0,
        timeout_seconds: int | None = None,
        keeper: Keeper = "secretsmanager",
        make_invoke: MakeInvoke | None = None,
        answers_edits: bool = False,
        has_actions: bool = False,
        slack_app: SlackApp | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        """
        *timeout_seconds* shortens the function's; *keeper* is the service that has the token.

        With *answers_edits*, edits of the routes are answered in the ops channel. With
        *has_actions*, cards have buttons, which the template's endpoint and worker answer, and
        there is a GitHub for tickets. Cards go to the workspace of *slack_app*, if given, whose
        presses come by Socket Mode; *report* is called with what goes wrong there.
        """
        self.slack_app = slack_app
        self._report = report
        self._has_actions = has_actions
        self._host = host
        self._keeper = keeper
        self._template = template
        answering = {"AnswerEdits": "true" if answers_edits else "false"}
        self._parameters = {**PARAMETERS, **answering, **(parameters or {})}
        self._worker_count = workers
        self.is_hasty = is_hasty
        self._timeout_seconds = timeout_seconds
        self._make_invoke = make_invoke
        self._ahead_seconds = 0.0
        self._resources = ExitStack()
        self._own_slack = slack is None
        self.id = secrets.token_hex(8)
        self.aws = AwsServer(host=host, port=port)
        self.slack = slack or SlackServer(
            host=host,
            port=slack_port,
            auto_create=True,
            clock=self.clock,
            scopes=ACTION_SCOPES if has_actions else DEFAULT_SCOPES,
        )
        self.github = (
            GitHubServer(host=host, port=github_port, clock=self.clock) if has_actions else None
        )
        self._github_token = ""
        self.journal = Journal(self.workflow_status)

    def __enter__(self) -> Self:
        """Start everything."""
        with ExitStack() as resources:
            resources.enter_context(self.aws)
            if self._own_slack:
                resources.enter_context(self.slack)
            if self.github is not None:
                resources.enter_context(self.github)
            self.deployment = self._deploy()
            if self.names_accounts:
                self.put_organization(EXAMPLE)
            self.bus = EventBus(self.deployment.rule, self.aws)
            show_wiring(self.deployment, self.aws, self.bus)
            hub = self.aws.security_hub
            hub.publish, hub.faults = self.bus.put, self.aws.faults
            hub.at_once = lambda: self.aws.gate.holding("sqs")
            # Otherwise, after a jump of the clock, a finding seems to be reopened before it ended.
            hub.clock = self.clock
            self._workers = Workers(
                self.function,
                self.aws,
                pace=self._pace,
                on_batch=self._on_batch,
                make_invoke=self._make_invoke,
            )
            self.actions = self._start_actions(resources)
            self.aws.gate.kill = lambda call: self._kill(call.caller)
            self.aws.mount(PREFIX, stack_control(self))
            for _ in range(self._worker_count):
                self._workers.start(resources, shares=self.is_hasty)
            self._start_schedule(self.deployment.schedule, self.wake, resources)
            self.stream = self._follow_edits(resources)
            # Otherwise the end of the workers waits for the end of their long polls.
            resources.callback(self.aws.gate.close)
            resources.callback(self._stop_soon)
            self._resources = resources.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End everything, in the reverse order."""
        self._resources.close()

    def _stop_soon(self) -> None:
        """End the polling of queues, which a closed gate would answer at once, for ever."""
        self._workers.stop_soon()
        if self.actions is not None:
            self.actions.workers.stop_soon()

    def clock(self) -> float:
        """Return the stack's time, in Unix seconds."""
        return time.time() + self._ahead_seconds

    def reset(self) -> None:
        """Forget all findings, routes, messages and faults; the workers stay as they are."""
        self.aws.faults.clear()
        self.slack.clear()
        if self.github is not None:
            self.github.clear()
        self.hurry(now=True)
        while self.is_working:
            time.sleep(_POLL_SECONDS)
        self.hurry(now=False)
        for name in self.deployment.queues:
            self._queue(name).clear()
        for name in self.deployment.tables:
            self._table(name).clear()
        self.aws.security_hub.forget()
        self.bus.filtered = 0
        self.journal.clear()
        # The workers remember routes for so long.
        self.advance(float(self.function.environment["ROUTE_CACHE_SECONDS"]) + 1)

    def advance(self, seconds: float) -> float:
        """Move the stack's clock by *seconds* at once; return by how many seconds it is ahead."""
        with self.aws.gate.holding("sqs"):
            self._ahead_seconds += seconds
            for view in self._sources:
                view.advance(seconds)
            if self.actions is not None:
                self.actions.queue.advance(seconds)
            ahead_seconds = self._ahead_seconds
        self.aws.gate.announce()
        return ahead_seconds

    # Public operations

    @property
    def faults(self) -> FaultBoard:
        """The faults of the local AWS."""
        return self.aws.faults

    @property
    def function(self) -> Function:
        """Return the function as it is deployed."""
        return self.deployment.function

    @property
    def processes(self) -> list[FunctionProcess]:
        """Return the processes in which workers run."""
        return self._workers.processes

    @property
    def names_accounts(self) -> bool:
        """Return True if the stack reads AWS Organizations."""
        return self.function.environment.get("ORGANIZATION_NAMES") == "true"

    def put_organization(self, accounts: Iterable[Mapping[str, Any]]) -> None:
        """Make *accounts* the organization; the stack's own is its management account."""
        put_accounts(self.aws, accounts)

    def organization(self) -> list[dict[str, Any]]:
        """Return the accounts of the organization, as `put_organization` takes them."""
        return accounts_of(self.aws)

    def seed_routes(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Write *items* into the RoutingTable, as edits that nobody is told of."""
        with self.stream.skipping() if self.stream else nullcontext():
            self.put_routes(items)

    def put_routes(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Write *items*, as JSON has them, into the RoutingTable."""
        self._table("RoutingTable").put(items)

    def routes(self) -> list[dict[str, Any]]:
        """Return the items of the RoutingTable, as JSON has them."""
        return self._table("RoutingTable").items()

    def send(
        self,
        events: Sequence[Mapping[str, Any]],
        *,
        seconds: float = DRAIN_SECONDS,
        tries: int | None = None,
    ) -> list[FindingOutcome]:
        """
        Put *events* on the bus, wait until they left the queue, and return the outcomes.

        Security Hub stores the findings first. The wait ends after *seconds*, and for a message
        after so many *tries*.
        """
        sent = [self.put(event) for event in events]
        only = {id_ for id_ in sent if id_ is not None}
        self.drain(seconds=seconds, only=only, tries=tries)
        return [
            outcome
            for number, (event, record_id) in enumerate(zip(events, sent, strict=True))
            for outcome in self.journal.outcomes(event, number=number, record_id=record_id)
        ]

    def put(self, event: Mapping[str, Any]) -> str | None:
        """Put *event* on the bus; return the id of its message, None if the rule filters it."""
        self.load(event)
        return self.bus.put(event)

    def load(self, event: Mapping[str, Any]) -> None:
        """Store the findings of *event* in Security Hub, without sending it."""
        hub = self.aws.security_hub
        load = hub.v2.load if event.get("detail-type") == IMPORTED_V2 else hub.load
        for finding in findings_of(event):
            if isinstance(finding, dict):
                load(finding)

    def import_v2(self, findings: Iterable[object]) -> dict[str, Any]:
        """Import OCSF *findings* into Security Hub V2, which sends their events; wait for none."""
        with self.aws.gate.holding("securityhub"):
            uids, failed = self.aws.security_hub.v2.import_findings(findings)
        return {"metadata_uids": uids, "failed": failed}

    def drain(
        self,
        *,
        seconds: float = DRAIN_SECONDS,
        only: set[str] | None = None,
        tries: int | None = None,
    ) -> bool:
        """Wait until the queue, or *only* those messages, are gone; False after *seconds*."""
        end = time.monotonic() + seconds
        self.hurry(now=True)
        try:
            while True:
                announced = self.aws.gate.announced
                if not self._is_busy(only, tries):
                    return True
                if time.monotonic() > end:
                    return False
                if self.is_hasty:
                    self.skip_waiting(only=only, tries=tries)
                self.aws.gate.wait(announced, _POLL_SECONDS)
        finally:
            self.hurry(now=False)

    def hurry(self, *, now: bool) -> None:
        """If *now*, workers do not wait for more messages to fill a batch; if not, they do."""
        self._workers.hurry(now=now)
        if self.actions is not None:
            self.actions.workers.hurry(now=now)

    @property
    def is_working(self) -> bool:
        """Return True if any worker has a batch at hand."""
        is_acting = self.actions is not None and self.actions.workers.are_working
        return self._workers.are_working or is_acting

    def skip_waiting(self, *, only: set[str] | None = None, tries: int | None = None) -> None:
        """
        Jump to the time when the next message becomes visible, if all work on messages has ended.

        Do nothing if all messages, or *only* those, had so many *tries*.
        """
        with self.aws.gate.holding("sqs"):
            receives = self.journal.receives
            waits = [view.seconds_to_wait(receives) for view in self._sources]
            if self.actions is not None:
                queue = self.actions.queue
                waits.append(queue.seconds_to_wait(receives, within_seconds=SOON_SECONDS))
            if any(waits) and None not in waits and self._is_awaited(only, tries):
                self.advance(min(filter(None, waits)) + _INSTANT_SECONDS)

    def wake(self) -> list[FindingOutcome]:
        """
        Call the function as the template's schedule does, and return the outcomes.

        Raises:
            OSError: the function failed; its work waits for the next call.

        """
        schedule = self.deployment.schedule
        if schedule is None:
            raise OSError("the template has no schedule to wake the function")
        return self.journal.add_wake(self._workers.invokes[0](schedule.event))

    def wake_worker(self) -> None:
        """
        Call the worker of presses as the template's schedule does.

        Raises:
            OSError: there is none, or it failed; its work waits for the next call.

        """
        if self.actions is None or self.actions.schedule is None:
            raise OSError("the stack has no schedule that calls a worker of presses")
        invocation = self.actions.worker(self.actions.schedule.event)
        self.journal.add_log(invocation)
        if invocation.error is not None:
            raise OSError(f"the worker failed when it was called: {invocation.error}")

    def findings(self, filters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return the findings of Security Hub, oldest first; *filters* are those of GetFindings."""
        return self.aws.security_hub.get_findings(filters)

    def workflow_status(self, product_arn: str | None, finding_id: str | None) -> str | None:
        """
        Return the Workflow status that Security Hub holds; None if it has no such finding.

        That of a finding which V2 alone has is in V2's words, such as "In Progress".
        """
        key = (product_arn or "", finding_id or "")
        hub = self.aws.security_hub
        found = hub.get_findings(keys=[key])
        return str(found[0]["Workflow"].get("Status", "NEW")) if found else hub.v2.status(*key)

    def queued(self, queue: str) -> list[dict[str, Any]]:
        """Return the events that are visible in *queue*, by logical id."""
        return self._queue(queue).events()

    def queued_ids(self) -> set[str]:
        """Return the ids of all messages that wait or are worked on."""
        return set[str]().union(*(view.ids() for view in self._sources))

    def environment(self, host: str = LOOPBACK) -> dict[str, str]:
        """Return the function's environment, for where this machine is known as *host*."""
        variables = {
            **self.function.environment,
            "AWS_ENDPOINT_URL": self.aws.url,
        }
        return {name: value.replace(LOOPBACK, host) for name, value in variables.items()}

    def describe(self) -> dict[str, Any]:
        """Return the addresses, tables and queues of the stack and the function's environment."""
        return {
            "id": self.id,
            "endpoint_url": self.aws.url,
            "region": self.aws.region,
            "slack_page_url": self.slack.page_url,
            "tables": dict(self.deployment.tables),
            "queues": dict(self.deployment.queues),
            "environment": self.environment(),
            "resources": dict(self.deployment.others),
            "parameters": dict(self.deployment.parameters),
            "rule_pattern": self.deployment.rule.pattern,
            "creates_channels": self.slack.workspace.auto_create,
            "actions_url": self.slack.interactivity.app.request_url,
            "github": self._describe_github(),
        }

    def ticket_item(self, name: str = "github") -> dict[str, Any]:
        """Return an item of the routing table for tickets in the local GitHub."""
        if self.github is None:
            raise OSError("the stack has no GitHub, since it has no buttons")
        github = {
            "repository": DEFAULT_REPOSITORY,
            "base_url": self.github.base_url,
            "token": self._github_token,
            "labels": ["security-hub"],
        }
        return {"kind": "ticket", "name": name, "github": github}

    def _describe_github(self) -> dict[str, Any] | None:
        """Return the addresses of GitHub, and an item for its tickets; None if there is none."""
        if self.github is None:
            return None
        return {"page_url": self.github.page_url, "item": self.ticket_item()}

    def routing(self) -> dict[str, Any]:
        """Return the items of the RoutingTable and the settings that decide with them."""
        environment = self.function.environment
        return {
            "items": self.routes(),
            "last_valid": self._last_valid(),
            "default_channel": environment["DEFAULT_CHANNEL"],
            "allow_suppress": environment["ALLOW_SUPPRESS"] == "true",
            **(self._accounts() if self.names_accounts else {}),
        }

    # Internals

    def _deploy(self) -> Deployment:
        app = self.slack_app
        token = self.slack.token if app is None else app.bot_token
        api_url = self.slack.base_url if app is None else app.api_url
        store = SecretStore(self.aws, self._keeper, self._template)
        stored = store.store_token(token)
        if self._has_actions:
            stored |= store.store_signing_secret(self.slack.interactivity.app)
        if self.github is not None:
            stored |= store.store_ticket_token(self.github)
        self._github_token = stored.get(TICKET_TOKENS, "")
        values = {**stored, "SlackApiUrl": api_url, **self._parameters}
        template = read_template(self._template, values, region=self.aws.region)
        deployment = deploy(template, self.aws)
        if self._timeout_seconds is None:
            return deployment
        function = replace(deployment.function, timeout_seconds=self._timeout_seconds)
        return replace(deployment, function=function)

    def _accounts(self) -> dict[str, Any]:
        """Return the accounts that the router has read; none if they are damaged in the Ledger."""
        read = None
        with suppress(UnreadableError):
            read = DynamoOrganization(self._ledger(), days=1).load(CURRENT, read_current)
        return {"organization_names": True, "organization": read and write_current(read)}

    def _pace(self) -> ClockState:
        return ClockState(self._ahead_seconds, self.is_hasty)

    def _start_actions(self, resources: ExitStack) -> ActionsPart | None:
        """Start the endpoint and the worker of presses, and tell Slack their address."""
        actions = self.deployment.actions
        if actions is None:
            return None
        part = ActionsPart(
            actions,
            self.aws,
            pace=self._pace,
            on_call=self.journal.add_log,
            on_batch=self._on_batch,
            queue=self._queue(actions.worker.sources[0].queue),
        )
        app = self.slack.interactivity.app
        app.request_url = part.start(resources, host=self._host, shares=self.is_hasty)
        if self.slack_app is not None:
            part.feed(
                resources,
                app=self.slack_app,
                signing_secret=app.signing_secret,
                report=self._report,
                clock=self.clock,
            )
        self._start_schedule(part.schedule, self.wake_worker, resources)
        return part

    def _kill(self, name: str | None) -> None:
        self._workers.kill(name)
        if self.actions is not None:
            self.actions.kill(name)

    def _on_batch(self, batch: Batch) -> None:
        self.journal.add(batch)
        # The batch is at its end, for which `drain` waits.
        self.aws.gate.announce()

    def _start_schedule(
        self, schedule: Schedule | None, call: Callable[[], object], resources: ExitStack
    ) -> None:
        """Run *call* as often as the template says; in a hasty stack, only its callers do."""
        if schedule is not None:
            run_schedule(
                lambda: None if self.is_hasty else call(), schedule.every_seconds, resources
            )

    def _last_valid(self) -> list[dict[str, Any]]:
        """Return the last valid versions of the items of the RoutingTable."""
        return [dict(item) for item in DynamoLastValid(self._ledger()).read().items.values()]

    def _ledger(self) -> Items:
        """Return the items of the Ledger, by calls of this process."""
        dynamodb = DynamoDB()
        dynamodb.client = self.aws.client("dynamodb")
        return Items(self.deployment.tables["Ledger"], dynamodb)

    def _follow_edits(self, resources: ExitStack) -> StreamPoller | None:
        """Hand the edits of the routing table over to the function that answers them."""
        function = self.deployment.edits
        if function is None or function.stream is None:
            return None
        process = FunctionProcess(
            function,
            endpoint_url=self.aws.url,
            name="edits",
            clock=self._pace,
        )
        poller = StreamPoller(
            function.stream,
            self._table(function.stream.table).stream,
            invoke=process,
            window_seconds=_HASTY_WINDOW_SECONDS if self.is_hasty else None,
        )
        process.start()
        poller.start()
        resources.callback(process.close)
        resources.callback(poller.stop)
        return poller

    def _table(self, logical_id: str) -> Table:
        return Table(self.aws, self.deployment.tables[logical_id])

    @property
    def _sources(self) -> list[QueueView]:
        """Return the queues that feed the function."""
        return [self._queue(source.queue) for source in self.function.sources]

    def _queue(self, logical_id: str) -> QueueView:
        return QueueView(self.aws, self.deployment.queues[logical_id])

    def _is_busy(self, only: set[str] | None, tries: int | None) -> bool:
        # Deleted messages are taken down a moment later.
        return self._is_awaited(only, tries) or self.is_working

    def _is_awaited(self, only: set[str] | None, tries: int | None) -> bool:
        there = self.queued_ids()
        if only is not None:
            there &= only
        elif self.actions is not None:
            there |= self.actions.queue.ids(within_seconds=SOON_SECONDS)
        return any(tries is None or self.journal.tries(id_) < tries for id_ in there)
