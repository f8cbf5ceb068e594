"""Runs scenes with and without troubles on one embedded stack."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from faults.matrix.cells import Before, Cell, cells_after, cells_of, covering
from faults.matrix.judging import explain_dead_letters, problems_of
from faults.matrix.scenes import BURST_THRESHOLD, CHANNEL, SCENES, Scene
from faults.matrix.steps import POST, SLACK, Site, is_made_once, sites_of, step_of
from faults.matrix.troubles import FIRST_TROUBLES, TROUBLES, Trouble
from finding_router.delivery.held.lookout import LOOK_SECONDS
from finding_router_cli.redrive import move_all
from finding_router_local.faults import Effect, Fault
from finding_router_local.gate import Call
from finding_router_local.invocation import Batch
from finding_router_local.slack.api import Statistics
from finding_router_local.slack.workspace import DEFAULT_SCOPES
from finding_router_local.stack import Stack

# So that a trouble that lasts ends in DeadLetters before long.
MOST_TRIES: Final = 8
_ALL_SCOPES: Final = (*DEFAULT_SCOPES, "channels:history")
_DRAIN_SECONDS: Final = 60.0
# Messages of a card, a digest and a thread are searched for in different ways.
_RECOVERING: Final = frozenset({"card", "digest", "reopen"})
_MOST_PLAYS: Final = 3
_TELL_EVERY: Final = 50


@dataclass(slots=True, kw_only=True)
class Verdict:
    """How one cell ended; without *problems* all is well."""

    name: str
    family: str
    trouble: str
    step: str
    scene: str
    problems: list[str] = field(default_factory=list)
    was_struck: bool = False
    was_apart: bool = False
    """The queue delivered findings of one report in separate batches."""
    was_dead: bool = False
    messages_twice: int = 0


@contextmanager
def matrix_stack() -> Iterator[Stack]:
    """Run a stack that makes messages dead letters after a few tries."""
    with Stack(parameters={"BurstThreshold": BURST_THRESHOLD, "V2Status": "in-progress"}) as stack:
        policy = {
            "deadLetterTargetArn": _arn(stack, "DeadLetters"),
            "maxReceiveCount": MOST_TRIES,
        }
        for source in stack.function.sources:
            stack.aws.client("sqs").set_queue_attributes(
                QueueUrl=source.queue_url, Attributes={"RedrivePolicy": json.dumps(policy)}
            )
        yield stack


@dataclass(frozen=True, slots=True)
class Survey:
    """
    The calls that each scene makes, by its name, without a trouble and after some first ones.

    *unknown* are the operations of calls that are no step. Unlike cells it can be sent to other
    processes.
    """

    sites: Mapping[str, Sequence[Site]]
    sites_after: Sequence[tuple[str, Before, Sequence[Site]]]
    unknown: Mapping[str, frozenset[str]]


def run_part(
    survey: Survey,
    part: int,
    parts: int,
    is_covering: bool,  # noqa: FBT001 -- same
    only: str,
) -> list[Verdict]:
    """Run one of so many *parts* of the matrix, or of its covering subset, on its own stack."""
    cells = all_cells(survey)
    if is_covering:
        cells = covering(cells)
    mine = [cell for cell in cells[part::parts] if only in cell.name]
    if not mine:
        return []
    with matrix_stack() as stack:
        verdicts = []
        for number, cell in enumerate(mine, start=1):
            verdicts.append(verdict := run(stack, cell))
            if verdict.problems:
                sys.stderr.write(f"{verdict.name}: {'; '.join(verdict.problems)}\n")
            if number % _TELL_EVERY == 0:
                sys.stderr.write(f"part {part + 1}: {number} of {len(mine)} cells\n")
        return verdicts


def run_survey() -> Survey:
    """Make a survey on a stack of its own."""
    with matrix_stack() as stack:
        return survey_of(stack)


def survey_of(stack: Stack) -> Survey:
    """Run each scene once without any fault, and once with each trouble that leads to calls."""
    calls = {scene.name: calls_of(stack, scene) for scene in SCENES}
    sites = {name: sites_of(some) for name, some in calls.items()}
    unknown = {
        name: frozenset(
            call.operation for call in some if step_of(call) is None and not is_made_once(call)
        )
        for name, some in calls.items()
    }
    sites_after = []
    for scene in SCENES:
        posts = [each for each in sites[scene.name] if each.channel]
        if scene.name not in _RECOVERING:
            continue
        for trouble in (each for each in TROUBLES if each.name in FIRST_TROUBLES):
            # A message is searched for only where one was posted.
            for site in posts if trouble.is_done and not trouble.kills else posts[:1]:
                first = Before(site, trouble)
                sites_after.append((scene.name, first, _sites_after(stack, scene, first)))
    return Survey(sites, sites_after, unknown)


def all_cells(survey: Survey) -> list[Cell]:
    """Return every cell that follows from *survey*."""
    scenes = {scene.name: scene for scene in SCENES}
    cells = cells_of(survey.sites, SCENES, TROUBLES)
    for name, first, sites in survey.sites_after:
        cells += cells_after(first, scenes[name], sites, TROUBLES)
    return cells


def _sites_after(stack: Stack, scene: Scene, first: Before) -> list[Site]:
    """Return the calls that the router makes only where *first* befalls *scene*."""
    steps = FIRST_TROUBLES[first.trouble.name]
    sites = sites_of(calls_of(stack, scene, first))
    return [each for each in sites if each.step.name in steps and not each.skip]


def calls_of(stack: Stack, scene: Scene, first: Before | None = None) -> list[Call]:
    """
    Run *scene* without any fault but *first*, and return the router's calls in its act.

    Like a cell it is run again where the queue delivers a burst in two batches.
    """
    for _ in range(_MOST_PLAYS):
        calls, is_apart = _watch(stack, scene, first)
        if first is not None or not is_apart:
            break
    return calls


def _watch(stack: Stack, scene: Scene, first: Before | None) -> tuple[list[Call], bool]:
    """Return the calls, and whether the findings of one report came apart."""
    _prepare(stack, scene, with_history=True)
    stack.aws.gate.recent.clear()
    before, earlier = stack.slack.statistics, len(stack.journal.batches)
    if first is not None:
        _arm(stack, first.site, first.trouble, lasts=False)
    scene.act(stack)
    stack.drain(seconds=_DRAIN_SECONDS)
    workers = {process.name for process in stack.processes}
    # The event source deletes messages in the name of the function.
    calls = [
        call
        for call in stack.aws.gate.recent
        if call.caller in workers or call.operation == "DeleteMessageBatch"
    ]
    calls += _slack_calls(before, stack.slack.statistics)
    return calls, _is_apart(stack.journal.batches[earlier:])


def _slack_calls(before: Statistics, after: Statistics) -> Iterator[Call]:
    """Return the calls in between; the body of a post is its channel's name."""
    posts = sorted(
        (at, channel)
        for channel, times in after.posts.items()
        for at in times[len(before.posts.get(channel, ())) :]
    )
    for _, channel in posts:
        yield Call(SLACK, POST, f"#{channel}".encode(), None)
    for method in (after.calls - before.calls).elements():
        if method != POST:
            yield Call(SLACK, method, b"", None)


