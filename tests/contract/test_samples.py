"""Real findings and events of many publishers, read as they are."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from finding_router.errors import EventError, FindingError
from finding_router.findings.asff import read_finding
from finding_router.findings.events import EventKind, read_event
from finding_router.findings.finding import Finding
from finding_router.findings.screening import screen
from finding_router.findings.timestamps import parse_timestamp

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason=f"the collected findings are not part of the project: {SAMPLES}"
)


def _lines(name: str) -> list[dict[str, Any]]:
    with (SAMPLES / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def raw_findings() -> list[dict[str, Any]]:
    """Load the findings, untouched."""
    return [line["finding"] for line in _lines("findings.ndjson")]


@pytest.fixture(scope="module")
def findings(raw_findings: list[dict[str, Any]]) -> list[Finding]:
    """Read the findings, all of which have an identity."""
    return [read_finding(raw) for raw in raw_findings]


@pytest.fixture(scope="module")
def raw_events() -> list[dict[str, Any]]:
    """Load the events, untouched."""
    return [line["event"] for line in _lines("events.ndjson")]


def test_every_finding_has_an_outcome(findings: list[Finding]) -> None:
    """None is unreadable, and each that is not posted has an outcome named after its state."""
    outcomes = Counter(screen(finding, EventKind.IMPORTED) for finding in findings)
    expected = {None: 211, "archived": 8, "passed": 48, "not_new": 4}

    assert expected == outcomes


def test_every_product_is_recognised(findings: list[Finding]) -> None:
    """Also the 112 findings without a ProductName, and the control that calls itself Config."""
    products = Counter(finding.product for finding in findings)
    expected = {
        "Security Hub": 178,
        "Prowler": 60,
        "Inspector": 14,
        "GuardDuty": 5,
        "Default": 4,
        # Security Hub calls it "Default" as well; its GeneratorId says more.
        "national-security-project-id/us-central1-a/123456/gce-instance-del-protection-check": 1,
        "xray": 4,
        "Health": 3,
        "Config": 1,
        "Test": 1,
    }

    assert expected == products


def test_every_severity_is_found(findings: list[Finding]) -> None:
    """The twelve findings without a severity count as the lowest."""
    severities = Counter(finding.severity for finding in findings)
    expected = {"CRITICAL": 15, "HIGH": 69, "MEDIUM": 98, "LOW": 46, "INFORMATIONAL": 43}

    assert expected == severities


def test_every_finding_knows_where_it_is_from(findings: list[Finding]) -> None:
    """A Region is always found; the one account that is missing is written nowhere."""
    partitions = Counter(finding.partition for finding in findings)
    expected = {"aws": 266, "aws-iso": 4, "aws-cn": 1}

    assert expected == partitions
    assert all(finding.region for finding in findings)
    assert len([each for each in findings if each.account_id is None]) == 1


def test_every_timestamp_but_a_broken_one_is_a_moment(findings: list[Finding]) -> None:
    """Of all timestamps only the one with 122 hours cannot be shown as a moment."""
    written = {text for each in findings for text in (each.first_seen, each.last_seen) if text}
    expected = {"1977-06-02T122:29:47.694473+00:00"}

    assert expected == {text for text in written if parse_timestamp(text) is None}


def test_finding_is_kept_as_it_came(
    raw_findings: list[dict[str, Any]], findings: list[Finding]
) -> None:
    """Routes match the finding's own JSON, which reading does not change."""
    untouched = [line["finding"] for line in _lines("findings.ndjson")]

    assert untouched == [finding.raw for finding in findings]
    assert untouched == raw_findings


@pytest.mark.parametrize("field", ["Id", "ProductArn"])
def test_finding_that_loses_its_identity_is_refused_by_name(
    raw_findings: list[dict[str, Any]], field: str
) -> None:
    """Each finding without either part of its identity is refused, naming that part."""
    for raw in raw_findings:
        broken = {key: value for key, value in raw.items() if key != field}
        with pytest.raises(FindingError, match=f"^{field} is missing"):
            read_finding(broken)


def test_every_event_is_taken(raw_events: list[dict[str, Any]]) -> None:
    """All events are read, those with two findings too, and all of their findings."""
    intakes = [read_event(event) for event in raw_events]
    taken = Counter((intake.kind, len(intake.findings)) for intake in intakes)
    expected = {("custom action", 1): 14, ("custom action", 2): 2, ("imported", 1): 4}

    assert expected == taken
    assert all(read_finding(raw) for intake in intakes for raw in intake.findings)
    assert all(intake.action_name for intake in intakes if intake.kind is EventKind.CUSTOM_ACTION)


@pytest.mark.parametrize("detail_type", ["Security Hub Insight Results", "Something new"])
def test_event_of_another_kind_is_refused_by_name(
    raw_events: list[dict[str, Any]], detail_type: str
) -> None:
    """The same events under a detail-type that is not taken are refused, and it is named."""
    for event in raw_events:
        with pytest.raises(EventError, match=f'detail-type "{detail_type}"'):
            read_event({**event, "detail-type": detail_type})
