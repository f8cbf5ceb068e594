"""The worker of presses around a router of fakes: press buttons, and look at what comes of it."""

# ruff: noqa: ARG002 -- the parameters are those of the ports

import itertools
import json
from collections.abc import Mapping
from typing import Any

from fake_people import TEAM, FakePeople, FakePeopleHub
from fakes import Killed
from finding_router.actions.press import Press, Presser
from finding_router.actions.worker.desk import Desk
from finding_router.actions.worker.parts import Parts
from finding_router.aws.audit import DynamoAudit
from finding_router.delivery.alerts.alert import Alert, Form
from finding_router.delivery.audit import Entry
from finding_router.delivery.limits.deadline import Deadline
from finding_router.slack.kit.reference import alert_reference, digest_reference
from hub_events import raw_finding
from memory_dynamo import MemoryDynamo
from router import ALERTS, Router

JANE, BOB = "UJANE00001", "UBOB000002"
_numbers = itertools.count(1)


class Office:
    """A router with buttons, and the worker of their presses."""

    def __init__(self, *items: Mapping[str, Any], **changes: Any) -> None:
        """Route by *items*; *changes* are other settings."""
        self.router = Router(*items, actions=True, **changes)
        self.dynamo = MemoryDynamo()
        self.people = FakePeople(self.router.faults)
        self.hub = FakePeopleHub(Form.ASFF, self.router.workflow, self.router.faults)
        self.hub_v2 = FakePeopleHub(Form.OCSF, self.router.workflow_v2, self.router.faults)
        self.audit = DynamoAudit(self.dynamo.items(), days=400)
        self.sent: list[tuple[str, float]] = []
        self.restart()

    def restart(self) -> None:
        """Start another worker: the memory of the last one is gone."""
        router = self.router
        router.restart()
        self.desk = Desk(
            Parts(
                ledger=router.ledger,
                digests=router.digests,
                locks=router.locks,
                audit=self.audit,
                hubs=(self.hub, self.hub_v2),
                pipeline=router.pipeline,
                table=router.routes.table,
                edits=self,
                people=self.people,
                slack=router.slack,
                later=self,
                clock=router.clock,
                reminders=router.reminders,
            )
        )

    def add(self, item: Mapping[str, Any]) -> None:
        """Add an item to the routing table, unless it is there."""
        with self.router.faults.around("edit", str(item["kind"])):
            keys = {(each["kind"], each["name"]) for each in self.router.items}
            if (item["kind"], item["name"]) not in keys:
                self.router.items.append(dict(item))

    def send_later(self, body: str, *, seconds: float, deadline: Deadline) -> None:
        """Keep a message for later."""
        with self.router.faults.around("send"):
            self.sent.append((body, self.router.clock.now + seconds))

    def said(self, *findings: Mapping[str, Any]) -> Alert:
        """Import *findings*, or one, and route them, until each is marked; return an alert."""
        several = findings or (raw_finding(),)
        self.hold(*several)
        self.router.send(*several)
        self.router.clock.now += 100
        return self.router.alerts[0]

    def hold(self, *findings: Mapping[str, Any]) -> None:
        """Store *findings* in Security Hub."""
        for each in findings:
            self.hub.raws[each["ProductArn"], each["Id"]] = dict(each)
            self.router.hold(each)

    def press(
        self, action: str, alert: Alert | None = None, *, by: str = JANE, **changes: Any
    ) -> Press:
        """Return a press of *action* on the card of *alert*, or of the first one."""
        if "digest" in changes:
            ref = digest_reference(changes.pop("digest"), ALERTS)
        elif "ref" in changes:
            ref = changes.pop("ref")
        else:
            key = (alert or self.router.alerts[0]).key
            ref = alert_reference(key.subject, key.channel)
        values: dict[str, Any] = {
            "id": f"press-{next(_numbers)}",
            "action": action,
            "ref": ref,
            "user": Presser(by, {JANE: "jane", BOB: "bob"}.get(by, by), TEAM),
            "team": TEAM,
            "channel": "C0ALERTS",
            "ts": "1.0",
            "response_url": "https://hooks.slack.com/actions/T/1/x",
            "at": int(self.router.clock.now),
        }
        return Press(**values | changes)

    def work(self, press: Press | str, *, tries: int = 1, seconds: float = 90) -> float | None:
        """Hand a message to the worker once; return the seconds to come again."""
        body = press if isinstance(press, str) else press.to_body()
        deadline = Deadline(seconds, clock=self.router.clock)
        return self.desk.work(body, tries=tries, deadline=deadline)

    def do(self, press: Press | str) -> int:
        """Hand a message to the worker until it is done; return the tries."""
        for tries in range(1, 60):
            try:
                seconds = self.work(press, tries=tries)
            except Killed:
                self.restart()
                self.router.clock.now += 100
                continue
            if seconds is None:
                return tries
            self.router.clock.now += seconds
        raise AssertionError("the press goes round and round")

    def click(self, action: str, alert: Alert | None = None, **how: Any) -> Entry:
        """Press a button and see it through; return its entry in the audit trail."""
        press = self.press(action, alert, **how)
        self.do(press)
        self.router.clock.now += 10
        return self.entry(press)

    def entry(self, press: Press) -> Entry:
        """Return the entry of *press* in the audit trail."""
        [found] = [each for each in self.entries() if each.id == press.id]
        return found

    def entries(self) -> list[Entry]:
        """Return the audit trail, newest first."""
        now = self.router.clock.now
        return list(self.audit.newest(since=now - 86_400, now=now))

    def checks(self) -> list[dict[str, Any]]:
        """Return what is to be looked at later."""
        return [json.loads(body) for body, _ in self.sent]

    def run_checks(self) -> None:
        """Do what is due later, each when it is due."""
        due, self.sent = self.sent, []
        for body, at in due:
            self.router.clock.now = max(self.router.clock.now, at)
            self.do(body)

    @property
    def card(self) -> str:
        """Return everything that the first card says."""
        return self.router.card.all