def run(stack: Stack, cell: Cell) -> Verdict:
    """
    Run a cell's scene with its trouble, until its required end.

    The queue may deliver a burst in two batches, which are no digest: then it is run again.
    """
    for _ in range(_MOST_PLAYS):
        verdict = _play(stack, cell)
        if verdict.was_struck and not (verdict.problems and verdict.was_apart):
            break
    if not verdict.was_struck:
        verdict.problems.append("the trouble never came")
    return verdict


def _play(stack: Stack, cell: Cell) -> Verdict:
    _prepare(stack, cell.scene, with_history=cell.with_history)
    verdict = Verdict(
        name=cell.name,
        family=cell.trouble.family,
        trouble=cell.trouble.name,
        step=cell.site.step.name,
        scene=cell.scene.name,
    )
    earlier = len(stack.journal.batches)
    with _trouble(stack, cell) as struck:
        cell.scene.act(stack)
        if not stack.drain(seconds=_DRAIN_SECONDS):
            verdict.problems.append("the queue is not empty")
        dead = stack.queued("DeadLetters")
        verdict.was_dead = bool(dead)
        verdict.was_struck = struck()
        verdict.was_apart = _is_apart(stack.journal.batches[earlier:])
    if dead:
        if not cell.lasts:
            verdict.problems.append("what went wrong once made dead letters")
        verdict.problems += explain_dead_letters(stack, cell, dead)
        _redrive(stack, verdict)
    if cell.scene.after is not None:
        cell.scene.after(stack)
    problems, twice = problems_of(stack, cell)
    verdict.problems += problems
    verdict.messages_twice = twice
    return verdict


