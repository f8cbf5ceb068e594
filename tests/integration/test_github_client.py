"""The client of GitHub's issues against the local GitHub: tokens, refusals, limits."""

import json
from collections.abc import Iterator
from http import HTTPMethod
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fake_ledger import FakeRates
from fakes import Clock, Faults
from finding_router.errors import ConfigurationError, TicketError, TicketGoneError
from finding_router.routing.items.ticket import App
from finding_router.routing.items.ticket import GitHub as Item
from finding_router.tickets import credentials
from finding_router.tickets.credentials import Keyring, token_of
from finding_router.tickets.github import LONGEST_REST_SECONDS, Answer, GitHub, send
from finding_router.tickets.issue import Draft, marker_line
from finding_router.tickets.pace import Pace
from finding_router.tickets.rsa import read_key
from finding_router_local.github import GitHubServer
from finding_router_local.github.api import App as InstalledApp
from finding_router_local.serving import HttpServer

REPOSITORY = "acme/infra"
KMS = "arn:aws:kms:eu-central-1:111122223333:key/1"
SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:x"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
DRAFT = Draft(marker="m1", title="T", body=f"{marker_line('m1')}\nB\n", labels=("security",))


@pytest.fixture
def clock() -> Clock:
    """Start a clock for client and server."""
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[GitHubServer]:
    """Start a GitHub with one repository."""
    credentials.forget()
    with GitHubServer(repositories=[REPOSITORY], clock=clock) as started:
        yield started


def client(
    server: GitHubServer, clock: Clock, token: Any = None, rates: FakeRates | None = None
) -> GitHub:
    """Return a client of *server*."""
    return GitHub(
        REPOSITORY,
        base_url=server.base_url,
        token=token or (lambda _fresh: server.token),
        pace=Pace(rates or FakeRates(Faults(clock)), "x", clock),
        clock=clock,
    )


def test_an_issue_is_made_found_changed_and_read(server: GitHubServer, clock: Clock) -> None:
    """The five calls that there are."""
    github = client(server, clock)
    made = github.create(DRAFT)

    assert made == github.find("m1", since=clock())
    assert github.find("m2", since=clock()) is None
    github.comment(made.number, f"{marker_line('c1')}\nhello")
    assert github.has_comment(made.number, "c1", since=clock())
    assert not github.has_comment(made.number, "c2", since=clock())
    github.set_body(made.number, "B2")
    github.set_state(made.number, is_open=False)
    after = github.issue(made.number)

    assert ("B2", False, ("security",), clock.now) == (
        after.body,
        after.is_open,
        after.labels,
        after.closed_at,
    )
    github.set_state(made.number, is_open=True)
    assert github.issue(made.number).is_open


def test_a_marker_in_the_text_of_an_issue_is_none(server: GitHubServer, clock: Clock) -> None:
    """Only the first line has it: others may quote it."""
    server.store.add(REPOSITORY, title="x", body=f"hello\n{marker_line('m1')}")

    assert client(server, clock).find("m1", since=clock()) is None


def test_a_marker_is_found_behind_many_issues(server: GitHubServer, clock: Clock) -> None:
    """The list has pages; those of before the claim are not read."""
    github = client(server, clock)
    made = github.create(DRAFT)
    for number in range(250):
        server.store.add(REPOSITORY, title=f"{number}")

    assert made == github.find("m1", since=clock())
    assert 3 == server.api.calls["list"]
    assert github.find("m1", since=clock() + 1_000) is None


def test_people_whom_github_does_not_take_are_left_out(server: GitHubServer, clock: Clock) -> None:
    """A ticket without them is better than none."""
    server.store.collaborators = {"jane"}
    wrong = Draft(marker="m", title="T", body="B", assignees=("jane", "joe"))
    right = Draft(marker="m", title="T", body="B", assignees=("jane",))

    client(server, clock).create(wrong)
    client(server, clock).create(right)

    assert [[], ["jane"]] == [each.assignees for each in server.issues()]


