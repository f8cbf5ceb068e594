"""The client of Slack, against a Slack that fails in every way that Slack does."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from finding_router.errors import (
    ChannelError,
    ConfigurationError,
    CredentialError,
    DeliveryError,
    MessageError,
    RateLimitedError,
    UnavailableError,
    UnlistedCodeError,
)
from finding_router.slack.api import client, transport
from finding_router.slack.api.client import (
    CHANNELS_PAGE,
    PAGE,
    TOKEN_SECONDS,
    Found,
    SlackClient,
)
from finding_router.slack.api.refusals import DEFAULT_RETRY_AFTER_SECONDS
from finding_router.slack.kit.message import Message
from finding_router.slack.messages.notice import Words, notice
from finding_router_local.slack import SlackServer
from slack_caller import ALL_SCOPES

CHANNEL = "#alerts"
MESSAGE = Message(text="Something happened")
POST = "chat.postMessage"
SINCE = 60.0


class World:
    """A Slack, a place that holds its token, and a client."""

    def __init__(self, server: SlackServer) -> None:
        """Start with a good token."""
        self.server = server
        self.kept = server.token
        self.asked: list[bool] = []
        self.client = SlackClient(token=self._token, base_url=server.base_url)

    def _token(self, fresh: bool) -> str:  # noqa: FBT001 -- as the client calls it
        self.asked.append(fresh)
        return self.kept

    def fail(self, method: str = POST, **how: Any) -> None:
        """Make Slack fail."""
        self.server.faults.add(method=method, **how)

    def refusal(self) -> DeliveryError:
        """Return the error that a post is refused with."""
        with pytest.raises(DeliveryError) as refused:
            self.client.post(CHANNEL, MESSAGE)
        return refused.value

    def calls(self, method: str = POST) -> int:
        """Count the calls of *method*."""
        return self.server.statistics.calls[method]

    def find(self, delivery_id: str = "delivery-1", channel: str = CHANNEL) -> Any:
        """Search the channel."""
        return self.search(delivery_id, channel).messages.get(delivery_id)

    def search(self, delivery_id: str = "delivery-1", channel: str = CHANNEL) -> Found:
        """Search the channel; return the hit, and whether the search was complete."""
        return self.client.find(channel, [delivery_id], since=time.time() - SINCE)


@pytest.fixture
def world() -> Iterator[World]:
    """Return a Slack with one channel and every scope."""
    with SlackServer(channels=["alerts"], scopes=ALL_SCOPES) as server:
        yield World(server)


def test_a_message_arrives_as_it_was_meant(world: World) -> None:
    """With its blocks, its colour and its delivery, and without previews of its links."""
    posted = world.client.post(
        CHANNEL, notice(Words("headline", ["detail"])), delivery_ids=["delivery-1"]
    )

    [message] = world.server.messages(CHANNEL)
    assert (message.channel, message.ts) == (posted.channel, posted.ts)
    assert "⚙️ headline" == message.text
    assert "detail" in str(message.blocks)
    assert "said again" in str(message.attachments)
    assert message.metadata is not None
    assert {"delivery_ids": ["delivery-1"]} == message.metadata["event_payload"]
    assert message.sent["unfurl_links"] is message.sent["unfurl_media"] is False


CODES: list[tuple[type[DeliveryError], list[str]]] = [
    (
        ChannelError,
        [
            "channel_not_found",
            "not_in_channel",
            "is_archived",
            "restricted_action",
            "restricted_action_read_only_channel",
            "restricted_action_thread_only_channel",
            "restricted_action_non_threadable_channel",
            "no_permission",
            "team_not_found",
        ],
    ),
    (
        CredentialError,
        [
            "invalid_auth",
            "not_authed",
            "token_revoked",
            "token_expired",
            "account_inactive",
            "missing_scope",
            "not_allowed_token_type",
            "access_denied",
            "org_login_required",
        ],
    ),
    (
        MessageError,
        [
            "invalid_blocks",
            "invalid_blocks_format",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_text",
            "metadata_too_large",
            "too_many_attachments",
            "invalid_json",
            "invalid_arguments",
        ],
    ),
    (
        UnavailableError,
        ["service_unavailable", "internal_error", "fatal_error", "request_timeout"],
    ),
    (UnlistedCodeError, ["brand_new"]),
    (RateLimitedError, ["ratelimited", "rate_limited"]),
]


@pytest.mark.parametrize(
    ("kind", "code"), [(kind, code) for kind, codes in CODES for code in codes]
)
def test_each_of_slacks_errors_says_what_to_do_next(
    world: World, kind: type[DeliveryError], code: str
) -> None:
    """By its type; the code and channel are kept for those who read the log."""
    world.fail(error=code, times=None, messages=["[ERROR] details"])

    refusal = world.refusal()

    assert kind is type(refusal)
    assert refusal.channel == CHANNEL
    assert "ratelimited" if kind is RateLimitedError else code == refusal.code
    assert "[ERROR] details" in str(refusal)


@pytest.mark.parametrize(
    ("code", "ambiguous"),
    [
        ("internal_error", True),
        ("fatal_error", True),
        ("request_timeout", True),
        ("service_unavailable", False),
    ],
)
def test_some_errors_leave_open_whether_it_was_posted(
    world: World, code: str, *, ambiguous: bool
) -> None:
    """Slack documents it of these errors."""
    world.fail(error=code)

    refusal = world.refusal()

    assert isinstance(refusal, UnavailableError)
    assert refusal.ambiguous is ambiguous


@pytest.mark.parametrize(("status", "ambiguous"), [(500, True), (503, True), (404, False)])
def test_a_page_of_a_proxy_is_an_outage_named_by_its_status(
    world: World, status: int, *, ambiguous: bool
) -> None:
    """None of it ends in the log."""
    world.fail(http_status=status)

    refusal = world.refusal()

    assert isinstance(refusal, UnavailableError)
    assert (f"http_{status}", ambiguous) == (refusal.code, refusal.ambiguous)
    assert "DOCTYPE" not in str(refusal)


def test_a_page_that_says_it_is_fine_leaves_it_open(world: World) -> None:
    """A proxy between the router and Slack answered 200."""
    world.fail(http_status=200)

    refusal = world.refusal()

    assert isinstance(refusal, UnavailableError)
    assert refusal.ambiguous


@pytest.mark.parametrize("seconds", [1, 30, 300])
def test_slack_says_how_long_to_wait(world: World, seconds: int) -> None:
    """In seconds, and the client does not wait by itself."""
    world.fail(retry_after=seconds)

    refusal = world.refusal()

    assert isinstance(refusal, RateLimitedError)
    assert refusal.retry_after_seconds == seconds
    assert 1 == world.calls()


def test_a_rate_limit_without_a_time_has_one_of_ours(world: World) -> None:
    """A proxy may have dropped the header."""
    with _serving(b"HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n") as url:
        world.client = SlackClient(token=lambda _: "xoxb-1", base_url=url)
        refusal = world.refusal()

    assert isinstance(refusal, RateLimitedError)
    assert refusal.retry_after_seconds == DEFAULT_RETRY_AFTER_SECONDS


def test_the_channels_own_pace_is_a_rate_limit(world: World) -> None:
    """As soon as a burst is over."""
    for _ in range(5):
        world.client.post(CHANNEL, MESSAGE)

    assert isinstance(world.refusal(), RateLimitedError)


# Connections


def test_posts_share_one_connection(world: World) -> None:
    """A handshake for each message would take longer than the message."""
    for _ in range(4):
        world.client.post(CHANNEL, MESSAGE)
    world.find()

    assert 1 == world.server.opened_connections


def test_a_connection_that_slack_has_closed_is_opened_again(world: World) -> None:
    """Unnoticed, and without posting twice."""
    world.client.post(CHANNEL, MESSAGE)
    world.server.cut_connections()
    time.sleep(0.1)
    world.client.post(CHANNEL, MESSAGE)

    assert 2 == len(world.server.messages(CHANNEL))
    assert 2 == world.server.opened_connections


def test_a_connection_that_slept_for_long_is_not_trusted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been closed while Lambda was frozen."""
    world.client.post(CHANNEL, MESSAGE)
    now = time.time()
    monkeypatch.setattr(transport.time, "time", lambda: now + transport.IDLE_SECONDS + 1)
    world.client.post(CHANNEL, MESSAGE)

    assert 2 == world.server.opened_connections


