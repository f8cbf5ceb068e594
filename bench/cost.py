"""
Calculate the cost of a month from measurements of the built function and AWS's list prices.

The built function runs under the Runtime Interface Emulator. Its calls, log bytes and CPU seconds
are counted, and bills for 10 and for 1,000 accounts are calculated. Quantities that cannot be
measured here, such as response times of AWS and Slack, are assumptions below.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cold_start import HANDLER, PROJECT, make_batch
from finding_router.delivery.limits.rate import POST_SECONDS
from finding_router_local import EXAMPLE_ROUTES
from finding_router_local.build import sam_build
from finding_router_local.event_source import EventSource
from finding_router_local.gate import Call
from finding_router_local.invocation import Invocation
from finding_router_local.queues import QueueView
from finding_router_local.stack import Stack
from rie import RuntimeEmulator, assemble_runtime, find_emulator

# Prices in us-east-1, in US dollars.
LAMBDA_REQUEST = 0.20 / 1e6
LAMBDA_GB_SECOND = 0.0000133334
SQS_REQUEST = 0.40 / 1e6
DYNAMODB_WRITE = 0.625 / 1e6
DYNAMODB_READ = 0.125 / 1e6
RECOVERY_GB = 0.20
LOGS_GB = 0.50
METRIC = 0.30
ALARM = 0.10
DASHBOARD = 3.00
# Monthly free tier of every account, without an end: https://aws.amazon.com/free/
FREE_LAMBDA_REQUESTS = 1e6
FREE_GB_SECONDS = 400_000
FREE_SQS_REQUESTS = 1e6
FREE_LOGS_GB = 5
FREE_METRICS = 10
FREE_ALARMS = 10
FREE_DASHBOARDS = 3

METRICS = 10
ALARM_METRICS = 11  # one of the ten alarms watches two queues
DASHBOARDS = 1
MEMORY_GB = 0.5
# One vCPU corresponds to 1,769 MB: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
SLOWDOWN = 1769 / 512

# Assumptions.
DAYS = 30
FINDINGS_PER_ACCOUNT_AND_DAY = 10
EVENTS_PER_FINDING = 2  # a finding updated before it is marked is sent as NEW a second time
# Security Hub reports each check again every day, also unchanged. With TrackLifecycle, the
# rule also passes on findings that were never posted.
CHECKS_PER_ACCOUNT_AND_DAY = 300
# An alert and its list of channels, each with the 100 bytes that DynamoDB adds to an item.
LEDGER_BYTES = 760
LEDGER_DAYS = 400
AWS_CALL_SECONDS = 0.010
SLACK_POST_SECONDS = 0.300
ROUTES_READ_UNITS = 4  # 30 KB
PLATFORM_LOG_BYTES = 1_000  # Lambda's own log lines for an invocation
# Five concurrent long polls of at most 20 s for each of two queues, all the time, even if empty:
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
POLLS = 2 * 5 * 3 * 60 * 24 * DAYS
WAKES = 60 * 24 * DAYS

WAKE = {"finding-router": "wake"}
BACKLOG = "BacklogQueue"
# The calls of the event source.
POLLED = {"ReceiveMessage", "DeleteMessageBatch"}


@dataclass(frozen=True)
class Use:
    """The resources that one invocation with *findings* uses."""

    findings: int
    runs: int
    seconds: float
    cpu_seconds: float
    calls: int
    posts: int
    writes: int
    reads: int
    log_bytes: int

    @property
    def billed_seconds(self) -> float:
        """Return the duration in Lambda, which has less CPU, and network latency."""
        # A channel's second message waits for its slot, and other calls run during the wait.
        waits = max(self.seconds - self.cpu_seconds, 0) if self.posts > 1 else 0
        answers = self.calls * AWS_CALL_SECONDS + self.posts * SLACK_POST_SECONDS
        return self.cpu_seconds * SLOWDOWN + (waits or answers)


def measure(runs: dict[str, tuple[Any, int]]) -> dict[str, Use]:
    """Invoke the function with the events of *runs*, in turn, and return the use of each."""
    emulator = find_emulator(PROJECT)
    if emulator is None:
        sys.exit("the emulator comes with the SAM CLI: run `make build` first")
    uses = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(workers=0, parameters={"LogLevel": "INFO"}) as stack,
    ):
        stack.put_routes(json.loads(EXAMPLE_ROUTES.read_text("utf-8")))
        built = sam_build(PROJECT, Path(folder) / "built")
        with RuntimeEmulator(
            emulator=emulator,
            runtime=assemble_runtime(Path(folder) / "runtime"),
            task=built.task,
            layer=built.layer,
            handler=HANDLER,
            # As deployed, with nobody here who reads the notes.
            environment={**stack.environment(), "ANSWER_EDITS": "true"},
        ) as function:
            for name, (change, findings) in runs.items():
                event = make_batch(stack, findings, **change) if findings else WAKE
                uses[name] = _run(function, stack, event, findings)
                time.sleep(POST_SECONDS)  # the slot of the next message in its channel
    return uses


def _run(function: RuntimeEmulator, stack: Stack, event: Any, findings: int) -> Use:
    stack.aws.gate.recent.clear()
    cpu_ms, posts = function.cpu_ms, len(stack.slack.messages())
    invocations = [function.invoke(event), *_work_off(function, stack)]
    if any(each.error for each in invocations):
        sys.exit("\n".join(function.log))
    own = [line for each in invocations for line in each.log if line.startswith("{")]
    calls = [each for each in stack.aws.gate.recent if each.operation not in POLLED]
    return Use(
        findings=findings,
        runs=len(invocations),
        seconds=sum(each.seconds for each in invocations),
        cpu_seconds=(function.cpu_ms - cpu_ms) / 1000,
        calls=len(calls),
        posts=len(stack.slack.messages()) - posts,
        writes=sum(
            write_units(call.operation, json.loads(call.body))
            for call in calls
            if call.service == "dynamodb"
        ),
        reads=sum(map(_read_units, calls)),
        log_bytes=sum(len(line.encode()) + 1 for line in own),
    )


def _work_off(function: RuntimeEmulator, stack: Stack) -> Iterator[Invocation]:
    """Yield an invocation for each batch of the backlog, until it is empty."""
    [source] = (each for each in stack.function.sources if each.queue == BACKLOG)
    waiting = QueueView(stack.aws, stack.deployment.queues[BACKLOG])
    backlog = EventSource(
        source, sqs=stack.aws.client("sqs"), region=stack.aws.region, invoke=function.invoke
    )
    backlog.hurry(now=True)
    while waiting.ids():
        batch = backlog.run_once()
        if batch is None:
            time.sleep(0.1)
        else:
            yield batch.invocation


def write_units(operation: str, request: Mapping[str, Any]) -> int:
    """Return the write units of a call, one per KB of JSON, which is longer than the item."""
    match operation:
        case "TransactWriteItems":
            # Twice the units of a single write; updated items are small.
            puts = (each.get("Put", {}).get("Item") for each in request["TransactItems"])
            return sum(2 * (_kilobytes(item) if item else 1) for item in puts)
        case "BatchWriteItem":
            [requests] = request["RequestItems"].values()
            return sum(_kilobytes(each["PutRequest"]["Item"]) for each in requests)
        case "PutItem":
            return _kilobytes(request["Item"])
        case "UpdateItem" | "DeleteItem":
            return 1
    return 0


def _kilobytes(item: object) -> int:
    return math.ceil(len(json.dumps(item)) / 1024)


def _read_units(call: Call) -> int:
    """Return the read units of a call: one for each requested Ledger item, even if missing."""
    if (call.service, call.operation) == ("dynamodb", "BatchGetItem"):
        [wanted] = json.loads(call.body)["RequestItems"].values()
        return len(wanted["Keys"])
    if (call.service, call.operation) == ("dynamodb", "Query"):
        is_routes = b'"route"' in call.body
        return ROUTES_READ_UNITS if is_routes else 1
    return 0


def bill(accounts: int, new: Use, again: Use, wake: Use) -> Iterator[tuple[str, float, float]]:
    """Yield each item of a month's bill: its name, list price, and price after the free tier."""
    events = accounts * FINDINGS_PER_ACCOUNT_AND_DAY * DAYS * EVENTS_PER_FINDING
    checks = accounts * CHECKS_PER_ACCOUNT_AND_DAY * DAYS
    runs = ((events / new.findings, new), (checks / again.findings, again), (WAKES, wake))
    amounts = (
        (
            "Lambda, requests",
            sum(times * use.runs for times, use in runs),
            LAMBDA_REQUEST,
            FREE_LAMBDA_REQUESTS,
        ),
        (
            "Lambda, GB-seconds",
            sum(times * use.billed_seconds * MEMORY_GB for times, use in runs),
            LAMBDA_GB_SECOND,
            FREE_GB_SECONDS,
        ),
        # Each message is sent, received and deleted, the latter two in batches of ten.
        ("SQS", (events + checks) * 1.2 + POLLS, SQS_REQUEST, FREE_SQS_REQUESTS),
        ("DynamoDB, writes", sum(times * use.writes for times, use in runs), DYNAMODB_WRITE, 0),
        ("DynamoDB, reads", sum(times * use.reads for times, use in runs), DYNAMODB_READ, 0),
        (
            "DynamoDB, recovery of the ledger",
            accounts * FINDINGS_PER_ACCOUNT_AND_DAY * LEDGER_DAYS * LEDGER_BYTES / 1e9,
            RECOVERY_GB,
            0,
        ),
        (
            "CloudWatch, logs",
            sum(times * (use.log_bytes + PLATFORM_LOG_BYTES) for times, use in runs) / 1e9,
            LOGS_GB,
            FREE_LOGS_GB,
        ),
        (f"CloudWatch, {METRICS} metrics", METRICS, METRIC, FREE_METRICS),
        (f"CloudWatch, alarms on {ALARM_METRICS} metrics", ALARM_METRICS, ALARM, FREE_ALARMS),
        ("CloudWatch, dashboard", DASHBOARDS, DASHBOARD, FREE_DASHBOARDS),
        # The first 14 million calls a month are free.
        ("EventBridge Scheduler", WAKES, 1e-6, 14e6),
    )
    for name, amount, price, free in amounts:
        yield name, amount * price, max(amount - free, 0) * price


