"""
Measure the cold start: init and first invocation under the Runtime Interface Emulator.

The built function handles two events on the embedded stack: a sample finding that it posts, and an
end of a finding that was never posted, which says nothing. It is compared with itself without
bytecode and on the runtime's boto3 instead of the layer's, with a bare handler that only creates
one boto3 client, and with another notifier where one is given (--peer): the one file
functions/notify_slack.py of github.com/terraform-aws-modules/terraform-aws-notify-slack, on the
runtime's boto3 and without bytecode, as its Terraform module deploys it. It posts the same finding.
The endpoint of buttons, for which Slack waits three seconds, queues a press and opens a form.

Each round starts all of them in turn, so that a load peak of the machine affects all. The result is
a table of medians. The columns in CPU count the processor time of the runtime's process since its
start.
"""

import argparse
import copy
import json
import shutil
import statistics
import sys
import tempfile
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from finding_router_local.build import Built, sam_build
from finding_router_local.stack import Stack
from presses import SECRET, click, event_of
from rie import RuntimeEmulator, assemble_runtime, find_emulator
from stub_slack import StubSlack

PROJECT = Path(__file__).parents[1]
EVENT = PROJECT / "events" / "imported-guardduty-port-probe.json"
HANDLER = "finding_router.handler.lambda_handler"
BARE_NAME = "bare handler, one boto3 client"
POSTS = "router posts a finding"
SILENT = "router, an event that says nothing"
QUEUES = "endpoint queues a press"
OPENS = "endpoint opens a form"
ENDPOINT_HANDLER = "finding_router.actions.handler.lambda_handler"
# Slack's patience.
SLACK_MS = 3_000
PEER = "peer posts the finding"
# Packages of the runtime's boto3: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
RUNTIME_BOTO3 = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
BARE = """
import boto3

client = boto3.client("dynamodb")


def handler(event, context):
    return {}
"""


# The aims: CPU of init and first invocation, as ratios to the peer's.
GOALS = {POSTS: 1.3, SILENT: 0.8}


@dataclass(frozen=True)
class Variant:
    """One function to measure, and the event that it gets."""

    name: str
    task: Path
    layer: Path | None
    runtime: Path
    make_event: Callable[[Stack], dict[str, Any]]
    handler: str = HANDLER
    environment: Mapping[str, str] = field(default_factory=dict)


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
            package.with_suffix(".py").unlink(missing_ok=True)
    full = assemble_runtime(folder / "full-runtime", extra=RUNTIME_BOTO3)
    return [
        Variant(BARE_NAME, bare, None, full, make_batch, handler="bare.handler"),
        Variant(POSTS, built.task, built.layer, runtime, make_batch),
        Variant(SILENT, built.task, built.layer, runtime, make_end),
        Variant("router posts, without bytecode", task, layer, runtime, make_batch),
        Variant("router posts, the runtime's botocore", built.task, slim, full, make_batch),
    ]


def make_endpoint(built: Built, folder: Path, stack: Stack, slack: StubSlack) -> list[Variant]:
    """Return the endpoint twice, with what it needs in the AWS of *stack*."""
    queue = stack.aws.client("sqs").create_queue(QueueName="bench-presses")["QueueUrl"]
    value = json.dumps({"token": "xoxb-1", "signing_secret": SECRET})
    secrets = stack.aws.client("secretsmanager")
    arn = secrets.create_secret(Name="bench-slack", SecretString=value)["ARN"]
    environment = {
        "SLACK_SIGNING_SECRET_ARN": arn,
        "SLACK_TOKEN_ARN": arn,
        "SLACK_API_URL": slack.url,
        "ACTIONS_QUEUE_URL": queue,
    }
    return [
        Variant(
            name,
            built.task,
            built.layer,
            folder / "runtime",
            partial(make_press, action=action),
            handler=ENDPOINT_HANDLER,
            environment=environment,
        )
        for name, action in ((QUEUES, "acknowledge"), (OPENS, "resolve"))
    ]


def make_press(_: Stack, action: str) -> dict[str, Any]:
    """Return the request of a pressed button."""
    return event_of(click(action, trigger_id=str(uuid.uuid4())))


def make_peer(source: Path, webhook: str, folder: Path) -> Variant:
    """Return the notifier in the one file *source*, which posts to *webhook*."""
    task = folder / "peer"
    task.mkdir()
    shutil.copy(source, task)
    return Variant(
        PEER,
        task,
        None,
        folder / "full-runtime",
        make_notification,
        handler=f"{source.stem}.lambda_handler",
        environment={
            "SLACK_WEBHOOK_URL": webhook,
            "SLACK_CHANNEL": "#security",
            "SLACK_USERNAME": "peer",
            "SLACK_EMOJI": ":aws:",
        },
    )


