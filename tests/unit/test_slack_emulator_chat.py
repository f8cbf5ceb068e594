"""chat.* of the local Slack, without a socket."""

from typing import Any

import pytest

from slack_caller import START, Caller

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "in a block"}}
METADATA = {"event_type": "finding", "event_payload": {"delivery": "d-1"}}


@pytest.fixture
def slack() -> Caller:
    """Return a workspace with the channel #alerts, the app in it."""
    caller = Caller()
    caller.workspace.add_channel("alerts")
    return caller


def card(text: str = "in a card") -> dict[str, Any]:
    """Return an attachment with a colour bar and a section of that text."""
    block = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    return {"color": "#d13212", "blocks": [block]}


class TestPostMessage:
    """chat.postMessage."""

    def test_a_message_is_kept_as_it_was_sent(self, slack: Caller) -> None:
        """A posted message can be read back: text, blocks, attachments, metadata, time."""
        slack.ok(
            "chat.postMessage",
            channel="#alerts",
            text="text",
            blocks=[SECTION],
            attachments=[card()],
            metadata=METADATA,
        )

        [message] = slack.workspace.messages("alerts")
        assert "text" == message.text
        assert (SECTION,) == message.blocks
        assert (card(),) == message.attachments
        assert METADATA == message.metadata
        assert START == message.posted_at

    def test_the_answer_names_channel_and_time(self, slack: Caller) -> None:
        """The channel comes back as its id, with the ts that updates need, and Slack's colours."""
        body = slack.ok("chat.postMessage", channel="#alerts", text="a", attachments=[card()])

        [message] = slack.workspace.messages()
        assert (message.channel, message.ts) == (body["channel"], body["ts"])
        assert "d13212" == body["message"]["attachments"][0]["color"]

    def test_no_two_messages_have_one_ts(self, slack: Caller) -> None:
        """A ts is a message's name, even if the clock stands still."""
        first = slack.ok("chat.postMessage", channel="#alerts", text="a")
        second = slack.ok("chat.postMessage", channel="#alerts", text="b")

        assert first["ts"] < second["ts"]

    @pytest.mark.parametrize("channel", ["#alerts", "alerts"])
    def test_a_name_will_do(self, slack: Caller, channel: str) -> None:
        """A channel is found by its name, with # or without."""
        assert slack.post(channel)["ok"]

    def test_a_message_says_something(self, slack: Caller) -> None:
        """Neither text nor blocks nor attachments is no_text."""
        assert "no_text" == slack.error("chat.postMessage", channel="#alerts", text=" ")
        assert "no_text" == slack.error("chat.postMessage", channel="#alerts", blocks=[])

    def test_text_is_cut_where_slack_cuts_it(self, slack: Caller) -> None:
        """Of a text beyond 40,000 characters the rest is gone, without an error."""
        slack.post("#alerts", "a" * 40_001)

        [message] = slack.workspace.messages()
        assert 40_000 == len(message.text)

    def test_blocks_are_checked(self, slack: Caller) -> None:
        """A wrong block is invalid_blocks with the details in response_metadata."""
        values = {"channel": "#alerts", "text": "a", "blocks": [{"type": "alert"}]}

        assert "invalid_blocks" == slack.error("chat.postMessage", **values)
        assert ["[ERROR] unsupported type: alert [json-pointer:/blocks/0/type]"] == slack.problems(
            "chat.postMessage", **values
        )

    def test_blocks_in_attachments_fail_by_another_name(self, slack: Caller) -> None:
        """A wrong block inside of an attachment is invalid_attachments."""
        values = {"channel": "#alerts", "attachments": [{"blocks": [{"type": "alert"}]}]}

        assert "invalid_attachments" == slack.error("chat.postMessage", **values)
        assert [
            "[ERROR] unsupported type: alert [json-pointer:/attachments/0/blocks/0/type]"
        ] == slack.problems("chat.postMessage", **values)

    @pytest.mark.parametrize(
        ("name", "value", "error"),
        [
            ("blocks", "[{", "invalid_blocks_format"),
            ("blocks", {}, "invalid_blocks_format"),
            ("attachments", "[{", "invalid_attachments"),
            ("attachments", ["a"], "invalid_attachments"),
            ("attachments", [{"blocks": "a"}], "invalid_attachments"),
            ("metadata", [], "invalid_metadata_format"),
            ("metadata", "[]", "invalid_metadata_format"),
            ("metadata", {"event_type": "a"}, "invalid_metadata_schema"),
            ("thread_ts", "0", "invalid_thread_ts"),
        ],
    )
    def test_what_cannot_be_read_is_named(
        self, slack: Caller, name: str, value: object, error: str
    ) -> None:
        """Each argument that is malformed has its own error."""
        assert error == slack.error(
            "chat.postMessage", channel="#alerts", text="a", **{name: value}
        )

    def test_a_hundred_attachments_are_the_most(self, slack: Caller) -> None:
        """One more is too_many_attachments."""
        slack.post("#alerts", attachments=[{"text": "a"}] * 100)

        assert "too_many_attachments" == slack.error(
            "chat.postMessage", channel="#alerts", attachments=[{"text": "a"}] * 101
        )

    def test_all_text_together_has_a_limit(self, slack: Caller) -> None:
        """13,200 characters over blocks and attachments pass, one more is too much."""
        block = {"type": "section", "text": {"type": "mrkdwn", "text": "a" * 3_000}}
        values = {"channel": "#alerts", "text": "a", "blocks": [block] * 2}

        slack.ok("chat.postMessage", **values, attachments=[{"blocks": [block, block]}, card("a")])
        slack.ok(
            "chat.postMessage", **values, attachments=[card("a" * 2_000)] * 3 + [card("&" * 240)]
        )
        assert "msg_blocks_too_long" == slack.error(
            "chat.postMessage", **values, attachments=[card("a" * 2_000)] * 3 + [card("&" * 241)]
        )

    def test_metadata_has_a_limit(self, slack: Caller) -> None:
        """More than 16 KB of metadata is metadata_too_large."""
        metadata = {"event_type": "a", "event_payload": {"a": "a" * 16_384}}

        assert "metadata_too_large" == slack.error(
            "chat.postMessage", channel="#alerts", text="a", metadata=metadata
        )