@pytest.mark.parametrize(
    ("fault", "said", "retries", "is_ambiguous"),
    [
        ({"http_status": 404, "error": "Not Found"}, "not found, or the token", False, False),
        ({"http_status": 410, "error": "Issues are disabled"}, "issues are off", False, False),
        ({"http_status": 403, "error": "Resource not accessible"}, "may not do", False, False),
        ({"http_status": 422, "error": "Validation Failed"}, "refused the issue", False, False),
        ({"http_status": 418, "error": "tea"}, "refused with status 418", False, False),
        ({"http_status": 500}, "does not answer (status 500)", True, True),
        ({"drop": "before"}, "cannot be reached", True, True),
        ({"drop": "after"}, "cannot be reached", True, True),
        ({"http_status": 429}, "asked for a rest", True, False),
        ({"http_status": 403, "error": "secondary rate limit"}, "asked for a rest", True, False),
        ({"http_status": 403, "retry_after": 7}, "asked for a rest", True, False),
    ],
)
def test_each_refusal_says_what_to_do(
    server: GitHubServer,
    clock: Clock,
    fault: dict[str, Any],
    said: str,
    *,
    retries: bool,
    is_ambiguous: bool,
) -> None:
    """And whether to try again, and whether the issue may be there."""
    server.faults.add(method="create", **fault)

    with pytest.raises(TicketError) as caught:
        client(server, clock).create(DRAFT)

    assert said in str(caught.value)
    assert (retries, is_ambiguous) == (
        caught.value.retry_seconds is not None,
        caught.value.ambiguous,
    )
    assert server.token not in str(caught.value)


def test_a_deleted_issue_is_told_apart(server: GitHubServer, clock: Clock) -> None:
    """It is not to be looked for again."""
    with pytest.raises(TicketGoneError):
        client(server, clock).issue(7)


def test_nobody_listening_is_surely_nothing_made(server: GitHubServer, clock: Clock) -> None:
    """A connection that is refused carried nothing."""
    github = client(server, clock)
    server.stop()

    with pytest.raises(TicketError) as caught:
        github.create(DRAFT)

    assert not caught.value.ambiguous


def test_an_unreadable_answer_may_be_that_of_an_issue(server: GitHubServer, clock: Clock) -> None:
    """It is looked for."""

    def page(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("201 Created", [("Content-Length", "2")])
        return [b"hi"]

    other = HttpServer(page)
    github = GitHub(
        REPOSITORY,
        base_url=f"http://127.0.0.1:{other.port}",
        token=lambda _: "t",
        pace=Pace(FakeRates(Faults(clock)), "x", clock),
    )
    with pytest.raises(TicketError) as caught:
        github.create(DRAFT)
    other.close()

    assert caught.value.ambiguous


def test_a_repository_that_moved_is_followed_on_its_host_alone(clock: Clock) -> None:
    """The token goes to no other."""
    seen: list[str] = []

    def page(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        to = "http://evil.example/x" if environ["PATH_INFO"] == "/away" else f"{base}/new"
        if environ["PATH_INFO"] == "/new":
            start_response("200 OK", [("Content-Length", "2")])
            return [b"{}"]
        start_response("307 Moved", [("Location", to), ("Content-Length", "0")])
        return [b""]

    other = HttpServer(page)
    base = f"http://127.0.0.1:{other.port}"
    here = send(HTTPMethod.POST, f"{base}/old", {}, token="t")
    away = send(HTTPMethod.POST, f"{base}/away", {}, token="t")
    other.close()

    assert (200, 307) == (here.status, away.status)
    assert ["POST /old", "POST /new", "POST /away"] == seen


def test_a_rotated_token_is_read_again(server: GitHubServer, clock: Clock) -> None:
    """The cache may hold the old one for a quarter of an hour."""
    asked: list[bool] = []

    def token(fresh: bool) -> str:  # noqa: FBT001
        asked.append(fresh)
        return server.token if fresh else "old"

    client(server, clock, token).create(DRAFT)

    assert [False, True] == asked
    assert 1 == len(server.issues())


def test_the_longer_github_asks_for_a_rest_the_longer_it_is(
    server: GitHubServer, clock: Clock
) -> None:
    """Going on may have the app banned, says GitHub."""
    server.faults.add(method="create", http_status=429, retry_after=60, times=3)
    github, waits = client(server, clock), []
    for _ in range(3):
        with pytest.raises(TicketError) as caught:
            github.create(DRAFT)
        waits.append(caught.value.retry_seconds)
        clock.now += caught.value.retry_seconds or 0.0

    github.create(DRAFT)

    assert [60, 120, 240] == waits


def test_an_hourly_limit_lasts_until_its_reset(server: GitHubServer, clock: Clock) -> None:
    """GitHub says when."""

    def page(_environ: Any, start_response: Any) -> list[bytes]:
        headers = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", str(int(clock()) + 500)),
            ("Content-Length", "2"),
        ]
        start_response("403 Forbidden", headers)
        return [b"{}"]

    other = HttpServer(page)
    github = GitHub(
        REPOSITORY,
        base_url=f"http://127.0.0.1:{other.port}",
        token=lambda _: "t",
        pace=Pace(FakeRates(Faults(clock)), "x", clock),
        clock=clock,
    )
    with pytest.raises(TicketError) as caught:
        github.issue(1)
    other.close()

    assert caught.value.retry_seconds == pytest.approx(500, abs=1)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "inf"}, 60),
        ({"retry-after": "nan"}, 60),
        ({"retry-after": "1e12"}, LONGEST_REST_SECONDS),
        ({"retry-after": "-5"}, 1),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "inf"}, 60),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1e15"}, LONGEST_REST_SECONDS),
    ],
)
def test_no_header_asks_for_a_rest_without_end(headers: dict[str, str], seconds: float) -> None:
    """The Ledger has no such numbers, and tickets would wait for years."""
    assert seconds == Answer(429, headers, b"").seconds_to_rest(1_790_000_000.0)


