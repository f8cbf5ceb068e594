"""The built artefacts run under the emulator, against the embedded stack."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from finding_router_local import EXAMPLE_ROUTES, TEMPLATE
from finding_router_local.build import Built, has_sam
from finding_router_local.stack import Stack
from finding_router_local.template import read_template
from rie import RuntimeEmulator, find_emulator

PROJECT = TEMPLATE.parent
# The environment that `finding-router local up` writes is no event.
EVENTS = sorted(
    path for path in (PROJECT / "events").glob("*.json") if path.name != "local-env.json"
)
HANDLER = "finding_router.handler.lambda_handler"
EMULATOR = find_emulator(PROJECT)
WAKE = {"finding-router": "wake"}
KEPT_FOR_A_DIGEST = {
    "kind": "route",
    "name": "every morning",
    "match": {"ProductName": ["GuardDuty"]},
    "channel": "#digest",
    "deliver": "scheduled",
    "schedule": {"time": "08:00", "zone": "Europe/Zurich"},
}
# Notes which files the function has imported, after each invocation.
WATCHED = """
import json, sys
from finding_router.handler import lambda_handler


def handler(event, context):
    try:
        return lambda_handler(event, context)
    finally:
        files = [getattr(module, "__file__", None) for module in [*sys.modules.values()]]
        with open({path!r}, "w") as file:
            json.dump([file for file in files if file], file)
"""

pytestmark = pytest.mark.skipif(
    EMULATOR is None or not has_sam(PROJECT),
    reason="the SAM CLI is not here: `make build` installs it",
)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Run the embedded stack, without workers that take from the queue."""
    with Stack(workers=0) as running:
        yield running


@pytest.fixture
def empty(stack: Stack) -> Stack:
    """Empty the stack, and load the example routes."""
    stack.reset()
    stack.put_routes(json.loads(EXAMPLE_ROUTES.read_text("utf-8")))
    return stack


def emulate(
    stack: Stack, runtime: Path, built: Built, *, handler: str = HANDLER, **environment: str
) -> RuntimeEmulator:
    """Return the built function under the emulator, at the stack's addresses."""
    assert EMULATOR is not None
    return RuntimeEmulator(
        emulator=EMULATOR,
        runtime=runtime,
        task=built.task,
        layer=built.layer,
        handler=handler,
        environment={**stack.environment(), **environment},
        timeout_seconds=stack.function.timeout_seconds,
        memory_megabytes=stack.function.memory_mb,
    )


def load(stack: Stack, event: Any) -> Any:
    """Store the findings of a bare event in Security Hub."""
    if "detail" in event:
        stack.load(event)
    return event


def read(name: str) -> Any:
    """Read one of the sample events."""
    return json.loads((PROJECT / "events" / name).read_text("utf-8"))


def test_every_sample_event_is_handled(empty: Stack, runtime: Path, built: Built) -> None:
    """All of events/, bare and as a batch, as `sam local invoke` would send them."""
    outcomes = {}
    with emulate(empty, runtime, built) as function:
        for path in EVENTS:
            invocation = function.invoke(load(empty, json.loads(path.read_text("utf-8"))))
            empty.advance(2)
            outcomes[path.stem] = invocation.error or next(iter(invocation.answer))

    assert {path.stem: "outcomes" for path in EVENTS} | {
        "sqs-batch": "batchItemFailures"
    } == outcomes
    assert len(empty.slack.messages()) >= len(EVENTS) - 3


def test_finding_goes_through_the_whole_stack(runtime: Path, built: Built) -> None:
    """From the bus by rule and queue to the function as it is built, to Slack and back."""
    functions = []

    def start(_function: object) -> RuntimeEmulator:
        function = emulate(stack, runtime, built)
        functions.append(function)
        function.start()
        return function

    stack = Stack(make_invoke=start)
    try:
        with stack:
            stack.put_routes(json.loads(EXAMPLE_ROUTES.read_text("utf-8")))
            [outcome] = stack.send([read("imported-guardduty-port-probe.json")])
    finally:
        for function in functions:
            function.stop()

    assert ("posted", "NOTIFIED") == (outcome.outcome, outcome.workflow_status)


@pytest.mark.parametrize(
    ("mode", "status", "comment"),
    [("none", 1, None), ("in-progress", 2, None), ("comment", 1, "Posted to Slack")],
)
def test_finding_of_the_other_security_hub_gets_its_mark(
    empty: Stack, runtime: Path, built: Built, mode: str, status: int, comment: str | None
) -> None:
    """The layer has the operations of V2 as well."""
    event = load(empty, read("imported-v2-guardduty-runtime.json"))

    with emulate(empty, runtime, built, V2_STATUS=mode) as function:
        invocation = function.invoke(event)

    assert "posted" == invocation.answer["outcomes"][0]["outcome"]
    [finding] = empty.aws.security_hub.v2.find()
    assert (status, comment) == (finding["status_id"], finding.get("comment"))


