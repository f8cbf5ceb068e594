"""
A soak: a flood of findings through the embedded stack, with two workers and random faults.

``python -m faults.soak`` prints a report, and exits with 1 if a finding was lost, one was posted
twice, Slack answered with a rate limit, or there were too many messages.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from faults.flood import Flood
from faults.twins import in_ocsf
from finding_router_local.faults import Effect, Fault
from finding_router_local.slack.workspace import DEFAULT_SCOPES, PostedMessage
from finding_router_local.stack import Stack
from memory import peak_megabytes

FINDINGS_PER_MESSAGE: Final = 50
# The first messages of a channel: a parent, and five replies with links, of 20 findings each.
_FIRST_MESSAGES: Final = 6
# Findings of each message after these, among them some of one finding only.
_PER_LATER_MESSAGE: Final = 10_000 / (10_000 / FINDINGS_PER_MESSAGE - 4 * _FIRST_MESSAGES)
# So few channels get so many findings each that their messages are full.
CHANNELS: Final = 4
# As large as template.yaml allows: findings that arrive together are posted together.
BATCH_SIZE: Final = 500
WORKERS: Final = 2
_WAVE: Final = 500
_MOST_WAITING: Final = 1_500
_POLL_SECONDS: Final = 0.5
_CHANNELS: Final = "soak-"
_RESOURCE: Final = re.compile(r"soak-\d{6}")
_PARENT: Final = re.compile(r"^\W+(?:[\d,]+ (?:findings?\b|×|vulnerabilit)|Nothing to report)")
_IMPORT: Final = 100
# So many findings make more calls than any planned fault spares.
_LARGE: Final = 10_000
# A fault expected so often strikes at least once, but for one run of a hundred million.
_SURE: Final = 20
# So many of a message's calls go wrong, according to the plan below.
_SLACK_METHODS: Final = ("chat.postMessage", "chat.update")
_SLACK_CHANCE: Final = 0.14
# How often of all calls something goes wrong.
_AWS_FAULTS: Final = (
    Fault(effect=Effect.THROTTLE, service="dynamodb", probability=0.003, times=None),
    Fault(effect=Effect.OUTAGE, service="dynamodb", probability=0.001, times=None),
    Fault(effect=Effect.LOSE_ANSWER, service="dynamodb", probability=0.001, times=None),
    Fault(effect=Effect.THROTTLE, service="securityhub", probability=0.05, times=None),
    Fault(effect=Effect.LOSE_ANSWER, service="securityhub", probability=0.02, times=None),
    Fault(effect=Effect.UNPROCESSED, code="InternalFailure", probability=0.002, times=None),
    Fault(effect=Effect.KILL_BEFORE, service="dynamodb", operation="PutItem", skip=700),
    Fault(effect=Effect.KILL_AFTER, service="dynamodb", operation="PutItem", skip=2_000),
    Fault(effect=Effect.KILL_AFTER, service="securityhub", skip=20),
)


@dataclass(slots=True)
class Report:
    """The results of a soak."""

    findings: int
    unique: int
    reopened: int
    outcomes: Counter[str]
    faults: int
    messages: int
    updates: int
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    unstruck: list[str] = field(default_factory=list)
    """Planned faults that never struck, though there were calls enough."""
    rate_limited: int = 0
    dead_letters: int = 0
    busiest: int = 0
    """Messages of the channel that has most of them."""
    seconds: float = 0.0
    stack_seconds: float = 0.0
    worker_mb: float | None = None

    @property
    def per_message(self) -> float:
        """Return how many findings one message stands for."""
        return self.findings / max(self.messages, 1)

    def lines(self) -> Iterator[str]:
        """Return the report, one fact a line."""
        facts = {
            "findings in": f"{self.findings} events about {self.unique} findings, "
            f"{self.reopened} of them reopened",
            "outcomes": ", ".join(f"{count} {name}" for name, count in self.outcomes.most_common()),
            "faults": f"{self.faults}; {len(self.unstruck)} kinds never came "
            f"{', '.join(self.unstruck)}",
            "messages posted": f"{self.messages}, one for {self.per_message:.0f} findings; "
            f"{self.updates} updates",
            "said twice": f"{len(self.twice)} {', '.join(self.twice[:5])}",
            "lost": f"{len(self.lost)} {', '.join(self.lost[:5])}",
            "dead letters": f"{self.dead_letters}",
            "429s": f"{self.rate_limited}",
            "drained in": f"{self.stack_seconds:.0f} s of the stack's clock, {self.seconds:.0f} s "
            f"here; Slack's limit alone makes {self.busiest} s of the busiest channel's messages",
        }
        if self.worker_mb is not None:
            facts["peak memory"] = f"{self.worker_mb:.0f} MB of a worker"
        for name, said in facts.items():
            yield f"{name:<16} {said.rstrip()}"

    def problems(self, *, per_message: float) -> list[str]:
        """Return the problems."""
        problems = []
        if self.lost:
            problems.append(f"{len(self.lost)} lost")
        if self.twice:
            problems.append(f"{len(self.twice)} said twice")
        if self.dead_letters:
            problems.append(f"{self.dead_letters} dead letters")
        if self.unstruck:
            problems.append(f"{len(self.unstruck)} planned faults never struck")
        if self.rate_limited:
            problems.append(f"{self.rate_limited} messages refused for their pace")
        if self.per_message < per_message:
            problems.append(f"one message for {self.per_message:.0f} findings only")
        return problems


def soak(
    findings: int,
    *,
    channels: int = CHANNELS,
    with_faults: bool = True,
    seed: int = 1,
    is_in_both: bool = False,
) -> Report:
    """
    Send a flood through a stack of its own, in real time; skip waits while no worker is busy.

    With *is_in_both* each of its events comes in both forms, of one Security Hub and of the other.
    """
    flood = Flood(findings, channels=channels, seed=seed)
    with _stack(is_in_both=is_in_both) as stack:
        stack.put_routes(flood.routes())
        if with_faults:
            _break_things(stack)
        began, clock = time.monotonic(), stack.clock()
        for number, wave in enumerate(flood.waves(_WAVE)):
            _import(stack, wave, is_in_both=is_in_both)
            is_half = number + 1 == findings // _WAVE // 2
            _wait(stack, most=0 if is_half else _MOST_WAITING)
            if is_half:
                flood.settle(_said(stack))
            sent, waiting = min((number + 1) * _WAVE, findings), len(stack.queued_ids())
            sys.stderr.write(f"{sent} of {findings} findings sent, {waiting} messages wait\n")
        stack.hurry(now=True)
        _wait(stack, most=0)
        seconds, stack_seconds = time.monotonic() - began, stack.clock() - clock
        report = _report(stack, flood)
        report.worker_mb = peak_megabytes(each.pid for each in stack.processes)
    report.seconds, report.stack_seconds = seconds, stack_seconds
    return report


def reachable(findings: int, channels: int) -> float:
    """Return how many findings one message of so small or so large a flood must stand for."""
    first = findings / (channels * _FIRST_MESSAGES + findings / _PER_LATER_MESSAGE)
    return min(first, FINDINGS_PER_MESSAGE * min(CHANNELS / channels, 1.0))


@contextmanager
def _stack(*, is_in_both: bool) -> Iterator[Stack]:
    parameters: dict[str, str | int] = {"BatchSize": BATCH_SIZE, "RouteCacheSeconds": 30}
    if is_in_both:
        parameters["V2Status"] = "in-progress"
    with Stack(workers=WORKERS, is_hasty=False, parameters=parameters) as stack:
        stack.slack.set_scopes((*DEFAULT_SCOPES, "channels:history"))
        yield stack


def _break_things(stack: Stack) -> None:
    stack.aws.faults.add(*_AWS_FAULTS)
    for method in _SLACK_METHODS:
        stack.slack.faults.add(method=method, drop="after", chance=0.03, times=None)
        stack.slack.faults.add(method=method, drop="before", chance=0.03, times=None)
        stack.slack.faults.add(method=method, http_status=503, chance=0.03, times=None)
        stack.slack.faults.add(
            method=method, error="internal_error", stored=True, chance=0.03, times=None
        )
        stack.slack.faults.add(method=method, error="fatal_error", chance=0.02, times=None)


def _import(stack: Stack, wave: Sequence[dict[str, Any]], *, is_in_both: bool) -> None:
    for number, start in enumerate(range(0, len(wave), _IMPORT)):
        some = list(wave[start : start + _IMPORT])
        twins = [in_ocsf(each) for each in some] if is_in_both else []
        if number % 2:
            stack.import_v2(twins)
            twins = []
        stack.aws.security_hub.batch_import_findings(some)
        if twins:
            stack.import_v2(twins)


def _wait(stack: Stack, *, most: int) -> None:
    """Wait until *most* messages are left; where nothing but retries is, the clock jumps there."""
    while len(stack.queued_ids()) > most or (not most and stack.is_working):
        stack.skip_waiting()
        time.sleep(_POLL_SECONDS)


def _report(stack: Stack, flood: Flood) -> Report:
    messages = stack.slack.messages()
    statistics = stack.slack.statistics
    by_channel = Counter(each.channel_name for each in messages)
    lost, twice = _check(stack, flood)
    return Report(
        findings=flood.size,
        unique=len(flood.told),
        reopened=flood.reopened,
        outcomes=_outcomes(stack.journal.log),
        faults=sum(each["hits"] for each in stack.aws.faults.state())
        + sum(each["struck"] for each in stack.slack.faults.describe()),
        messages=len(messages),
        updates=statistics.calls["chat.update"],
        lost=lost,
        twice=twice,
        unstruck=unstruck(stack, flood.size),
        rate_limited=sum(statistics.rate_limited.values()),
        dead_letters=len(stack.queued("DeadLetters")),
        busiest=max(by_channel.values(), default=0),
    )


def unstruck(stack: Stack, findings: int) -> list[str]:
    """
    Name the faults that were planned and never struck, where that is no chance.

    A small soak has too few calls for some of them.
    """
    names: list[str] = []
    for each in stack.aws.faults.state():
        is_sure = each["probability"] < 1 and each["chances"] * each["probability"] > _SURE
        if (findings >= _LARGE or is_sure) and not each["hits"]:
            names.append(f"{each['effect']} of {each['service']}")
    calls, struck = stack.slack.statistics.calls, Counter[str]()
    planned = stack.slack.faults.describe()
    for each in planned:
        struck[each["method"]] += each["struck"]
    due = (method for method in struck if calls[method] * _SLACK_CHANCE > _SURE)
    return [*names, *(f"any of {method}" for method in due if not struck[method])]


def _posted(stack: Stack) -> list[PostedMessage]:
    return [each for each in stack.slack.messages() if each.channel_name.startswith(_CHANNELS)]


def _said(stack: Stack) -> Counter[str]:
    """Count the messages about each finding, by the name of its resource."""
    said: Counter[str] = Counter()
    for message in _posted(stack):
        # A digest lists its findings in the thread.
        if message.is_reply or not _PARENT.search(message.text):
            content = json.dumps([message.text, message.blocks, message.attachments])
            said.update(set(_RESOURCE.findall(content)))
    return said


def _check(stack: Stack, flood: Flood) -> tuple[list[str], list[str]]:
    """Return the findings that were lost or are not NOTIFIED, and those posted too often."""
    ids: Counter[str] = Counter()
    for message in _posted(stack):
        payload = (message.metadata or {}).get("event_payload", {})
        ids.update(payload.get("delivery_ids", ()))
    said = _said(stack)
    status = {
        (each["ProductArn"], each["Id"]): each["Workflow"]["Status"] for each in stack.findings()
    }
    v2 = stack.aws.security_hub.v2
    lost, twice = [], [id_ for id_, count in ids.items() if count > 1]
    for name, told in flood.told.items():
        finding = told.finding
        if said[name] > told.times + told.is_critical:
            twice.append(name)
        # A finding that ended before it was posted needs no message.
        if told.is_over:
            continue
        if said[name] < told.times:
            lost.append(name)
        elif status[finding["ProductArn"], finding["Id"]] != "NOTIFIED":
            lost.append(f"{name} is not NOTIFIED")
        elif v2.status(finding["ProductArn"], finding["Id"]) not in (None, "In Progress"):
            lost.append(f"{name} is not In Progress")
    return lost, twice


def _outcomes(log: Sequence[str]) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    for text in log:
        if '"message":"finding"' in text.replace(": ", ":"):
            outcomes[json.loads(text)["outcome"]] += 1
    return outcomes


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=10_000)
    parser.add_argument("--channels", type=int, default=CHANNELS)
    parser.add_argument("--forms", choices=("asff", "both"), default="asff")
    parser.add_argument("--no-faults", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--per-message",
        type=float,
        help=f"how many findings one message must stand for at least; {FINDINGS_PER_MESSAGE} for "
        f"10,000 in {CHANNELS} channels, and less for fewer, or in more channels: each channel has "
        "some messages of its own",
    )
    arguments = parser.parse_args()
    report = soak(
        arguments.findings,
        channels=arguments.channels,
        with_faults=not arguments.no_faults,
        seed=arguments.seed,
        is_in_both=arguments.forms == "both",
    )
    sys.stdout.writelines(f"{line}\n" for line in report.lines())
    per_message = arguments.per_message
    if per_message is None:
        per_message = reachable(arguments.findings, arguments.channels)
    problems = report.problems(per_message=per_message)
    sys.stdout.writelines(f"NOT AS IT MUST BE: {problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