def test_the_pace_never_meets_githubs_limits(server: GitHubServer, clock: Clock) -> None:
    """As many as it takes in two hours, and no refusal."""
    github = client(server, clock)
    made = 0
    end = clock() + 7_200
    while clock() < end:
        try:
            github.create(DRAFT)
            made += 1
        except TicketError as error:
            clock.now += error.retry_seconds or end

    assert {201} == set(server.api.statuses)
    assert made > 880


def item(server: GitHubServer, **changes: Any) -> Item:
    """Return the item of a repository."""
    values = {"repository": REPOSITORY, "base_url": server.base_url, "token": SECRET}
    return Item.model_construct(
        **{**values, "labels": (), "assignees": {}, "title": "{title}", "app": None, **changes}
    )


def app_item(server: GitHubServer, key: str = SECRET) -> Item:
    """Return the item of a repository with an app."""
    app = App(app_id="12", installation_id="34", key=key)
    return item(server, token=None, app=app)


def keyring(text: str) -> Keyring:
    """Return the keyring with *text* under every ARN."""
    key = read_key(PEM, where="x")
    return Keyring(secret=lambda _arn, _fresh: text, sign=lambda _arn, message: key.sign(message))


def stored(server: GitHubServer, name: str = "key", value: str = PEM) -> str:
    """Return a key as it is to be stored for *server*."""
    return json.dumps({name: value, "base_url": server.base_url})


@pytest.mark.parametrize("name", ["key", "private_key"])
def test_an_app_gets_a_token_for_an_hour(server: GitHubServer, clock: Clock, name: str) -> None:
    """GitHub verifies its signature; it is asked for five minutes before the end."""
    server.add_app(InstalledApp("12", "34", KEY.public_key().public_numbers().n))
    token = token_of(app_item(server), keyring(stored(server, name)), clock)
    github = client(server, clock, token)

    github.create(DRAFT)
    github.create(DRAFT)
    assert 1 == server.api.calls["token"]
    clock.now += 3_400
    github.create(DRAFT)

    assert 2 == server.api.calls["token"]
    assert 3 == len(server.issues())


