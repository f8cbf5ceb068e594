"""The rate limits of the local Slack."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router_local.slack.limits import POST_BURST, TIER_2_PER_MINUTE, TIER_3_PER_MINUTE
from finding_router_local.slack.pace import Pace
from slack_caller import Caller

POST = "chat.postMessage"


@pytest.fixture
def slack() -> Caller:
    """Return a workspace with two channels, nothing posted yet."""
    caller = Caller()
    caller.workspace.add_channel("alerts")
    caller.workspace.add_channel("others")
    return caller


def exhaust(slack: Caller, channel: str) -> None:
    """Post to *channel* until it takes no more."""
    for _ in range(POST_BURST):
        slack.ok(POST, channel=channel, text="a")


class TestPosts:
    """One message a second and channel."""

    def test_a_burst_is_followed_by_a_429(self, slack: Caller) -> None:
        """A post that comes too early is refused with the seconds to wait, and is not posted."""
        exhaust(slack, "#alerts")
        answer = slack.answer(POST, channel="#alerts", text="a")

        assert (429, "1") == (answer.status, answer.headers["Retry-After"])
        assert {"ok": False, "error": "ratelimited"} == answer.body
        assert POST_BURST == len(slack.workspace.messages())

    def test_after_the_wait_one_more_passes(self, slack: Caller) -> None:
        """A caller that waits for Retry-After gets exactly one message through."""
        exhaust(slack, "#alerts")
        slack.time += 1

        assert "ok" == slack.error(POST, channel="#alerts", text="a")
        assert "ratelimited" == slack.error(POST, channel="#alerts", text="a")

    def test_one_a_second_goes_on_for_ever(self, slack: Caller) -> None:
        """A caller that keeps the pace meets no 429."""
        exhaust(slack, "#alerts")
        for _ in range(100):
            slack.time += 1
            slack.ok(POST, channel="#alerts", text="a")

        assert {} == slack.api.statistics.rate_limited

    def test_channels_do_not_share_it(self, slack: Caller) -> None:
        """Another channel still takes messages."""
        exhaust(slack, "#alerts")

        assert "ok" == slack.error(POST, channel="#others", text="a")

    def test_a_channel_is_one_by_name_and_by_id(self, slack: Caller) -> None:
        """Posting by id does not get around the pace."""
        exhaust(slack, "#alerts")
        channel = slack.workspace.find_channel("alerts")

        assert channel is not None
        assert "ratelimited" == slack.error(POST, channel=channel.id, text="a")

    def test_quiet_restores_the_burst_and_no_more(self, slack: Caller) -> None:
        """After an hour of quiet the burst is as large as at first."""
        exhaust(slack, "#alerts")
        slack.time += 3_600
        exhaust(slack, "#alerts")

        assert "ratelimited" == slack.error(POST, channel="#alerts", text="a")

    @given(st.lists(st.floats(0, 3), min_size=1, max_size=60))
    def test_no_minute_sees_more_than_its_seconds_and_the_burst(self, gaps: list[float]) -> None:
        """However calls are spread, a channel takes a message a second, and once the burst."""
        now = 0.0
        pace = Pace(lambda: now)
        taken = 0
        for gap in gaps:
            now += gap
            taken += not pace.wait_for_post("alerts")

        assert taken <= POST_BURST + now + 1e-3


class TestTiers:
    """Calls a minute."""

    @pytest.mark.parametrize(
        ("method", "per_minute"),
        [
            ("conversations.list", TIER_2_PER_MINUTE),
            ("conversations.history", TIER_3_PER_MINUTE),
        ],
    )
    def test_one_call_too_many_waits_for_the_first_to_be_a_minute_old(
        self, slack: Caller, method: str, per_minute: int
    ) -> None:
        """The limit of a tier is that many calls within any 60 seconds."""
        channel = slack.workspace.channels()[0].id
        for _ in range(per_minute):
            slack.ok(method, channel=channel)
        slack.time += 20
        answer = slack.answer(method, channel=channel)

        assert (429, "40") == (answer.status, answer.headers["Retry-After"])
        slack.time += 40
        assert "ok" == slack.error(method, channel=channel)

    def test_updates_are_counted_over_all_channels(self, slack: Caller) -> None:
        """chat.update has one limit for the workspace."""
        posted = [slack.post(name) for name in ("#alerts", "#others")]
        for number in range(TIER_3_PER_MINUTE):
            message = posted[number % 2]
            slack.ok("chat.update", channel=message["channel"], ts=message["ts"], text="b")

        assert "ratelimited" == slack.error(
            "chat.update", channel=posted[0]["channel"], ts=posted[0]["ts"], text="b"
        )

    def test_methods_do_not_share_it(self, slack: Caller) -> None:
        """A method that is exhausted leaves the others alone."""
        for _ in range(TIER_2_PER_MINUTE):
            slack.ok("conversations.list")

        assert "ratelimited" == slack.error("conversations.list")
        assert "ok" == slack.error("auth.test")


class TestStatistics:
    """The counts of calls and answers."""

    def test_answers_are_counted_by_method_and_error(self, slack: Caller) -> None:
        """Good answers, errors and 429s are counted apart."""
        exhaust(slack, "#alerts")
        slack.answer(POST, channel="#alerts", text="a")
        slack.answer(POST, channel="#nowhere", text="a")

        found = slack.api.statistics
        assert {POST: POST_BURST + 2} == found.calls
        assert {POST: 1} == found.rate_limited
        assert {
            (POST, "ok"): POST_BURST,
            (POST, "ratelimited"): 1,
            (POST, "channel_not_found"): 1,
        } == found.answers

    def test_posts_are_kept_with_their_times(self, slack: Caller) -> None:
        """The busiest second and minute of a channel can be computed."""
        for _ in range(3):
            slack.ok(POST, channel="#alerts", text="a")
        slack.time += 30
        slack.ok(POST, channel="#alerts", text="a")

        found = slack.api.statistics
        assert (3, 4, 0) == (
            found.busiest("#alerts"),
            found.busiest("alerts", 60),
            found.busiest("others"),
        )

    def test_figures_do_not_change_afterwards(self, slack: Caller) -> None:
        """A copy of the counts stays as it was read."""
        before = slack.api.statistics
        slack.post("#alerts")

        assert {} == before.calls

    def test_clear_starts_anew(self, slack: Caller) -> None:
        """Messages, figures and pace are forgotten, channels are not."""
        exhaust(slack, "#alerts")
        slack.faults.add(error="internal_error", times=None)
        slack.api.clear()

        assert ([], {}) == (slack.workspace.messages(), slack.api.statistics.calls)
        exhaust(slack, "#alerts")
