"""People press buttons and fill modals on the page of the local Slack, in a real browser."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from slack_sdk import WebClient
from werkzeug.wrappers import Response

from chromium import needs_chromium, shown
from finding_router_local.slack import App, SlackServer
from slack_app import SECRET, StandIn, serve_app

pytestmark = needs_chromium


def plain(text: str) -> dict[str, Any]:
    """Return a text object."""
    return {"type": "plain_text", "text": text, "emoji": True}


def option(value: str, text: str | None = None) -> dict[str, Any]:
    """Return an option."""
    return {"text": plain(text or value), "value": value}


def button(action: str, text: str, **fields: Any) -> dict[str, Any]:
    """Return a button."""
    return {"type": "button", "action_id": action, "text": plain(text), "value": "ref", **fields}


PICK = {
    "type": "static_select",
    "action_id": "pick",
    "placeholder": plain("Choose a finding…"),
    "options": [option("1", "An exposed key"), option("2", "A port is probed")],
}
ACTIONS = {
    "type": "actions",
    "block_id": "ours",
    "elements": [
        button("acknowledge", "👀 Acknowledge"),
        button("suppress", "Suppress…"),
        PICK,
    ],
}
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*An exposed key*"}}
SCOPES = [option("finding", "This finding"), option("account", "This control in this account")]
VIEW = {
    "type": "modal",
    "callback_id": "suppress",
    "title": plain("Suppress"),
    "submit": plain("Suppress"),
    "close": plain("Cancel"),
    "blocks": [
        SECTION,
        {
            "type": "input",
            "block_id": "scope",
            "label": plain("Which findings?"),
            "element": {
                "type": "radio_buttons",
                "action_id": "scope",
                "options": SCOPES,
                "initial_option": SCOPES[0],
            },
        },
        {
            "type": "input",
            "block_id": "date",
            "optional": True,
            "label": plain("Until which date?"),
            "element": {"type": "datepicker", "action_id": "date"},
        },
        {
            "type": "input",
            "block_id": "always",
            "label": plain("Always?"),
            "optional": True,
            "element": {
                "type": "static_select",
                "action_id": "always",
                "options": [option("silence", "A silence"), option("drop", "Never again")],
            },
        },
        {
            "type": "input",
            "block_id": "reason",
            "label": plain("Why?"),
            "hint": plain("Others read it."),
            "element": {
                "type": "plain_text_input",
                "action_id": "reason",
                "multiline": True,
                "max_length": 400,
            },
        },
    ],
}


@pytest.fixture
def app() -> StandIn:
    """Return an app that answers with an empty 200."""
    return StandIn()


@pytest.fixture
def slack(app: StandIn) -> Iterator[SlackServer]:
    """Serve a workspace whose presses go to *app*."""
    with (
        serve_app(app) as url,
        SlackServer(
            channels=["alerts"], pace=False, app=App(request_url=url, signing_secret=SECRET)
        ) as server,
    ):
        yield server


@pytest.fixture
def client(slack: SlackServer) -> WebClient:
    """Return a client of *slack*, which has posted a card with buttons."""
    made = WebClient(slack.token, base_url=slack.base_url, retry_handlers=[])
    card = [{"color": "#d13212", "blocks": [SECTION, ACTIONS]}]
    made.chat_postMessage(channel="#alerts", text="An exposed key", attachments=card)
    return made


@pytest.fixture
def page(window: Page, slack: SlackServer, client: WebClient) -> Iterator[Page]:
    """Open the page as Jane; fail for anything that its script throws."""
    with shown(window, f"{slack.page_url}archives/alerts") as opened:
        yield opened


class TestPresses:
    """Buttons look and work as Slack's."""

    def test_a_press_is_of_the_chosen_person(self, page: Page, app: StandIn) -> None:
        """Jane at first, then whom the reader chooses; the address keeps it."""
        button = page.get_by_role("button", name="Acknowledge")
        with page.expect_response("**/_control/press"):
            button.click()
        page.get_by_label("You are").select_option("sam")
        expect(page).to_have_url(re.compile(r"\?as=sam$"))
        with page.expect_response("**/_control/press"):
            button.click()

        assert ["jane", "sam"] == [each["user"]["name"] for each in app.payloads]
        assert ["acknowledge"] * 2 == [each["actions"][0]["action_id"] for each in app.payloads]
        assert "message_attachment" == app.payloads[0]["container"]["type"]

    def test_an_option_is_chosen(self, page: Page, app: StandIn) -> None:
        """The select sends it, and stands empty again."""
        select = page.get_by_label("Choose a finding…")
        with page.expect_response("**/_control/press"):
            select.select_option("A port is probed")

        assert "2" == app.payloads[0]["actions"][0]["selected_option"]["value"]
        expect(select).to_have_value("")

    def test_a_warning_stands_beside_the_button(self, page: Page, app: StandIn) -> None:
        """Until the next press."""
        app.handle = lambda _: Response("", 500)
        page.get_by_role("button", name="Acknowledge").click()
        warning = page.get_by_role("alert").filter(has_text="Status Code 500")
        expect(warning).to_be_visible()
        app.handle = lambda _: ""
        page.get_by_role("button", name="Acknowledge").click()
        expect(warning).to_have_count(0)

    def test_a_confirmation_comes_first(self, page: Page, app: StandIn, client: WebClient) -> None:
        """Who says no presses nothing."""
        asked = {
            "title": plain("Sure?"),
            "text": plain('It\'s "final" & <b>so</b>.'),
            "confirm": plain("Yes"),
            "deny": plain("No"),
        }
        blocks = [{"type": "actions", "elements": [button("drop", "Drop", confirm=asked)]}]
        client.chat_postMessage(channel="#alerts", text="a", blocks=blocks)
        said: list[str] = []

        def deny(dialog: Any) -> None:
            said.append(dialog.message)
            dialog.dismiss()

        page.once("dialog", deny)
        page.get_by_role("button", name="Drop").click()

        assert ['Sure?\n\nIt\'s "final" & <b>so</b>.'] == said
        assert [] == app.payloads
        page.once("dialog", lambda dialog: dialog.accept())
        with page.expect_response("**/_control/press"):
            page.get_by_role("button", name="Drop").click()
        assert 1 == len(app.payloads)

    def test_an_answer_for_one_person(self, page: Page, app: StandIn, client: WebClient) -> None:
        """Only its reader sees it, may press within it, and dismisses it."""
        client.chat_postEphemeral(
            channel="#alerts",
            user="U0JANE00001",
            text="Why here",
            blocks=[SECTION, {"type": "actions", "elements": [button("why", "Why here?")]}],
        )
        shown = page.locator(".ephemeral")
        expect(shown).to_contain_text("Only visible to you")
        with page.expect_response("**/_control/press"):
            shown.get_by_role("button", name="Why here?").click()
        assert app.payloads[0]["container"]["is_ephemeral"]
        shown.get_by_role("button", name="Dismiss message").click()
        expect(shown).to_have_count(0)

        client.chat_postEphemeral(channel="#alerts", user="U0SAM000001", text="For Sam")
        expect(page.locator("#status")).to_have_text("live")
        expect(shown).to_have_count(0)
        page.get_by_label("You are").select_option("sam")
        expect(shown).to_contain_text("For Sam")

    def test_people_have_names(self, page: Page, client: WebClient) -> None:
        """A mention of a person shows the name."""
        client.chat_postMessage(channel="#alerts", text="👀 <@U0JANE00001> since 14:02")

        expect(page.locator(".mention").filter(has_text="@jane")).to_be_visible()


