"""conversations.* of the local Slack, without a socket."""

from typing import Any

import pytest

from slack_caller import START, Caller

METADATA = {"event_type": "finding", "event_payload": {"delivery": "d-1"}}


def texts(body: dict[str, Any]) -> list[str]:
    """Return the texts of an answer's messages."""
    return [message["text"] for message in body["messages"]]


@pytest.fixture
def slack() -> Caller:
    """Return a workspace whose #alerts holds the messages 1 to 5, a second apart."""
    caller = Caller()
    caller.workspace.add_channel("alerts")
    for number in range(1, 6):
        caller.post("#alerts", str(number))
    return caller


@pytest.fixture
def channel(slack: Caller) -> str:
    """Return the id of #alerts."""
    [found] = slack.workspace.channels()
    return found.id


class TestHistory:
    """conversations.history."""

    def test_the_newest_comes_first(self, slack: Caller, channel: str) -> None:
        """Without bounds the whole channel comes, newest first."""
        body = slack.ok("conversations.history", channel=channel)

        assert (["5", "4", "3", "2", "1"], False) == (texts(body), body["has_more"])

    @pytest.mark.parametrize(
        ("bounds", "found"),
        [
            ({"oldest": START + 3}, ["5", "4"]),
            ({"oldest": f"{START + 3:.6f}", "inclusive": "true"}, ["5", "4", "3"]),
            ({"latest": START + 3}, ["2", "1"]),
            ({"oldest": START + 2, "latest": START + 4}, ["3"]),
            ({"oldest": START + 2, "latest": START + 4, "inclusive": 1}, ["4", "3", "2"]),
        ],
    )
    def test_bounds_are_outside_unless_inclusive(
        self, slack: Caller, channel: str, bounds: dict[str, Any], found: list[str]
    ) -> None:
        """Messages between oldest and latest come; those at the ends only if asked for."""
        assert found == texts(slack.ok("conversations.history", channel=channel, **bounds))

    def test_pages_lead_to_the_end(self, slack: Caller, channel: str) -> None:
        """The cursor of each page gives the next, the last has none."""
        pages: list[list[str]] = []
        cursor = ""
        while True:
            body = slack.ok("conversations.history", channel=channel, limit=2, cursor=cursor)
            pages.append(texts(body))
            if not body["has_more"]:
                break
            cursor = body["response_metadata"]["next_cursor"]

        assert [["5", "4"], ["3", "2"], ["1"]] == pages
        assert "response_metadata" not in body

    def test_replies_are_left_out_unless_broadcast(self, slack: Caller, channel: str) -> None:
        """A thread shows in the channel by what was broadcast from it."""
        parent = slack.post("#alerts", "parent")
        slack.post("#alerts", "reply", thread_ts=parent["ts"])
        slack.post("#alerts", "broadcast", thread_ts=parent["ts"], reply_broadcast=True)

        body = slack.ok("conversations.history", channel=channel, limit=2)
        assert ["broadcast", "parent"] == texts(body)
        assert 2 == body["messages"][1]["reply_count"]

    def test_metadata_comes_when_asked_for(self, slack: Caller, channel: str) -> None:
        """Its payload is only in the answer with include_all_metadata."""
        slack.post("#alerts", "with", metadata=METADATA)

        def found(**values: object) -> object:
            body = slack.ok("conversations.history", channel=channel, limit=1, **values)
            return body["messages"][0]["metadata"]

        assert {"event_type": "finding"} == found()
        assert METADATA == found(include_all_metadata=True)

    def test_a_bot_reads_only_where_it_is_a_member(self, slack: Caller, channel: str) -> None:
        """chat:write.public lets it post elsewhere, not read."""
        slack.workspace.add_channel("alerts", member=False)

        assert "not_in_channel" == slack.error("conversations.history", channel=channel)

    @pytest.mark.parametrize(
        ("values", "error"),
        [
            ({"oldest": "yesterday"}, "invalid_ts_oldest"),
            ({"latest": "today"}, "invalid_ts_latest"),
            ({"limit": 1000}, "invalid_limit"),
            ({"limit": 0}, "invalid_limit"),
            ({"limit": "many"}, "invalid_limit"),
            ({"cursor": "?"}, "invalid_cursor"),
            ({"cursor": "Y2hhbm5lbDox"}, "invalid_cursor"),
            ({"channel": "#alerts"}, "channel_not_found"),
        ],
    )
    def test_what_cannot_be_is_named(
        self, slack: Caller, channel: str, values: dict[str, Any], error: str
    ) -> None:
        """Each wrong argument has Slack's error; a name is no id."""
        assert error == slack.error("conversations.history", **{"channel": channel, **values})


