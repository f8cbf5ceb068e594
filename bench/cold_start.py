"""
Measure the cold start: init and first invocation under the Runtime Interface Emulator.

The built function posts a sample finding through the embedded stack. It is compared with itself
without bytecode, with itself on the runtime's boto3 instead of the layer's, and with a bare handler
that only creates one boto3 client. Each round starts all of them in turn, so that a load peak of
the machine affects all. The result is a table of medians.
"""

import argparse
import copy
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finding_router_local.build import Built, sam_build
from finding_router_local.stack import Stack
from rie import RuntimeEmulator, assemble_runtime, find_emulator

PROJECT = Path(__file__).parents[1]
EVENT = PROJECT / "events" / "imported-guardduty-port-probe.json"
HANDLER = "finding_router.handler.lambda_handler"
GOAL = 1.5
# Packages of the runtime's boto3: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
RUNTIME_BOTO3 = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
BARE = """
import boto3

client = boto3.client("dynamodb")


def handler(event, context):
    return {}
"""


@dataclass(frozen=True)
class Variant:
    """One function to measure; all are compared with the one that *is_bare*."""

    name: str
    task: Path
    layer: Path
    runtime: Path
    handler: str = HANDLER
    is_bare: bool = False


def make_variants(built: Built, folder: Path) -> list[Variant]:
    """Return the functions to compare, with their files in *folder*."""
    runtime = assemble_runtime(folder / "runtime")
    bare = folder / "bare"
    bare.mkdir()
    (bare / "bare.py").write_text(BARE)
    layer, task = folder / "source-layer", folder / "source-task"
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(built.layer, layer, ignore=without)
    shutil.copytree(built.task, task, ignore=without)
    slim = folder / "slim-layer"
    shutil.copytree(built.layer, slim)
    for name in RUNTIME_BOTO3:
        package = slim / "python" / name.removeprefix("python-")
        if package.is_dir():
            shutil.rmtree(package)
        else:
            package.with_suffix(".py").unlink()
    full = assemble_runtime(folder / "full-runtime", extra=RUNTIME_BOTO3)
    return [
        Variant(
            "bare handler, one boto3 client",
            bare,
            built.layer,
            runtime,
            "bare.handler",
            is_bare=True,
        ),
        Variant("router, as deployed", built.task, built.layer, runtime),
        Variant("router, without bytecode", task, layer, runtime),
        Variant("router, the runtime's boto3", built.task, slim, full),
    ]


def make_batch(stack: Stack, findings: int = 1, **change: object) -> dict[str, Any]:
    """Return an SQS batch of new *findings*, which are also loaded into Security Hub."""
    return {"Records": [_record(stack, change) for _ in range(findings)]}


def _record(stack: Stack, change: Mapping[str, object]) -> dict[str, Any]:
    event = copy.deepcopy(json.loads(EVENT.read_text("utf-8")))
    [finding] = event["detail"]["findings"]
    finding |= {"Id": f"{finding['Id']}-{uuid.uuid4()}", **change}
    stack.aws.security_hub.load(finding)
    return {
        "messageId": str(uuid.uuid4()),
        "receiptHandle": "none",
        "body": json.dumps(event),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": stack.function.sources[0].queue_arn,
        "awsRegion": stack.aws.region,
    }


def init_cpu(variant: Variant, stack: Stack) -> float:
    """
    Import the runtime and *variant*'s handler as init does, and return the CPU milliseconds.

    Measured from outside, init could include the first invocation, which follows immediately.
    """
    module = variant.handler.rpartition(".")[0]
    script = f"import time, awslambdaric.bootstrap, {module}; print(time.process_time() * 1000)"
    path = (variant.task, variant.layer / "python", variant.runtime)
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": ":".join(map(str, path)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_FUNCTION_NAME": "RouterFunction",
        "AWS_REGION": stack.aws.region,
        "AWS_DEFAULT_REGION": stack.aws.region,
        **stack.environment(),
    }
    run = subprocess.run(
        [sys._base_executable, "-S", "-c", script],  # type: ignore[attr-defined]  # noqa: SLF001 -- not a venv's
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(run.stdout)


def measure(variant: Variant, stack: Stack, emulator: Path) -> dict[str, float]:
    """Start *variant* once, invoke it twice, and return milliseconds and megabytes by name."""
    with RuntimeEmulator(
        emulator=emulator,
        runtime=variant.runtime,
        task=variant.task,
        layer=variant.layer,
        handler=variant.handler,
        environment=stack.environment(),
    ) as function:
        first = function.invoke(make_batch(stack))
        cpu_ms = function.cpu_ms
        stack.advance(2)  # Slack accepts one message per second in a channel
        second = function.invoke(make_batch(stack))
        for invocation in (first, second):
            if invocation.error or invocation.answer.get("batchItemFailures"):
                sys.exit("\n".join([f"{variant.name} failed", *function.log]))
        return {
            "init": function.init_ms or 0.0,
            "init cpu": init_cpu(variant, stack),
            "first": 1000 * first.seconds,
            "both cpu": cpu_ms,
            "second": 1000 * second.seconds,
            "second cpu": function.cpu_ms - cpu_ms,
            "memory": function.peak_megabytes,
        }


def report(medians: Mapping[str, Mapping[str, float]], bare: str) -> str:
    """Return the medians as a table, with ratios to the *bare* handler."""
    columns = ("init", "init cpu", "first", "both cpu", "second", "second cpu", "memory")
    head = f"{'medians (ms, MB)':31}" + "".join(f"{name:>11}" for name in columns)
    compared = ("init", "init cpu", "both cpu")
    lines = [head + "".join(f"{f'{name}:bare':>14}" for name in compared)]
    for name, of in medians.items():
        cells = "".join(f"{of[column]:11.0f}" for column in columns)
        ratios = "".join(f"{of[each] / medians[bare][each]:14.2f}" for each in compared)
        lines.append(f"{name:31}{cells}{ratios}")
    return "\n".join(lines)


def main() -> None:
    """Measure all variants and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="rounds (default: 7)")
    parser.add_argument("--json", action="store_true", help="print the medians as JSON")
    options = parser.parse_args()
    emulator = find_emulator(PROJECT)
    if emulator is None:
        sys.exit("the emulator comes with the SAM CLI: run `make build` first")
    with tempfile.TemporaryDirectory() as folder:
        built = sam_build(PROJECT, Path(folder) / "built")
        variants = make_variants(built, Path(folder))
        samples: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        with Stack(workers=0, parameters={"LogLevel": "INFO"}) as stack:
            for _ in range(options.runs):
                for variant in variants:
                    for name, value in measure(variant, stack, emulator).items():
                        samples[variant.name][name].append(value)
    medians = {
        name: {measure: statistics.median(values) for measure, values in of.items()}
        for name, of in samples.items()
    }
    [bare] = [variant.name for variant in variants if variant.is_bare]
    if options.json:
        print(json.dumps(medians, indent=2))
    else:
        print(report(medians, bare))
        print(f"The goal for init is at most {GOAL} times the bare handler's.")


if __name__ == "__main__":
    main()