class TestModals:
    """A modal opens, is filled in, and is submitted."""

    @pytest.fixture(autouse=True)
    def _opens(self, app: StandIn, client: WebClient) -> None:
        def handle(payload: dict[str, Any]) -> str:
            if payload["type"] == "block_actions":
                client.views_open(trigger_id=payload["trigger_id"], view=VIEW)
            return ""

        app.handle = handle

    @pytest.fixture
    def modal(self, page: Page) -> Any:
        """Return the open modal."""
        page.get_by_role("button", name="Suppress…").click()
        opened = page.get_by_role("dialog", name="Suppress")
        expect(opened).to_be_visible()
        return opened

    def test_what_is_entered_is_submitted(self, app: StandIn, modal: Any) -> None:
        """Text, choice, date and menu reach the app, and the modal closes."""
        modal.get_by_label("This control in this account").check()
        modal.get_by_label("Until which date?").fill("2026-12-24")
        modal.get_by_label("Always?").select_option("Never again")
        modal.get_by_label("Why?").fill("known & accepted\nby us")
        modal.get_by_role("button", name="Suppress").click()
        expect(modal).to_have_count(0)

        values = app.payloads[-1]["view"]["state"]["values"]
        assert "account" == values["scope"]["scope"]["selected_option"]["value"]
        assert "2026-12-24" == values["date"]["date"]["selected_date"]
        assert "drop" == values["always"]["always"]["selected_option"]["value"]
        assert "known & accepted\nby us" == values["reason"]["reason"]["value"]

    def test_errors_stand_below_their_inputs(self, app: StandIn, modal: Any) -> None:
        """Those of Slack, of the app, and of the connection; what was entered stays."""
        modal.get_by_role("button", name="Suppress").click()
        expect(modal.get_by_text("Please complete this required field.")).to_be_visible()
        modal.get_by_label("Why?").fill("known")
        app.handle = lambda _: {"response_action": "errors", "errors": {"date": "Not so long."}}
        modal.get_by_role("button", name="Suppress").click()
        expect(modal.get_by_text("Not so long.")).to_be_visible()
        expect(modal.get_by_text("Please complete")).to_have_count(0)
        app.handle = lambda _: Response("", 401)
        modal.get_by_role("button", name="Suppress").click()
        expect(modal.get_by_text("We had some trouble connecting. Try again?")).to_be_visible()
        expect(modal.get_by_label("Why?")).to_have_value("known")

    def test_news_leave_what_is_entered(self, page: Page, client: WebClient, modal: Any) -> None:
        """A message that arrives does not empty an open modal."""
        modal.get_by_label("Why?").fill("half a sen")
        client.chat_postMessage(channel="#alerts", text="another")
        expect(page.locator("article").filter(has_text="another")).to_be_attached()

        expect(modal.get_by_label("Why?")).to_have_value("half a sen")

    def test_it_is_closed_without_a_word(self, page: Page, app: StandIn, modal: Any) -> None:
        """Cancel, the cross and Escape close it; the app hears nothing."""
        modal.get_by_role("button", name="Cancel").click()
        expect(modal).to_have_count(0)
        page.get_by_role("button", name="Suppress…").click()
        modal.get_by_role("button", name="Close").click()
        expect(modal).to_have_count(0)
        page.get_by_role("button", name="Suppress…").click()
        expect(modal).to_be_visible()
        page.keyboard.press("Escape")
        expect(modal).to_have_count(0)

        assert ["block_actions"] * 3 == [each["type"] for each in app.payloads]

    def test_an_update_shows_the_next_view(self, app: StandIn, modal: Any, page: Page) -> None:
        """The answer to a submission may be another view."""
        done = {"type": "modal", "title": plain("Done"), "blocks": [SECTION]}
        app.handle = lambda _: {"response_action": "update", "view": done}
        modal.get_by_label("Why?").fill("known")
        modal.get_by_role("button", name="Suppress").click()

        expect(page.get_by_role("dialog", name="Done")).to_be_visible()

    def test_it_fits_a_phone(self, page: Page, modal: Any) -> None:
        """Nothing is wider than a narrow screen."""
        page.set_viewport_size({"width": 390, "height": 700})

        assert 390 == page.evaluate("document.documentElement.scrollWidth")
        expect(modal.get_by_role("button", name="Suppress")).to_be_in_viewport()


def test_a_slow_app_is_named(page: Page, app: StandIn) -> None:
    """After three seconds the person sees that nothing came."""
    ended = threading.Event()
    app.handle = lambda _: ended.wait(10) and ""
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("operation_timeout")).to_be_visible(timeout=8_000)
    ended.set()
