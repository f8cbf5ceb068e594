"""Tickets in the embedded stack: the template's functions, the local Slack, the local GitHub."""

import copy
import json
from typing import Any
from urllib.request import Request, urlopen

import pytest

from finding_router_local import TEMPLATE
from finding_router_local.stack import Stack

EVENT = json.loads((TEMPLATE.parent / "events/imported-guardduty-port-probe.json").read_text())


@pytest.fixture
def stack(buttons_stack: Stack) -> Stack:
    """Return a stack whose route has tickets, by a button."""
    buttons_stack.reset()
    routes(buttons_stack)
    return buttons_stack


def routes(stack: Stack, **ticket: Any) -> None:
    """Route everything with tickets."""
    route = {"kind": "route", "name": "all", "match": {}, "channel": "#alerts"}
    stack.put_routes([stack.ticket_item(), {**route, "ticket": {"to": "github"} | ticket}])


def ended() -> dict[str, Any]:
    """Return the event of the end of the finding."""
    event = copy.deepcopy(EVENT)
    [finding] = event["detail"]["findings"]
    finding |= {"RecordState": "ARCHIVED", "UpdatedAt": "2999-01-01T00:00:00Z"}
    return event | {"id": "ended"}


def card(stack: Stack) -> str:
    """Return everything that the card says."""
    return json.dumps([each.as_json() for each in stack.slack.messages("alerts")[:1]])


def test_a_press_makes_an_issue_and_the_card_shows_it(stack: Stack) -> None:
    """Through endpoint, queue and worker."""
    assert stack.github is not None
    stack.send([EVENT])
    assert "Create ticket" in card(stack)

    stack.slack.press("ticket")
    stack.drain()

    [issue] = stack.github.issues()
    assert "archives/" in issue.body
    assert (
        f"{stack.github.page_url}acme/security/issues/{issue.number}|#{issue.number}> open"
        in card(stack)
    )
    assert "Create ticket" not in card(stack)
    [answer] = stack.slack.ephemerals()
    assert f"#{issue.number}" in json.dumps(answer.as_json())


def test_a_route_makes_one_always_and_its_end_closes_it(stack: Stack) -> None:
    """Each minute the worker is called."""
    assert stack.github is not None
    routes(stack, when="always", **{"from": "LOW"})
    stack.advance(5)
    stack.send([EVENT])
    stack.wake_worker()
    [issue] = stack.github.issues()
    assert "open" == issue.state

    stack.send([ended()])
    stack.wake_worker()

    assert "closed" == issue.state
    assert 1 == len(issue.comments)


def test_a_person_sees_issues_and_may_change_them(stack: Stack) -> None:
    """On its page, and by its control plane."""
    assert stack.github is not None
    stack.send([EVENT])
    stack.slack.press("ticket")
    stack.drain()
    [issue] = stack.github.issues()
    url = stack.github.base_url

    with urlopen(f"{url}/acme/security/issues/{issue.number}") as page:
        shown = page.read().decode()
    body = json.dumps({"number": issue.number, "state": "closed", "comment": "fixed"}).encode()
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"{url}/_control/issues", data=body, headers=headers)) as answer:
        changed = json.load(answer)
    with urlopen(f"{url}/_control/issues") as answer:
        [listed] = json.load(answer)

    assert issue.title.split("]")[0] in shown
    assert ("closed", "closed") == (changed["state"], issue.state)
    assert ["fixed"] == [each["body"] for each in listed["comments"]]
    assert url == stack.describe()["github"]["item"]["github"]["base_url"]