@contextmanager
def webhook_server() -> Iterator[str]:
    """Accept posts to a webhook; the value is its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Webhook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


class _Webhook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def make_batch(stack: Stack, findings: int = 1, **change: object) -> dict[str, Any]:
    """Return an SQS batch of new *findings*, which are also loaded into Security Hub."""
    return {"Records": [_record(stack, change) for _ in range(findings)]}


def make_end(stack: Stack) -> dict[str, Any]:
    """Return an SQS batch of the end of a finding that was never posted."""
    return make_batch(stack, RecordState="ARCHIVED")


def make_notification(stack: Stack) -> dict[str, Any]:
    """Return an SNS message with a new finding."""
    [record] = make_batch(stack)["Records"]
    sns = {
        "Subject": None,
        "Message": record["body"],
        "TopicArn": f"arn:aws:sns:{stack.aws.region}:{stack.aws.account_id}:findings",
    }
    return {"Records": [{"EventSource": "aws:sns", "Sns": sns}]}


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


def measure(variant: Variant, stack: Stack, emulator: Path) -> dict[str, float]:
    """Start *variant* once, invoke it twice, and return milliseconds and megabytes by name."""
    with RuntimeEmulator(
        emulator=emulator,
        runtime=variant.runtime,
        task=variant.task,
        layer=variant.layer,
        handler=variant.handler,
        environment={**stack.environment(), **variant.environment},
    ) as function:
        first = function.invoke(variant.make_event(stack))
        cpu_ms = function.cpu_ms
        # The channel's slot of the rate limit is forgotten as well, else the second would wait.
        stack.reset()
        second = function.invoke(variant.make_event(stack))
        for invocation in (first, second):
            if invocation.error or _failed(invocation.answer):
                sys.exit("\n".join([f"{variant.name} failed", *function.log]))
        init_ms = function.init_ms or 0.0
        return {
            "init": init_ms,
            "first": 1000 * first.seconds,
            "both": init_ms + 1000 * first.seconds,
            "both cpu": cpu_ms,
            "second": 1000 * second.seconds,
            "second cpu": function.cpu_ms - cpu_ms,
            "memory": function.peak_megabytes,
        }


def _failed(answer: object) -> bool:
    """Return True if records failed, or a press was not taken; the peer answers with a text."""
    return isinstance(answer, dict) and (
        bool(answer.get("batchItemFailures"))
        or answer.get("statusCode", HTTPStatus.OK) != HTTPStatus.OK
    )


def report(medians: Mapping[str, Mapping[str, float]]) -> str:
    """Return the medians as a table, with ratios to the bare handler, the router and the peer."""
    columns = ("init", "first", "both", "both cpu", "second", "second cpu", "memory")
    bases = {"bare": BARE_NAME, "router": POSTS} | ({"peer": PEER} if PEER in medians else {})
    compared = [(column, base) for base in bases for column in ("both", "both cpu")]
    head = f"{'medians (ms, MB)':36}" + "".join(f"{name:>11}" for name in columns)
    lines = [head + "".join(f"{f'{column}:{base}':>17}" for column, base in compared)]
    for name, of in medians.items():
        cells = "".join(f"{of[column]:11.0f}" for column in columns)
        ratios = "".join(
            f"{of[column] / medians[bases[base]][column]:17.2f}" for column, base in compared
        )
        lines.append(f"{name:36}{cells}{ratios}")
    return "\n".join(lines)


def main() -> None:
    """Measure all variants and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="rounds (default: 7)")
    parser.add_argument("--peer", type=Path, help="another notifier's notify_slack.py")
    parser.add_argument("--json", action="store_true", help="print the medians as JSON")
    options = parser.parse_args()
    emulator = find_emulator(PROJECT)
    if emulator is None:
        sys.exit("the emulator comes with the SAM CLI: run `make build` first")
    samples: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with (
        tempfile.TemporaryDirectory() as name,
        webhook_server() as webhook,
        StubSlack() as slack,
        Stack(workers=0, parameters={"LogLevel": "INFO"}) as stack,
    ):
        folder = Path(name)
        built = sam_build(PROJECT, folder / "built")
        variants = make_variants(built, folder)
        variants += make_endpoint(built, folder, stack, slack)
        if options.peer:
            variants.append(make_peer(options.peer, webhook, folder))
        for _ in range(options.runs):
            for variant in variants:
                for measured, value in measure(variant, stack, emulator).items():
                    samples[variant.name][measured].append(value)
    medians = {
        name: {measured: statistics.median(values) for measured, values in of.items()}
        for name, of in samples.items()
    }
    if options.json:
        print(json.dumps(medians, indent=2))
        return
    print(report(medians))
    slowest = max(medians[name]["both"] for name in (QUEUES, OPENS))
    print(f"Slack waits {SLACK_MS} ms for the endpoint, which took {slowest:.0f} at most.")
    for name, ratio in GOALS.items():
        print(f"The goal for CPU, {name}: at most {ratio} times the peer's.")


if __name__ == "__main__":
    main()
