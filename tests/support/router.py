"""The whole pipeline around fakes: send it events, and check the results."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fake_books import FakeDigests, FakeHeld
from fake_ledger import (
    FakeAccountNames,
    FakeDecided,
    FakeLastValid,
    FakeLedger,
    FakeLocks,
    FakeRates,
    FakeTallies,
)
from fake_reminders import FakeReminders
from fake_slack import FakeSlack, Said
from fakes import Clock, FakeWorkflow, FakeWorkflowV2, Faults, Killed
from finding_router.aws.organization import DynamoOrganization
from finding_router.aws.ticket_outbox import DynamoTicketOutbox
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.backlog import Source
from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.hubs import Hubs
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.organization_reading import Organizations
from finding_router.delivery.outcome import Outcome
from finding_router.delivery.stores import Stores
from finding_router.findings.finding import Severity
from finding_router.pipeline import Pipeline
from finding_router.routing.cache import RouteCache
from finding_router.settings import Settings
from finding_router.telemetry import metrics
from hub_events import PRODUCT_ARN, imported, record
from memory_dynamo import MemoryDynamo

DEFAULT = "#security"
OPS = "#ops"
ALERTS = "#alerts"
EVERYTHING: Mapping[str, Any] = {"kind": "route", "name": "everything", "channel": ALERTS}
INVOCATION_SECONDS = 90.0
SETTLE_MINUTES = 15


class Router:
    """A router of its own world; *items* are its routing table, *changes* its other settings."""

    def __init__(
        self,
        *items: Mapping[str, Any],
        missing: Collection[str] = (),
        allow_suppress: bool = False,
        organizations: Organizations | None = None,
        **changes: Any,
    ) -> None:
        """Route by *items*, or everything to #alerts; read *organizations*, if there are any."""
        metrics.clear_metrics()
        self.clock = Clock()
        self.faults = Faults(self.clock)
        self.slack = FakeSlack(self.clock, self.faults, missing=missing)
        self.ledger = FakeLedger(self.faults)
        self.digests = FakeDigests(self.faults)
        self.held = FakeHeld(self.faults)
        self.rates = FakeRates(self.faults)
        self.locks = FakeLocks(self.faults)
        self.names = FakeAccountNames(self.faults)
        self.organizations = organizations
        self.organization_items = MemoryDynamo()
        self.last_valid = FakeLastValid(self.faults)
        self.decided = FakeDecided(self.faults)
        self.tallies = FakeTallies(self.faults)
        self.outbox_items = MemoryDynamo()
        self.outbox = DynamoTicketOutbox(self.outbox_items.items())
        self.reminders = FakeReminders(self.faults)
        self.workflow = FakeWorkflow(self.faults)
        self.items = [dict(item) for item in items or [EVERYTHING]]
        values = {
            "routing_table": "routes",
            "ledger_table": "ledger",
            "default_channel": DEFAULT,
            "ops_channel": OPS,
            "slack_token_arn": "arn:aws:ssm:eu-west-1:123456789012:parameter/token",
            "settle_minutes": SETTLE_MINUTES,
        }
        self._settings = Settings(**values | changes)
        self.workflow_v2 = FakeWorkflowV2(self.faults, self._settings.v2_status)
        self._allow_suppress = allow_suppress
        self.restart()

    def restart(self) -> None:
        """Start another worker: the memory of the last one is gone."""
        self.routes = RouteCache(
            self._read_items,
            default_channel=DEFAULT,
            allow_suppress=self._allow_suppress,
            cache_seconds=30,
            last_valid=self.last_valid,
            clock=self.clock,
        )
        self.hubs = Hubs(self.workflow, self.workflow_v2, v2_status=self._settings.v2_status)
        self.pipeline = Pipeline(
            self._settings,
            Stores(
                ledger=self.ledger,
                digests=self.digests,
                held=self.held,
                rates=self.rates,
                locks=self.locks,
                names=self.names,
                organization=DynamoOrganization(self.organization_items.items(), days=400)
                if self.organizations
                else None,
                tickets=self.outbox if self._settings.actions else None,
                decided=self.decided if self._settings.answer_edits else None,
                tallies=self.tallies,
                reminders=self.reminders,
            ),
            routes=self.routes,
            slack=self.slack,
            hubs=self.hubs,
            organizations=self.organizations,
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    def _read_items(self) -> list[dict[str, Any]]:
        with self.faults.around("items"):
            return self.items

    def hold(self, *findings: Mapping[str, Any], status: str = "NEW") -> None:
        """Store *findings* in Security Hub."""
        for finding in findings:
            self.workflow.status[finding["ProductArn"], finding["Id"]] = status

    def run(
        self,
        *records: Record,
        seconds: float = INVOCATION_SECONDS,
        source: Source = Source.ALONE,
    ) -> list[Job]:
        """Invoke the function with a batch of *records* from *source*."""
        return self.pipeline.run(records, Deadline(seconds, clock=self.clock), source)

    def wake(self, *, seconds: float = INVOCATION_SECONDS) -> list[Job]:
        """Invoke the function as its schedule does."""
        return self.pipeline.wake(Deadline(seconds, clock=self.clock))

    def wake_through_faults(self) -> None:
        """Wake up with the faults that are planned, and for twelve minutes without."""
        try:
            self.wake()
        except Killed:
            self.restart()
        self.faults.clear()
        for _ in range(12):
            self.clock.now += 60
            self.wake()

    def send(self, *findings: Any, tries: int = 1) -> list[Job]:
        """Import *findings* into Security Hub, and route the event of each, in one batch."""
        for finding in findings:
            if isinstance(finding, dict) and "Label" in finding.get("Severity", {}):
                key = finding["ProductArn"], finding["Id"]
                self.workflow.severity[key] = Severity(finding["Severity"]["Label"])
            if isinstance(finding, dict) and finding.get("Workflow") == {"Status": "NEW"}:
                self.workflow.status.setdefault((finding["ProductArn"], finding["Id"]), "NEW")
                self.workflow.raw[finding["ProductArn"], finding["Id"]] = finding
        return self.run(
            *(
                record(imported(finding, sent_at=self.clock.now), number=number, tries=tries)
                for number, finding in enumerate(findings, start=1)
            )
        )

    def status(self, finding_id: str = "finding-1") -> str:
        """Return the status of a finding in Security Hub."""
        return self.workflow.status[PRODUCT_ARN, finding_id]

    @property
    def alerts(self) -> list[Alert]:
        """Return every alert of the Ledger."""
        return list(self.ledger.alerts.values())

    @property
    def card(self) -> Said:
        """Return the first message in #alerts."""
        return self.slack.opened(ALERTS)[0]

    @property
    def replies(self) -> list[Said]:
        """Return the answers to that."""
        return self.slack.thread(self.card)


def counted(metric: str) -> int:
    """Return the sum of *metric* since the last `Router` was made."""
    return int(sum(metrics.metric_set.get(metric, {"Value": []})["Value"]))


def outcomes(jobs: Sequence[Job]) -> list[Outcome | None]:
    """Return the outcomes of *jobs* in order."""
    return [job.outcome for job in jobs]
