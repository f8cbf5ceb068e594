"""Presses of a real workspace, by Socket Mode, reach the same endpoint."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from finding_router_cli.main import main
from finding_router_local import TEMPLATE
from finding_router_local.slack import ACTION_SCOPES, SlackServer
from finding_router_local.slack_app import SlackApp, SlackAppError
from finding_router_local.stack import Stack
from socket_slack import APP_TOKEN, SocketApp, SocketServer

EVENT = json.loads((TEMPLATE.parent / "events/imported-guardduty-port-probe.json").read_text())


@pytest.fixture(scope="module")
def server() -> Iterator[SocketServer]:
    """Serve the websocket."""
    running = SocketServer()
    yield running
    running.close()


@pytest.fixture(scope="module")
def workspace(server: SocketServer) -> Iterator[SlackServer]:
    """Serve what stands for the real workspace."""
    with SlackServer(
        token="xoxb-real",
        scopes=ACTION_SCOPES,
        channels=["security"],
        app=SocketApp(server),
    ) as slack:
        slack.mount("/api/apps.connections.open", server.opens)
        yield slack


@pytest.fixture(scope="module")
def reports() -> list[str]:
    """Return what the feed reports."""
    return []


@pytest.fixture(scope="module")
def stack(workspace: SlackServer, server: SocketServer, reports: list[str]) -> Iterator[Stack]:
    """Run a stack whose Slack is the real one, with a card posted there."""
    app = SlackApp(bot_token="xoxb-real", app_token=APP_TOKEN, api_url=workspace.base_url)
    with Stack(has_actions=True, slack_app=app, report=reports.append) as running:
        assert server.connected.wait(10)
        running.send([EVENT])
        yield running


def test_cards_go_to_the_workspace(stack: Stack, workspace: SlackServer) -> None:
    """The router posts there, with buttons, and not in the local Slack."""
    [message] = workspace.messages("security")

    assert "acknowledge" in json.dumps(message.as_json())
    assert [] == stack.slack.messages()


def test_a_press_opens_its_form_there(stack: Stack, workspace: SlackServer) -> None:
    """The endpoint opens it with the bot token, and its answer acknowledges the envelope."""
    answered = workspace.press("suppress")
    modal = workspace.modal()

    assert (200, "") == (answered.status, answered.body)
    assert modal is not None
    assert "suppress" == modal.view["callback_id"]


def test_errors_of_a_form_come_back(stack: Stack, workspace: SlackServer) -> None:
    """The payload of the acknowledgement is the endpoint's answer."""
    workspace.press("snooze")

    assert ["date"] == list(workspace.submit({"for": "date", "reason": "known"}).errors)


def test_others_are_acknowledged_alone(stack: Stack, server: SocketServer) -> None:
    """Slack also sends what the app has no use for."""
    answer = server.ask("events_api", {"event": {"type": "app_mention"}})

    assert answer is not None
    assert "payload" not in answer


def test_what_the_endpoint_refuses_is_not_acknowledged(
    stack: Stack, server: SocketServer, reports: list[str]
) -> None:
    """A press of another workspace is reported, and Slack warns the person."""
    payload: dict[str, Any] = {
        "type": "block_actions",
        "team": {"id": "T0ANOTHER"},
        "actions": [{"action_id": "acknowledge", "block_id": "finding_router", "value": "a"}],
    }

    assert server.ask("interactive", payload, seconds=1.0) is None
    assert ["a press was not taken: the endpoint answered 401"] == reports


@pytest.mark.parametrize(
    ("bot_token", "app_token", "words"),
    [
        ("", APP_TOKEN, "SLACK_BOT_TOKEN holds no token that starts with xoxb-"),
        ("xoxb-real", "xoxb-real", "SLACK_APP_TOKEN holds no token that starts with xapp-"),
        ("xoxb-real", "xapp-other", "(invalid_auth)"),
    ],
)
def test_the_command_says_what_is_wrong(
    workspace: SlackServer,
    monkeypatch: pytest.MonkeyPatch,
    bot_token: str,
    app_token: str,
    words: str,
) -> None:
    """`local up --slack-app` ends with the cause, and shows no token."""
    monkeypatch.setattr("finding_router_cli.local.refuse_second", lambda _: None)
    environment = {
        "SLACK_BOT_TOKEN": bot_token,
        "SLACK_APP_TOKEN": app_token,
        "SLACK_API_URL": workspace.base_url,
    }
    result = CliRunner().invoke(main, ["local", "up", "--slack-app"], env=environment)

    assert 1 == result.exit_code
    assert words in result.output
    assert "xapp-other" not in result.output


def test_a_wrong_token_is_named(workspace: SlackServer) -> None:
    """The stack does not start, and says why."""
    app = SlackApp(bot_token="xoxb-real", app_token="xapp-other", api_url=workspace.base_url)

    assert "xapp" not in repr(app)
    with (
        pytest.raises(SlackAppError, match="invalid_auth"),
        Stack(has_actions=True, slack_app=app),
    ):
        pass
