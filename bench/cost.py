"""
Add up what a month costs, from what the built function uses here and from AWS's list prices.

It runs the function as it is built under the Runtime Interface Emulator, counts its calls, bytes
of log and seconds of processor, and works out bills for 10 accounts and for 1,000. What cannot be
measured here, such as the time that AWS and Slack take to answer, is an assumption below.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cold_start import HANDLER, PROJECT, make_batch
from finding_router_local import EXAMPLE_ROUTES
from finding_router_local.build import sam_build
from finding_router_local.rie import RuntimeEmulator, assemble_runtime, find_emulator
from finding_router_local.stack import Stack

# us-east-1, in dollars.
LAMBDA_REQUEST = 0.20 / 1e6
LAMBDA_GB_SECOND = 0.0000133334
SQS_REQUEST = 0.40 / 1e6
DYNAMODB_WRITE = 0.625 / 1e6
DYNAMODB_READ = 0.125 / 1e6
LOGS_GB = 0.50
METRIC = 0.30
ALARM = 0.10
DASHBOARD = 3.00
# What every account has free, each month, for good: https://aws.amazon.com/free/
FREE_LAMBDA_REQUESTS = 1e6
FREE_GB_SECONDS = 400_000
FREE_SQS_REQUESTS = 1e6
FREE_LOGS_GB = 5
FREE_METRICS = 10
FREE_ALARMS = 10
FREE_DASHBOARDS = 3

METRICS = 8
ALARMS = 7
DASHBOARDS = 1
MEMORY_GB = 0.5
# A whole processor comes with 1,769 MB: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
SLOWDOWN = 1769 / 512

# Assumptions.
DAYS = 30
FINDINGS_PER_ACCOUNT_AND_DAY = 10
EVENTS_PER_FINDING = 2  # a finding that is updated before it is marked comes as NEW once more
AWS_CALL_SECONDS = 0.010
SLACK_POST_SECONDS = 0.300
QUERY_READ_UNITS = 4  # 30 KB of routes
PLATFORM_LOG_BYTES = 1_000  # Lambda's own lines about a run
# Five long polls of at most 20 s at a time, around the clock, also where nothing comes:
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
POLLS = 5 * 3 * 60 * 24 * DAYS


@dataclass(frozen=True)
class Use:
    """What one run of the function with *findings* uses."""

    findings: int
    seconds: float
    cpu_seconds: float
    calls: int
    writes: int
    reads: int
    queries: int
    log_bytes: int

    @property
    def billed_seconds(self) -> float:
        """How long it would run in Lambda: less of a processor, and a network."""
        waits = max(self.seconds - self.cpu_seconds, 0) if self.findings > 1 else 0
        answers = self.calls * AWS_CALL_SECONDS + SLACK_POST_SECONDS * (not waits)
        return self.cpu_seconds * SLOWDOWN + answers + waits


def measure(runs: dict[str, int]) -> dict[str, Use]:
    """Run batches of so many findings, one after another, and give what each used."""
    emulator = find_emulator(PROJECT)
    if emulator is None:
        sys.exit("the emulator comes with the SAM CLI: run `make build` first")
    uses = {}
    with tempfile.TemporaryDirectory() as folder, Stack(workers=0) as stack:
        stack.put_routes(json.loads(EXAMPLE_ROUTES.read_text("utf-8")))
        built = sam_build(PROJECT, Path(folder) / "built")
        with RuntimeEmulator(
            emulator=emulator,
            runtime=assemble_runtime(Path(folder) / "runtime"),
            task=built.task,
            layer=built.layer,
            handler=HANDLER,
            environment=stack.environment(),
        ) as function:
            for name, findings in runs.items():
                uses[name] = _run(function, stack, findings)
                time.sleep(1.1)  # Slack takes a message a second for a channel
    return uses


def _run(function: RuntimeEmulator, stack: Stack, findings: int) -> Use:
    counts = stack.aws.gate.counts
    counts.clear()
    cpu_ms = function.cpu_ms
    invocation = function.invoke(make_batch(stack, findings))
    if invocation.error or invocation.answer["batchItemFailures"]:
        sys.exit("\n".join(function.log))
    own = [line for line in invocation.log if line.startswith("{")]
    return Use(
        findings=findings,
        seconds=invocation.seconds,
        cpu_seconds=(function.cpu_ms - cpu_ms) / 1000,
        calls=counts.total(),
        writes=counts["dynamodb", "PutItem"] + counts["dynamodb", "UpdateItem"],
        reads=findings,
        queries=counts["dynamodb", "Query"],
        log_bytes=sum(len(line.encode()) + 1 for line in own),
    )


def bill(accounts: int, use: Use) -> Iterator[tuple[str, float, float]]:
    """Give each item of a month's bill, at list price and beyond what is free."""
    events = accounts * FINDINGS_PER_ACCOUNT_AND_DAY * DAYS * EVENTS_PER_FINDING
    batches = events / use.findings
    gb_seconds = batches * use.billed_seconds * MEMORY_GB
    yield "Lambda, requests", *_price(batches, LAMBDA_REQUEST, FREE_LAMBDA_REQUESTS)
    yield "Lambda, GB-seconds", *_price(gb_seconds, LAMBDA_GB_SECOND, FREE_GB_SECONDS)
    # A message is sent, received and deleted; the latter two by tens.
    requests = events * 1.2 + POLLS
    yield "SQS", *_price(requests, SQS_REQUEST, FREE_SQS_REQUESTS)
    yield "DynamoDB, writes", *_price(batches * use.writes, DYNAMODB_WRITE, 0)
    units = batches * (use.reads + use.queries * QUERY_READ_UNITS)
    yield "DynamoDB, reads", *_price(units, DYNAMODB_READ, 0)
    logs = batches * (use.log_bytes + PLATFORM_LOG_BYTES) / 1e9
    yield "CloudWatch, logs", *_price(logs, LOGS_GB, FREE_LOGS_GB)
    yield f"CloudWatch, {METRICS} metrics", *_price(METRICS, METRIC, FREE_METRICS)
    yield f"CloudWatch, {ALARMS} alarms", *_price(ALARMS, ALARM, FREE_ALARMS)
    yield "CloudWatch, dashboard", *_price(DASHBOARDS, DASHBOARD, FREE_DASHBOARDS)


def _price(amount: float, price: float, free: float) -> tuple[float, float]:
    return amount * price, max(amount - free, 0) * price


def main() -> None:
    """Measure, add up and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=10, help="in a busy batch (default: 10)")
    options = parser.parse_args()
    uses = measure({"cold": 1, "_": 1, "warm": 1, "busy": options.findings})
    for name in ("cold", "warm", "busy"):
        use = uses[name]
        print(
            f"{name}: {use.findings} findings, {use.cpu_seconds:.2f} s of processor in "
            f"{use.seconds:.2f} s, {use.calls} AWS calls, {use.writes} writes, "
            f"{use.log_bytes} bytes of log; {use.billed_seconds * MEMORY_GB:.2f} GB-s in Lambda"
        )
    for accounts, name in ((10, "cold"), (1_000, "busy")):
        items = list(bill(accounts, uses[name]))
        print(f"\n{accounts} accounts, every batch {name}:  list price  beyond free tier")
        for item, listed, paid in items:
            print(f"  {item:28} {listed:12.2f} {paid:12.2f}")
        total, paid_total = (sum(item[column] for item in items) for column in (1, 2))
        print(f"  {'total':28} {total:12.2f} {paid_total:12.2f}")


if __name__ == "__main__":
    main()
