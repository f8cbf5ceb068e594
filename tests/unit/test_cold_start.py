"""What a cold start does not import: modules that most events never need."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from faults.twins import in_ocsf
from hub_events import custom_action, imported, raw_finding

# Prints which top-level packages a fresh worker has loaded.
LOADED = """
import json, sys
from finding_router.delivery.deliveries import Record
from finding_router.delivery.intake import read_jobs
import finding_router.handler
if len(sys.argv) > 1:
    read_jobs(Record(body=json.loads(sys.argv[1])), is_silent_in_full=False)
print(*sys.modules)
"""
SETTINGS = {
    "ROUTING_TABLE": "routes",
    "LEDGER_TABLE": "ledger",
    "DEFAULT_CHANNEL": "#security",
    "SLACK_TOKEN_ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-AbCdEf",
    "AWS_REGION": "eu-west-1",
}


def loaded(*events: dict[str, Any]) -> set[str]:
    """Return the modules that a new worker has after reading *events*."""
    run = subprocess.run(
        [sys.executable, "-c", LOADED, *map(json.dumps, events)],
        env={**os.environ, **SETTINGS},
        check=True,
        capture_output=True,
        text=True,
    )
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "events",
    [
        (),
        (imported(raw_finding(RecordState="ARCHIVED")),),
        (imported(raw_finding(Workflow={"Status": "NOTIFIED"})),),
        (imported(raw_finding(Compliance={"Status": "PASSED"})),),
        ({"source": "aws.securityhub", "detail-type": "Security Hub Insight Results"},),
    ],
)
def test_silent_event_needs_neither_models_nor_slack(events: tuple[dict[str, Any], ...]) -> None:
    """pydantic, boto3, slack_sdk and X-Ray take more than half of what is left."""
    unneeded = {"pydantic", "pydantic_core", "boto3", "s3transfer", "slack_sdk", "aws_xray_sdk"}

    assert set() == unneeded & loaded(*events)


def test_a_batch_of_cspm_imports_nothing_of_the_other_form() -> None:
    """Only a finding in OCSF needs its view."""
    view = "finding_router.findings.ocsf.view"

    assert view not in loaded(imported(raw_finding()))
    assert view in loaded(imported(in_ocsf(raw_finding())))


@pytest.mark.parametrize(
    "event", [imported(raw_finding()), custom_action(raw_finding(RecordState="ARCHIVED"))]
)
def test_finding_to_be_posted_is_read_in_full(event: dict[str, Any]) -> None:
    """The check above would see pydantic, and no message needs boto3."""
    modules = loaded(event)

    assert "pydantic" in modules
    assert "boto3" not in modules


COLLECTED = """
import gc, os, types
os.environ["LAMBDA_TASK_ROOT"] = "/var/task"
from finding_router import handler

context = types.SimpleNamespace(
    function_name="RouterFunction",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:RouterFunction",
    aws_request_id="1",
    get_remaining_time_in_millis=lambda: 90_000,
)
print(gc.isenabled())
try:
    handler.lambda_handler({}, context)
except Exception as error:
    print(type(error).__name__)
print(gc.isenabled(), gc.get_freeze_count() > 0)
"""


def test_garbage_is_looked_for_after_the_first_invocation() -> None:
    """Not while everything is imported; and also if that invocation fails."""
    run = subprocess.run(
        [sys.executable, "-c", COLLECTED],
        env={**os.environ, **SETTINGS, "AWS_LAMBDA_FUNCTION_NAME": "RouterFunction"},
        check=True,
        capture_output=True,
        text=True,
    )

    # The line of the log between them is of no interest.
    lines = [line for line in run.stdout.splitlines() if not line.startswith("{")]
    assert "False" == lines[0]
    assert "True True" == lines[-1]


def test_endpoint_needs_nothing_of_what_decides_and_speaks() -> None:
    """Slack waits three seconds for it, a cold start included."""
    run = subprocess.run(
        [sys.executable, "-c", "import sys, finding_router.actions.handler; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    modules = set(run.stdout.split())
    unneeded = {"boto3", "pydantic", "slack_sdk", "zoneinfo"} | {
        f"finding_router.{name}" for name in ("bootstrap", "delivery", "pipeline", "routing")
    }

    assert set() == unneeded & modules
    assert "finding_router.actions.modals" in modules
