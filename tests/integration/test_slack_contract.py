"""The fake Slack and the client of the real one keep the same promises."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fake_slack import FakeSlack
from fakes import Clock, Faults
from finding_router.errors import ChannelError, GoneError, UnavailableError
from finding_router.slack.api.client import Found, SlackClient
from finding_router.slack.kit.message import Message
from finding_router_local.slack import SlackServer
from slack_caller import ALL_SCOPES

NOTHING = Found({}, is_complete=True)
MESSAGE = Message(text="Something happened")


class SlackContract:
    """The contract that the router relies on; `missing` is a channel that does not exist."""

    def test_a_message_posted_can_be_found_by_its_delivery(self, slack: Any, now: Any) -> None:
        """Where it was posted, and under the same ts."""
        since = now()
        posted = slack.post("#alerts", MESSAGE, delivery_ids=["delivery-1"])

        assert {"delivery-1": posted} == slack.find(
            "#alerts", ["delivery-1"], since=since - 60
        ).messages

    def test_a_channel_has_one_id_by_whatever_name_it_is_called(self, slack: Any) -> None:
        """A message posted by name stands in the channel with the id."""
        by_name = slack.post("#alerts", MESSAGE)

        assert by_name.channel == slack.post(by_name.channel, MESSAGE).channel
        assert by_name.channel != by_name.ts

    def test_a_message_is_found_by_the_id_of_its_channel(self, slack: Any, now: Any) -> None:
        """As well as by its name."""
        posted = slack.post("#alerts", MESSAGE, delivery_ids=["delivery-1"])

        assert {"delivery-1": posted} == slack.find(
            posted.channel, ["delivery-1"], since=now() - 60
        ).messages

    def test_no_two_messages_of_a_channel_have_the_same_ts(self, slack: Any) -> None:
        """However fast they come."""
        posted = [slack.post("#alerts", MESSAGE) for _ in range(3)]

        assert 3 == len({each.ts for each in posted})

    def test_what_was_never_posted_is_not_found(self, slack: Any, now: Any) -> None:
        """Nor is a message that carries no delivery."""
        slack.post("#alerts", MESSAGE)
        slack.post("#alerts", MESSAGE, delivery_ids=["delivery-1"])

        assert NOTHING == slack.find("#alerts", ["delivery-2"], since=now() - 60)

    def test_what_stands_in_another_channel_is_not_found(self, slack: Any, now: Any) -> None:
        """A search is of one channel."""
        slack.post("#alerts", MESSAGE, delivery_ids=["delivery-1"])

        assert NOTHING == slack.find("#other", ["delivery-1"], since=now() - 60)

    def test_what_is_older_is_not_found(self, slack: Any, now: Any) -> None:
        """A search begins with the claim."""
        slack.post("#alerts", MESSAGE, delivery_ids=["delivery-1"])

        assert NOTHING == slack.find("#alerts", ["delivery-1"], since=now() + 60)

    def test_a_channel_that_there_is_not_takes_nothing(self, slack: Any) -> None:
        """The error names it."""
        with pytest.raises(ChannelError) as refused:
            slack.post("#missing", MESSAGE)

        assert ("#missing", "channel_not_found") == (refused.value.channel, refused.value.code)

    def test_a_channel_that_there_is_not_cannot_be_searched(self, slack: Any, now: Any) -> None:
        """The message may be in another channel, which the search does not tell."""
        assert Found({}, is_complete=False) == slack.find("#missing", ["one"], since=now())

    def test_a_message_is_found_by_any_of_its_deliveries(self, slack: Any, now: Any) -> None:
        """A reply of a digest lists many."""
        posted = slack.post("#alerts", MESSAGE, delivery_ids=["one", "two"])

        assert {"two": posted} == slack.find("#alerts", ["two"], since=now() - 60).messages

    def test_several_deliveries_are_found_at_once(self, slack: Any, now: Any) -> None:
        """Those that are there."""
        both = slack.post("#alerts", MESSAGE, delivery_ids=["one", "two"])
        three = slack.post("#alerts", MESSAGE, delivery_ids=["three", "other"])

        found = slack.find("#alerts", ["one", "two", "three", "four"], since=now() - 60)

        assert Found({"one": both, "two": both, "three": three}, is_complete=True) == found

    def test_an_answer_stands_in_its_thread(self, slack: Any, now: Any) -> None:
        """It is found there, and not in the channel."""
        parent = slack.post("#alerts", MESSAGE)
        reply = slack.post("#alerts", MESSAGE, delivery_ids=["one"], thread_ts=parent.ts)

        assert (False, True) == (parent.is_in_thread, reply.is_in_thread)
        assert NOTHING == slack.find("#alerts", ["one"], since=now() - 60)
        assert {"one": reply} == slack.find(
            "#alerts", ["one"], since=now() - 60, thread_ts=parent.ts
        ).messages

    def test_an_answer_may_be_seen_in_the_channel_too(self, slack: Any, now: Any) -> None:
        """It is one message all the same."""
        parent = slack.post("#alerts", MESSAGE)
        reply = slack.post(
            "#alerts", MESSAGE, delivery_ids=["one"], thread_ts=parent.ts, broadcast=True
        )

        assert reply.is_in_thread
        assert {"one": reply} == slack.find(
            "#alerts", ["one"], since=now() - 60, thread_ts=parent.ts
        ).messages

    def test_an_answer_to_nothing_stands_in_the_channel(self, slack: Any, now: Any) -> None:
        """The answer has no thread_ts then."""
        reply = slack.post("#alerts", MESSAGE, delivery_ids=["one"], thread_ts="1700000000.000001")

        assert not reply.is_in_thread
        assert {"one": reply} == slack.find("#alerts", ["one"], since=now() - 60).messages

    def test_a_thread_that_there_is_not_holds_nothing(self, slack: Any, now: Any) -> None:
        """That much is sure."""
        slack.post("#alerts", MESSAGE)

        assert NOTHING == slack.find(
            "#alerts", ["one"], since=now() - 60, thread_ts="1700000000.000001"
        )

    def test_a_good_token_is_accepted(self, slack: Any) -> None:
        """The check needs no channel."""
        assert slack.check() is None

    def test_a_message_can_be_changed_and_is_still_found(self, slack: Any, now: Any) -> None:
        """By the same name."""
        posted = slack.post("#alerts", MESSAGE, delivery_ids=["one"])

        slack.update(posted.channel, posted.ts, Message(text="Something else"))

        assert {"one": posted} == slack.find("#alerts", ["one"], since=now() - 60).messages

    def test_a_message_that_is_gone_cannot_be_changed(self, slack: Any) -> None:
        """A person may have deleted it."""
        posted = slack.post("#alerts", MESSAGE)

        with pytest.raises(GoneError):
            slack.update(posted.channel, "1700000000.000001", MESSAGE)

    def test_without_time_nothing_is_asked(self, slack: Any) -> None:
        """And it is clear that nothing was posted."""
        with pytest.raises(UnavailableError) as refused:
            slack.post("#alerts", MESSAGE, seconds=0)

        assert ("out_of_time", False) == (refused.value.code, refused.value.ambiguous)


class TestFakeSlack(SlackContract):
    """The fake."""

    @pytest.fixture
    def clock(self) -> Clock:
        """Make a clock that stands still."""
        return Clock()

    @pytest.fixture
    def now(self, clock: Clock) -> Callable[[], float]:
        """Return Slack's time."""
        return clock

    @pytest.fixture
    def slack(self, clock: Clock) -> FakeSlack:
        """Make one without faults."""
        return FakeSlack(clock, Faults(clock), missing=["#missing"])


class TestSlackClient(SlackContract):
    """The client, with slack_sdk and HTTP under it."""

    @pytest.fixture
    def now(self) -> Callable[[], float]:
        """Return Slack's time."""
        return time.time

    @pytest.fixture
    def slack(self) -> Iterator[SlackClient]:
        """Make a client of a local Slack."""
        with SlackServer(channels=["alerts", "other"], scopes=ALL_SCOPES) as server:
            yield SlackClient(token=lambda _: server.token, base_url=server.base_url)

    def test_a_coloured_card_that_becomes_plain_loses_its_bar(self) -> None:
        """Slack keeps attachments that a change does not mention."""
        block = {"type": "section", "text": {"type": "mrkdwn", "text": "Detail"}}
        with SlackServer(channels=["alerts"], scopes=ALL_SCOPES) as server:
            slack = SlackClient(token=lambda _: server.token, base_url=server.base_url)
            posted = slack.post("#alerts", Message(text="Card", blocks=[block], colour="#AA0000"))
            [before] = [bool(each.attachments) for each in server.messages("alerts")]
            slack.update(posted.channel, posted.ts, Message(text="Plain"))
            [after] = server.messages("alerts")

        assert before
        assert not after.attachments
