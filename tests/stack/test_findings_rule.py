"""The one rule: the events that it sends to the queue, and those that cost nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from finding_router.routing.patterns.pattern import Pattern, compile_pattern
from finding_router.settings import Settings
from policies import Resolve

# A batch, an alarm, and what `local up` writes.
NO_EVENTS = {"alarm.json", "local-env.json", "sqs-batch.json"}
EVENTS = sorted((Path(__file__).parents[2] / "events").glob("*.json"))
ENDED = {
    "imported-access-analyzer-archived.json",
    "imported-securityhub-control-passed.json",
    "imported-v2-control-passed.json",
    "imported-v2-guardduty-closed.json",
}
V2 = "Findings Imported V2"
# The environment that `finding-router local up` writes is no event.
SINGLE = [path for path in EVENTS if path.name not in NO_EVENTS]


@pytest.fixture(scope="module")
def rule(resolve: Resolve) -> dict[str, Any]:
    """Return the properties of the rule."""
    properties: dict[str, Any] = resolve()["FindingsRule"]
    return properties


def compiled(resolve: Resolve, track: str) -> Pattern:
    """Compile the rule's pattern for a value of TrackLifecycle."""
    return compile_pattern(resolve(TrackLifecycle=track)["FindingsRule"]["EventPattern"])


@pytest.fixture(scope="module")
def following(resolve: Resolve) -> Pattern:
    """Return the rule that follows the life cycle of findings."""
    return compiled(resolve, "true")


@pytest.fixture(scope="module")
def new_only(resolve: Resolve) -> Pattern:
    """Return the rule that matches only findings to be posted."""
    return compiled(resolve, "false")


@pytest.fixture(scope="module", params=["true", "false"])
def pattern(request: pytest.FixtureRequest, resolve: Resolve) -> Pattern:
    """Return either rule: tests of `pattern` hold for both."""
    return compiled(resolve, request.param)


def imported(**finding: object) -> dict[str, Any]:
    """Make an Imported event of one finding with no other fields than *finding*."""
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
def test_every_sample_event_goes_to_the_queue(path: Path, following: Pattern) -> None:
    """The one that passed and the one that is archived, too: they may have cards."""
    assert following.matches(json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize("path", SINGLE, ids=lambda path: path.stem)
def test_sample_event_passes_if_the_router_would_post_it(path: Path, new_only: Pattern) -> None:
    """Without the life cycle all pass but the one that passed and the one that is archived."""
    event = json.loads(path.read_text("utf-8"))

    assert (path.name not in ENDED) is new_only.matches(event)


@pytest.mark.parametrize("path", SINGLE, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("change", "in_ocsf"),
    [
        ({"Workflow": {"Status": "NOTIFIED"}}, {"status_id": 2, "compliance": {"status_id": 3}}),
        ({"Workflow": {"Status": "RESOLVED"}}, {"status_id": 4}),
        ({"Workflow": {"Status": "SUPPRESSED"}}, {"status_id": 3}),
        ({"RecordState": "ARCHIVED"}, {"activity_id": 3}),
        (
            {"Compliance": {"Status": "PASSED"}, "Workflow": {"Status": "RESOLVED"}},
            {"compliance": {"status_id": 1}, "status_id": 4},
        ),
    ],
    ids=json.dumps,
)
def test_what_becomes_of_a_sample_is_followed_or_not(
    path: Path,
    change: dict[str, Any],
    in_ocsf: dict[str, Any],
    following: Pattern,
    new_only: Pattern,
) -> None:
    """Each later event of each sample passes one rule and not the other."""
    event = json.loads(path.read_text("utf-8"))
    for finding in event["detail"]["findings"]:
        finding.update(in_ocsf if event["detail-type"] == V2 else change)
    is_asked_for = event["detail-type"] == "Security Hub Findings - Custom Action"

    assert following.matches(event)
    assert is_asked_for is new_only.matches(event)


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
    """Missing fields of a finding count as NEW, ACTIVE and not passed, as in the router."""
    assert pattern.matches(imported(**finding))


LATER = [
    {"Workflow": {"Status": "NOTIFIED"}},
    {"Workflow": {"Status": "RESOLVED"}},
    {"Workflow": {"Status": "SUPPRESSED"}},
    {"RecordState": "ARCHIVED"},
    {"RecordState": "ARCHIVED", "Workflow": {"Status": "RESOLVED"}},
    {"Compliance": {"Status": "PASSED"}},
    {"Compliance": {"Status": "PASSED"}, "Workflow": {"Status": "RESOLVED"}},
    # A resource is gone: https://docs.aws.amazon.com/securityhub/latest/userguide/controls-overall-status.html
    {"Compliance": {"Status": "NOT_AVAILABLE"}, "RecordState": "ARCHIVED"},
]


@pytest.mark.parametrize("finding", LATER, ids=json.dumps)
def test_what_becomes_of_a_finding_is_followed(finding: dict[str, Any], following: Pattern) -> None:
    """An end, a rise and a person's decision may change messages in a channel."""
    assert following.matches(imported(**finding))


@pytest.mark.parametrize("finding", LATER, ids=json.dumps)
def test_what_is_never_posted_is_not_paid_for(finding: dict[str, Any], new_only: Pattern) -> None:
    """Without the life cycle, echoes of our own NOTIFIED and of ended findings stop at the rule."""
    assert not new_only.matches(imported(**finding))


@pytest.mark.parametrize(
    "finding",
    [{"Compliance": {"Status": "NOT_AVAILABLE"}}, {"Workflow": {"Status": "IN_PROGRESS"}}],
    ids=json.dumps,
)
def test_what_says_nothing_stops_at_the_rule(finding: dict[str, Any], pattern: Pattern) -> None:
    """A check that could not be done, and a status that Security Hub does not define."""
    assert not pattern.matches(imported(**finding))


def test_conditions_hold_in_one_finding(new_only: Pattern) -> None:
    """A NEW but archived finding beside an active but NOTIFIED one is not a new active one."""
    event = imported()
    event["detail"]["findings"] = [
        {"Workflow": {"Status": "NEW"}, "RecordState": "ARCHIVED"},
        {"Workflow": {"Status": "NOTIFIED"}, "RecordState": "ACTIVE"},
    ]

    assert not new_only.matches(event)


def test_life_cycle_is_followed_by_default(template: dict[str, Any]) -> None:
    """As the function's own default is."""
    assert "true" == template["Parameters"]["TrackLifecycle"]["Default"]
    assert Settings._field_defaults["track_lifecycle"] is True


@pytest.mark.parametrize(
    "kind",
    ["Security Hub Insight Results", "Security Hub Findings - Unheard Of"],
)
def test_other_events_of_security_hub_are_left_alone(kind: str, pattern: Pattern) -> None:
    """Insights are not for this router."""
    assert not pattern.matches(imported() | {"detail-type": kind})


def test_other_sources_are_left_alone(pattern: Pattern) -> None:
    """GuardDuty's own events of the same shape are not Security Hub's."""
    assert not pattern.matches(imported() | {"source": "aws.guardduty"})


@pytest.mark.parametrize("status", ["NEW", "NOTIFIED", "SUPPRESSED", "RESOLVED"])
def test_custom_action_passes_whatever_the_status(status: str, pattern: Pattern) -> None:
    """A person asked for it."""
    event = imported(Workflow={"Status": status}, RecordState="ARCHIVED")

    assert pattern.matches(event | {"detail-type": "Security Hub Findings - Custom Action"})
