"""People in the local Slack: users.info, user groups, who is in a channel, and what one sees."""

import pytest

from finding_router_local.slack.people import PEOPLE
from finding_router_local.slack.workspace import BOT_USER_ID, DEFAULT_SCOPES
from slack_caller import Caller

JANE, SAM, NELLY, GUS, SOLO, OLGA = PEOPLE
SCOPES = (*DEFAULT_SCOPES, "users:read", "usergroups:read")


@pytest.fixture
def slack() -> Caller:
    """Return a workspace with one channel, where the app may read people."""
    caller = Caller(scopes=SCOPES)
    caller.workspace.add_channel("alerts")
    return caller


class TestUsers:
    """What users.info tells."""

    def test_a_member_has_a_zone(self, slack: Caller) -> None:
        """Name, team, and a time zone with its offset in seconds; an e-mail is not for the app."""
        user = slack.ok("users.info", user=JANE.id)["user"]

        assert (JANE.id, "jane", "T0LOCALTEAM") == (user["id"], user["name"], user["team_id"])
        assert ("Europe/Berlin", "CEST", 7_200) == (
            user["tz"],
            user["tz_label"],
            user["tz_offset"],
        )
        assert not user["is_restricted"]
        assert "email" not in user["profile"]

    def test_guests_and_outsiders(self, slack: Caller) -> None:
        """Each kind of guest has its mark, and an outsider another team and none."""
        gus, solo, olga = (
            slack.ok("users.info", user=each.id)["user"] for each in (GUS, SOLO, OLGA)
        )

        assert (True, False) == (gus["is_restricted"], gus["is_ultra_restricted"])
        assert (True, True) == (solo["is_restricted"], solo["is_ultra_restricted"])
        assert ("T0OTHERTEAM", True) == (olga["team_id"], olga["is_stranger"])

    def test_nobody(self, slack: Caller) -> None:
        """An unknown id has Slack's error; names are no ids."""
        assert "user_not_found" == slack.error("users.info", user="jane")

    def test_a_role_is_in_words(self) -> None:
        """The page says what each may be."""
        assert [
            "member",
            "member",
            "member, in no channel",
            "guest",
            "guest of one channel",
            "from another workspace",
        ] == [each.role for each in PEOPLE]


class TestGroups:
    """Who is in a user group, and in a channel."""

    def test_a_group_lists_ids(self, slack: Caller) -> None:
        """The example group has Jane; any other is unknown."""
        assert [JANE.id] == slack.ok("usergroups.users.list", usergroup="S0SECURITY1")["users"]
        assert "no_such_subteam" == slack.error("usergroups.users.list", usergroup="S0OTHER0001")

    def test_a_channel_has_those_who_join(self, slack: Caller) -> None:
        """All who join every channel, and the app; or those that the channel names."""
        channel = slack.workspace.add_channel("alerts").id
        everywhere = [each.id for each in PEOPLE if each.joins]
        members = slack.ok("conversations.members", channel=channel)["members"]
        assert [*everywhere, BOT_USER_ID] == members

        slack.workspace.add_channel("alerts", member=False, people=["@nelly", SAM.id])
        members = slack.ok("conversations.members", channel=channel)["members"]
        assert [NELLY.id, SAM.id] == members

    def test_members_come_in_pages(self, slack: Caller) -> None:
        """A cursor leads on to the end."""
        channel = slack.workspace.add_channel("alerts").id
        first = slack.ok("conversations.members", channel=channel, limit=4)
        cursor = first["response_metadata"]["next_cursor"]
        rest = slack.ok("conversations.members", channel=channel, limit=4, cursor=cursor)

        assert 4 == len(first["members"])
        assert 2 == len(rest["members"])
        assert "" == rest["response_metadata"]["next_cursor"]

    @pytest.mark.parametrize(
        ("method", "arguments", "scope"),
        [
            ("users.info", {"user": JANE.id}, "users:read"),
            ("usergroups.users.list", {"usergroup": "S0SECURITY1"}, "usergroups:read"),
            ("conversations.members", {"channel": "C0UNKNOWN00"}, ""),
        ],
    )
    def test_each_needs_its_scope(self, method: str, arguments: dict[str, str], scope: str) -> None:
        """Without the scope it is refused; a channel that nobody knows is not found."""
        slack = Caller(scopes=["chat:write"])
        error = "missing_scope" if scope else "channel_not_found"

        assert error == slack.error(method, **arguments)


class TestEphemeral:
    """chat.postEphemeral."""

    def test_one_person_sees_it(self, slack: Caller) -> None:
        """It is in no channel's messages, and its ts is told."""
        channel = slack.workspace.add_channel("alerts").id
        ts = slack.ok("chat.postEphemeral", channel=channel, user=JANE.id, text="psst")[
            "message_ts"
        ]

        [message] = slack.workspace.interactions.ephemerals
        assert (JANE.id, ts, "psst") == (message.reader, message.ts, message.text)
        assert [] == slack.workspace.messages()

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            ({"user": NELLY.id, "text": "a"}, "user_not_in_channel"),
            ({"user": "U0NOBODY001", "text": "a"}, "user_not_in_channel"),
            ({"user": JANE.id}, "no_text"),
            ({"user": JANE.id, "blocks": [{"type": "lever"}]}, "invalid_blocks"),
            ({"user": JANE.id, "text": "a", "channel": "C0UNKNOWN00"}, "channel_not_found"),
        ],
    )
    def test_what_is_refused(self, slack: Caller, arguments: dict[str, str], error: str) -> None:
        """The person must be in the channel, and the message one that Slack takes."""
        assert error == slack.error("chat.postEphemeral", **{"channel": "#alerts", **arguments})

    def test_it_cannot_be_updated(self, slack: Caller) -> None:
        """chat.update does not know it."""
        channel = slack.workspace.add_channel("alerts").id
        ts = slack.ok("chat.postEphemeral", channel=channel, user=JANE.id, text="psst")[
            "message_ts"
        ]

        assert "message_not_found" == slack.error("chat.update", channel=channel, ts=ts, text="b")

    def test_clearing_forgets_it(self, slack: Caller) -> None:
        """With the messages go those for one person."""
        channel = slack.workspace.add_channel("alerts").id
        slack.ok("chat.postEphemeral", channel=channel, user=JANE.id, text="psst")
        slack.api.clear()

        assert [] == slack.workspace.interactions.ephemerals
