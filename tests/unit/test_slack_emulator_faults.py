"""Failing on purpose, without a socket."""

from typing import Any

import pytest

from slack_caller import Caller

POST = "chat.postMessage"

# Every error of a Slack method that the router has to distinguish.
ERRORS = [
    "access_denied",
    "account_inactive",
    "channel_not_found",
    "fatal_error",
    "internal_error",
    "invalid_auth",
    "invalid_blocks",
    "is_archived",
    "metadata_too_large",
    "missing_scope",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_permission",
    "not_allowed_token_type",
    "not_authed",
    "not_in_channel",
    "org_login_required",
    "request_timeout",
    "restricted_action",
    "service_unavailable",
    "team_not_found",
    "token_expired",
    "token_revoked",
]


@pytest.fixture
def slack() -> Caller:
    """Return a workspace with two channels."""
    caller = Caller()
    caller.workspace.add_channel("alerts")
    caller.workspace.add_channel("others")
    return caller


@pytest.mark.parametrize("error", ERRORS)
def test_any_error_can_be_had(slack: Caller, error: str) -> None:
    """A fault with an error answers with it once, and posts nothing."""
    slack.faults.add(method=POST, error=error)

    assert error == slack.error(POST, channel="#alerts", text="a")
    assert [] == slack.workspace.messages()
    assert "ok" == slack.error(POST, channel="#alerts", text="a")


def test_an_error_can_come_after_the_effect(slack: Caller) -> None:
    """With stored the message is posted, although the answer is an error."""
    slack.faults.add(error="internal_error", stored=True)

    assert "internal_error" == slack.error(POST, channel="#alerts", text="a")
    assert ["a"] == [message.text for message in slack.workspace.messages()]


@pytest.mark.parametrize(("drop", "messages"), [("before", 0), ("after", 1)])
def test_a_connection_can_be_dropped(slack: Caller, drop: Any, messages: int) -> None:
    """Before the message is kept, or after."""
    slack.faults.add(drop=drop)

    assert slack.answer(POST, channel="#alerts", text="a").drop
    assert messages == len(slack.workspace.messages())


def test_a_broken_proxy_sends_no_json(slack: Caller) -> None:
    """An HTTP status without an error has a page as its body."""
    slack.faults.add(http_status=503)
    answer = slack.answer("auth.test")

    assert 503 == answer.status
    assert isinstance(answer.body, str)


def test_an_http_status_can_carry_an_error(slack: Caller) -> None:
    """With an error the body is Slack's."""
    slack.faults.add(http_status=503, error="service_unavailable")
    answer = slack.answer("auth.test")

    assert (503, {"ok": False, "error": "service_unavailable"}) == (answer.status, answer.body)


@pytest.mark.parametrize(
    ("fault", "retry_after"),
    [({"retry_after": 30}, "30"), ({"error": "ratelimited"}, "1"), ({"http_status": 429}, "1")],
)
def test_a_429_says_how_long_to_wait(
    slack: Caller, fault: dict[str, Any], retry_after: str
) -> None:
    """However a rate limit is asked for, it has status, header and error."""
    slack.faults.add(**fault)
    answer = slack.answer(POST, channel="#alerts", text="a")

    assert (429, retry_after, "ratelimited") == (
        answer.status,
        answer.headers["Retry-After"],
        answer.error,
    )


def test_a_delay_alone_changes_nothing_else(slack: Caller) -> None:
    """A late answer is a good one, and the message is there."""
    slack.faults.add(delay_seconds=30)
    answer = slack.answer(POST, channel="#alerts", text="a")

    assert (30, "ok", 1) == (answer.delay_seconds, answer.error, len(slack.workspace.messages()))


def test_details_can_be_given(slack: Caller) -> None:
    """An error may carry messages, as invalid_blocks does."""
    slack.faults.add(error="invalid_blocks", messages=("[ERROR] no",))

    assert ["[ERROR] no"] == slack.problems(POST, channel="#alerts", text="a")


@pytest.mark.parametrize("name", ["#alerts", "alerts", "id"])
def test_a_fault_keeps_to_its_channel(slack: Caller, name: str) -> None:
    """A channel is meant by name or id, however the call names it; others are spared."""
    channel = slack.workspace.find_channel("alerts")
    assert channel is not None
    slack.faults.add(channel=channel.id if name == "id" else name, error="no", times=None)

    assert "no" == slack.error(POST, channel="#alerts", text="a")
    assert "no" == slack.error(POST, channel=channel.id, text="a")
    assert "ok" == slack.error(POST, channel="#others", text="a")


def test_a_fault_keeps_to_its_method(slack: Caller) -> None:
    """Other methods go on."""
    slack.faults.add(method="chat.update", error="no")

    assert "ok" == slack.error(POST, channel="#alerts", text="a")


def test_faults_strike_as_often_as_they_say(slack: Caller) -> None:
    """After *skip* calls it strikes *times* times, then the next fault has its turn."""
    slack.faults.add(error="first", skip=1, times=2)
    slack.faults.add(error="second")

    assert ["second", "first", "first", "ok"] == [slack.error("auth.test") for _ in range(4)]


def test_a_fault_lasts_until_it_is_removed(slack: Caller) -> None:
    """With times None it strikes always; removed or cleared it strikes no more."""
    lasting = slack.faults.add(error="no", times=None)

    assert ["no"] * 5 == [slack.error("auth.test") for _ in range(5)]
    assert 5 == lasting.struck
    slack.faults.remove(lasting)
    assert "ok" == slack.error("auth.test")
    slack.faults.add(error="no", times=None)
    slack.faults.clear()
    assert "ok" == slack.error("auth.test")


def test_chance_is_the_same_each_time() -> None:
    """Faults of chance strike some calls, the same ones in every run."""

    def run() -> list[str]:
        slack = Caller()
        slack.faults.add(error="no", times=None, chance=0.5)
        return [slack.error("auth.test") for _ in range(50)]

    assert {"ok", "no"} == set(run())
    assert run() == run()


@pytest.mark.parametrize(
    ("described", "problem"),
    [
        ({}, "needs error, http_status, retry_after, drop or delay_seconds"),
        ({"error": "no", "times": 0}, "times is at least 1"),
        ({"drop": "during"}, 'drop is "before" or "after"'),
        ({"errors": "no"}, "unknown: errors; a fault has "),
    ],
)
def test_what_is_no_fault_is_refused(
    slack: Caller, described: dict[str, Any], problem: str
) -> None:
    """An impossible or misspelt plan is refused with the mistake."""
    with pytest.raises(ValueError, match=problem):
        slack.faults.add_described(described)
