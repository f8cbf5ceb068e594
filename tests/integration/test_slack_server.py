"""The local Slack over HTTP, called by the real slack_sdk."""

import http.client
import json
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.attachments import BlockAttachment
from slack_sdk.models.blocks import HeaderBlock, SectionBlock
from slack_sdk.models.metadata import Metadata

from finding_router_local.slack import SlackServer
from slack_caller import ALL_SCOPES, START


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> float:
        """Return the time."""
        return self.time


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[SlackServer]:
    """Serve a workspace with the channel #alerts."""
    with SlackServer(channels=["alerts"], clock=clock, scopes=ALL_SCOPES) as server:
        yield server


def connect(slack: SlackServer, token: str | None = None, timeout: int = 5) -> WebClient:
    """Return a client that tries once."""
    return WebClient(
        token or slack.token, base_url=slack.base_url, retry_handlers=[], timeout=timeout
    )


@pytest.fixture
def client(slack: SlackServer) -> WebClient:
    """Return a client of *slack* that tries once."""
    return connect(slack)


def control(slack: SlackServer, path: str, sent: Any = None, verb: str | None = None) -> Any:
    """Call the control of *slack* as another process would."""
    request = urllib.request.Request(
        f"{slack.page_url}_control/{path}",
        data=None if sent is None else json.dumps(sent).encode(),
        headers={"Content-Type": "application/json"},
        method=verb,
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        body = answer.read()
    return json.loads(body) if body else None


class TestCalls:
    """Calls of slack_sdk are understood."""

    def test_the_sdk_s_own_models_are_taken(self, slack: SlackServer, client: WebClient) -> None:
        """Blocks, attachments and metadata made with slack_sdk arrive as they are."""
        client.chat_postMessage(
            channel="#alerts",
            text="text",
            blocks=[HeaderBlock(text="head")],
            attachments=[BlockAttachment(color="#d13212", blocks=[SectionBlock(text="body")])],
            metadata=Metadata(event_type="finding", event_payload={"delivery": "d-1"}),
            unfurl_links=False,
        )

        [message] = slack.messages("#alerts")
        assert "header" == message.blocks[0]["type"]
        assert "#d13212" == message.attachments[0]["color"]
        assert {"delivery": "d-1"} == (message.metadata or {})["event_payload"]

    def test_every_method_can_be_called(self, slack: SlackServer, client: WebClient) -> None:
        """Each method of the sdk that the router may use has a good answer."""
        slack.add_channel("others", member=False)
        posted = client.chat_postMessage(channel="alerts", text="a")
        where = {"channel": posted["channel"], "ts": posted["ts"]}

        assert slack.page_url == client.auth_test()["url"]
        assert client.chat_update(**where, text="b")["ok"]
        assert ["alerts", "others"] == [
            channel["name"]
            for page in client.conversations_list(limit=1)
            for channel in page["channels"]
        ]
        history = client.conversations_history(
            channel=posted["channel"], oldest=str(START - 1), include_all_metadata=True
        )
        assert ["b"] == [message["text"] for message in history["messages"]]
        assert ["b"] == [
            message["text"] for message in client.conversations_replies(**where)["messages"]
        ]

    def test_a_form_is_taken(self, slack: SlackServer) -> None:
        """A caller without the sdk may send a form."""
        form = urllib.request.Request(
            f"{slack.base_url}chat.postMessage",
            b"channel=alerts&text=a+%26+b",
            {"Authorization": f"Bearer {slack.token}"},
        )
        with urllib.request.urlopen(form, timeout=5) as answer:
            assert json.load(answer)["ok"]

        assert ["a & b"] == [message.text for message in slack.messages()]

    @pytest.mark.parametrize(
        ("sent", "error"), [(b"{", "invalid_json"), (b"[]", "json_not_object")]
    )
    def test_broken_json_is_named(self, slack: SlackServer, sent: bytes, error: str) -> None:
        """A body that is no JSON object has Slack's errors."""
        request = urllib.request.Request(
            f"{slack.base_url}auth.test", sent, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert error == json.load(answer)["error"]

    def test_an_error_is_an_exception_of_the_sdk(self, client: WebClient) -> None:
        """The sdk finds Slack's word and the details where it looks for them."""
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel="#alerts", text="a", blocks=[{"type": "alert"}])

        response = caught.value.response
        assert (200, "invalid_blocks") == (response.status_code, response["error"])
        assert ["[ERROR] unsupported type: alert [json-pointer:/blocks/0/type]"] == response[
            "response_metadata"
        ]["messages"]

    def test_a_rotated_token_is_refused(self, slack: SlackServer, client: WebClient) -> None:
        """After a rotation the old client fails, one with the new token works."""
        slack.rotate_token("xoxb-new")

        with pytest.raises(SlackApiError, match="token_revoked"):
            client.auth_test()
        assert connect(slack).auth_test()["ok"]

    def test_people_write_and_delete(self, slack: SlackServer, client: WebClient) -> None:
        """The app sees a person's messages; a message that does not exist cannot be deleted."""
        message = slack.add_message("#alerts", "I am on it")
        where = {"channel": message.channel}

        [read] = client.conversations_history(**where)["messages"]
        assert ("I am on it", "U0PERSON01") == (read["text"], read["user"])
        slack.delete_message("#alerts", message.ts)
        assert [] == client.conversations_history(**where)["messages"]
        with pytest.raises(KeyError):
            slack.delete_message("#alerts", message.ts)
        with pytest.raises(KeyError):
            slack.add_message("#nowhere", "a")

    def test_the_token_can_lose_its_rights(self, slack: SlackServer, client: WebClient) -> None:
        """Scopes and state change while clients are connected."""
        slack.set_scopes(["users:read"])
        with pytest.raises(SlackApiError, match="missing_scope"):
            client.chat_postMessage(channel="#alerts", text="a")
        slack.set_token_state("inactive")
        with pytest.raises(SlackApiError, match="account_inactive"):
            client.auth_test()

    def test_a_cleared_server_starts_anew(self, client: WebClient, slack: SlackServer) -> None:
        """Messages, faults and figures are gone; channels are not."""
        client.chat_postMessage(channel="#alerts", text="a")
        slack.faults.add(error="fatal_error", times=None)
        slack.clear()

        assert ([], {}) == (slack.messages(), slack.statistics.calls)
        assert client.chat_postMessage(channel="#alerts", text="a")["ok"]

    def test_callers_at_once_lose_nothing(self, slack: SlackServer, client: WebClient) -> None:
        """Threads that post to many channels at once all get through, each with its own ts."""
        names = [f"team-{number}" for number in range(40)]
        for name in names:
            slack.add_channel(name)
        with ThreadPoolExecutor(8) as pool:
            posted = list(
                pool.map(lambda name: client.chat_postMessage(channel=name, text=name), names)
            )

        assert sorted(names) == sorted(message.text for message in slack.messages())
        assert len(names) == len({response["ts"] for response in posted})


class TestPace:
    """429 as the sdk sees it."""

    def test_too_fast_is_429_with_retry_after(self, clock: Clock, client: WebClient) -> None:
        """After the burst the sdk raises, with the seconds to wait; then it works again."""
        for _ in range(5):
            client.chat_postMessage(channel="#alerts", text="a")
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel="#alerts", text="a")

        response = caught.value.response
        assert (429, "ratelimited") == (response.status_code, response["error"])
        clock.time += int(response.headers["Retry-After"])
        assert client.chat_postMessage(channel="#alerts", text="a")["ok"]

    def test_pace_can_be_lifted(self) -> None:
        """Without pace any number passes."""
        with SlackServer(channels=["alerts"], pace=False) as slack:
            client = connect(slack)
            for _ in range(20):
                client.chat_postMessage(channel="#alerts", text="a")

            assert 20 == slack.statistics.answers["chat.postMessage", "ok"]


