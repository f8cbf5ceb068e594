"""The endpoint between AWS and Slack: in this process, and built, under the emulator."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from finding_router.actions import handler
from finding_router.actions.inbox import Inbox
from finding_router.actions.press import Press
from finding_router.aws import token
from finding_router.errors import ConfigurationError
from finding_router.telemetry import logger
from finding_router_local import TEMPLATE
from finding_router_local.aws import AwsServer
from finding_router_local.build import Built, has_sam
from presses import REFERENCE, SECRET, TEAM, chosen, click, event_of, submission
from rie import RuntimeEmulator, find_emulator
from stub_slack import StubSlack

EMULATOR = find_emulator(TEMPLATE.parent)
TOKEN = "xoxb-1234567890-secret"
CONTEXT = SimpleNamespace(
    function_name="ActionsFunction",
    memory_limit_in_mb=1024,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:ActionsFunction",
    aws_request_id="1",
    get_remaining_time_in_millis=lambda: 10_000,
)


class Around:
    """What the endpoint needs around it, and its environment."""

    def __init__(self, aws: AwsServer, slack: StubSlack, table: str) -> None:
        """Make queue and secret."""
        self.slack = slack
        self._table = table
        self._dynamodb, self._sqs = aws.client("dynamodb"), aws.client("sqs")
        self._secrets = aws.client("secretsmanager")
        self._url = self._sqs.create_queue(QueueName="actions")["QueueUrl"]
        value = json.dumps({"token": TOKEN, "signing_secret": SECRET})
        self._arn = self._secrets.create_secret(Name="slack", SecretString=value)["ARN"]
        self.environment = {
            "SLACK_SIGNING_SECRET_ARN": self._arn,
            "SLACK_TOKEN_ARN": self._arn,
            "SLACK_API_URL": slack.url,
            "SLACK_APP_ID": "",
            "SLACK_TEAM_ID": "",
            "ACTIONS_QUEUE_URL": self._url,
            "LEDGER_TABLE": table,
            "LOG_LEVEL": "DEBUG",
            "POWERTOOLS_TRACE_DISABLED": "true",
        }

    def presses(self) -> list[Press]:
        """Return the presses in the queue."""
        messages = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
        found = [Press.of_body(each["Body"]) for each in messages.get("Messages", [])]
        return [press for press in found if press is not None]

    def kept(self) -> dict[str, dict[str, Any]]:
        """Return the items of the Ledger by partition."""
        items = self._dynamodb.scan(TableName=self._table)["Items"]
        return {each["finding"]["S"]: each for each in items}


@pytest.fixture
def around(aws: AwsServer, make_table: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Around]:
    """Start a worker anew."""
    token._client.cache_clear()
    token._CACHE.clear()
    handler._endpoint.cache_clear()
    with StubSlack() as slack:
        made = Around(aws, slack, make_table("ledger", "finding", "channel"))
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made
    handler._endpoint.cache_clear()
    token._client.cache_clear()
    token._CACHE.clear()


class Lines(logging.Handler):
    """Keeps everything that is logged, at every level."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep *record*."""
        self.records.append(record)


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Return what the router and the libraries log during a test."""
    handler = Lines()
    loggers = (logger._logger, logging.getLogger())
    before = [each.level for each in loggers]
    for each in loggers:
        each.addHandler(handler)
        each.setLevel(logging.DEBUG)
    yield handler
    for each, level in zip(loggers, before, strict=True):
        each.removeHandler(handler)
        each.setLevel(level)


def send(event: dict[str, Any]) -> dict[str, Any]:
    """Call the handler."""
    return handler.lambda_handler(event, CONTEXT)


def test_press_goes_into_the_queue_once(around: Around) -> None:
    """A replay is refused, and the workspace is asked for once."""
    event = event_of(click(response_url=around.slack.response_url))

    assert [200, 401] == [send(event)["statusCode"] for _ in range(2)]
    [press] = around.presses()
    assert ("acknowledge", REFERENCE, around.slack.response_url) == (
        press.action,
        press.ref,
        press.response_url,
    )
    kept = around.kept()
    assert {"press#workspace", f"press#{press.id}"} == set(kept)
    assert TEAM == kept["press#workspace"]["team"]["S"]
    assert int(kept[f"press#{press.id}"]["expires_at"]["N"]) >= press.at + 599
    assert [("auth.test", {}, f"Bearer {TOKEN}")] == around.slack.calls


def test_lost_answer_is_no_replay(around: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client writes again, and finds what it wrote itself."""
    inbox = Inbox(table=around.environment["LEDGER_TABLE"], queue_url="")
    put = inbox._table_client.put_item

    def twice(**arguments: Any) -> None:
        put(**arguments)
        put(**arguments)

    with monkeypatch.context() as patch:
        patch.setattr(inbox._table_client, "put_item", twice)
        assert inbox.is_new("0" * 40)
    assert not inbox.is_new("0" * 40)