def test_token_may_be_a_parameter(empty: Stack, runtime: Path, built: Built) -> None:
    """The layer has Systems Manager, too."""
    empty.aws.client("ssm").put_parameter(
        Name="/slack/token", Value=empty.slack.token, Type="SecureString"
    )
    arn = f"arn:aws:ssm:{empty.aws.region}:{empty.aws.account_id}:parameter/slack/token"
    event = load(empty, read("imported-guardduty-port-probe.json"))

    with emulate(empty, runtime, built, SLACK_TOKEN_ARN=arn) as function:
        invocation = function.invoke(event)

    assert "posted" == invocation.answer["outcomes"][0]["outcome"]


def test_tracing_can_be_switched_on(empty: Stack, runtime: Path, built: Built) -> None:
    """The layer has the packages for X-Ray, which are not imported otherwise."""
    event = load(empty, read("imported-guardduty-port-probe.json"))

    with emulate(empty, runtime, built, POWERTOOLS_TRACE_DISABLED="false") as function:
        invocation = function.invoke(event)

    assert "posted" == invocation.answer["outcomes"][0]["outcome"]


def test_function_calls_what_its_role_allows(empty: Stack, runtime: Path, built: Built) -> None:
    """Each AWS call of the samples has its permission, which the local AWS does not ask for."""
    empty.put_routes([KEPT_FOR_A_DIGEST])
    empty.aws.gate.counts.clear()
    with emulate(
        empty, runtime, built, ROUTE_CACHE_SECONDS="0", V2_STATUS="in-progress"
    ) as function:
        for path in EVENTS:
            function.invoke(load(empty, json.loads(path.read_text("utf-8"))))
        # A held finding is due at once if its route no longer holds findings.
        waits = ("deliver", "schedule")
        empty.put_routes([{k: v for k, v in KEPT_FOR_A_DIGEST.items() if k not in waits}])
        function.invoke(WAKE)
    called = {
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
        f"{service}:{operation.removesuffix('Batch') if service == 'sqs' else operation}"
        for service, operation in empty.aws.gate.counts
    }

    # V2's calls have no actions of their own:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecurityhub.html
    of_v2 = {"securityhub:BatchUpdateFindingsV2", "securityhub:GetFindingsV2"}
    assert of_v2 <= called
    called = (called - of_v2) | {each.removesuffix("V2") for each in of_v2}
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    if "dynamodb:TransactWriteItems" in called:
        called -= {"dynamodb:TransactWriteItems"}
        called |= {"dynamodb:PutItem", "dynamodb:UpdateItem"}
    assert {
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:Query",
        "securityhub:BatchUpdateFindings",
    } <= called
    assert called <= allowed_actions()


def test_nothing_is_shipped_that_is_never_imported(
    empty: Stack, runtime: Path, built: Built, tmp_path: Path
) -> None:
    """Of every folder in the layer something is imported, by the samples and with tracing."""
    task, noted = tmp_path / "task", tmp_path / "imported.json"
    shutil.copytree(built.task, task)
    (task / "watched.py").write_text(WATCHED.format(path=str(noted)))
    watched = Built(task, built.layer, "")
    with emulate(
        empty, runtime, watched, handler="watched.handler", POWERTOOLS_TRACE_DISABLED="false"
    ) as function:
        for path in EVENTS:
            function.invoke(load(empty, json.loads(path.read_text("utf-8"))))
    imported = {Path(file).parent for file in json.loads(noted.read_text())}
    python = built.layer / "python"
    # Zones are files, in folders that Python takes for packages.
    folders = {path.parent for path in python.rglob("*.py")} - {*python.glob("tzdata/**")}

    assert set() == {
        str(folder.relative_to(python)) for folder in folders if folder not in imported
    }


def allowed_actions() -> set[str]:
    """Return the actions that the template's role allows."""
    token = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf"
    values = {"SlackTokenArn": token, "DefaultChannel": "#security"}
    template = read_template(TEMPLATE, values, region="eu-west-1")
    resolver = template.resolver(
        lambda name, attribute: f"{name}.{attribute}",
        {
            "AWS::AccountId": "123456789012",
            "AWS::Partition": "aws",
            "AWS::Region": "eu-west-1",
            "AWS::StackName": "router",
            "AWS::URLSuffix": "amazonaws.com",
        },
    )
    role = template.resources["RouterRole"]
    actions: set[str] = set()
    for policy in resolver.resolve(role.properties)["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                action = statement["Action"]
                actions.update([action] if isinstance(action, str) else action)
    return actions