def test_a_token_of_an_app_that_was_revoked_is_made_anew(
    server: GitHubServer, clock: Clock
) -> None:
    """Its installation may have changed."""
    server.add_app(InstalledApp("12", "34", KEY.public_key().public_numbers().n))
    token = token_of(app_item(server), keyring(stored(server)), clock)
    github = client(server, clock, token)
    github.create(DRAFT)
    server.api._installed.clear()

    github.create(DRAFT)

    assert 2 == len(server.issues())


def test_a_wrong_key_is_told(server: GitHubServer, clock: Clock) -> None:
    """With what to check."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    server.add_app(InstalledApp("12", "34", other.public_key().public_numbers().n))
    token = token_of(app_item(server), keyring(stored(server)), clock)

    with pytest.raises(TicketError, match="check its ids, its key") as caught:
        client(server, clock, token).create(DRAFT)

    assert caught.value.retry_seconds is None


@pytest.mark.parametrize(("status", "retries"), [(429, True), (502, True), (404, False)])
def test_no_token_says_whether_to_try_again(
    server: GitHubServer, clock: Clock, status: int, *, retries: bool
) -> None:
    """GitHub may be down, or the app is not installed."""
    server.add_app(InstalledApp("12", "34", KEY.public_key().public_numbers().n))
    server.faults.add(method="token", http_status=status)
    token = token_of(app_item(server), keyring(stored(server)), clock)

    with pytest.raises(TicketError) as caught:
        client(server, clock, token).create(DRAFT)

    assert retries is (caught.value.retry_seconds is not None)


def test_no_key_is_a_mistake(server: GitHubServer, clock: Clock) -> None:
    """The message omits what stands there."""
    token = token_of(app_item(server), keyring(stored(server, value="ghp_secret")), clock)

    with pytest.raises(ConfigurationError) as caught:
        token(False)  # noqa: FBT003

    assert "ghp_secret" not in str(caught.value)


def test_a_key_of_kms_signs_for_github_alone(server: GitHubServer, clock: Clock) -> None:
    """It has no room for another address beside it."""
    with pytest.raises(TicketError, match=r"signs for https://api\.github\.com alone"):
        token_of(app_item(server, KMS), keyring(""), clock)(False)  # noqa: FBT003


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ghp_x", "is for https://api.github.com"),
        ('{"token": "ghp_x"}', "is for https://api.github.com"),
        ('{"token": "ghp_x", "base_url": "https://other.example"}', "is for https://other"),
        ("{not json", "is for https://api.github.com"),
    ],
)
def test_a_token_for_another_address_is_not_sent(
    server: GitHubServer, clock: Clock, text: str, said: str
) -> None:
    """Nothing of it is in the message."""
    with pytest.raises(TicketError) as caught:
        token_of(item(server), keyring(text), clock)(False)  # noqa: FBT003

    assert said in str(caught.value)
    assert "ghp_x" not in str(caught.value)


@pytest.mark.parametrize("text", ["xoxb-1-x", '{"token": "xoxe.xoxb-1-x"}', "xapp-1-x"])
def test_a_token_of_slack_is_not_sent_to_github(clock: Clock, text: str) -> None:
    """The worker may read it, and an item of the table may name it."""
    github = Item(repository=REPOSITORY, token=SECRET)

    with pytest.raises(TicketError, match="holds a token of Slack") as caught:
        token_of(github, keyring(text), clock)(False)  # noqa: FBT003

    assert "-1-x" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{}", '{"token": "a\\nb"}', '{"token": "ü"}'])
def test_no_token_is_told(clock: Clock, text: str) -> None:
    """It is no header."""
    github = Item(repository=REPOSITORY, token=SECRET)

    with pytest.raises(TicketError, match="holds no token"):
        token_of(github, keyring(text), clock)(False)  # noqa: FBT003


@pytest.mark.parametrize("text", ["ghp_x", '{"token": "ghp_x"}', " ghp_x\n"])
def test_a_token_for_github_may_stand_alone(clock: Clock, text: str) -> None:
    """As the Slack token does."""
    github = Item(repository=REPOSITORY, token=SECRET)

    assert "ghp_x" == token_of(github, keyring(text), clock)(False)  # noqa: FBT003