def _is_apart(batches: Sequence[Batch]) -> bool:
    """Return True if findings that are NEW came for the same time in more than one of *batches*."""
    tries: Counter[tuple[str, str]] = Counter()
    for batch in batches:
        tries.update(
            {
                (record["eventSourceARN"], record["attributes"]["ApproximateReceiveCount"])
                for record in batch.event["Records"]
                if '"Status": "NEW"' in record["body"]
            }
        )
    return any(count > 1 for count in tries.values())


def _prepare(stack: Stack, scene: Scene, *, with_history: bool) -> None:
    stack.reset()
    # So that each worker looks for overdue bins again, whatever it did in the scene before.
    stack.advance(LOOK_SECONDS)
    stack.slack.set_scopes(_ALL_SCOPES if with_history else DEFAULT_SCOPES)
    stack.put_routes(scene.routes)
    for act in scene.before:
        act(stack)


def _redrive(stack: Stack, verdict: Verdict) -> None:
    """Send the dead letters back, as an operator does once the cause is remedied."""
    queues = stack.deployment.queues
    sqs = stack.aws.client("sqs")
    move_all(sqs, source=queues["DeadLetters"], target=queues["FindingsQueue"])
    if not stack.drain(seconds=_DRAIN_SECONDS):
        verdict.problems.append("the queue is not empty after the redrive")
    if stack.queued("DeadLetters"):
        verdict.problems.append("dead letters are left after the redrive")


@contextmanager
def _trouble(stack: Stack, cell: Cell) -> Iterator[Callable[[], bool]]:
    """Cause the trouble; return a function that returns True if it struck."""
    if cell.first is not None:
        _arm(stack, cell.first.site, cell.first.trouble, lasts=False)
    yield _arm(stack, cell.site, cell.trouble, lasts=cell.lasts)
    stack.slack.faults.clear()
    stack.aws.faults.clear()


def _arm(stack: Stack, site: Site, trouble: Trouble, *, lasts: bool) -> Callable[[], bool]:
    if site.step.service == SLACK or trouble.effect is None:
        fault = stack.slack.faults.add(
            method=site.step.operation,
            skip=site.skip_there if trouble.is_about_channel else site.skip,
            times=None if lasts else 1,
            channel=(site.channel or CHANNEL) if trouble.is_about_channel else None,
            meanwhile=(lambda: _kill(stack)) if trouble.kills else None,
            **trouble.slack,
        )
        return lambda: bool(fault.struck)
    stack.aws.faults.add(
        Fault(
            effect=trouble.effect,
            service=site.step.service,
            operation=site.step.operation,
            containing="" if trouble.effect is Effect.UNPROCESSED else site.step.containing,
            skip=site.skip,
            times=None if lasts else trouble.times,
            code=trouble.code,
            status=trouble.status,
        )
    )
    return lambda: any(each["hits"] for each in stack.aws.faults.state())


def _kill(stack: Stack) -> None:
    for process in stack.processes:
        process.kill()


def _arn(stack: Stack, queue: str) -> str:
    url = stack.deployment.queues[queue]
    answer = stack.aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])
