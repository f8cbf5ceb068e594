"""The local Slack's methods that only look, and the one that deletes."""

import json
from typing import Any

import pytest

from slack_caller import Caller

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}
WRONG = {"type": "section", "text": {"type": "mrkdwn", "text": ""}}


class TestValidate:
    """blocks.validate, which needs no token."""

    @pytest.mark.parametrize(
        "payload",
        [
            {"blocks": [SECTION]},
            {"blocks": json.dumps([SECTION])},
            {"message": json.dumps({"text": "x", "blocks": [SECTION]})},
            {"message": {"attachments": [{"color": "#000000", "blocks": [SECTION]}]}},
        ],
    )
    def test_what_is_valid(self, payload: dict[str, Any]) -> None:
        """It is ok, and nothing is posted."""
        slack = Caller()
        slack.token = None

        assert "ok" == slack.error("blocks.validate", **payload)
        assert [] == slack.workspace.messages()

    @pytest.mark.parametrize(
        ("payload", "error", "pointer"),
        [
            ({"blocks": [WRONG]}, "invalid_blocks", "/0"),
            ({"message": {"blocks": [WRONG]}}, "invalid_message", "/blocks/0"),
            (
                {"message": {"attachments": [{"blocks": [SECTION, WRONG]}]}},
                "invalid_message",
                "/attachments/0/blocks/1",
            ),
        ],
    )
    def test_what_is_not(self, payload: dict[str, Any], error: str, pointer: str) -> None:
        """Each fault has a pointer and a message."""
        answer: Any = Caller().answer("blocks.validate", **payload).body

        assert (False, error) == (answer["ok"], answer["error"])
        found = answer["errors"][0]
        assert "failed_constraint" == found["code"]
        assert found["pointer"].startswith(pointer)
        assert found["message"]

    @pytest.mark.parametrize(
        "payload", [{}, {"blocks": [], "message": {}}, {"view": {}}, {"message": "no JSON"}]
    )
    def test_what_is_no_payload(self, payload: dict[str, Any]) -> None:
        """Either blocks or a message is checked here."""
        assert "invalid_arguments" == Caller().error("blocks.validate", **payload)


class TestDelete:
    """chat.delete, for messages of the app."""

    def test_an_own_message_goes(self) -> None:
        """A second time it is not found."""
        slack = Caller()
        slack.workspace.add_channel("alerts")
        posted = slack.post("#alerts")
        where = {"channel": posted["channel"], "ts": posted["ts"]}

        slack.ok("chat.delete", **where)

        assert [] == slack.workspace.messages()
        assert "message_not_found" == slack.error("chat.delete", **where)

    def test_a_message_of_a_person_stays(self) -> None:
        """The app may delete its own only."""
        slack = Caller()
        channel = slack.workspace.add_channel("alerts")
        message = slack.workspace.add_message("alerts", "x")

        error = slack.error("chat.delete", channel=channel.id, ts=message.ts)

        assert "cant_delete_message" == error


class TestInfo:
    """conversations.info, and private channels in conversations.list."""

    def test_a_channel_is_described(self) -> None:
        """By its id, with whether it is archived."""
        slack = Caller()
        channel = slack.workspace.add_channel("old", archived=True)

        found = slack.ok("conversations.info", channel=channel.id)["channel"]

        assert ("old", True) == (found["name"], found["is_archived"])

    def test_private_channels_take_a_scope_of_their_own(self) -> None:
        """Only those come that the app is a member of."""
        slack = Caller(scopes=["channels:read"])
        ours = slack.workspace.add_channel("ours", private=True)
        slack.workspace.add_channel("theirs", private=True, member=False)

        assert "missing_scope" == slack.error("conversations.info", channel=ours.id)
        slack.workspace.scopes = ("channels:read", "groups:read")
        body = slack.ok("conversations.list", types="public_channel, private_channel")

        assert ["ours"] == [channel["name"] for channel in body["channels"]]
