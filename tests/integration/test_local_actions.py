"""Presses of buttons in the embedded stack, through the template's endpoint and its queue."""

import json
from typing import Any

import pytest

from finding_router_local import TEMPLATE
from finding_router_local.actions import WORKER
from finding_router_local.faults import Fault
from finding_router_local.slack import Delivery
from finding_router_local.stack import Stack

EVENT = json.loads((TEMPLATE.parent / "events/imported-guardduty-port-probe.json").read_text())
ROUTES = [{"kind": "route", "name": "all", "match": {}, "channel": "#alerts"}]


@pytest.fixture
def stack(buttons_stack: Stack) -> Stack:
    """Return a stack that has posted one card."""
    buttons_stack.reset()
    buttons_stack.put_routes(ROUTES)
    buttons_stack.send([EVENT])
    return buttons_stack


def test_a_form_opens_in_time(stack: Stack) -> None:
    """The endpoint verifies the press and opens the modal, which only who pressed has."""
    answered = stack.slack.press("suppress")

    assert (200, "", None) == (answered.status, answered.body, answered.warning)
    modal = stack.slack.modal()
    assert modal is not None
    assert "suppress" == modal.view["callback_id"]


def test_a_mistake_in_a_form_is_named(stack: Stack) -> None:
    """The endpoint's errors stand at their inputs, and the modal stays."""
    stack.slack.press("snooze")
    submitted = stack.slack.submit({"for": "date", "reason": "known"})

    assert ["date"] == list(submitted.errors)
    assert stack.slack.modal() is not None


def test_a_forged_or_old_press_is_refused(stack: Stack) -> None:
    """Neither another secret, nor a request of long ago; and nothing is queued."""
    forged = stack.slack.press("acknowledge", delivery=Delivery(is_forged=True))
    late = stack.slack.press("acknowledge", delivery=Delivery(late_seconds=301))

    assert (401, "") == (forged.status, forged.body)
    assert (401, "") == (late.status, late.body)
    assert stack.actions is not None
    assert not stack.actions.queue.ids()


def test_a_second_delivery_is_refused(stack: Stack) -> None:
    """The same request counts once."""
    answered = stack.slack.press("acknowledge", delivery=Delivery(times=2))

    assert (200, 401) == answered.statuses


def test_an_outsider_is_told(stack: Stack) -> None:
    """Who is of another workspace sees a sentence alone."""
    stack.slack.press("acknowledge", user="olga")

    [message] = stack.slack.ephemerals("olga")
    assert "Only members" in message.text


def test_a_dead_endpoint_is_a_warning(stack: Stack) -> None:
    """Killed in the middle, it answers 502; the next press finds it again."""
    stack.faults.add(Fault(effect="kill_before", service="dynamodb", operation="PutItem"))
    killed = stack.slack.press("acknowledge")

    assert (502, "This app responded with Status Code 502.") == (killed.status, killed.warning)
    assert 200 == stack.slack.press("suppress").status


def test_the_parts_are_told(stack: Stack) -> None:
    """Other programs learn the address, the queue and the functions."""
    described: dict[str, Any] = stack.describe()

    assert described["actions_url"].startswith("http://127.0.0.1:")
    assert "ActionsQueue" in described["queues"]
    assert {"ActionsFunction", "ActionsWorker"} <= described["resources"].keys()
    assert stack.actions is not None
    assert [f"{WORKER}-0"] == [each.name for each in stack.actions.workers.processes]


def test_a_stack_without_them_has_no_buttons() -> None:
    """By default there is no endpoint, no queue, and no button."""
    with Stack() as stack:
        stack.put_routes(ROUTES)
        stack.send([EVENT])

        assert stack.actions is None
        assert "ActionsQueue" not in stack.deployment.queues
        assert "acknowledge" not in json.dumps([each.as_json() for each in stack.slack.messages()])
