"""Presses on the embedded stack, from the click through the endpoint to the card and the hub."""

import json
from typing import Any

import pytest

from cli import Cli, as_running
from finding_router.findings.short_id import short_id
from finding_router_local import TEMPLATE
from finding_router_local.stack import Stack

EVENT = json.loads((TEMPLATE.parent / "events/imported-guardduty-port-probe.json").read_text())
[FINDING] = EVENT["detail"]["findings"]
ROUTES = [{"kind": "route", "name": "all", "match": {}, "channel": "#alerts"}]


@pytest.fixture
def stack(buttons_stack: Stack) -> Stack:
    """Return a stack that has posted one card."""
    buttons_stack.reset()
    buttons_stack.put_routes(ROUTES)
    buttons_stack.load(EVENT)
    buttons_stack.send([EVENT])
    return buttons_stack


def card(stack: Stack) -> str:
    """Return everything that the card says."""
    return json.dumps(stack.slack.messages("#alerts")[0].as_json(), ensure_ascii=False)


def told(stack: Stack, user: str = "jane") -> str:
    """Return what only *user* sees."""
    several = stack.slack.ephemerals(user)
    return " ".join(json.dumps(each.as_json(), ensure_ascii=False) for each in several)


def status(stack: Stack) -> str | None:
    """Return the status of the finding."""
    return stack.workflow_status(FINDING["ProductArn"], FINDING["Id"])


def do(stack: Stack, action: str, values: dict[str, Any] | None = None, **how: Any) -> None:
    """Press a button, submit its form, and let the worker do it."""
    assert 200 == stack.slack.press(action, **how).status
    if values is not None:
        assert not stack.slack.submit(values).errors
    stack.drain()


def test_acknowledged(stack: Stack) -> None:
    """The card shows who took it."""
    do(stack, "acknowledge")

    assert "👀 <@U0JANE00001> since" in card(stack)
    assert "" == told(stack)


def test_suppressed_with_a_reason(stack: Stack) -> None:
    """Security Hub has status and note, and the card is closed."""
    do(stack, "suppress", {"reason": "a pen test", "scope": "finding", "always": "no"})

    assert "SUPPRESSED" == status(stack)
    [found] = stack.findings()
    assert "a pen test" == found["Note"]["Text"]
    assert "slack:U0JANE00001 (jane)" == found["Note"]["UpdatedBy"]
    assert "Suppressed by \N{FULLWIDTH COMMERCIAL AT}jane" in card(stack)
    assert "" == told(stack)


def test_resolved_in_the_account_and_silenced(stack: Stack) -> None:
    """A wider scope, and an item of ours with the rule to paste."""
    do(stack, "suppress", {"reason": "known", "scope": "account", "always": "silence"})

    assert "SUPPRESSED" == status(stack)
    assert ["silence"] == [each["kind"] for each in stack.routes() if each["kind"] != "route"]
    assert "create-automation-rule" in told(stack)


def test_snoozed(stack: Stack) -> None:
    """A silence with who and why, and the card says until when."""
    do(stack, "snooze", {"for": "4h", "scope": "finding", "reason": "later"})

    [silence] = [each for each in stack.routes() if each["kind"] == "silence"]
    assert "later" == silence["reason"]
    assert "jane (U0JANE00001) in Slack" == silence["by"]
    assert "💤 until" in card(stack)


def test_explained(stack: Stack) -> None:
    """Only the person sees why it is here."""
    do(stack, "why")

    assert "finding-router routes edit 'all'" in told(stack)


def test_a_guest_is_refused(stack: Stack) -> None:
    """Nothing changes, and the guest is told why."""
    do(stack, "acknowledge", user="gus")

    assert "full members" in told(stack, "gus")
    assert "👀 <@" not in card(stack)


def test_the_trail(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each press is a line of `finding-router audit`."""
    found = as_running(stack)
    monkeypatch.setattr("finding_router_cli.routes_at_hand.find_running", lambda _: found)
    do(stack, "acknowledge")
    do(stack, "acknowledge", user="gus")
    do(stack, "acknowledge", user="olga")

    presses = Cli(stack).json("audit")["presses"]

    # Slack tells the second of a press, which these may have in common.
    assert {("gus", "refused"), ("olga", "refused"), ("jane", "done")} == {
        (each["name"], each["outcome"]) for each in presses
    }
    output = Cli(stack)("audit").output
    assert "jane (U0JANE00001)" in output
    assert 3 == output.count(short_id(FINDING["Id"]))


def test_the_trail_of_a_digest(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the link to the digest, which `explain` takes."""
    found = as_running(stack)
    monkeypatch.setattr("finding_router_cli.routes_at_hand.find_running", lambda _: found)
    stack.reset()
    stack.put_routes([ROUTES[0] | {"deliver": "digest"}])
    stack.load(EVENT)
    stack.send([EVENT])
    do(stack, "acknowledge")

    [line] = [each for each in Cli(stack)("audit").output.splitlines() if "acknowledge" in each]
    [link] = [each for each in line.split() if "/archives/" in each]

    assert f"digest {link}" in line
    assert short_id(FINDING["Id"]) in Cli(stack)("explain", link).output
