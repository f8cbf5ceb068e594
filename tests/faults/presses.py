"""
The matrix of presses: every call of the worker, and each way in which it can fail.

Each cell runs on the embedded stack, from the click to the card. In the end the press was done
once, nothing was posted twice, and Security Hub, or GitHub, has what the person asked for.
"""

import copy
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from finding_router.aws.audit import DynamoAudit
from finding_router.aws.items import Items
from finding_router.aws.ticket_outbox import DynamoTicketOutbox
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
_LATER: Final = {"UpdatedAt": "2999-01-01T00:00:00Z"}


def _changed(**changes: Any) -> dict[str, Any]:
    """Return the event of a later state of the finding."""
    event: dict[str, Any] = copy.deepcopy(_EVENT) | {"id": "changed"}
    event["detail"]["findings"][0] |= _LATER | changes
    return event


_ROUTE: Final = {"kind": "route", "name": "all", "match": {}, "channel": "#alerts"}
_DIGEST: Final = {"deliver": "digest"}
_CLICK: Final = {"ticket": {"to": "github"}}
_ALWAYS: Final = {"ticket": {"to": "github", "when": "always"}}
# Longer than a message of a dead worker is out of sight.
_VISIBILITY_SECONDS: Final = 600.0
_ROUNDS: Final = 5
_LOST: Final = {"drop": "after"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """
    A button with the *form* that is submitted, or what is chosen (*picks*), or a minute's work.

    Then the first message says *shows*, and the person was told *answers*. *outcomes* are those
    that the trail may have, *kinds* the kinds of items in the routing table, and *issues* the state
    and the number of comments of each issue.
    """

    name: str
    action: str = ""
    route: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, Any] | None = None
    picks: bool = False
    then: Mapping[str, Any] = field(default_factory=dict)
    """Event of the finding, which has a ticket by then, before the minute's work."""
    shows: str = ""
    answers: str = ""
    status: str = "NOTIFIED"
    kinds: tuple[str, ...] = ("route",)
    outcomes: tuple[str, ...] = ("done",)
    issues: tuple[tuple[str, int], ...] = ()
    messages: int = 1
    """Messages in the channel, with those in threads."""
    least: int = 51
    """Cells that there are at least."""

    @property
    def has_ticket(self) -> bool:
        """Return True if the route makes tickets."""
        return "ticket" in self.route


