"""The local stack wakes the function as the template's schedule does."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from finding_router_cli.local import local
from finding_router_local.faults import Fault
from finding_router_local.invocation import Invocation
from finding_router_local.running import announce
from finding_router_local.stack import Stack
from hub_events import PRODUCT_ARN, imported, raw_finding

DAILY = {
    "kind": "route",
    "name": "daily",
    "channel": "#daily",
    "deliver": "scheduled",
    "schedule": {"time": "09:00", "zone": "UTC"},
}
DAY = 86_400


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    """Run one stack for all tests here."""
    with Stack() as stack:
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    """Return an empty stack with one finding that waits for the morning."""
    running.reset()
    running.put_routes([DAILY])
    [outcome] = running.send([imported(raw_finding())])
    assert "held" == outcome.outcome
    return running


def test_template_says_when(running: Stack) -> None:
    """Event and rate are those of the schedule in the template."""
    schedule = running.deployment.schedule

    assert schedule is not None
    assert {"finding-router": "wake"} == schedule.event
    assert 60 == schedule.every_seconds


def test_nothing_is_due_yet(stack: Stack) -> None:
    """A call that comes early posts nothing."""
    assert [] == stack.wake()
    assert [] == stack.slack.messages()


def test_what_is_due_is_posted(stack: Stack) -> None:
    """At the due time, one digest lists the held findings, and Security Hub has NOTIFIED."""
    stack.advance(DAY)

    [outcome] = stack.wake()

    assert ("digested", "NOTIFIED") == (outcome.outcome, outcome.workflow_status)
    parent, reply = stack.slack.messages("#daily")
    assert (False, True) == (parent.is_reply, reply.is_reply)
    assert [] == stack.wake()


def test_what_fails_waits_for_the_next_call(stack: Stack) -> None:
    """A function that dies when it is woken loses nothing."""
    stack.advance(DAY)
    stack.aws.faults.add(Fault(effect="kill_before", service="dynamodb", operation="PutItem"))
    with pytest.raises(OSError, match="Runtime exited"):
        stack.wake()
    stack.advance(600)

    [outcome] = stack.wake()

    assert "digested" == outcome.outcome
    assert 2 == len(stack.slack.messages("#daily"))
    assert "NOTIFIED" == stack.workflow_status(PRODUCT_ARN, "finding-1")


def test_wake_command(stack: Stack, tmp_path: Any) -> None:
    """The command posts the findings that are due in the running stack."""
    stack.advance(DAY)
    arguments = ["wake", "--template", str(tmp_path / "template.yaml")]

    with announce(stack.id, stack.aws.url, tmp_path):
        result = CliRunner().invoke(local, arguments)

    assert 0 == result.exit_code
    assert "1 finding: 1 digested" in result.output


def test_wake_command_without_a_stack(tmp_path: Any) -> None:
    """Without a running stack, the error has the command to start one."""
    result = CliRunner().invoke(local, ["wake", "--template", str(tmp_path / "template.yaml")])

    assert 1 == result.exit_code
    assert "local up" in result.output


class Invoke:
    """A function that only records its events."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.arrived = threading.Event()

    def __call__(self, event: Any) -> Invocation:
        """Note it."""
        self.events.append(event)
        self.arrived.set()
        return Invocation(answer={})


def test_schedule_runs_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the pace of the real services, the schedule needs no command."""
    monkeypatch.setattr("finding_router_local.deployment._UNIT_SECONDS", {"minute": 0.02})
    invoke = Invoke()
    with Stack(is_hasty=False, make_invoke=lambda _: invoke):
        assert invoke.arrived.wait(timeout=60)

    assert {"finding-router": "wake"} == invoke.events[0]
