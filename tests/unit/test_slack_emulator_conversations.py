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

    @pytest.mark.parametrize("oldest", [START + 3, f"{START + 3:.6f}"])
    def test_messages_are_later_than_oldest(
        self, slack: Caller, channel: str, oldest: object
    ) -> None:
        """Only messages after *oldest* come, not one posted at that time."""
        body = slack.ok("conversations.history", channel=channel, oldest=oldest)

        assert ["5", "4"] == texts(body)

    def test_pages_lead_to_the_end(self, slack: Caller, channel: str) -> None:
        """The cursor of each page leads to the next, the last has none."""
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
        """Of a thread, the channel shows only replies that were broadcast."""
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
        """A ts without a message is thread_not_found."""
        assert "thread_not_found" == slack.error(
            "conversations.replies", channel=channel, ts="1.000000"
        )


class TestList:
    """conversations.list."""

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

    def test_public_channels_come(self) -> None:
        """Public channels come, archived ones too; private ones cannot be asked for."""
        slack = Caller()
        slack.workspace.add_channel("public")
        slack.workspace.add_channel("old", archived=True)
        slack.workspace.add_channel("ours", private=True)

        body = slack.ok("conversations.list", types="public_channel")
        assert ["old", "public"] == [channel["name"] for channel in body["channels"]]
        assert "invalid_types" == slack.error("conversations.list", types="mpim")
        assert "missing_scope" == slack.error("conversations.list", types="private_channel")