@pytest.mark.parametrize(("drop", "stored"), [("before", 0), ("after", 1)])
def test_a_dropped_connection_is_never_posted_into_again(
    world: World, drop: Any, stored: int
) -> None:
    """slack_sdk would post a second time, though the first post may have succeeded."""
    world.fail(drop=drop)

    refusal = world.refusal()

    assert isinstance(refusal, UnavailableError)
    assert refusal.ambiguous
    assert 1 == world.calls()
    assert stored == len(world.server.messages(CHANNEL))


def test_a_slow_answer_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time-out it is unknown whether the message was posted."""
    monkeypatch.setattr("finding_router.slack.api.transport.TIMEOUT_SECONDS", 0.3)
    world.fail(delay_seconds=5, stored=True)

    refusal = world.refusal()

    assert isinstance(refusal, UnavailableError)
    assert refusal.ambiguous
    assert 1 == world.calls()


def test_a_call_ends_within_the_time_that_it_was_given(world: World) -> None:
    """However long the time-out would be."""
    world.client.post(CHANNEL, MESSAGE)
    world.fail(delay_seconds=5, times=None)

    with pytest.raises(UnavailableError) as refused:
        world.client.post(CHANNEL, MESSAGE, seconds=0.3)

    assert "connection_lost" == refused.value.code


def test_a_token_is_not_fetched_again_when_that_may_take_too_long(world: World) -> None:
    """It is clear that nothing was posted."""
    world.fail(error="invalid_auth")

    with pytest.raises(UnavailableError) as refused:
        world.client.post(CHANNEL, MESSAGE, seconds=TOKEN_SECONDS - 1)

    assert ("out_of_time", False) == (refused.value.code, refused.value.ambiguous)
    assert [False] == world.asked


def test_nobody_listening_is_surely_not_posted(world: World) -> None:
    """No connection, no message."""
    world.server.stop()

    refusal = world.refusal()

    assert isinstance(refusal, UnavailableError)
    assert ("unreachable", False) == (refusal.code, refusal.ambiguous)


def test_no_such_host_is_surely_not_posted() -> None:
    """As with a mistyped address."""
    client = SlackClient(token=lambda _: "xoxb-1", base_url="http://slack.invalid/api/")

    with pytest.raises(UnavailableError) as refused:
        client.post(CHANNEL, MESSAGE)

    assert not refused.value.ambiguous


# The token


def test_the_token_is_fetched_at_the_first_call_and_kept(world: World) -> None:
    """Nothing is called to make a client."""
    assert [] == world.asked

    world.client.post(CHANNEL, MESSAGE)
    world.client.post(CHANNEL, MESSAGE)

    assert [False] == world.asked


def test_a_rotated_token_works_without_a_restart(world: World) -> None:
    """It is fetched again when Slack refuses the old one, and nothing is lost meanwhile."""
    world.client.post(CHANNEL, MESSAGE)
    world.server.rotate_token("xoxb-another")
    world.kept = "xoxb-another"

    world.client.post(CHANNEL, MESSAGE)

    assert [False, True] == world.asked
    assert 2 == len(world.server.messages(CHANNEL))


def test_a_token_that_stays_dead_is_asked_for_once_more_only(world: World) -> None:
    """Each call may cost."""
    world.server.set_token_state("revoked")

    refusal = world.refusal()

    assert isinstance(refusal, CredentialError)
    assert "token_revoked" == refusal.code
    assert 2 == world.calls()


def test_a_missing_scope_is_no_reason_to_fetch_the_token_again(world: World) -> None:
    """The same token has the same scopes."""
    world.server.set_scopes([])

    refusal = world.refusal()

    assert isinstance(refusal, CredentialError)
    assert [False] == world.asked


def test_a_token_that_cannot_be_read_is_a_dead_one(world: World) -> None:
    """Slack is not asked without."""

    def none(_fresh: bool) -> str:  # noqa: FBT001 -- as the client calls it
        message = "arn:aws:ssm: cannot be read"
        raise ConfigurationError(message)

    world.client = SlackClient(token=none, base_url=world.server.base_url)

    refusal = world.refusal()

    assert isinstance(refusal, CredentialError)
    assert "cannot be read" in str(refusal)
    assert 0 == world.calls()


def test_no_error_shows_the_token(world: World) -> None:
    """Nor does anything that it was raised from."""
    for how in (
        {"error": "invalid_auth"},
        {"error": "odd"},
        {"drop": "before"},
        {"http_status": 500},
    ):
        world.fail(**how, times=2)
        error: BaseException | None = world.refusal()
        while error is not None:
            assert world.server.token not in f"{error} {error!r}"
            error = error.__cause__
        world.server.faults.clear()


# Searching


def test_a_message_is_found_among_many_pages(world: World) -> None:
    """A busy channel has more messages than Slack returns at once."""
    posted = world.client.post(CHANNEL, MESSAGE, delivery_ids=["delivery-1"])
    for _ in range(PAGE + 1):
        world.server.add_message("alerts", "chatter")

    assert posted == world.find()
    assert 2 == world.calls("conversations.history")


def test_a_search_that_cannot_read_everything_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message may be among the rest."""
    monkeypatch.setattr(client, "MAX_PAGES", 2)
    world.client.post(CHANNEL, MESSAGE, delivery_ids=["delivery-1"])
    for _ in range(2 * PAGE):
        world.server.add_message("alerts", "chatter")

    found = world.client.find(CHANNEL, ["delivery-1"], since=time.time() - SINCE)

    assert Found({}, is_complete=False) == found


