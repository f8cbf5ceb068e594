"""docs/cli.md names the permissions of each command: those of the calls that it makes."""

import json
import re
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from cli import Cli
from cli_page import NAME, commands
from finding_router_cli.account import Account
from finding_router_cli.main import main
from finding_router_local import TEMPLATE
from finding_router_local.aws import CREDENTIALS
from finding_router_local.faults import Effect, Fault
from finding_router_local.stack import Stack
from hub_events import imported, raw_finding

DOCS = Path(__file__).parents[2] / "docs"
RULES = Path(__file__).parents[1] / "fixtures" / "rules" / "terraform.json"
ALL = {"kind": "route", "name": "all", "channel": "#all"}
NOT_VALID = {"kind": "route", "name": "odd", "channel": "#odd", "order": "first"}
SILENCE = {"kind": "silence", "name": "s", "match": {}, "until": "2999-01-01T00:00:00Z"}
STACK = ("--stack", "router")
WRITE = ("--yes", *STACK)
FILE = "events/imported-guardduty-port-probe.json"
# Commands that change an item call what the change takes.
WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
# What no call of a test asks for, and the code that does.
RARE = {
    "routes": {"dynamodb:GetItem": "get_item"},
    "silence": {"dynamodb:GetItem": "get_item"},
    "doctor": {
        "securityhub:GetAdministratorAccount": "get_administrator_account",
        "ssm:GetParameter": "get_parameter",
        "kms:Decrypt": "WithDecryption",
    },
    "baseline": {"ssm:GetParameter": "get_parameter", "kms:Decrypt": "WithDecryption"},
    "redrive": {
        "sqs:ListMessageMoveTasks": "list_message_move_tasks",
        "kms:Decrypt": "",
        "kms:GenerateDataKey": "",
    },
    "routes import-rules": {"events:ListTargetsByRule": "list_targets_by_rule"},
}
# The names of actions that are not those of the operations.
ACTIONS = {
    "GetFindingsV2": "GetFindings",
    "BatchUpdateFindingsV2": "BatchUpdateFindings",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
}
SERVICES = {"monitoring": "cloudwatch"}
ALWAYS_ALLOWED = {"sts:GetCallerIdentity"}

Calls = dict[str, set[str]]


@pytest.fixture(scope="module")
def cli_stack() -> Iterator[Stack]:
    """Run a stack with a worker, which posts and fills the Ledger."""
    with Stack(parameters={"BatchWindowSeconds": 1, "OrganizationNames": "true"}) as stack:
        yield stack


@pytest.fixture
def calls(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Make the stack known as "router", deployed, and return the actions of the calls to come."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", cli.stack.aws.url)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr("finding_router_cli.findings_pages.CALL_SECONDS", 0.0)
    monkeypatch.setattr("click.edit", lambda text, **_: text.replace("#b", "#c"))
    monkeypatch.setattr("finding_router_cli.plan.is_interactive", lambda: True)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(TEMPLATE.parent / "events", tmp_path / "events")
    told = cli.stack.describe()
    found: Calls = defaultdict(set)
    client = Account.client

    def recording(self: Account, service: str, **options: Any) -> Any:
        made = client(self, service, **options)
        made.meta.events.register("provide-client-params.*.*", record)
        return made

    def record(params: dict[str, Any], model: Any, **_: Any) -> None:
        service = model.service_model.signing_name
        service = SERVICES.get(service, service)
        names = [model.name]
        if model.name == "TransactWriteItems":
            names = [name for action in params["TransactItems"] for name in action]
        found[""] |= {f"{service}:{ACTIONS.get(name, name)}" for name in names}

    def resources(_: Account, __: str) -> dict[str, tuple[str, str]]:
        found[""].add("cloudformation:ListStackResources")
        tables = dict.fromkeys(told["tables"], "AWS::DynamoDB::Table")
        kinds = tables | dict.fromkeys(told["queues"], "AWS::SQS::Queue")
        everything = {**told["tables"], **told["queues"], **told["resources"]}
        return {name: (each, kinds.get(name, "")) for name, each in everything.items()}

    def parameters(_: Account, __: str) -> dict[str, str]:
        found[""].add("cloudformation:DescribeStacks")
        return {**told["parameters"], "SlackApiUrl": cli.stack.slack.base_url}

    monkeypatch.setattr(Account, "client", recording)
    monkeypatch.setattr(Account, "resources", resources)
    monkeypatch.setattr(Account, "parameters", parameters)
    return found


def documented() -> dict[str, set[str]]:
    """Return the actions that the pages name for each command, those of `--stack` included."""
    page = (DOCS / "cli.md").read_text("utf-8").partition("## Permissions")[2]
    found: dict[str, set[str]] = {}
    for names, words in re.findall(r"^\| (`.*?) \| (.*) \|$", page, re.MULTILINE):
        for name in re.findall(r"`([^`]+)`", names):
            found[name] = actions(words)
    there = (DOCS / "operations.md").read_text("utf-8")
    tables = {
        "doctor": between(there, "It takes these permissions; what", "\n## "),
        "redrive": between(there, "It takes these permissions:\n", "\nThe stack's outputs"),
        "baseline": between(there, "It takes these permissions: `", "\n\n"),
    }
    found |= {name: actions(words) for name, words in tables.items()}
    of_stack = {"cloudformation:ListStackResources", "cloudformation:DescribeStacks"}
    alone = {name: found[name] for name in ("manifest", "redrive")}
    return {name: each | of_stack for name, each in found.items()} | alone


