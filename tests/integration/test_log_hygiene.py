"""The Slack token is in no log line of the function, at any level and after any failure."""

import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from finding_router import handler, telemetry
from finding_router.aws import token as token_of
from finding_router_local.aws import AwsServer
from finding_router_local.faults import Effect, Fault
from finding_router_local.slack import SlackServer
from hub_events import imported, raw_finding, sqs_record

TOKEN = "xoxb-8675309-kDx3Qz0bW7"
SECRET = "8675309-kDx3Qz0bW7"
INVALID = {"kind": {"S": "route"}, "name": {"S": "broken"}, "chanel": {"S": "#x"}}
CONTEXT = SimpleNamespace(
    function_name="router",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:router",
    aws_request_id="request",
    get_remaining_time_in_millis=lambda: 90_000,
)


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    """Serve a Slack whose token is like no other text."""
    with SlackServer(token=TOKEN, auto_create=True, pace=False) as server:
        yield server


@pytest.fixture(params=["secretsmanager", "ssm"])
def invoke(
    request: pytest.FixtureRequest,
    aws_environment: AwsServer,
    make_table: Callable[..., str],
    slack: SlackServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Callable[..., Any]]:
    """Return the function in this process, at the level DEBUG as Lambda's runtime sets it."""
    client = aws_environment.client(request.param)
    if request.param == "ssm":
        client.put_parameter(Name="/token", Value=TOKEN, Type="SecureString")
        arn = f"arn:aws:ssm:us-east-1:{aws_environment.account_id}:parameter/token"
    else:
        arn = client.create_secret(Name="token", SecretString=TOKEN)["ARN"]
    environment = {
        "ROUTING_TABLE": make_table("routes", "kind", "name"),
        "LEDGER_TABLE": make_table("ledger", "finding", "channel"),
        "DEFAULT_CHANNEL": "#security",
        "SLACK_TOKEN_ARN": arn,
        "SLACK_API_URL": slack.base_url,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    aws_environment.client("dynamodb").put_item(TableName="routes", Item=INVALID)
    _forget()
    pipeline, _ = handler._parts()
    slept: list[float] = []
    # Nobody has to wait for the channel's next slot: the pipeline's clock runs ahead instead.
    monkeypatch.setattr(pipeline, "_sleep", slept.append)
    monkeypatch.setattr(pipeline, "_clock", lambda: time.time() + sum(slept))
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger=telemetry.SERVICE)

    def run(finding_id: str, **changes: Any) -> Any:
        finding = raw_finding(finding_id, **changes)
        aws_environment.security_hub.load(finding)
        batch = {"Records": [sqs_record(imported(finding))]}
        return handler.lambda_handler(batch, CONTEXT)  # type: ignore[arg-type]  # the part of it that is used

    yield run
    _forget()


def _forget() -> None:
    """Be a new worker."""
    handler._parts.cache_clear()
    token_of._client.cache_clear()
    token_of._CACHE.clear()


def test_the_token_is_nowhere_in_the_log(
    invoke: Callable[..., Any],
    aws: AwsServer,
    slack: SlackServer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither when all is well, nor with Slack, AWS and the token itself in trouble."""
    assert {"batchItemFailures": []} == invoke("well")

    for trouble in (
        {"error": "invalid_auth", "times": 2},
        {"error": "invalid_blocks"},
        {"error": "channel_not_found", "times": 2},
        {"error": "brand_new"},
        {"drop": "before"},
        {"http_status": 503},
    ):
        slack.faults.add(method="chat.postMessage", **trouble)
        invoke(f"ill by {trouble}")
        slack.faults.clear()
    for operation in ("PutItem", "BatchGetItem", "UpdateItem", "BatchUpdateFindings"):
        aws.faults.add(Fault(operation=operation, effect=Effect.OUTAGE, times=3))
        invoke(f"ill by {operation}")
    slack.set_token_state("revoked")
    assert [{"itemIdentifier": "record-1"}] == invoke("dead")["batchItemFailures"]
    # Last, since all workers leave the channel alone for so long.
    slack.set_token_state("active")
    slack.faults.add(method="chat.postMessage", retry_after=600)
    assert [{"itemIdentifier": "record-1"}] == invoke("slowed down")["batchItemFailures"]

    output = "".join(capfd.readouterr())
    log = "\n".join([output, caplog.text, *(str(vars(each)) for each in caplog.records)])
    assert "token_revoked" in log
    assert SECRET not in log


ODD_TEXT = "a\ud83d b\u2028c\u2029d\u202ee\x85f\x1bg\u200bh\x7f"


@pytest.mark.parametrize("invoke", ["ssm"], indirect=True)
def test_a_finding_is_one_line_of_valid_utf_8(
    invoke: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its text does to a terminal, or to the reader of the log."""
    written_bytes = io.BytesIO()
    stream = io.TextIOWrapper(written_bytes, encoding="utf-8", newline="\n", write_through=True)
    monkeypatch.setattr(telemetry.logger.registered_handler, "stream", stream)

    invoke("odd", Title=ODD_TEXT)

    written = written_bytes.getvalue().decode("utf-8")
    [line] = [each for each in written.split("\n") if '"message":"finding"' in each]
    assert [line] == line.splitlines()
    assert line.isprintable()
    assert "a\N{REPLACEMENT CHARACTER} b\u2028c" == json.loads(line)["title"][:6]