def test_a_search_reads_no_further_back_than_it_must(world: World) -> None:
    """A message posted before the claim cannot be the one searched for."""
    world.client.post(CHANNEL, MESSAGE, delivery_ids=["delivery-1"])

    found = world.client.find(CHANNEL, ["delivery-1"], since=time.time() + 5)

    assert Found({}, is_complete=True) == found


def test_messages_of_others_are_no_hit(world: World) -> None:
    """With other metadata, or with none."""
    world.server.add_message("alerts", "delivery-1")

    assert world.find() is None


def test_a_name_is_looked_up_once(world: World) -> None:
    """Only chat.postMessage takes names."""
    world.find()
    world.find()

    assert 1 == world.calls("conversations.list")
    assert 2 == world.calls("conversations.history")


def test_a_name_that_was_posted_to_needs_no_looking_up(world: World) -> None:
    """Slack's answer to the post had the id."""
    posted = world.client.post(CHANNEL, MESSAGE, delivery_ids=["delivery-1"])

    assert posted == world.find()
    assert 0 == world.calls("conversations.list")


def test_an_id_needs_no_looking_up(world: World) -> None:
    """conversations.history takes the id as it is."""
    posted = world.client.post(CHANNEL, MESSAGE, delivery_ids=["delivery-1"])

    assert posted == world.find(channel=posted.channel)
    assert 0 == world.calls("conversations.list")


