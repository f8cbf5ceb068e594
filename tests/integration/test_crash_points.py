"""A worker is killed at each step: nothing is lost or posted twice, and all is NOTIFIED."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from finding_router_local.faults import Effect, Fault
from finding_router_local.slack.api import Answer
from finding_router_local.stack import Stack
from hub_events import PRODUCT_ARN, imported, raw_finding
from router import ALERTS, EVERYTHING
from slack_caller import ALL_SCOPES

CHANNELS = (ALERTS, "#other")
ROUTES = (EVERYTHING, {"kind": "route", "name": "other", "channel": "#other"})
CLAIM = {"service": "dynamodb", "operation": "PutItem", "containing": '"S": "claimed"'}
RECORD = {"service": "dynamodb", "operation": "PutItem", "containing": '"S": "posted"'}
MARK = {"service": "securityhub", "operation": "BatchUpdateFindings"}
REMEMBER = {"service": "dynamodb", "operation": "TransactWriteItems", "containing": "notified_at"}
STEPS = {"claim": CLAIM, "record": RECORD, "mark": MARK, "remember": REMEMBER}
WHEN = {"before": Effect.KILL_BEFORE, "after": Effect.KILL_AFTER}


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    """Run one stack for all tests here: it takes seconds to start."""
    with Stack() as stack:
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    """Return an empty stack whose routes lead to two channels."""
    running.reset()
    running.slack.set_scopes(ALL_SCOPES)
    running.put_routes(ROUTES)
    return running


def event(finding_id: str = "finding-1", **changes: Any) -> dict[str, Any]:
    """Make the event of a finding."""
    return imported(raw_finding(finding_id, **changes))


def kill(stack: Stack, step: str, when: str, *, skip: int = 0) -> None:
    """Kill the worker before or after *step*, for the first message, or *skip* later."""
    stack.aws.faults.add(Fault(effect=WHEN[when], skip=skip, **STEPS[step]))


def kill_posting(stack: Stack, monkeypatch: pytest.MonkeyPatch, when: str, skip: int) -> None:
    """Kill the worker before Slack takes the message, or after, without an answer."""
    call = stack.slack.api.call
    left = [skip]

    def deadly(method: str, *arguments: Any) -> Answer:
        is_it = method == "chat.postMessage" and left[0] == 0
        left[0] -= method == "chat.postMessage"
        if not is_it:
            return call(method, *arguments)
        answer = call(method, *arguments) if when == "after" else None
        for process in stack.processes:
            process.kill()
        return answer or Answer({"ok": False, "error": "nobody hears it"})

    monkeypatch.setattr(stack.slack.api, "call", deadly)


def check(stack: Stack, *ids: str) -> None:
    """Check that each finding is posted once in each channel, NOTIFIED, and recorded as such."""
    said = [(message.channel_name, message.text) for message in stack.slack.messages()]
    assert len(ids) * len(CHANNELS) == len(said) == len(set(said))
    assert ["NOTIFIED"] * len(ids) == [stack.workflow_status(PRODUCT_ARN, each) for each in ids]
    table = stack.deployment.tables["Ledger"]
    items = stack.aws.client("dynamodb").scan(TableName=table)["Items"]
    entries = [item for item in items if "members" in item]
    assert len(said) == len(entries)
    assert {"posted"} == {entry["state"]["S"] for entry in entries}
    members = [member["M"] for entry in entries for member in entry["members"]["M"].values()]
    assert all("notified_at" in member for member in members)


@pytest.mark.parametrize("skip", [0, 1], ids=["first channel", "second channel"])
@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("step", ["claim", "record"])
def test_killed_around_a_step_of_a_message(stack: Stack, step: str, when: str, skip: int) -> None:
    """The redelivery posts the missing messages, and no others."""
    kill(stack, step, when, skip=skip)

    [outcome] = stack.send([event()])

    assert outcome.is_settled
    assert 2 == outcome.tries
    check(stack, "finding-1")


@pytest.mark.parametrize("skip", [0, 1], ids=["first channel", "second channel"])
@pytest.mark.parametrize("when", WHEN)
def test_killed_around_the_post(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, when: str, skip: int
) -> None:
    """A search finds out whether Slack took the message."""
    kill_posting(stack, monkeypatch, when, skip)

    [outcome] = stack.send([event()])

    assert outcome.is_settled
    assert 2 == outcome.tries
    check(stack, "finding-1")


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("step", ["mark", "remember"])
def test_killed_around_marking(stack: Stack, step: str, when: str) -> None:
    """The redelivery completes it, and posts nothing."""
    kill(stack, step, when)

    [outcome] = stack.send([event()])

    assert "duplicate" == outcome.outcome
    assert 2 == outcome.tries
    check(stack, "finding-1")


def test_killed_with_a_whole_batch(stack: Stack) -> None:
    """A message of the batch posted before the kill is not posted again."""
    kill(stack, "record", "before", skip=3)

    outcomes = stack.send([event("one"), event("two"), event("three")])

    assert all(outcome.is_settled for outcome in outcomes)
    check(stack, "one", "two", "three")


def test_killed_twice(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second worker dies as well, elsewhere."""
    kill_posting(stack, monkeypatch, "after", skip=0)
    kill(stack, "mark", "before")

    [outcome] = stack.send([event()])

    assert 3 == outcome.tries
    check(stack, "finding-1")


@pytest.mark.parametrize("step", ["mark", "remember"])
def test_a_reopening_is_heard_after_a_worker_was_killed(stack: Stack, step: str) -> None:
    """A mark that was made and not remembered would be taken for no mark at all."""
    kill(stack, step, "after")
    stack.send([event()])
    stack.advance(3600)
    _reopen(stack.aws.security_hub.batch_import_findings)

    assert stack.drain()
    assert 2 * len(CHANNELS) == len(stack.slack.messages())
    assert "NOTIFIED" == stack.workflow_status(PRODUCT_ARN, "finding-1")


def _reopen(import_findings: Callable[[list[dict[str, Any]]], Any]) -> None:
    """Archive the finding as the product does, and report it again a day later."""
    import_findings([raw_finding(RecordState="ARCHIVED", UpdatedAt="2026-09-02T10:00:00Z")])
    import_findings([raw_finding(UpdatedAt="2026-09-03T10:00:00Z")])


def test_without_the_scope_to_look_it_is_said_twice_at_most(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one exception, documented: a message too many rather than one that is lost."""
    stack.slack.set_scopes([each for each in ALL_SCOPES if each != "channels:history"])
    kill_posting(stack, monkeypatch, "after", skip=0)

    [outcome] = stack.send([event()])

    assert outcome.is_settled
    assert len(CHANNELS) + 1 == len(stack.slack.messages())
    assert "NOTIFIED" == outcome.workflow_status
