"""The one rule: what it sends to the queue, and what is not paid for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finding_router.routing.pattern import Pattern, compile_pattern

type Resolve = Callable[..., dict[str, Any]]

EVENTS = sorted((Path(__file__).parents[2] / "events").glob("*.json"))
REFUSED = {"imported-securityhub-control-passed.json", "imported-access-analyzer-archived.json"}
# The environment that `finding-router local up` writes is no event.
SINGLE = [path for path in EVENTS if path.name not in {"sqs-batch.json", "local-env.json"}]


@pytest.fixture(scope="module")
def rule(resolve: Resolve) -> dict[str, Any]:
    """Give the properties of the rule."""
    properties: dict[str, Any] = resolve()["FindingsRule"]
    return properties


@pytest.fixture(scope="module")
def pattern(rule: dict[str, Any]) -> Pattern:
    """Compile the rule's pattern."""
    return compile_pattern(rule["EventPattern"])


def imported(**finding: object) -> dict[str, Any]:
    """Make an Imported event of one finding that says nothing but *finding*."""
    return {
        "source": "aws.securityhub",
        "detail-type": "Security Hub Findings - Imported",
        "detail": {"findings": [{"Id": "1", **finding}]},
    }


def test_template_has_one_rule(template: dict[str, Any]) -> None:
    """Routes live in the table: a deployment has exactly one EventBridge rule."""
    rules = [
        name for name, each in template["Resources"].items() if each["Type"] == "AWS::Events::Rule"
    ]

    assert ["FindingsRule"] == rules


def test_rule_listens_on_the_default_bus(rule: dict[str, Any]) -> None:
    """Security Hub sends to the default bus, which a rule without a bus is on."""
    assert "EventBusName" not in rule
    assert "State" not in rule


def test_rule_feeds_the_queue_and_keeps_what_it_could_not_send(rule: dict[str, Any]) -> None:
    """The queue is the only target, with a dead letter queue and a day of retries."""
    [target] = rule["Targets"]

    assert "<FindingsQueue.Arn>" == target["Arn"]
    assert {"Arn": "<UndeliveredEvents.Arn>"} == target["DeadLetterConfig"]
    assert {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185} == target["RetryPolicy"]


@pytest.mark.parametrize("path", SINGLE, ids=lambda path: path.stem)
def test_sample_event_passes_if_the_router_would_post_it(path: Path, pattern: Pattern) -> None:
    """Of the sample events all pass but the one that passed and the one that is archived."""
    event = json.loads(path.read_text("utf-8"))

    assert (path.name not in REFUSED) is pattern.matches(event)


@pytest.mark.parametrize(
    "finding",
    [
        {},
        {"Workflow": {"Status": "NEW"}, "RecordState": "ACTIVE"},
        {"Workflow": {"Status": "NEW"}},
        {"RecordState": "ACTIVE"},
        {"Compliance": {"Status": "FAILED"}},
        {"Compliance": {"Status": "WARNING"}},
        {"Compliance": {"SecurityControlId": "EC2.19"}},
    ],
    ids=json.dumps,
)
def test_new_active_and_not_passed_goes_to_the_queue(
    finding: dict[str, Any], pattern: Pattern
) -> None:
    """What a finding leaves out counts as NEW, ACTIVE and not passed, as in the router."""
    assert pattern.matches(imported(**finding))


@pytest.mark.parametrize(
    "finding",
    [
        {"Workflow": {"Status": "NOTIFIED"}},
        {"Workflow": {"Status": "RESOLVED"}},
        {"Workflow": {"Status": "SUPPRESSED"}},
        {"RecordState": "ARCHIVED"},
        {"Compliance": {"Status": "PASSED"}},
        {"Compliance": {"Status": "NOT_AVAILABLE"}},
    ],
    ids=json.dumps,
)
def test_what_is_never_posted_is_not_paid_for(finding: dict[str, Any], pattern: Pattern) -> None:
    """An echo of our own NOTIFIED, an archived or a passed finding stops at the rule."""
    assert not pattern.matches(imported(**finding))


def test_conditions_hold_in_one_finding(pattern: Pattern) -> None:
    """A NEW but archived finding beside an active but NOTIFIED one is not a new active one."""
    event = imported()
    event["detail"]["findings"] = [
        {"Workflow": {"Status": "NEW"}, "RecordState": "ARCHIVED"},
        {"Workflow": {"Status": "NOTIFIED"}, "RecordState": "ACTIVE"},
    ]

    assert not pattern.matches(event)


@pytest.mark.parametrize(
    "kind",
    ["Security Hub Insight Results", "Findings Imported V2", "Security Hub Findings - Unheard Of"],
)
def test_other_events_of_security_hub_are_left_alone(kind: str, pattern: Pattern) -> None:
    """Insights and OCSF findings are not for this router."""
    assert not pattern.matches(imported() | {"detail-type": kind})


def test_other_sources_are_left_alone(pattern: Pattern) -> None:
    """GuardDuty's own events of the same shape are not Security Hub's."""
    assert not pattern.matches(imported() | {"source": "aws.guardduty"})


@pytest.mark.parametrize("status", ["NEW", "NOTIFIED", "SUPPRESSED", "RESOLVED"])
def test_custom_action_passes_whatever_the_status(status: str, pattern: Pattern) -> None:
    """A person asked for it."""
    event = imported(Workflow={"Status": status}, RecordState="ARCHIVED")

    assert pattern.matches(event | {"detail-type": "Security Hub Findings - Custom Action"})
