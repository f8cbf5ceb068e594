"""Edits of the local routing table are answered in the local ops channel within seconds."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from finding_router_cli.main import main
from finding_router_local.faults import Effect, Fault
from finding_router_local.running import announce
from finding_router_local.slack.workspace import PostedMessage
from finding_router_local.stack import Stack
from hub_events import imported, raw_finding

OPS = "#security-ops"
ROUTE = {"kind": "route", "name": "one", "channel": "#one"}
BROKEN = {"kind": "route", "name": "one", "chanel": "#one"}
SILENCE = {
    "kind": "silence",
    "name": "patch",
    "match": {},
    "until": "2040-01-01T00:00:00Z",
    "by": "anna",
    "reason": "kernel",
}
WAIT_SECONDS = 20.0


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    """Run one stack for all tests here."""
    with Stack(answers_edits=True) as stack:
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    """Return a stack with one route, of whose making nobody was told."""
    running.reset()
    running.seed_routes([ROUTE])
    return running


def told(stack: Stack, count: int, *, seconds: float = WAIT_SECONDS) -> list[PostedMessage]:
    """Return the messages in the ops channel once there are *count*, and a moment later."""
    end = time.monotonic() + seconds
    while len(stack.slack.messages(OPS)) < count and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.3)
    messages = stack.slack.messages(OPS)
    assert count == len(messages), [each.text for each in messages] + [
        line for each in stack.stream.invocations for line in each.log
    ]
    return messages


def text_of(message: PostedMessage) -> str:
    """Return everything that *message* says."""
    return json.dumps([message.blocks, message.attachments], ensure_ascii=False)


def delete(stack: Stack, item: dict[str, Any]) -> None:
    """Delete *item* as the console does."""
    stack.aws.client("dynamodb").delete_item(
        TableName=stack.deployment.tables["RoutingTable"],
        Key={"kind": {"S": item["kind"]}, "name": {"S": item["name"]}},
    )


def channels(stack: Stack, finding_id: str) -> set[str]:
    """Return where a new finding goes, by workers that know nothing of the past."""
    for process in stack.processes:
        process.kill()
    [outcome] = stack.send([imported(raw_finding(finding_id))])
    assert "posted" == outcome.outcome
    return {
        message.channel_name
        for message in stack.slack.messages()
        if finding_id in text_of(message) and f"#{message.channel_name}" != OPS
    }


def test_what_a_stack_begins_with_is_not_told(stack: Stack) -> None:
    """Nobody edited it."""
    assert [] == told(stack, 0)


def test_an_edit_is_answered_within_seconds(stack: Stack) -> None:
    """With what changed, and what it would have done to what came before."""
    stack.send([imported(raw_finding("before"))])
    began = time.monotonic()
    stack.put_routes([ROUTE | {"channel": "#two", "order": 5}])

    [message] = told(stack, 1)
    assert time.monotonic() - began < 10
    assert "Route “one” changed" in message.text
    said = text_of(message)
    assert "`channel` “#one” → “#two”" in said
    assert "`order` new: 5" in said
    assert "In the last seven days (1 finding): +1 message to `#two`" in said


def test_twenty_edits_are_one_message(stack: Stack) -> None:
    """However many calls they took."""
    stack.put_routes([ROUTE | {"name": f"route-{number}"} for number in range(20)])

    [message] = told(stack, 1)
    assert "20 items of the routing table: 20 added" in message.text


def test_an_invalid_edit_leaves_routing_as_it_was_until_it_is_mended(stack: Stack) -> None:
    """For every worker, from the moment of the answer on."""
    stack.put_routes([BROKEN])
    [message] = told(stack, 1)
    assert "Route “one” is not valid" in message.text
    assert "did you mean" in text_of(message)

    assert {"one"} == channels(stack, "while-it-is-invalid")
    [_, notice] = told(stack, 2)
    assert "is not valid: 2 mistakes" in notice.text
    assert "The last valid version stays in force" in notice.text

    stack.put_routes([ROUTE | {"channel": "#mended"}])
    [_, _, message] = told(stack, 3)
    assert "It is valid again" in message.text
    stack.advance(2)
    assert {"mended"} == channels(stack, "since-it-is-mended")


def test_a_deleted_item_has_no_last_valid_version(stack: Stack) -> None:
    """Its findings go to the default channel, also if it comes back invalid."""
    stack.put_routes([BROKEN])
    told(stack, 1)
    delete(stack, ROUTE)
    told(stack, 2)
    stack.put_routes([BROKEN])
    [*_, message] = told(stack, 3)

    assert "no version of it was ever valid" in text_of(message)
    assert {"security"} == channels(stack, "without-a-route")


def test_silences_say_who_and_why(stack: Stack) -> None:
    """When they are made and when they end early."""
    stack.put_routes([SILENCE])
    [made] = told(stack, 1)
    delete(stack, SILENCE)
    [_, ended] = told(stack, 2)

    assert "Silence “patch” made by anna" in made.text
    assert "Silence “patch” ended early" in ended.text
    for message in (made, ended):
        assert "`by` “anna”" in text_of(message)
        assert "`reason` “kernel”" in text_of(message)


def test_a_silence_that_is_over_is_told_once_by_a_wake_up(stack: Stack) -> None:
    """With who and why."""
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stack.clock() + 600))
    stack.seed_routes([SILENCE | {"until": until}])
    stack.advance(700)
    stack.wake()
    stack.wake()

    [message] = told(stack, 1)
    assert "Silence “patch” is over" in message.text
    assert "`by` anna" in text_of(message)
    assert "`reason` kernel" in text_of(message)


def test_the_function_keeps_to_its_part_of_the_ledger(stack: Stack) -> None:
    """Its role allows no other keys: see EditsRole in the template."""
    stack.aws.gate.recent.clear()
    stack.put_routes([BROKEN])
    told(stack, 1)
    stack.put_routes([ROUTE | {"channel": "#two"}])
    told(stack, 2)

    ledger = stack.deployment.tables["Ledger"]
    known = re.compile(r"\b(?:routing-table|pace#|notice#|decided#|[0-9a-f]{40})")
    calls = [
        (call.operation, key)
        for call in stack.aws.gate.recent
        if (call.caller, call.service) == ("edits", "dynamodb") and ledger in str(call.body)
        for key in known.findall(str(call.body))
    ]
    assert {
        ("BatchGetItem", "routing-table"),
        ("PutItem", "routing-table"),
        ("PutItem", "notice#"),
        ("UpdateItem", "pace#"),
        ("Query", "decided#"),
    } == set(calls)


def test_rows_mention_nobody(stack: Stack) -> None:
    """Their text is shown escaped."""
    stack.put_routes(
        [
            {
                "kind": "route",
                "name": "<!channel> @here",
                "channel": "<!everyone>",
                "x": "<@U0123456789>",
            }
        ]
    )

    [message] = told(stack, 1)
    for sign in ("<!", "<@"):
        assert sign not in text_of(message) + message.text


@pytest.mark.parametrize(
    "trouble",
    [
        lambda stack: stack.slack.faults.add(method="chat.postMessage", http_status=503, times=2),
        lambda stack: stack.faults.add(
            Fault(effect=Effect.ERROR, service="dynamodb", operation="BatchGetItem", times=1)
        ),
    ],
    ids=["slack", "ledger"],
)
def test_an_answer_that_fails_comes_again(stack: Stack, trouble: Callable[[Stack], Any]) -> None:
    """And is told once."""
    trouble(stack)
    stack.put_routes([ROUTE | {"channel": "#two"}])

    [message] = told(stack, 1)
    assert "Route “one” changed" in message.text


def test_commands_say_what_is_in_force(stack: Stack, tmp_path: Path) -> None:
    """Those that go by the stack that runs here."""
    stack.put_routes([BROKEN])
    told(stack, 1)
    file = tmp_path / "finding.json"
    file.write_text(json.dumps(raw_finding()), "utf-8")

    with announce(stack.id, stack.aws.url, tmp_path), pytest.MonkeyPatch.context() as patched:
        patched.setattr("finding_router_cli.routes_at_hand.TEMPLATE", tmp_path / "template.yaml")
        checked = CliRunner().invoke(main, ["routes", "check"])
        explained = CliRunner().invoke(main, ["explain", str(file), "--expect", "#one"])

    assert 'in force: route "one" goes on in its last valid version' in checked.stdout
    assert 0 == explained.exit_code, explained.output
    assert "not valid, decided by its last valid version" in explained.stderr