def test_a_name_is_found_among_many_pages_of_channels(world: World) -> None:
    """A company has more channels than Slack lists at once."""
    for number in range(CHANNELS_PAGE + 5):
        world.server.add_channel(f"a-{number}")

    assert world.find() is None
    assert 2 == world.calls("conversations.list")


def test_a_name_that_there_is_not_cannot_be_searched(world: World) -> None:
    """It is private, or mistyped."""
    assert not world.search(channel="#nowhere").is_complete


@pytest.mark.parametrize("scope", ["channels:history", "channels:read"])
def test_without_the_scope_nobody_may_look(world: World, scope: str) -> None:
    """The token is good all the same."""
    world.server.set_scopes([each for each in ALL_SCOPES if each != scope])

    assert Found({}, is_complete=False) == world.search()


def test_outside_the_channel_nobody_may_look(world: World) -> None:
    """Posting to a public channel takes no membership, reading does."""
    world.server.add_channel("alerts", member=False)

    assert Found({}, is_complete=False) == world.search()


def test_a_token_that_slack_refuses_is_no_token_to_search_with(world: World) -> None:
    """That is no answer about the message."""
    world.fail(method="conversations.history", error="invalid_auth", times=None)

    with pytest.raises(CredentialError) as refused:
        world.search()

    assert refused.value.is_search


def test_a_token_that_slack_refuses_does_not_pass_the_check(world: World) -> None:
    """For each channel that it was refused for."""
    world.fail(method="auth.test", error="token_revoked", times=None)

    with pytest.raises(CredentialError):
        world.client.check()


def test_a_token_without_the_scope_to_post_does_not_pass_the_check(world: World) -> None:
    """Slack accepts it, and no channel would take a message."""
    world.server.set_scopes([each for each in ALL_SCOPES if each != "chat:write"])

    with pytest.raises(CredentialError) as refused:
        world.client.check()

    assert "missing_scope" == refused.value.code


def _serving(answer: bytes) -> Any:
    """Serve one connection with a fixed answer, and return the base URL."""

    class Server:
        def __enter__(self) -> str:
            self._socket = socket.create_server(("127.0.0.1", 0))
            self._thread = threading.Thread(target=self._serve)
            self._thread.start()
            return f"http://127.0.0.1:{self._socket.getsockname()[1]}/api/"

        def _serve(self) -> None:
            connection, _ = self._socket.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        def __exit__(self, *_: object) -> None:
            self._thread.join()
            self._socket.close()

    return Server()
