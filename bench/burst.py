"""
Calculate the price of a burst of findings for one channel, with their echoes.

The embedded stack gets two bursts, the second twice as large, and everything that AWS charges for
is counted. If twice the findings take twice the units, nothing grows faster than the burst, and the
price of 60,000 is that of the second, times their ratio.
"""

import argparse
import json
import math
import resource
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cost import (
    DYNAMODB_READ,
    DYNAMODB_WRITE,
    LAMBDA_GB_SECOND,
    LAMBDA_REQUEST,
    LOGS_GB,
    MEMORY_GB,
    PLATFORM_LOG_BYTES,
    ROUTES_READ_UNITS,
    SLOWDOWN,
    SQS_REQUEST,
    write_units,
)
from faults.flood import Flood
from finding_router_local.gate import Call
from finding_router_local.stack import Stack

BURST = 60_000
WORKERS = 2
KILOBYTE = 1024
READ_BYTES = 4096
# A request of SQS is charged for each 64 KB of it.
SQS_BYTES = 64 * KILOBYTE
MESSAGES_PER_CALL = 10
IMPORTED_AT_ONCE = 100
POLL_SECONDS = 0.5


class Meter(deque[Call]):
    """Counts the units of each call of the gate, and keeps none of them."""

    def __init__(self) -> None:
        """Start with nothing."""
        super().__init__()
        self.units: Counter[str] = Counter()
        self._stored: Counter[str] = Counter()

    def append(self, call: Call) -> None:
        """Add the units of *call*."""
        if call.service == "dynamodb":
            self._add(call.operation, json.loads(call.body))
        elif call.service == "sqs":
            self._add_request(call)

    def _add(self, operation: str, request: Mapping[str, Any]) -> None:
        self.units["writes"] += write_units(operation, request)
        match operation:
            case "BatchWriteItem":
                [puts] = request["RequestItems"].values()
                for item in (each["PutRequest"]["Item"] for each in puts):
                    self._stored[item["finding"]["S"]] += len(json.dumps(item))
            case "BatchGetItem":
                [wanted] = request["RequestItems"].values()
                self.units["reads"] += len(wanted["Keys"])
            case "Query" | "Scan":
                self.units["reads"] += self._queried(request)

    def _queried(self, request: Mapping[str, Any]) -> int:
        """Return the units of a query, which reads all that is in its partition."""
        values = request.get("ExpressionAttributeValues", {}).values()
        names = [each["S"] for each in values if "S" in each]
        stored = sum(self._stored[name] for name in names)
        if stored:
            return math.ceil(stored / READ_BYTES)
        return ROUTES_READ_UNITS if "route" in names else 1

    def _add_request(self, call: Call) -> None:
        # Lambda polls in its own way: received batches are counted by its calls that delete them.
        match call.operation:
            case "DeleteMessageBatch":
                self.units["SQS requests"] += 2
            case "SendMessageBatch":
                self.units["SQS requests"] += math.ceil(len(call.body) / SQS_BYTES)
            case "ChangeMessageVisibilityBatch":
                self.units["SQS requests"] += 1


@dataclass(frozen=True)
class Burst:
    """The units that so many *findings* took, and the seconds of all runs."""

    findings: int
    runs: int
    billed_seconds: float
    log_bytes: int
    messages: int
    units: Counter[str] = field(default_factory=Counter)

    def prices(self) -> Iterator[tuple[str, float, float]]:
        """Yield name, amount and price of each chargeable unit."""
        yield "Lambda, requests", self.runs, self.runs * LAMBDA_REQUEST
        seconds = self.billed_seconds * MEMORY_GB
        yield "Lambda, GB-seconds", seconds, seconds * LAMBDA_GB_SECOND
        # EventBridge sends each event by itself: the finding, and its echo.
        requests = self.units["SQS requests"] + 2 * self.findings
        yield "SQS, requests", requests, requests * SQS_REQUEST
        yield "DynamoDB, writes", self.units["writes"], self.units["writes"] * DYNAMODB_WRITE
        yield "DynamoDB, reads", self.units["reads"], self.units["reads"] * DYNAMODB_READ
        size = self.log_bytes + self.runs * PLATFORM_LOG_BYTES
        yield "CloudWatch, bytes of log", size, size / 1e9 * LOGS_GB


def measure(findings: int) -> Burst:
    """Send a burst through a stack of its own, and return the measured amounts."""
    # Some events of a flood are repeated.
    flood = Flood(2 * findings, channels=1)
    [events] = flood.waves(2 * findings)
    unique = {each["Id"]: each | {"Severity": {"Label": "MEDIUM"}} for each in events}
    several = list(unique.values())[:findings]
    meter, cpu_before = Meter(), _children()
    with Stack(workers=WORKERS, is_hasty=False, parameters={"LogLevel": "INFO"}) as stack:
        stack.put_routes(flood.routes())
        stack.aws.gate.recent = meter
        for start in range(0, len(several), IMPORTED_AT_ONCE):
            some = several[start : start + IMPORTED_AT_ONCE]
            stack.aws.security_hub.batch_import_findings(some)
        while stack.queued_ids() or stack.is_working:
            time.sleep(POLL_SECONDS)
        marked = sum(each["Workflow"]["Status"] == "NOTIFIED" for each in stack.findings())
        if marked != len(several):
            sys.exit(f"{len(several) - marked} findings were not said")
        batches = list(stack.journal.batches)
        messages = len(stack.slack.messages())
    # The runs waited for slots and for the local AWS, and Lambda gives them less processor.
    waited = sum(each.invocation.seconds for each in batches)
    slower = (_children() - cpu_before) * (SLOWDOWN - 1)
    return Burst(
        findings=len(several),
        runs=len(batches),
        billed_seconds=waited + slower,
        log_bytes=sum(len(line) + 1 for each in batches for line in each.invocation.log),
        messages=messages,
        units=meter.units,
    )


def _children() -> float:
    """Return the seconds of processor of all workers that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure two bursts and print the price of a third."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=500, help="in the first (default: 500)")
    options = parser.parse_args()
    small, large = measure(options.findings), measure(2 * options.findings)
    print(f"a burst for one channel, of {small.findings:,} and {large.findings:,} findings:")
    print(f"  {'':28}{'first':>12}{'second':>12}{'ratio':>8}{f'{BURST:,}':>12}")
    total = 0.0
    for (name, few, _), (_, many, price) in zip(small.prices(), large.prices(), strict=True):
        whole = price * BURST / large.findings
        total += whole
        print(f"  {name:28}{few:12,.0f}{many:12,.0f}{many / max(few, 1):8.2f}{f'${whole:.3f}':>12}")
    print(f"  {'messages':28}{small.messages:12,}{large.messages:12,}")
    print(f"  {'sum':28}{'':32}{f'${total:.2f}':>12}")


if __name__ == "__main__":
    main()
