"""
The matrix of presses: every call of the worker, and each way in which it can fail.

Each cell runs on the embedded stack, from the click to the card. In the end the press was done
once, nothing was posted twice, and Security Hub has what the person asked for.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from finding_router.aws.audit import DynamoAudit
from finding_router.aws.items import Items
from finding_router.delivery.audit import Entry
from finding_router_cli.account import Account
from finding_router_local import TEMPLATE
from finding_router_local.actions import WORKER
from finding_router_local.faults import Effect, Fault
from finding_router_local.stack import Stack

_EVENT: Final = json.loads(
    (TEMPLATE.parent / "events/imported-guardduty-port-probe.json").read_text()
)
[_FINDING] = _EVENT["detail"]["findings"]
_ROUTES: Final = [{"kind": "route", "name": "all", "match": {}, "channel": "#alerts"}]
# Longer than a message of a dead worker is out of sight.
_VISIBILITY_SECONDS: Final = 600.0
_ROUNDS: Final = 5
_LOST: Final = {"drop": "after"}


@dataclass(frozen=True, slots=True)
class Act:
    """A button with the *form* that is submitted, and what the card and Security Hub have then."""

    action: str
    shows: str
    form: Mapping[str, Any] | None = None
    status: str = "NOTIFIED"
    kinds: tuple[str, ...] = ("route",)
    """The kinds of items in the routing table."""


ACTS: Final[Sequence[Act]] = (
    Act("acknowledge", "👀 <@U0JANE00001>"),
    Act(
        "suppress",
        "Suppressed by",
        {"reason": "a pen test", "scope": "finding", "always": "drop"},
        "SUPPRESSED",
        ("route", "route"),
    ),
    Act(
        "snooze",
        "💤 until",
        {"for": "4h", "scope": "finding", "reason": "later"},
        kinds=("route", "silence"),
    ),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A trouble with one call in an act: of AWS by *effect*, of Slack by *slack*."""

    act: Act
    service: str
    operation: str
    skip: int
    effect: Effect | None = None
    slack: Mapping[str, Any] = field(default_factory=dict)
    kills: bool = False

    @property
    def name(self) -> str:
        """Name it in one line."""
        trouble = self.effect or ("killed" if self.kills else json.dumps(dict(self.slack)))
        return f"{self.act.action} / {self.operation} {self.skip + 1} / {trouble}"


_OF_AWS: Final = (Effect.ERROR, Effect.LOSE_ANSWER, Effect.KILL_BEFORE, Effect.KILL_AFTER)
_OF_SLACK: Final[Sequence[Mapping[str, Any]]] = (
    {"error": "ratelimited", "retry_after": 2},
    {"http_status": 503},
    _LOST,
)


def cells_of(stack: Stack, act: Act) -> list[Cell]:
    """Return the cells of *act*: each call of the worker that it makes without trouble."""
    _prepare(stack)
    stack.aws.gate.recent.clear()
    before = stack.slack.statistics.calls
    _play(stack, act)
    workers = {each.name for each in stack.actions.workers.processes} if stack.actions else {WORKER}
    counts: dict[tuple[str, str], int] = {}
    for call in stack.aws.gate.recent:
        if call.caller in workers and call.service in {"dynamodb", "securityhub", "sqs"}:
            key = call.service, call.operation
            counts[key] = counts.get(key, 0) + 1
    # The first and the last of each: those between are alike.
    cells = [
        Cell(act, service, operation, skip, effect)
        for (service, operation), count in counts.items()
        for skip in sorted({0, count // 2, count - 1})
        for effect in _OF_AWS
    ]
    for method, count in (stack.slack.statistics.calls - before).items():
        if method.startswith("views."):
            continue
        for skip in range(count):
            cells += [Cell(act, "slack", method, skip, slack=each) for each in _OF_SLACK]
            cells += [Cell(act, "slack", method, skip, slack=_LOST, kills=True)]
    return cells


def problems_of(stack: Stack, cell: Cell) -> list[str]:
    """Run *cell*, and return what is wrong in the end."""
    _prepare(stack)
    if cell.effect is not None:
        stack.aws.faults.add(
            Fault(
                effect=cell.effect,
                service=cell.service,
                operation=cell.operation,
                skip=cell.skip,
                # boto3 tries three times by itself.
                times=3 if cell.effect is Effect.ERROR else 1,
            )
        )
    else:
        stack.slack.faults.add(
            method=cell.operation,
            skip=cell.skip,
            meanwhile=(lambda: _kill(stack)) if cell.kills else None,
            **cell.slack,
        )
    _play(stack, cell.act)
    stack.aws.faults.clear()
    stack.slack.faults.clear()
    return list(_judged(stack, cell.act))


def _prepare(stack: Stack) -> None:
    stack.reset()
    stack.put_routes(_ROUTES)
    stack.load(_EVENT)
    stack.send([_EVENT])


def _play(stack: Stack, act: Act) -> None:
    """Press the button; again if the endpoint said that it did not arrive."""
    for _ in range(2):
        stack.slack.press(act.action)
        if act.form is not None and stack.slack.modal() is not None:
            stack.slack.submit(act.form)
        for _ in range(_ROUNDS):
            stack.drain()
            if not stack.actions or not stack.actions.queue.ids():
                break
            stack.advance(_VISIBILITY_SECONDS)
        if _trail(stack):
            return


def _judged(stack: Stack, act: Act) -> Iterator[str]:
    messages = stack.slack.messages("#alerts")
    if len(messages) != 1:
        yield f"{len(messages)} messages in the channel"
    card = json.dumps(messages[0].as_json(), ensure_ascii=False)
    if act.shows not in card:
        yield f"the card does not say {act.shows}"
    status = stack.workflow_status(_FINDING["ProductArn"], _FINDING["Id"])
    if status != act.status:
        yield f"the finding is {status}"
    kinds = tuple(sorted(str(each["kind"]) for each in stack.routes()))
    if kinds != act.kinds:
        yield f"the table has {kinds}"
    outcomes = [each.outcome for each in _trail(stack)]
    if outcomes != ["done"]:
        yield f"the trail has {outcomes}"
    if dead := stack.queued("DeadLetters"):
        yield f"{len(dead)} dead letters"


def _trail(stack: Stack) -> list[Entry]:
    account = Account.of_running(stack.aws.url, stack.aws.region)
    items = Items(stack.deployment.tables["Ledger"], account.dynamodb())
    now = stack.clock()
    return list(DynamoAudit(items, days=1).newest(since=now - 86_400, now=now))


def _kill(stack: Stack) -> None:
    if stack.actions is not None:
        for process in stack.actions.workers.processes:
            process.kill()