class TestFaults:
    """Failures of the connection."""

    @pytest.mark.parametrize(("drop", "stored"), [("before", 0), ("after", 1)])
    def test_a_dropped_connection_has_no_answer(
        self, slack: SlackServer, client: WebClient, drop: Any, stored: int
    ) -> None:
        """The caller sees the connection end, and cannot see whether the message was posted."""
        slack.faults.add(method="chat.postMessage", drop=drop)

        with pytest.raises(http.client.RemoteDisconnected):
            client.chat_postMessage(channel="#alerts", text="a")
        assert stored == len(slack.messages())
        assert {("chat.postMessage", "dropped"): 1} == slack.statistics.answers

    def test_the_sdk_s_own_retry_posts_twice(self, slack: SlackServer) -> None:
        """Its default handler posts again after a drop: this server shows that it must be off."""
        slack.faults.add(drop="after")
        careless = WebClient(slack.token, base_url=slack.base_url)
        careless.chat_postMessage(channel="#alerts", text="a")

        assert 2 == len(slack.messages())

    def test_a_late_answer_is_a_timeout(self, slack: SlackServer) -> None:
        """A caller with less patience gives up, and the message is there all the same."""
        slack.faults.add(delay_seconds=30)

        with pytest.raises(TimeoutError):
            connect(slack, timeout=1).chat_postMessage(channel="#alerts", text="a")
        assert 1 == len(slack.messages())

    def test_a_proxy_s_page_is_an_error_of_the_sdk(
        self, slack: SlackServer, client: WebClient
    ) -> None:
        """A 503 without JSON reaches the caller with its status."""
        slack.faults.add(http_status=503)

        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel="#alerts", text="a")
        assert 503 == caught.value.response.status_code
        assert [] == slack.messages()

    def test_a_stopped_server_is_down(self, slack: SlackServer, client: WebClient) -> None:
        """A stopped server does not answer; started again, the same port has all messages."""
        client.chat_postMessage(channel="#alerts", text="a")
        port = slack.port
        slack.stop()

        with pytest.raises(urllib.error.URLError):
            client.auth_test()
        slack.start()
        assert port == slack.port
        assert client.auth_test()["ok"]
        assert 1 == len(slack.messages())

    def test_connections_are_kept_alive(self, slack: SlackServer) -> None:
        """Call after call goes over one connection, bodies read or not."""
        kept = http.client.HTTPConnection("127.0.0.1", slack.port, timeout=5)
        for path in ("/api/auth.test", "/nowhere", "/_control/clear", "/api/auth.test"):
            kept.request("POST", path, body=b"a" * 1000)
            kept.getresponse().read()
        kept.close()

        assert 1 == slack.opened_connections

    @pytest.mark.parametrize("end", ["cut_connections", "stop"])
    def test_connections_that_are_kept_alive_end(self, slack: SlackServer, end: str) -> None:
        """A caller that holds its connection finds it closed."""
        kept = http.client.HTTPConnection("127.0.0.1", slack.port, timeout=5)
        kept.request("GET", "/_control/channels")
        kept.getresponse().read()
        getattr(slack, end)()

        assert b"" == kept.sock.recv(1)
        kept.close()

    def test_latency_can_be_had(self) -> None:
        """Every answer takes the configured time: here longer than the caller waits."""
        with SlackServer(latency_seconds=30) as slack, pytest.raises(TimeoutError):
            connect(slack, timeout=1).auth_test()