def between(text: str, start: str, end: str) -> str:
    """Return what stands in *text* from *start* to *end*, of a table the last column."""
    words = start + text.partition(start)[2].partition(end)[0]
    return "".join(re.findall(r"[^|]*\|$", words, re.MULTILINE)) or words


def actions(words: str) -> set[str]:
    """Return the actions in *words*, in which a service counts until the next one."""
    found, service = set(), ""
    for name in re.findall(r"`((?:[a-z]+:)?[A-Z]\w+)`", words):
        before, _, action = name.rpartition(":")
        service = before or service
        # `OrganizationNames` is a parameter.
        if action != "OrganizationNames":
            found.add(f"{service}:{action}")
    return found


def run(calls: Calls, name: str, *arguments: str) -> None:
    """Run a command, which may end with a no; its calls then count for it."""
    calls[""].clear()
    CliRunner().invoke(main, [*name.split(), *arguments], catch_exceptions=False)
    calls[name] |= calls[""]


def test_each_command_calls_what_its_page_says(cli: Cli, calls: Calls, tmp_path: Path) -> None:
    """No more, and no less: a permission that nothing needs is on no page."""
    cli.put(ALL, SILENCE, NOT_VALID)
    events = [imported(raw_finding(name), sent_at=time.time()) for name in ("one", "two")]
    (tmp_path / "routes.json").write_text(json.dumps([ALL, SILENCE]), "utf-8")
    tests = [{"finding": raw_finding(), "channels": ["#all"]}]
    (tmp_path / "tests.json").write_text(json.dumps(tests), "utf-8")

    for name in ("routes list", "routes export", "silence list"):
        run(calls, name, *STACK)
    run(calls, "routes show", "all", *STACK)
    run(calls, "silence show", "s", *STACK)
    for name in ("routes check", "routes lint"):
        run(calls, name, *STACK)
    run(calls, "routes test", "tests.json", *STACK)
    run(calls, "preview", FILE, *STACK)
    run(calls, "replay", *STACK)
    run(calls, "stats", *STACK)
    run(calls, "explain", FILE, *STACK, "--ledger", cli.stack.deployment.tables["Ledger"])
    # Writes refuse a table with an item that is not valid only where they touch it.
    run(calls, "routes add", "b", "--channel", "#b", *WRITE)
    run(calls, "routes edit", "b", *WRITE)
    run(calls, "routes disable", "b", *WRITE)
    run(calls, "routes enable", "b", *WRITE)
    run(calls, "routes rm", "b", *WRITE)
    (tmp_path / "more.json").write_text(json.dumps([{**ALL, "channel": "#more"}]), "utf-8")
    run(calls, "routes apply", "more.json", *WRITE)
    run(calls, "routes import-rules", *WRITE)
    run(calls, "routes import-rules", str(RULES), *WRITE)
    run(calls, "silence expire", "s", *WRITE)
    matchers = ("--product", "GuardDuty", "--for", "4h", "--reason", "r")
    run(calls, "silence add", *matchers, *WRITE)
    cli.stack.reset()
    cli.put(ALL, {**ALL, "name": "by-account", "channel": "#of-{account}"})
    cli.stack.send(events)
    message = cli.stack.slack.messages()[-1]
    address = f"archives/{message.channel}/p{message.ts.replace('.', '')}"
    run(calls, "explain", f"https://x.slack.com/{address}", *STACK)
    cli.import_findings([raw_finding("three")])
    run(calls, "doctor", "--send", *STACK)
    run(calls, "baseline", *WRITE)
    sqs = cli.stack.aws.client("sqs")
    sqs.send_message(QueueUrl=cli.stack.deployment.queues["DeadLetters"], MessageBody="{}")
    refused = Fault(
        effect=Effect.ERROR,
        service="sqs",
        operation="StartMessageMoveTask",
        code="UnsupportedOperation",
        status=400,
    )
    cli.stack.aws.faults.add(refused)
    run(calls, "redrive", *STACK)
    run(calls, "manifest", *STACK)

    del calls[""]
    expected = documented()
    called = {name: each - ALWAYS_ALLOWED for name, each in calls.items()}
    unnamed = {name: sorted(each - expected[name]) for name, each in called.items()}
    unused = {
        name: sorted(expected[name] - each - _rare(name, each)) for name, each in called.items()
    }

    assert {} == {name: each for name, each in unnamed.items() if each}
    assert {} == {name: each for name, each in unused.items() if each}


def _rare(name: str, called: set[str]) -> set[str]:
    """Return the actions that the page may name beside those that were *called*."""
    first = name.partition(" ")[0]
    rare = {**RARE.get(first, {}), **RARE.get(name, {})}
    writes = WRITES if WRITES & called else set()
    return ({*rare} | writes) - called


def test_every_command_is_on_the_page() -> None:
    """But those that work on this machine alone."""
    names = {name.removeprefix(NAME).strip() for name, _ in commands()}

    assert {name for name in names if not name.startswith("local ")} == documented().keys()


def test_what_no_test_calls_stands_in_the_code() -> None:
    """So that a permission does not outlive its call."""
    source = "".join(
        path.read_text("utf-8")
        for path in (TEMPLATE.parent / "src" / "finding_router_cli").rglob("*.py")
    )

    assert [] == [words for rare in RARE.values() for words in rare.values() if words not in source]
