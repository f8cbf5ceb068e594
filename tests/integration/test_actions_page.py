"""A person acts on a card in a browser: card, status, silence and issue follow."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chromium import needs_chromium, shown
from finding_router_local import TEMPLATE
from finding_router_local.stack import Stack

pytestmark = needs_chromium

EVENT = json.loads((TEMPLATE.parent / "events/imported-guardduty-port-probe.json").read_text())
WAIT_MS = 20_000


@pytest.fixture
def stack(buttons_stack: Stack) -> Stack:
    """Return a stack that has posted one card, whose route has tickets for a click."""
    buttons_stack.reset()
    route = {"kind": "route", "name": "all", "match": {}, "channel": "#alerts"}
    buttons_stack.put_routes([buttons_stack.ticket_item(), {**route, "ticket": {"to": "github"}}])
    buttons_stack.send([EVENT])
    return buttons_stack


@pytest.fixture
def page(window: Page, stack: Stack) -> Iterator[Page]:
    """Open the channel as Jane; fail for anything that the page's script throws."""
    with shown(window, f"{stack.slack.page_url}archives/alerts", height=1000) as opened:
        yield opened


def press(page: Page, name: str) -> None:
    """Press a button of the card, and wait until the endpoint has answered without a warning."""
    with page.expect_response("**/_control/press") as answered:
        page.get_by_role("button", name=name).first.click()

    assert answered.value.json()["warning"] is None


def finding(stack: Stack) -> dict[str, Any]:
    """Return the finding as Security Hub has it."""
    [found] = stack.findings()
    return found


def card(page: Page) -> Any:
    """Return the card."""
    return page.locator("article.message:not(.ephemeral)").first


def test_acknowledged(page: Page, stack: Stack) -> None:
    """The card says who has it, then who took it over, and then nobody."""
    press(page, "Acknowledge")
    expect(card(page)).to_contain_text("👀 @jane since", timeout=WAIT_MS)
    page.get_by_label("You are").select_option("sam")
    press(page, "Acknowledge")
    expect(card(page)).to_contain_text("👀 @sam since", timeout=WAIT_MS)
    # Sooner it would be a double click.
    stack.advance(60)
    press(page, "Acknowledge")
    expect(card(page)).not_to_contain_text("since", timeout=WAIT_MS)

    assert stack.drain()


def test_suppressed_with_a_reason(page: Page, stack: Stack) -> None:
    """The form needs a reason; then Security Hub has status and note, and the card is over."""
    press(page, "Suppress…")
    form = page.get_by_role("dialog", name="Suppress")
    form.get_by_role("button", name="Suppress").click()
    expect(form.get_by_text("Please complete this required field.")).to_be_visible()
    form.get_by_label("Why?").fill("a known scanner of ours")
    form.get_by_role("button", name="Suppress").click()
    expect(form).to_have_count(0)
    expect(card(page)).to_contain_text("@jane", timeout=WAIT_MS)
    assert stack.drain()

    suppressed = finding(stack)
    assert "SUPPRESSED" == suppressed["Workflow"]["Status"]
    assert "a known scanner of ours" in suppressed["Note"]["Text"]
    assert "slack:U0JANE00001 (jane)" == suppressed["Note"]["UpdatedBy"]
    expect(card(page)).to_contain_text("Suppressed", ignore_case=True)


def test_snoozed(page: Page, stack: Stack) -> None:
    """A silence stands in the routing table, and the card says until when."""
    press(page, "Snooze…")
    form = page.get_by_role("dialog", name="Snooze")
    form.get_by_label("4 hours").check()
    form.get_by_label("Why?").fill("at the patch day")
    form.get_by_role("button", name="Snooze").click()
    expect(card(page)).to_contain_text("💤", timeout=WAIT_MS)
    assert stack.drain()

    [silence] = (each for each in stack.routes() if each["kind"] == "silence")
    assert silence["name"].startswith("snooze-")


def test_ticketed(page: Page, stack: Stack) -> None:
    """One issue is made, and the card links it."""
    press(page, "Create ticket")
    expect(card(page)).to_contain_text("#1", timeout=WAIT_MS)
    assert stack.drain()

    assert stack.github is not None
    [issue] = stack.github.issues()
    assert 1 == issue.number


def test_why_here_is_for_one(page: Page) -> None:
    """Who asks sees the route, and nobody else."""
    press(page, "Why here?")
    answer = page.locator(".ephemeral")
    expect(answer).to_contain_text("all", timeout=WAIT_MS)
    expect(answer).to_contain_text("Only visible to you")
    page.get_by_label("You are").select_option("sam")
    expect(card(page)).to_be_visible()
    expect(answer).to_have_count(0)


def test_a_finding_of_a_digest(page: Page, stack: Stack) -> None:
    """Choosing one shows its buttons to the person alone, which work as on a card."""
    stack.put_routes([{"kind": "route", "name": "all", "match": {}, "channel": "#burst"}])
    stack.advance(120)
    events = []
    for number in range(8):
        event = copy.deepcopy(EVENT)
        event["detail"]["findings"][0] |= {
            "Id": f"{EVENT['detail']['findings'][0]['Id']}{number}",
            "Title": f"The port {number} is probed.",
        }
        events.append(event)
    stack.send(events)
    assert stack.drain()
    page.goto(f"{stack.slack.page_url}archives/burst")
    select = page.get_by_label("Choose a finding…")
    with page.expect_response("**/_control/press"):
        select.select_option(index=2)
    answer = page.locator(".ephemeral").first
    expect(answer.get_by_role("button", name="Acknowledge")).to_be_visible(timeout=WAIT_MS)
    with page.expect_response("**/_control/press"):
        answer.get_by_role("button", name="Acknowledge").click()
    assert stack.drain()

    told = page.locator(".ephemeral").filter(has_text="You own")
    expect(told).to_contain_text("The port", timeout=WAIT_MS)


def test_a_guest_may_not(page: Page, stack: Stack) -> None:
    """A guest is told so, and nothing changes."""
    page.get_by_label("You are").select_option("gus")
    press(page, "Acknowledge")
    expect(page.locator(".ephemeral")).to_be_visible(timeout=WAIT_MS)
    assert stack.drain()

    expect(card(page)).not_to_contain_text("since")