class TestControl:
    """The control that other processes use."""

    def test_faults_can_be_planned_seen_and_ended(
        self, slack: SlackServer, client: WebClient
    ) -> None:
        """A fault from outside strikes like one from inside."""
        control(slack, "faults", {"channel": "#alerts", "error": "is_archived", "times": None})

        with pytest.raises(SlackApiError, match="is_archived"):
            client.chat_postMessage(channel="#alerts", text="a")
        [planned] = control(slack, "faults")
        assert ("is_archived", 1) == (planned["error"], planned["struck"])
        control(slack, "faults", verb="DELETE")
        assert client.chat_postMessage(channel="#alerts", text="a")["ok"]

    def test_channels_can_be_made_and_changed(self, slack: SlackServer) -> None:
        """A channel from outside has the state that was asked for."""
        made = control(slack, "channels", {"name": "#old", "archived": True})

        assert ("old", True) == (made["name"], made["is_archived"])
        assert ["alerts", "old"] == [each["name"] for each in control(slack, "channels")]

    def test_the_token_can_be_changed(self, slack: SlackServer, client: WebClient) -> None:
        """State, scopes and rotation are in reach."""
        control(slack, "token", {"state": "expired"})
        with pytest.raises(SlackApiError, match="token_expired"):
            client.auth_test()
        control(slack, "token", {"state": "active", "scopes": ["users:read"]})
        with pytest.raises(SlackApiError, match="missing_scope"):
            client.chat_postMessage(channel="#alerts", text="a")
        control(slack, "token", {"rotate_to": "xoxb-new"})
        assert "xoxb-new" == slack.token

    def test_messages_and_figures_can_be_read(self, slack: SlackServer, client: WebClient) -> None:
        """The posted messages come as JSON, and can be forgotten."""
        client.chat_postMessage(channel="#alerts", text="a")

        [message] = control(slack, "messages?channel=%23alerts")
        assert ("alerts", "a", START) == (
            message["channel_name"],
            message["text"],
            message["posted_at"],
        )
        assert {"alerts": [START]} == control(slack, "statistics")["posts"]
        control(slack, "clear", verb="POST")
        assert [] == control(slack, "messages")

    @pytest.mark.parametrize(
        ("path", "sent", "problem"),
        [
            ("faults", {"errors": "a"}, "unknown: errors"),
            ("faults", {"times": 1}, "a fault needs"),
            ("faults", [], "send a JSON object"),
            ("channels", {"nme": "a"}, "a channel has name"),
            ("channels", {"name": "a", "secret": True}, "a channel has name"),
            ("token", {"state": "lost"}, "state is one of active"),
        ],
    )
    def test_mistakes_are_explained(
        self, slack: SlackServer, path: str, sent: Any, problem: str
    ) -> None:
        """A request that the control does not take is a 400 with the accepted fields."""
        with pytest.raises(urllib.error.HTTPError) as caught:
            control(slack, path, sent)

        with caught.value as answer:
            assert 400 == answer.code
            assert problem in json.load(answer)["problem"]


