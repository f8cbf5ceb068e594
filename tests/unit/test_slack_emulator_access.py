"""Access in the local Slack: tokens, scopes, channels."""

import pytest

from finding_router_local.slack.api import METHODS
from finding_router_local.slack.workspace import is_channel_name
from slack_caller import Caller

POST = "chat.postMessage"


class TestToken:
    """The token of a call."""

    @pytest.mark.parametrize("method", METHODS)
    def test_every_method_wants_one(self, method: str) -> None:
        """Without a token each is not_authed, with a wrong one invalid_auth."""
        slack = Caller()

        slack.token = None
        assert "not_authed" == slack.error(method)
        slack.token = "xoxb-of-somebody-else"
        assert "invalid_auth" == slack.error(method)

    @pytest.mark.parametrize(
        ("state", "error"),
        [
            ("active", "ok"),
            ("revoked", "token_revoked"),
            ("expired", "token_expired"),
            ("inactive", "account_inactive"),
        ],
    )
    def test_a_token_can_end(self, state: str, error: str) -> None:
        """Each end of a token has Slack's name."""
        slack = Caller()
        slack.workspace.standing = state

        assert error == slack.error("auth.test")

    def test_rotation_revokes_the_old_one(self) -> None:
        """After a rotation only the new token is good."""
        slack = Caller()
        slack.workspace.rotate_token("xoxb-new")

        assert "token_revoked" == slack.error("auth.test")
        slack.token = "xoxb-new"
        assert "ok" == slack.error("auth.test")


class TestScopes:
    """The scopes of the token."""

    @pytest.mark.parametrize(
        ("method", "scope"),
        [
            (POST, "chat:write"),
            ("chat.update", "chat:write"),
            ("conversations.list", "channels:read"),
            ("conversations.history", "channels:history"),
            ("conversations.replies", "channels:history"),
        ],
    )
    def test_a_missing_scope_is_named(self, method: str, scope: str) -> None:
        """The answer to a call beyond the token's scopes has the needed and the present ones."""
        slack = Caller(scopes=["users:read"])
        channel = slack.workspace.add_channel("alerts")

        body = slack.answer(method, channel=channel.id).body
        assert {
            "ok": False,
            "error": "missing_scope",
            "needed": scope,
            "provided": "users:read",
        } == body

    @pytest.mark.parametrize("method", ["conversations.history", "conversations.replies"])
    def test_private_channels_have_scopes_of_their_own(self, method: str) -> None:
        """A scope for public channels does not cover private ones."""
        slack = Caller(scopes=["channels:read", "channels:history"])
        channel = slack.workspace.add_channel("secret", private=True)

        body = slack.answer(method, channel=channel.id).body
        assert isinstance(body, dict)
        assert "groups:history" == body["needed"]


class TestChannels:
    """Where messages may go."""

    def test_an_unknown_channel_is_not_found(self) -> None:
        """Slack makes no channel for a post."""
        slack = Caller()

        assert "channel_not_found" == slack.error(POST, channel="#alerts", text="a")
        assert [] == slack.workspace.channels()

    def test_a_demo_makes_channels_as_they_are_named(self) -> None:
        """With auto_create a valid name becomes a channel; an id or a bad name does not."""
        slack = Caller(auto_create=True)
        slack.post("#alerts")

        assert ["alerts"] == [channel.name for channel in slack.workspace.channels()]
        for channel in ("C0123456789", "#Alerts", "#a b", ""):
            assert "channel_not_found" == slack.error(POST, channel=channel, text="a")

    def test_an_archived_channel_takes_nothing(self) -> None:
        """It is is_archived."""
        slack = Caller()
        slack.workspace.add_channel("alerts", archived=True)

        assert "is_archived" == slack.error(POST, channel="#alerts", text="a")

    def test_a_public_channel_takes_strangers_only_by_scope(self) -> None:
        """Without chat:write.public an app that was not invited is not_in_channel."""
        slack = Caller()
        slack.workspace.add_channel("alerts", member=False)

        slack.post("#alerts")
        slack.workspace.scopes = ("chat:write",)
        assert "not_in_channel" == slack.error(POST, channel="#alerts", text="a")

    def test_a_private_channel_hides_from_strangers(self) -> None:
        """To an app that was not invited it does not exist; to one that was, it does."""
        slack = Caller()
        channel = slack.workspace.add_channel("secret", private=True, member=False)

        assert "channel_not_found" == slack.error(POST, channel="secret", text="a")
        assert "channel_not_found" == slack.error("conversations.history", channel=channel.id)
        slack.workspace.add_channel("secret", private=True)
        slack.post(channel.id)

    def test_ids_stay_the_same(self) -> None:
        """A channel has the same id whenever the workspace is made."""
        first = Caller().workspace.add_channel("alerts")
        second = Caller().workspace.add_channel("#alerts")

        assert first.id == second.id

    @pytest.mark.parametrize(
        ("name", "valid"),
        [
            ("a-alert-guardduty", True),
            ("123456789012-alert", True),
            ("über_uns", True),
            ("a" * 80, True),
            ("a" * 81, False),
            ("", False),
            ("Alerts", False),
            ("a b", False),
            ("a.b", False),
            ("C0123456789", False),
        ],
    )
    def test_names_follow_slack_s_rules(self, name: str, *, valid: bool) -> None:
        """Lower case, no blanks or dots, 80 characters."""
        assert valid == is_channel_name(name)


def test_an_unknown_method_is_named() -> None:
    """A method that is not there is unknown_method, with its name."""
    body = Caller().answer("chat.shout").body

    assert {"ok": False, "error": "unknown_method", "req_method": "chat.shout"} == body


def test_auth_test_says_who_it_is() -> None:
    """auth.test names workspace and bot."""
    body = Caller().ok("auth.test")

    assert ("Local Slack", "U0ROUTERBOT", "B0ROUTERBOT") == (
        body["team"],
        body["user_id"],
        body["bot_id"],
    )