_WITH_TICKETS: Final = ("route", "ticket")
ACTS: Final[Sequence[Act]] = (
    Act(name="acknowledge", action="acknowledge", shows="👀 <@U0JANE00001>"),
    Act(
        name="suppress",
        action="suppress",
        form={"reason": "a pen test", "scope": "finding", "always": "drop"},
        shows="Suppressed by",
        status="SUPPRESSED",
        kinds=("route", "route"),
    ),
    Act(
        name="snooze",
        action="snooze",
        form={"for": "4h", "scope": "finding", "reason": "later"},
        shows="💤 until",
        kinds=("route", "silence"),
    ),
    Act(
        name="resolve",
        action="resolve",
        form={"reason": "closed the port", "scope": "finding"},
        shows="Resolved by",
        status="RESOLVED",
    ),
    Act(name="why", action="why", answers="Why here?", outcomes=("shown",)),
    Act(
        name="acknowledge a digest",
        action="acknowledge",
        route=_DIGEST,
        shows="👀 <@U0JANE00001>",
        messages=2,
        least=40,
    ),
    Act(
        name="choose from a digest",
        action="pick",
        route=_DIGEST,
        picks=True,
        messages=2,
        least=30,
        answers="Acknowledge",
        outcomes=("shown",),
    ),
    Act(
        name="ticket by a press",
        action="ticket",
        route=_CLICK,
        shows="> open",
        kinds=_WITH_TICKETS,
        # A try after one that died finds the issue.
        outcomes=("done", "unchanged"),
        issues=(("open", 0),),
    ),
    Act(
        name="ticket by the route",
        route=_ALWAYS,
        shows="> open",
        kinds=_WITH_TICKETS,
        outcomes=(),
        issues=(("open", 0),),
    ),
    Act(
        name="end of a ticket",
        route=_ALWAYS,
        then=_changed(RecordState="ARCHIVED"),
        shows="> closed",
        kinds=_WITH_TICKETS,
        outcomes=(),
        issues=(("closed", 1),),
    ),
    Act(
        name="rise of a ticket",
        route=_ALWAYS,
        then=_changed(Severity={"Label": "CRITICAL"}),
        shows="> open",
        kinds=_WITH_TICKETS,
        outcomes=(),
        issues=(("open", 1),),
        messages=2,
    ),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A trouble with one call in an act: of AWS by *effect*, of Slack or GitHub by *fault*."""

    act: Act
    service: str
    operation: str
    skip: int
    effect: Effect | None = None
    fault: Mapping[str, Any] = field(default_factory=dict)
    kills: bool = False

    @property
    def name(self) -> str:
        """Name it in one line."""
        trouble = self.effect or ("killed" if self.kills else json.dumps(dict(self.fault)))
        return f"{self.act.name} / {self.operation} {self.skip + 1} / {trouble}"


_OF_AWS: Final = (Effect.ERROR, Effect.LOSE_ANSWER, Effect.KILL_BEFORE, Effect.KILL_AFTER)
_OF_SLACK: Final[Sequence[Mapping[str, Any]]] = (
    {"error": "ratelimited", "retry_after": 2},
    {"http_status": 503},
    _LOST,
)
_OF_GITHUB: Final[Sequence[Mapping[str, Any]]] = (
    {"http_status": 403, "retry_after": 2, "error": "You have exceeded a secondary rate limit"},
    {"http_status": 503},
    {"http_status": 502, "stored": True},
    {"drop": "before"},
    _LOST,
)


def cells_of(stack: Stack, act: Act) -> list[Cell]:
    """Return the cells of *act*: each call of the worker that it makes without trouble."""
    _prepare(stack, act)
    stack.aws.gate.recent.clear()
    before = stack.slack.statistics.calls
    before_github = Counter(stack.github.api.calls) if stack.github else Counter()
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
        if not method.startswith("views."):
            cells += _cells(act, "slack", method, count, _OF_SLACK)
    if stack.github is not None:
        for method, count in (stack.github.api.calls - before_github).items():
            cells += _cells(act, "github", method, count, _OF_GITHUB)
    return cells


def _cells(
    act: Act, service: str, method: str, count: int, faults: Sequence[Mapping[str, Any]]
) -> Iterator[Cell]:
    for skip in range(count):
        yield from (Cell(act, service, method, skip, fault=each) for each in faults)
        yield Cell(act, service, method, skip, fault=_LOST, kills=True)


def problems_of(stack: Stack, cell: Cell) -> list[str]:
    """Run *cell*, and return what is wrong in the end."""
    _prepare(stack, cell.act)
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
        server = stack.github if cell.service == "github" else stack.slack
        assert server is not None
        server.faults.add(
            method=cell.operation,
            skip=cell.skip,
            meanwhile=(lambda: _kill(stack)) if cell.kills else None,
            **cell.fault,
        )
    _play(stack, cell.act)
    _clear_faults(stack)
    return list(_judged(stack, cell.act))


def _prepare(stack: Stack, act: Act) -> None:
    """Post the finding, and with *act.then* make its ticket and send that event."""
    stack.reset()
    stack.put_routes([{**_ROUTE, **act.route}, *([stack.ticket_item()] if act.has_ticket else ())])
    stack.load(_EVENT)
    stack.send([_EVENT])
    if act.then:
        stack.wake_worker()
        stack.send([act.then])


def _clear_faults(stack: Stack) -> None:
    stack.aws.faults.clear()
    stack.slack.faults.clear()
    if stack.github is not None:
        stack.github.faults.clear()


def _play(stack: Stack, act: Act) -> None:
    """Press the button; again if the endpoint said that it did not arrive. Then work it off."""
    for _ in range(2):
        if act.action:
            _press(stack, act)
        for _ in range(_ROUNDS):
            stack.drain()
            if act.has_ticket:
                # A worker that dies is started by the next call.
                with suppress(OSError):
                    stack.wake_worker()
            if not _is_waiting(stack):
                break
            stack.advance(_VISIBILITY_SECONDS)
        if not act.action or _trail(stack):
            return


def _press(stack: Stack, act: Act) -> None:
    if act.picks:
        [subject] = {
            option["value"]
            for block in stack.slack.messages("#alerts")[0].as_json()["blocks"]
            for element in block.get("elements", ())
            for option in element.get("options", ())
        }
        stack.slack.press(act.action, selected=subject)
    else:
        stack.slack.press(act.action)
    if act.form is not None and stack.slack.modal() is not None:
        stack.slack.submit(act.form)


def _is_waiting(stack: Stack) -> bool:
    """Return True if a message of the worker's queue, or a ticket, is not done with."""
    is_queued = stack.actions is not None and bool(stack.actions.queue.ids())
    return is_queued or any(True for _ in DynamoTicketOutbox(_ledger(stack)).waiting())


def _judged(stack: Stack, act: Act) -> Iterator[str]:
    messages = stack.slack.messages("#alerts")
    if len(messages) != act.messages:
        yield f"{len(messages)} messages in the channel"
    card = json.dumps(messages[0].as_json(), ensure_ascii=False)
    if act.shows not in card:
        yield f"the card does not say {act.shows}"
    told = [json.dumps(each.as_json(), ensure_ascii=False) for each in stack.slack.ephemerals()]
    if act.answers and not any(act.answers in each for each in told):
        yield f"the person was told {told}"
    status = stack.workflow_status(_FINDING["ProductArn"], _FINDING["Id"])
    if status != act.status:
        yield f"the finding is {status}"
    kinds = tuple(sorted(str(each["kind"]) for each in stack.routes()))
    if kinds != act.kinds:
        yield f"the table has {kinds}"
    outcomes = [each.outcome for each in _trail(stack)]
    if len(outcomes) != bool(act.outcomes) or not {*outcomes} <= {*act.outcomes}:
        yield f"the trail has {outcomes}"
    issues = stack.github.issues() if stack.github is not None else ()
    if tuple((each.state, len(each.comments)) for each in issues) != act.issues:
        yield f"the issues are {issues}"
    if _is_waiting(stack):
        yield "something waits"
    if dead := stack.queued("DeadLetters"):
        yield f"{len(dead)} dead letters"


def _trail(stack: Stack) -> list[Entry]:
    now = stack.clock()
    return list(DynamoAudit(_ledger(stack), days=1).newest(since=now - 86_400, now=now))


def _ledger(stack: Stack) -> Items:
    account = Account.of_running(stack.aws.url, stack.aws.region)
    return Items(stack.deployment.tables["Ledger"], account.dynamodb())


def _kill(stack: Stack) -> None:
    if stack.actions is not None:
        for process in stack.actions.workers.processes:
            process.kill()