def test_the_page_s_stream_tells_of_news(slack: SlackServer, client: WebClient) -> None:
    """The stream of the page sends the news of a message at once."""
    with urllib.request.urlopen(f"{slack.page_url}_page/news", timeout=5) as stream:
        first = stream.readline()
        stream.readline()
        post = threading.Thread(
            target=client.chat_postMessage, kwargs={"channel": "#alerts", "text": "a"}
        )
        post.start()
        second = stream.readline()
        post.join()

    assert first.startswith(b"data: ")
    assert second.startswith(b"data: ")
    assert first != second


def test_it_runs_on_its_own() -> None:
    """``python -m`` serves a demo workspace, and ends by SIGTERM with 0."""
    with subprocess.Popen(
        [sys.executable, "-m", "finding_router_local.slack", "--port", "0", "--channel", "alerts"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[2]
        client = WebClient("xoxb-local", base_url=address, retry_handlers=[])
        try:
            posted = [client.chat_postMessage(channel=name, text="a") for name in ("alerts", "new")]
            names = [channel["name"] for channel in client.conversations_list()["channels"]]
        finally:
            process.terminate()

        assert 0 == process.wait(10)
    assert all(response["ok"] for response in posted)
    assert ["alerts", "new"] == names


def test_a_taken_port_is_refused() -> None:
    """Two servers do not share a port."""
    with SlackServer() as slack, pytest.raises(OSError, match="in use"):
        SlackServer(port=slack.port).start()


def test_another_host_can_be_chosen() -> None:
    """For containers it can listen on all addresses; its own links stay on loopback."""
    with SlackServer(host="0.0.0.0") as slack:
        assert f"http://127.0.0.1:{slack.port}/" == slack.page_url
        with socket.create_connection(("127.0.0.1", slack.port), 5):
            pass