def show(title: str, items: Sequence[tuple[str, float, float]]) -> None:
    """Print a bill with its total."""
    print(f"\n{title}:  list price  beyond free tier")
    for item, listed, paid in items:
        print(f"  {item:34} {listed:12.2f} {paid:12.2f}")
    total, paid_total = (sum(item[column] for item in items) for column in (1, 2))
    print(f"  {'total':34} {total:12.2f} {paid_total:12.2f}")


def main() -> None:
    """Measure the uses and print them with the bills."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=5, help="in a busy batch (default: 5)")
    options = parser.parse_args()
    passed = {"Compliance": {"Status": "PASSED"}, "Workflow": {"Status": "RESOLVED"}}
    uses = measure(
        {
            "cold": ({}, 1),
            "_": ({}, 1),
            "warm": ({}, 1),
            "busy": ({}, options.findings),
            "flood": ({}, 50),
            "again": (passed, 10),
            # The first wake-up of a table that was edited stores its valid versions.
            "_wake": ({}, 0),
            "wake": ({}, 0),
        }
    )
    for name, use in uses.items():
        if name.startswith("_"):
            continue
        print(
            f"{name}: {use.findings} findings, {use.posts} messages, {use.cpu_seconds:.2f} s of "
            f"processor in {use.seconds:.2f} s, {use.calls} AWS calls, {use.writes} writes, "
            f"{use.reads} reads, {use.log_bytes} bytes of log; "
            f"{use.billed_seconds * MEMORY_GB:.2f} GB-s in Lambda"
        )
    for accounts, name in ((10, "cold"), (1_000, "busy")):
        items = list(bill(accounts, uses[name], uses["again"], uses["wake"]))
        show(f"{accounts} accounts, every batch {name}", items)
    show("Without a finding", list(bill(0, uses["cold"], uses["again"], uses["wake"])))


if __name__ == "__main__":
    main()