def test_form_is_opened_submitted_and_queued(around: Around) -> None:
    """With the end of a snooze in the zone of the person."""
    assert 200 == send(event_of(click("snooze")))["statusCode"]
    method, arguments, _ = around.slack.calls[-1]
    assert "views.open" == method
    assert click()["trigger_id"] == arguments["trigger_id"]
    assert [] == around.presses()

    state = chosen(**{"for": "tomorrow", "scope": "finding", "reason": "after the release"})
    assert {"statusCode": 200, "body": ""} == send(event_of(submission(arguments["view"], state)))
    [press] = around.presses()
    assert press.form is not None
    assert ("snooze", "after the release") == (press.action, press.form["reason"])
    assert ("users.info", {"user": "U1JANE"}) == around.slack.calls[-1][:2]


def test_sentence_reaches_who_pressed(around: Around) -> None:
    """Alone, and the message stays."""
    payload = click(
        response_url=around.slack.response_url,
        user={"id": "U9", "name": "eve", "team_id": "T0OTHER"},
    )

    assert 200 == send(event_of(payload))["statusCode"]
    assert {
        "response_type": "ephemeral",
        "replace_original": False,
        "text": handler.OUTSIDER,
    } == around.slack.calls[-1][1]
    # Slack's address needs no token, and gets none.
    assert around.slack.calls[-1][2] is None


def test_refused_token_is_read_again(around: Around) -> None:
    """It may have been replaced."""
    around.slack.answers["views.open"] = {"ok": False, "error": "token_revoked"}

    assert 200 == send(event_of(click("resolve")))["statusCode"]
    assert ["auth.test", "views.open", "views.open"] == [each[0] for each in around.slack.calls]


def test_queue_that_is_gone_is_said(around: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    """And Slack gets its 200."""
    monkeypatch.setenv("ACTIONS_QUEUE_URL", around.environment["ACTIONS_QUEUE_URL"] + "-gone")

    answer = send(event_of(click(response_url=around.slack.response_url)))
    assert 200 == answer["statusCode"]
    assert handler.TRY_AGAIN == around.slack.calls[-1][1]["text"]


def test_strangers_leave_nothing(around: Around, lines: Lines) -> None:
    """No line above debug, no item, no message, and no call."""
    unsigned = event_of(click(), secret="another")
    for event in ({}, unsigned, {**unsigned, "body": None}, event_of(click(), at=1.0)):
        assert {"statusCode": 401, "body": ""} == send(event)

    assert {} == around.kept()
    assert [] == around.presses()
    assert [] == around.slack.calls
    assert {("request refused", logging.DEBUG)} == {
        (each.getMessage(), each.levelno) for each in lines.records
    }


def test_nothing_of_a_press_is_logged(around: Around, lines: Lines) -> None:
    """Neither its body nor the address for answers, whatever the level."""
    around.slack.answers["views.open"] = {"ok": False, "error": "expired_trigger_id"}
    for action in ("resolve", "acknowledge"):
        send(event_of(click(action, response_url=around.slack.response_url)))

    for private in (SECRET, TOKEN, "/answers/", click()["trigger_id"], "jane"):
        assert private not in str([vars(each) for each in lines.records])


def test_missing_variable_is_named(around: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack is to be deployed again."""
    monkeypatch.delenv("ACTIONS_QUEUE_URL")

    with pytest.raises(ConfigurationError, match="ACTIONS_QUEUE_URL: is missing"):
        send(event_of(click()))
    assert around.slack.calls == []


@pytest.mark.skipif(
    EMULATOR is None or not has_sam(TEMPLATE.parent),
    reason="the SAM CLI is not here: `make build` installs it",
)
def test_built_endpoint_answers_under_the_emulator(
    around: Around, aws: AwsServer, runtime: Path, built: Built
) -> None:
    """Strangers, a press, and a form, well within Slack's three seconds with a cold start."""
    assert EMULATOR is not None
    with RuntimeEmulator(
        emulator=EMULATOR,
        runtime=runtime,
        task=built.task,
        layer=built.layer,
        handler="finding_router.actions.handler.lambda_handler",
        environment={**around.environment, "AWS_ENDPOINT_URL": aws.url, "LOG_LEVEL": "INFO"},
        timeout_seconds=10,
        memory_megabytes=1024,
    ) as function:
        opened = function.invoke(event_of(click("suppress")))
        stranger = function.invoke(event_of(click(), secret="another"))
        pressed = function.invoke(event_of(click("why")))
        log = "\n".join(function.log)

    assert [200, 401, 200] == [each.answer["statusCode"] for each in (opened, stranger, pressed)], (
        log
    )
    assert ["auth.test", "views.open"] == [each[0] for each in around.slack.calls]
    assert ["why"] == [press.action for press in around.presses()]
    assert (function.init_ms or 0) + 1000 * opened.seconds < 3000
    assert "finding-router" not in log
