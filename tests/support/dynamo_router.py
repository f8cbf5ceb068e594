"""The pipeline around the real adapters of the Ledger, over DynamoDB in memory."""

from collections.abc import Mapping
from copy import replace
from typing import Any

from finding_router.aws import keys
from finding_router.aws.account_names import DynamoAccountNames
from finding_router.aws.digests import DynamoDigests
from finding_router.aws.held import DynamoHeld
from finding_router.aws.ledger import DynamoLedger
from finding_router.aws.locks import DynamoLocks
from finding_router.aws.rates import DynamoRates
from finding_router.aws.reminders import DynamoReminders
from finding_router.delivery.alerts.alert import Form
from finding_router.delivery.reminders.store import Due, Listed
from finding_router.delivery.stores import Stores
from finding_router.pipeline import Pipeline
from finding_router.routing.reminder import ReminderKind
from hub_events import raw_finding
from memory_dynamo import Item, MemoryDynamo
from router import ALERTS, Router

DAYS = 90
ROUTES: tuple[Mapping[str, Any], ...] = (
    {"kind": "route", "name": "everything", "channel": ALERTS, "mention": "@here"},
    {
        "kind": "route",
        "name": "daily",
        "channel": "#daily",
        "match": {"Severity": {"Label": ["LOW"]}},
        "deliver": "scheduled",
        "schedule": {"time": "06:00", "zone": "UTC"},
        "stop": True,
    },
    {
        "kind": "route",
        "name": "odd",
        "channel": "#odd",
        "match": {"Severity": {"Label": ["CRITICAL"]}},
        "stop": True,
    },
)


class DynamoRouter(Router):
    """A router whose Ledger is made of items."""

    def __init__(self, *items: Mapping[str, Any], **changes: Any) -> None:
        """Route by *items*, or by `ROUTES`."""
        self.dynamo = MemoryDynamo()
        super().__init__(*(items or ROUTES), **changes)

    def restart(self) -> None:
        """Start another worker."""
        super().restart()
        items = self.dynamo.items()
        self.stores = Stores(
            ledger=DynamoLedger(items, days=DAYS),
            digests=DynamoDigests(items, days=DAYS),
            held=DynamoHeld(items, days=DAYS),
            rates=DynamoRates(items),
            locks=DynamoLocks(items),
            names=DynamoAccountNames(items),
            reminders=DynamoReminders(items, days=DAYS),
            **({"unreadable": items.unreadable} if hasattr(items, "unreadable") else {}),
        )
        self.pipeline = Pipeline(
            self._settings,
            self.stores,
            routes=self.routes,
            slack=self.slack,
            hubs=self.hubs,
            clock=self.clock,
            sleep=self.clock.sleep,
        )


def write_every_family(router: DynamoRouter) -> None:
    """Play scenes in *router* that write items of every family."""
    router.send(raw_finding("card"), raw_finding("rises", Severity={"Label": "MEDIUM"}))
    router.clock.now += 3600
    router.hold(raw_finding("rises"), status="NOTIFIED")
    router.send(
        raw_finding("rises", UpdatedAt="2026-09-01T11:00:00Z", Workflow={"Status": "NOTIFIED"})
    )
    router.clock.now += 3600
    router.send(*(raw_finding(f"listed-{number}") for number in range(12)))
    router.send(raw_finding("critical", Severity={"Label": "CRITICAL"}))
    router.send(raw_finding("held", Severity={"Label": "LOW"}, AwsAccountName="Payments"))
    _write_reminders(router)
    # A worker dies right after its claim.
    [key] = [key for key in router.dynamo.stored if _is_alert_of(router, key, "card")]
    alert = router.dynamo.stored[key]
    claim = {
        "saying": {"S": "end"},
        "severity": {"S": "HIGH"},
        "moment": {"L": [{"S": "2026-09-01T10:00:00Z"}, {"N": "1790000000"}]},
        "claimed_at": {"N": "1790000000.5"},
        "lease_until": {"N": "1790000095.25"},
        "worker": {"S": "worker-1"},
    }
    alert |= {"state": {"S": "claimed"}, "claim": {"M": claim}}
    router.slack.posted.clear()


def _write_reminders(router: DynamoRouter) -> None:
    """Write the families of reminders, of which the routes have none."""
    store = router.stores.reminders
    assert store is not None
    at, names = int(router.clock.now), {"member": {Form.ASFF: ("product", "id")}}
    one = Due(
        kind=ReminderKind.ALERT,
        at=at,
        channel=ALERTS,
        route="everything",
        subject="one",
        first_at=float(at),
        names=names,
        before=3,
        last_at=float(at),
    )
    store.put([one, replace(one, subject="two", at=at + 1)])
    listed = Listed(channel=ALERTS, subject="one", episode=1, names=names)
    store.list_open([listed, replace(listed, subject="two")])


def _is_alert_of(router: DynamoRouter, key: tuple[str, str], finding_id: str) -> bool:
    from finding_router.delivery.alerts.identity import finding_hash  # noqa: PLC0415
    from hub_events import PRODUCT_ARN  # noqa: PLC0415

    return key == (finding_hash(PRODUCT_ARN, finding_id), ALERTS)


def family_of(key: tuple[str, str]) -> str:
    """Return the family of an item, as `keys` names it."""
    finding, channel = key
    sort_keys = {
        keys.CHANNELS: "channels",
        keys.HELD_IN: "held in",
        keys.ABOUT: "about",
        keys.COUNT: "count",
    }
    prefixes = {
        "digest": "digest",
        "lines": "lines",
        "held": "held",
        "pace": "rate",
        "account-name": "account name",
        "seats": "seats",
        "open": "in list",
    }
    if finding == keys.BINS:
        return "bin"
    if finding in keys.DUE:
        return "due"
    if finding.startswith("notice#"):
        return "lock"
    return sort_keys.get(channel) or prefixes.get(finding.partition("#")[0], "alert")


def by_family(stored: Mapping[tuple[str, str], Item]) -> dict[str, list[tuple[str, str]]]:
    """Return the keys of *stored* by family, in order."""
    families: dict[str, list[tuple[str, str]]] = {}
    for key in sorted(stored):
        families.setdefault(family_of(key), []).append(key)
    return families
