"""The local stack says again what is still open, and lists it, as the clock goes on."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from finding_router.aws.items import Items
from finding_router.aws.ledger import DynamoLedger
from finding_router.delivery.alerts.care import Person
from finding_router.delivery.alerts.identity import AlertKey, finding_hash
from finding_router_local.faults import Effect, Fault
from finding_router_local.stack import Stack
from hub_events import PRODUCT_ARN, imported, raw_finding
from slack_caller import ALL_SCOPES

REMINDING = {
    "kind": "route",
    "name": "said-again",
    "channel": "#alerts",
    "remind": {"after": "24h", "every": "3d"},
}
LISTING = {
    "kind": "route",
    "name": "daily",
    "channel": "#daily",
    "deliver": "scheduled",
    "list": "open",
    "schedule": {"time": "09:00", "zone": "UTC"},
}
HOUR = 3600
DAY = 24 * HOUR


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    """Run one stack for all tests here."""
    with Stack() as stack:
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    """Return an empty stack."""
    running.reset()
    return running


def resolve(stack: Stack) -> None:
    """Resolve the finding as a person does."""
    stack.aws.client("securityhub").batch_update_findings(
        FindingIdentifiers=[{"ProductArn": PRODUCT_ARN, "Id": "finding-1"}],
        Workflow={"Status": "RESOLVED"},
    )


def test_an_open_alert_is_said_again_until_it_ends(stack: Stack) -> None:
    """A day later, in the thread of its card and in the channel; once it is over, never."""
    stack.put_routes([REMINDING])
    stack.send([imported(raw_finding())])
    [card] = stack.slack.messages("#alerts")
    stack.advance(DAY - HOUR)
    stack.wake()
    assert 1 == len(stack.slack.messages("#alerts"))

    stack.advance(HOUR + 60)
    stack.wake()

    _, reminder = stack.slack.messages("#alerts")
    assert (card.ts, True) == (reminder.thread_ts, reminder.is_broadcast)
    assert "Open for 24 h" in reminder.text
    stack.advance(60)
    stack.wake()
    assert 2 == len(stack.slack.messages("#alerts"))
    end = raw_finding(RecordState="ARCHIVED", UpdatedAt="2100-01-01T00:00:00Z")
    stack.send([imported(end)])
    stack.advance(4 * DAY)
    stack.wake()
    assert 2 == len(stack.slack.messages("#alerts"))


def acknowledge(stack: Stack) -> None:
    """Have a person own the only alert, as a press of the button does."""
    dynamodb: Any = SimpleNamespace(client=stack.aws.client("dynamodb"))
    ledger = DynamoLedger(Items(stack.environment()["LEDGER_TABLE"], dynamodb), days=400)
    key = AlertKey(finding_hash(PRODUCT_ARN, "finding-1"), "#alerts")
    alert = ledger.read([key])[key]
    owner = Person("U0123456789", "jane", stack.clock())
    assert ledger.write(alert.cared_for(alert.care.with_owner(owner), at=stack.clock()))


def test_who_acknowledged_it_is_not_reminded(stack: Stack) -> None:
    """Neither then nor at the next time."""
    stack.put_routes([REMINDING])
    stack.send([imported(raw_finding())])
    acknowledge(stack)
    for seconds in (DAY + 60, 3 * DAY):
        stack.advance(seconds)
        stack.wake()

    assert 1 == len(stack.slack.messages("#alerts"))


def test_a_finding_that_a_person_resolved_is_not_said_again(stack: Stack) -> None:
    """Its card says that it is over."""
    stack.put_routes([REMINDING])
    stack.send([imported(raw_finding())])
    resolve(stack)
    stack.advance(DAY + 60)
    stack.wake()

    assert 1 == len(stack.slack.messages("#alerts"))


def test_what_is_open_is_listed_each_day(stack: Stack) -> None:
    """Besides what is new."""
    stack.put_routes([LISTING])
    stack.send([imported(raw_finding("finding-1")), imported(raw_finding("finding-2"))])
    stack.advance(DAY)
    stack.wake()
    digest = len(stack.slack.messages("#daily"))

    stack.advance(DAY)
    stack.wake()

    [said] = stack.slack.messages("#daily")[digest:]
    assert "2 findings are open" in said.text


STEPS = {
    "claim": {"operation": "PutItem", "containing": '"S": "claimed"'},
    "record": {"operation": "PutItem", "containing": '"S": "posted"'},
    "next time": {"operation": "BatchWriteItem", "containing": "PutRequest"},
    "last time": {"operation": "BatchWriteItem", "containing": "DeleteRequest"},
}


@pytest.mark.parametrize("effect", ["kill_before", "kill_after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("findings", [1, 3])
def test_a_worker_that_dies_loses_nothing_and_says_nothing_twice(
    stack: Stack, step: str, effect: str, findings: int
) -> None:
    """The next calls say it once, and again three days later."""
    stack.slack.set_scopes(ALL_SCOPES)
    stack.put_routes([REMINDING])
    stack.send([imported(raw_finding(f"finding-{number}")) for number in range(findings)])
    stack.advance(DAY + 60)
    stack.aws.faults.add(Fault(effect=Effect(effect), service="dynamodb", **STEPS[step]))
    with pytest.raises(OSError, match="Runtime exited"):
        stack.wake()

    for _ in range(4):
        stack.advance(60)
        stack.wake()

    assert findings + 1 == len(stack.slack.messages("#alerts"))
    stack.advance(3 * DAY)
    stack.wake()
    assert findings + 2 == len(stack.slack.messages("#alerts"))