class TestReplies:
    """conversations.replies."""

    def test_the_parent_comes_first(self, slack: Caller, channel: str) -> None:
        """A thread is read from its parent on, oldest first, page by page."""
        parent = slack.post("#alerts", "parent")
        for text in ("one", "two"):
            slack.post("#alerts", text, thread_ts=parent["ts"])

        where = {"channel": channel, "ts": parent["ts"], "limit": 2}
        first = slack.ok("conversations.replies", **where)
        cursor = first["response_metadata"]["next_cursor"]
        second = slack.ok("conversations.replies", **where, cursor=cursor)
        assert (["parent", "one"], ["two"]) == (texts(first), texts(second))

    def test_no_message_no_thread(self, slack: Caller, channel: str) -> None:
        """A ts that nobody has is thread_not_found."""
        assert "thread_not_found" == slack.error(
            "conversations.replies", channel=channel, ts="1.000000"
        )


class TestList:
    """conversations.list and conversations.info."""

    def test_pages_lead_to_the_end(self) -> None:
        """All channels come, by name, page by page; the last cursor is empty."""
        slack = Caller()
        for name in "cabed":
            slack.workspace.add_channel(name)
        names: list[str] = []
        cursor = None
        while cursor != "":
            body = slack.ok("conversations.list", limit=2, cursor=cursor)
            names += [channel["name"] for channel in body["channels"]]
            cursor = body["response_metadata"]["next_cursor"]

        assert ["a", "b", "c", "d", "e"] == names

    def test_types_and_archives_choose(self) -> None:
        """Public channels come unless private ones are asked for; archived ones unless not."""
        slack = Caller()
        slack.workspace.add_channel("public")
        slack.workspace.add_channel("old", archived=True)
        slack.workspace.add_channel("ours", private=True)
        slack.workspace.add_channel("theirs", private=True, member=False)

        def names(**values: object) -> list[str]:
            body = slack.ok("conversations.list", **values)
            return [channel["name"] for channel in body["channels"]]

        assert ["old", "public"] == names()
        assert ["public"] == names(exclude_archived="true")
        assert ["ours"] == names(types="private_channel")
        assert "invalid_types" == slack.error("conversations.list", types="secret")

    def test_info_says_what_a_check_needs(self) -> None:
        """A channel's description tells whether it is archived and whether the app is in it."""
        slack = Caller()
        channel = slack.workspace.add_channel("old", archived=True, member=False)

        found = slack.ok("conversations.info", channel=channel.id)["channel"]
        assert ("old", True, False) == (found["name"], found["is_archived"], found["is_member"])


class TestJoinAndCreate:
    """conversations.join and conversations.create."""

    def test_joining_makes_a_member(self) -> None:
        """After it the app is in; the second time says that it was."""
        slack = Caller()
        channel = slack.workspace.add_channel("alerts", member=False)

        assert slack.ok("conversations.join", channel=channel.id)["channel"]["is_member"]
        again = slack.ok("conversations.join", channel=channel.id)
        assert "already_in_channel" == again["warning"]

    def test_some_channels_cannot_be_joined(self) -> None:
        """An archived one is is_archived, a private one another kind."""
        slack = Caller()
        old = slack.workspace.add_channel("old", archived=True)
        ours = slack.workspace.add_channel("ours", private=True)

        assert "is_archived" == slack.error("conversations.join", channel=old.id)
        assert "method_not_supported_for_channel_type" == slack.error(
            "conversations.join", channel=ours.id
        )

    def test_a_channel_is_made_once(self) -> None:
        """A new channel can be posted to; its name is then taken."""
        slack = Caller()
        made = slack.ok("conversations.create", name="alerts")["channel"]

        slack.post(made["id"])
        assert "name_taken" == slack.error("conversations.create", name="alerts")

    @pytest.mark.parametrize(
        ("name", "error"),
        [
            ("", "invalid_name_required"),
            ("a" * 81, "invalid_name_maxlength"),
            ("Alerts", "invalid_name_specials"),
        ],
    )
    def test_bad_names_are_refused(self, name: str, error: str) -> None:
        """Each rule for names has its error."""
        assert error == Caller().error("conversations.create", name=name)