class TestThreads:
    """Replies."""

    def test_a_reply_stands_in_its_thread(self, slack: Caller) -> None:
        """A reply knows its parent, and the parent counts it."""
        parent = slack.post("#alerts")
        reply = slack.post("#alerts", thread_ts=parent["ts"])

        [shown, _] = slack.ok("conversations.replies", channel=parent["channel"], ts=parent["ts"])[
            "messages"
        ]
        assert parent["ts"] == reply["message"]["thread_ts"]
        assert (1, reply["ts"]) == (shown["reply_count"], shown["latest_reply"])

    def test_a_broadcast_says_so(self, slack: Caller) -> None:
        """A reply that goes to the channel too has Slack's subtype."""
        parent = slack.post("#alerts")
        reply = slack.post("#alerts", thread_ts=parent["ts"], reply_broadcast=True)

        assert "thread_broadcast" == reply["message"]["subtype"]

    def test_a_reply_to_what_is_gone_lands_in_the_channel(self, slack: Caller) -> None:
        """Slack does not refuse it: only the thread_ts is missing in the answer."""
        parent = slack.post("#alerts")
        slack.workspace.delete_message("alerts", parent["ts"])

        assert "thread_ts" not in slack.post("#alerts", thread_ts=parent["ts"])["message"]

    def test_a_reply_to_a_reply_lands_in_the_channel(self, slack: Caller) -> None:
        """Only a parent's ts opens a thread."""
        parent = slack.post("#alerts")
        reply = slack.post("#alerts", thread_ts=parent["ts"])

        assert "thread_ts" not in slack.post("#alerts", thread_ts=reply["ts"])["message"]


