"""People press the buttons of the local Slack, and an app answers."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
import urllib3
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from werkzeug.wrappers import Response

from finding_router_local.slack import App, Delivery, SlackServer
from slack_app import SECRET, StandIn, serve_app


def plain(text: str = "a") -> dict[str, Any]:
    """Return a text object."""
    return {"type": "plain_text", "text": text}


def option(value: str) -> dict[str, Any]:
    """Return an option."""
    return {"text": plain(value), "value": value}


BUTTON = {"type": "button", "text": plain("Acknowledge"), "action_id": "ack", "value": "ref"}
PICK = {"type": "static_select", "action_id": "pick", "options": [option("one"), option("two")]}
ACTIONS = {"type": "actions", "block_id": "ours", "elements": [BUTTON, PICK]}
REASON = {
    "type": "input",
    "block_id": "reason",
    "label": plain("Reason"),
    "element": {"type": "plain_text_input", "action_id": "text", "max_length": 20},
}
SCOPE = {
    "type": "input",
    "block_id": "scope",
    "label": plain("Scope"),
    "element": {
        "type": "radio_buttons",
        "action_id": "which",
        "options": [option("finding"), option("account")],
        "initial_option": option("finding"),
    },
}
DATE = {
    "type": "input",
    "block_id": "date",
    "label": plain("Until"),
    "optional": True,
    "element": {"type": "datepicker", "action_id": "day"},
}
VIEW = {
    "type": "modal",
    "callback_id": "suppress",
    "private_metadata": "ref",
    "title": plain("Suppress"),
    "submit": plain("Suppress"),
    "blocks": [REASON, SCOPE, DATE],
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
            channels=["alerts"],
            scopes=["chat:write", "channels:read", "users:read", "usergroups:read"],
            pace=False,
            app=App(request_url=url, signing_secret=SECRET),
        ) as server,
    ):
        yield server


@pytest.fixture
def client(slack: SlackServer) -> WebClient:
    """Return a client of *slack*."""
    return WebClient(slack.token, base_url=slack.base_url, retry_handlers=[])


def posted(client: WebClient, **content: Any) -> Any:
    """Post a message with buttons."""
    return client.chat_postMessage(
        channel="#alerts", text="a", **(content or {"blocks": [ACTIONS]})
    )


class TestPress:
    """A press is a signed request."""

    def test_the_app_gets_who_what_and_where(
        self, slack: SlackServer, app: StandIn, client: WebClient
    ) -> None:
        """The payload has person, team, app, channel, message and the element."""
        sent = posted(client)
        answered = slack.press("ack", user="sam")

        [payload] = app.payloads
        assert (200, None) == (answered.status, answered.warning)
        assert "block_actions" == payload["type"]
        assert {
            "id": "U0SAM000001",
            "username": "sam",
            "name": "sam",
            "team_id": "T0LOCALTEAM",
        } == payload["user"]
        assert ("A0ROUTERAPP", "T0LOCALTEAM") == (payload["api_app_id"], payload["team"]["id"])
        assert {"id": sent["channel"], "name": "alerts"} == payload["channel"]
        assert {
            "type": "message",
            "message_ts": sent["ts"],
            "channel_id": sent["channel"],
            "is_ephemeral": False,
        } == payload["container"]
        assert sent["ts"] == payload["message"]["ts"]
        [action] = payload["actions"]
        assert ("ack", "ours", "button", "ref") == (
            action["action_id"],
            action["block_id"],
            action["type"],
            action["value"],
        )
        nothing = {"pick": {"type": "static_select", "selected_option": None}}
        assert {"values": {"ours": nothing}} == payload["state"]

    def test_slack_s_own_verifier_takes_the_signature(
        self, slack: SlackServer, app: StandIn, client: WebClient
    ) -> None:
        """The form is signed as Slack signs it."""
        posted(client)
        slack.press("ack")

        [(body, headers)] = app.requests
        assert "application/x-www-form-urlencoded" == headers["Content-Type"]
        assert SignatureVerifier(SECRET).is_valid_request(body, headers)
        assert ["payload"] == list(parse_qs(body.decode()))

    def test_an_option_is_chosen(self, slack: SlackServer, app: StandIn, client: WebClient) -> None:
        """A select sends its option, and has it in the state."""
        posted(client)
        slack.press("pick", selected="two")

        [payload] = app.payloads
        assert option("two") == payload["actions"][0]["selected_option"]
        assert option("two") == payload["state"]["values"]["ours"]["pick"]["selected_option"]

    def test_a_button_in_an_attachment_is_in_another_container(
        self, slack: SlackServer, app: StandIn, client: WebClient
    ) -> None:
        """The container names the attachment."""
        posted(client, attachments=[{"blocks": []}, {"color": "#d13212", "blocks": [ACTIONS]}])
        slack.press("ack")

        [payload] = app.payloads
        assert ("message_attachment", 2) == (
            payload["container"]["type"],
            payload["container"]["attachment_id"],
        )

    def test_a_reply_names_its_thread(
        self, slack: SlackServer, app: StandIn, client: WebClient
    ) -> None:
        """The container of a message in a thread has the thread."""
        parent = client.chat_postMessage(channel="#alerts", text="parent")
        posted(client, blocks=[ACTIONS], thread_ts=parent["ts"])
        slack.press("ack")

        assert parent["ts"] == app.payloads[0]["container"]["thread_ts"]

    @pytest.mark.parametrize(
        ("press", "words"),
        [
            ({"action_id": "gone"}, "no message has gone"),
            ({"action_id": "ack", "user": "nobody"}, "nobody here is nobody"),
            ({"action_id": "pick"}, "say what is selected"),
            ({"action_id": "pick", "selected": "three"}, "there are one, two"),
        ],
    )
    def test_what_nobody_can_press_is_refused(
        self, slack: SlackServer, client: WebClient, press: dict[str, str], words: str
    ) -> None:
        """The mistake names what there is."""
        posted(client)
        action_id = press.pop("action_id")

        with pytest.raises(ValueError, match=words):
            slack.press(action_id, **press)

    def test_only_those_who_see_a_channel_press_in_it(
        self, slack: SlackServer, client: WebClient
    ) -> None:
        """A member sees every public channel, a private one only from within."""
        posted(client)
        assert 200 == slack.press("ack", user="nelly").status
        slack.add_channel("alerts", private=True, people=["jane"])
        assert 200 == slack.press("ack", user="jane").status

        with pytest.raises(ValueError, match="sam does not see #alerts"):
            slack.press("ack", user="sam")


class TestWarnings:
    """What a person sees where the app does not answer well."""

    def test_an_error_of_the_app(self, slack: SlackServer, app: StandIn, client: WebClient) -> None:
        """Anything but 200 is a warning with its number."""
        posted(client)
        app.handle = lambda _: Response("", 500)

        assert "This app responded with Status Code 500." == slack.press("ack").warning

    def test_no_answer_in_time(self, slack: SlackServer, app: StandIn, client: WebClient) -> None:
        """After three seconds nobody waits."""
        posted(client)
        ended = threading.Event()
        app.handle = lambda _: ended.wait(10) and ""
        began = time.monotonic()
        answered = slack.press("ack")
        waited = time.monotonic() - began
        ended.set()

        assert answered.status is None
        assert answered.warning is not None
        assert "operation_timeout" in answered.warning
        assert 2.9 < waited < 4.5

    def test_nobody_there(self, slack: SlackServer, client: WebClient) -> None:
        """An app without a request URL, or that is down, has a warning as well."""
        posted(client)
        slack.interactivity.app.request_url = "http://127.0.0.1:9/"
        assert "operation_failed" in (slack.press("ack").warning or "")
        slack.interactivity.app.request_url = None
        assert "not configured" in (slack.press("ack").warning or "")


class TestFaults:
    """Requests that Slack, or somebody else, delivers wrongly."""

    def test_twice(self, slack: SlackServer, app: StandIn, client: WebClient) -> None:
        """The same bytes come again."""
        posted(client)
        answered = slack.press("ack", delivery=Delivery(times=2))

        first, second = app.requests
        assert (200, 200) == answered.statuses
        assert first[0] == second[0]
        assert first[1]["X-Slack-Signature"] == second[1]["X-Slack-Signature"]

    def test_late_and_forged(self, slack: SlackServer, app: StandIn, client: WebClient) -> None:
        """A request of long ago, and one that somebody else signed."""
        posted(client)

        assert 200 == slack.press("ack", delivery=Delivery(late_seconds=200)).status
        assert 401 == slack.press("ack", delivery=Delivery(late_seconds=400)).status
        assert 401 == slack.press("ack", delivery=Delivery(is_forged=True)).status
        assert 1 == len(app.payloads)


def opens(client: WebClient, view: dict[str, Any]) -> Any:
    """Return a handler that opens *view*."""
    return lambda payload: client.views_open(trigger_id=payload["trigger_id"], view=view) and ""


class TestModals:
    """A modal opens within a press, and is submitted."""

    @pytest.fixture(autouse=True)
    def _opened(self, slack: SlackServer, app: StandIn, client: WebClient) -> None:
        posted(client)
        app.handle = opens(client, VIEW)
        slack.press("ack")
        app.handle = lambda _: ""

    def test_it_is_open_for_who_pressed(self, slack: SlackServer) -> None:
        """Nobody else has it."""
        modal = slack.modal("jane")

        assert modal is not None
        assert "suppress" == modal.view["callback_id"]
        assert slack.modal("sam") is None

    def test_a_submission_has_all_that_was_entered(self, slack: SlackServer, app: StandIn) -> None:
        """The view comes with its state; an empty 200 closes it."""
        submitted = slack.submit({"reason": "known", "scope": "account"})

        payload = app.payloads[-1]
        assert {} == submitted.errors
        assert ("view_submission", "ref", "suppress") == (
            payload["type"],
            payload["view"]["private_metadata"],
            payload["view"]["callback_id"],
        )
        assert {
            "reason": {"text": {"type": "plain_text_input", "value": "known"}},
            "scope": {"which": {"type": "radio_buttons", "selected_option": option("account")}},
            "date": {"day": {"type": "datepicker", "selected_date": None}},
        } == payload["view"]["state"]["values"]
        assert slack.modal() is None

    def test_what_slack_does_not_submit(self, slack: SlackServer, app: StandIn) -> None:
        """A required input that is empty, or a text too long, stays with the person."""
        before = len(app.payloads)
        empty = slack.submit({})
        long = slack.submit({"reason": "a" * 21})

        assert {"reason": "Please complete this required field."} == empty.errors
        assert {"reason": "Use from 0 to 20 characters."} == long.errors
        assert before == len(app.payloads)

    def test_the_app_names_errors(self, slack: SlackServer, app: StandIn) -> None:
        """Errors of inputs are shown, and the modal stays."""
        app.handle = lambda _: {"response_action": "errors", "errors": {"date": "In the past."}}

        assert {"date": "In the past."} == slack.submit({"reason": "known"}).errors
        assert slack.modal() is not None

    def test_errors_of_no_input_are_trouble(self, slack: SlackServer, app: StandIn) -> None:
        """Slack shows errors at inputs alone."""
        app.handle = lambda _: {"response_action": "errors", "errors": {"other": "a"}}

        assert slack.submit({"reason": "known"}).warning is not None

    def test_the_app_shows_another_view(self, slack: SlackServer, app: StandIn) -> None:
        """An update replaces the view, and a wrong one does not."""
        other = {**VIEW, "callback_id": "done", "blocks": [], "title": plain("Done")}
        app.handle = lambda _: {"response_action": "update", "view": other}
        assert slack.submit({"reason": "known"}).warning is None
        modal = slack.modal()
        assert modal is not None
        assert "done" == modal.view["callback_id"]

        app.handle = lambda _: {
            "response_action": "update",
            "view": {**other, "title": plain("a" * 25)},
        }
        assert slack.submit({}).warning is not None

    def test_clear_closes_all(self, slack: SlackServer, app: StandIn) -> None:
        """A pushed view lies on top; clear closes the whole stack."""
        app.handle = lambda _: {"response_action": "push", "view": VIEW}
        slack.submit({"reason": "known"})
        app.handle = lambda _: {"response_action": "clear"}
        slack.submit({"reason": "known"})

        assert slack.modal() is None

    def test_a_trigger_is_good_once(self, app: StandIn, client: WebClient) -> None:
        """The second modal of one press is refused."""
        with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
            client.views_open(trigger_id=app.payloads[0]["trigger_id"], view=VIEW)

    def test_the_app_is_down(self, slack: SlackServer) -> None:
        """The person is asked to try again, with everything still there."""
        slack.interactivity.app.request_url = "http://127.0.0.1:9/"

        assert "We had some trouble connecting. Try again?" == slack.submit({"reason": "a"}).warning
        assert slack.modal() is not None


class TestAnswers:
    """The app answers by the address in the payload."""

    @pytest.fixture
    def url(self, slack: SlackServer, app: StandIn, client: WebClient) -> str:
        """Return the response_url of a press."""
        posted(client)
        slack.press("ack")
        return str(app.payloads[-1]["response_url"])

    @staticmethod
    def say(url: str, **said: Any) -> tuple[int, Any]:
        """Post to *url*."""
        answer = urllib3.request("POST", url, json=said, retries=False)
        return answer.status, answer.json()

    def test_for_one_person(self, slack: SlackServer, url: str) -> None:
        """By default only who pressed sees it, and no list of messages has it."""
        assert (200, {"ok": True}) == self.say(url, text="You may not.")
        [message] = slack.ephemerals()

        assert "You may not." == message.text
        assert [] == slack.ephemerals("sam")
        assert 1 == len(slack.messages())

    def test_for_all(self, slack: SlackServer, url: str) -> None:
        """In the channel, also where the app is not in it."""
        slack.add_channel("alerts", member=False)
        self.say(url, text="Done.", response_type="in_channel")

        assert "Done." == slack.messages()[-1].text

    def test_in_place_of_the_message(self, slack: SlackServer, url: str) -> None:
        """The message is replaced, or deleted."""
        self.say(url, text="b", replace_original=True)
        [message] = slack.messages()
        assert "b" == message.text
        self.say(url, delete_original=True)

        assert [] == slack.messages()

    def test_a_press_on_an_answer(self, slack: SlackServer, app: StandIn, url: str) -> None:
        """An ephemeral message has buttons, too; its payload has no message."""
        self.say(url, text="a", blocks=[ACTIONS])
        slack.press("ack")

        payload = app.payloads[-1]
        assert "message" not in payload
        assert payload["container"]["is_ephemeral"]
        self.say(payload["response_url"], text="b", replace_original=True)
        assert ["b"] == [each.text for each in slack.ephemerals()]
        self.say(payload["response_url"], delete_original=True)
        assert [] == slack.ephemerals()

    def test_five_times(self, url: str) -> None:
        """The sixth is refused."""
        assert [200] * 5 == [self.say(url, text="a")[0] for _ in range(5)]
        assert (404, {"ok": False, "error": "used_url"}) == self.say(url, text="a")

    def test_half_an_hour(self, slack: SlackServer, url: str) -> None:
        """Then it is over, and a made-up address is none."""
        interactions = slack.workspace.interactions
        interactions.clock = lambda: time.time() + 1_801

        assert "expired_url" == self.say(url, text="a")[1]["error"]
        assert "invalid_url" == self.say(url + "a", text="a")[1]["error"]

    def test_an_answer_can_be_lost(self, slack: SlackServer, url: str) -> None:
        """Faults strike answers as they do methods."""
        slack.faults.add(method="response_url", http_status=500)

        answer = urllib3.request("POST", url, json={"text": "a"}, retries=False)
        assert 500 == answer.status
        assert [] == slack.ephemerals()
        assert 1 == slack.statistics.calls["response_url"]

    def test_what_slack_does_not_take(self, url: str) -> None:
        """Blocks are checked as in any message."""
        status, body = self.say(url, text="a", blocks=[{"type": "lever"}])

        assert (400, "invalid_blocks") == (status, body["error"])


def test_the_control_plane_presses_and_submits(
    slack: SlackServer, app: StandIn, client: WebClient
) -> None:
    """What the page does can be done over HTTP."""

    def control(name: str, **said: Any) -> Any:
        url = f"{slack.page_url}_control/{name}"
        answer = urllib3.request("POST", url, json=said, retries=False)
        return json.loads(answer.data) if answer.data else None

    def asked(path: str) -> Any:
        return urllib3.request("GET", f"{slack.page_url}_control/{path}").json()

    sent = posted(client)
    app.handle = opens(client, VIEW)
    pressed = control("press", user="sam", channel="alerts", ts=sent["ts"], action="ack")
    app.handle = lambda _: ""

    assert (200, "suppress") == (pressed["status"], pressed["view"]["callback_id"])
    assert [pressed["view"]["id"]] == [each["id"] for each in asked("modals?user=sam")]
    submitted = control("submit", user="sam", values={"reason": {"text": "known"}})
    assert ({}, None) == (submitted["errors"], submitted["warning"])
    assert [] == asked("modals?user=sam")
    assert "known" == app.payloads[-1]["view"]["state"]["values"]["reason"]["text"]["value"]
    assert ["jane", "sam"] == [each["name"] for each in asked("people")][:2]
    assert "problem" in control("press", action="gone")
    assert "problem" in control("submit", user="sam")
    assert [401] == control("press", action="ack", forged=True)["statuses"]
    client.chat_postEphemeral(channel=sent["channel"], user="U0SAM000001", text="psst")
    [message] = asked("ephemerals?user=sam")
    control("dismiss", user="sam", ts=message["ts"])
    assert [] == asked("ephemerals")