class TestUpdate:
    """chat.update."""

    def test_what_is_sent_replaces_what_was_there(self, slack: Caller) -> None:
        """Text, blocks, attachments and metadata change, and the message is marked as edited."""
        posted = slack.post("#alerts", attachments=[card("open")])
        where = {"channel": posted["channel"], "ts": posted["ts"]}
        slack.ok("chat.update", **where, text="b", attachments=[card("done")], metadata=METADATA)

        [message] = slack.workspace.messages()
        assert ("b", (card("done"),), METADATA) == (
            message.text,
            message.attachments,
            message.metadata,
        )
        assert message.edited_ts is not None

    def test_what_is_not_sent_stays(self, slack: Caller) -> None:
        """An update of the text alone keeps the blocks."""
        posted = slack.post("#alerts", blocks=[SECTION])
        slack.ok("chat.update", channel=posted["channel"], ts=posted["ts"], text="b")

        [message] = slack.workspace.messages()
        assert ("b", (SECTION,)) == (message.text, message.blocks)

    def test_an_empty_list_takes_away(self, slack: Caller) -> None:
        """An empty list of attachments removes them."""
        posted = slack.post("#alerts", attachments=[card()])
        where = {"channel": posted["channel"], "ts": posted["ts"]}
        slack.ok("chat.update", **where, text="b", attachments=[])

        [message] = slack.workspace.messages()
        assert () == message.attachments

    def test_empty_metadata_takes_away(self, slack: Caller) -> None:
        """An empty object removes the metadata."""
        posted = slack.post("#alerts", metadata=METADATA)
        where = {"channel": posted["channel"], "ts": posted["ts"]}
        body = slack.ok("chat.update", **where, text="b", metadata={})

        assert "metadata" not in body["message"]

    def test_a_name_will_not_do(self, slack: Caller) -> None:
        """Only chat.postMessage takes names of channels."""
        posted = slack.post("#alerts")

        assert "channel_not_found" == slack.error(
            "chat.update", channel="#alerts", ts=posted["ts"], text="b"
        )

    def test_a_deleted_message_is_not_found(self, slack: Caller) -> None:
        """A message deleted by a person is message_not_found."""
        posted = slack.post("#alerts")
        slack.workspace.delete_message("alerts", posted["ts"])

        assert "message_not_found" == slack.error(
            "chat.update", channel=posted["channel"], ts=posted["ts"], text="b"
        )

    def test_a_person_s_message_is_left_alone(self, slack: Caller) -> None:
        """A message of another author is cant_update_message."""
        message = slack.workspace.add_message("alerts", "I am on it")

        assert "cant_update_message" == slack.error(
            "chat.update", channel=message.channel, ts=message.ts, text="b"
        )

    def test_an_archived_channel_is_frozen(self, slack: Caller) -> None:
        """A message in an archived channel is is_inactive."""
        posted = slack.post("#alerts")
        slack.workspace.add_channel("alerts", archived=True)

        assert "is_inactive" == slack.error(
            "chat.update", channel=posted["channel"], ts=posted["ts"], text="b"
        )

    def test_text_has_a_lower_limit_than_in_a_post(self, slack: Caller) -> None:
        """4,000 characters pass, one more is msg_too_long."""
        posted = slack.post("#alerts")
        where = {"channel": posted["channel"], "ts": posted["ts"]}

        slack.ok("chat.update", **where, text="a" * 4_000)
        assert "msg_too_long" == slack.error("chat.update", **where, text="a" * 4_001)

    def test_an_update_says_something(self, slack: Caller) -> None:
        """Nothing to change is no_text."""
        posted = slack.post("#alerts")

        assert "no_text" == slack.error("chat.update", channel=posted["channel"], ts=posted["ts"])
