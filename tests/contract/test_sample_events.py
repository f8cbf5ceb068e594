"""The sample events that come with the project."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from finding_router.delivery.alarms import read_alarms
from finding_router.errors import EventError, FindingError
from finding_router.findings.asff import read_finding
from finding_router.findings.events import EventKind, read_event
from finding_router.findings.finding import Finding
from finding_router.findings.ocsf import is_ocsf
from finding_router.findings.screening import screen

EVENTS = Path(__file__).parents[2] / "events"
FILES = sorted(path for path in EVENTS.glob("*.json") if path.name != "local-env.json")
SINGLE = [path for path in FILES if path.name not in {"alarm.json", "sqs-batch.json"}]


def _read(path: Path) -> tuple[EventKind, list[Finding]]:
    intake = read_event(json.loads(path.read_text(encoding="utf-8")))
    return intake.kind, [read_finding(raw) for raw in intake.findings]


def _outcome(body: str) -> list[str]:
    """Return the outcome for the body of one SQS record, in words."""
    try:
        intake = read_event(json.loads(body))
    except ValueError:
        return ["no JSON"]
    except EventError as exc:
        return [str(exc).partition('"')[2].partition('"')[0]]
    return [_finding_outcome(raw) for raw in intake.findings]


def _finding_outcome(raw: object) -> str:
    try:
        return read_finding(raw).control_id or "read"
    except FindingError as exc:
        return str(exc).partition(";")[0]


def test_every_file_is_documented_in_a_line() -> None:
    """The README of the folder lists each file once, and no file that is not there."""
    readme = (EVENTS / "README.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([^`]+)` \|", readme, re.MULTILINE)

    assert [path.name for path in FILES] == sorted(documented)


@pytest.mark.parametrize("path", SINGLE, ids=lambda path: path.stem)
def test_event_is_read(path: Path) -> None:
    """The event and its findings are read, and the name of the file has its kind."""
    kind, findings = _read(path)

    assert findings
    assert path.name.startswith(kind.replace(" ", "-"))


def test_events_span_products_regions_and_partitions() -> None:
    """The samples are as varied as the findings of a large organisation."""
    findings = [finding for path in SINGLE for finding in _read(path)[1]]

    assert len(SINGLE) >= 14
    assert {
        "Config",
        "CrowdStrike Falcon",
        "Firewall Manager",
        "GuardDuty",
        "Health",
        "IAM Access Analyzer",
        "Inspector",
        "Macie",
        "Patch Manager",
        "Security Hub",
    } <= {finding.product for finding in findings}
    assert {"aws", "aws-cn", "aws-us-gov"} == {finding.partition for finding in findings}
    assert len({finding.region for finding in findings}) >= 8
    # AWS Security Hub has the name in a part of its findings.
    assert all(each.account_name for each in findings if not is_ocsf(each.raw))
    assert {True, False} == {bool(each.account_name) for each in findings if is_ocsf(each.raw)}
    assert max(len(finding.resources) for finding in findings) == 32
    assert max(len(finding.raw.get("Vulnerabilities", ())) for finding in findings) == 60


def test_no_two_findings_are_the_same() -> None:
    """Each finding has an identity of its own, or posting all would leave some out."""
    keys = Counter(finding.key for path in SINGLE for finding in _read(path)[1])

    assert {1} == set(keys.values())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("imported-access-analyzer-archived.json", ["archived"]),
        ("imported-securityhub-control-passed.json", ["passed"]),
        ("custom-action-notified.json", [None]),
        ("imported-two-findings.json", [None, None]),
    ],
)
def test_states_end_as_the_readme_says(name: str, expected: list[str | None]) -> None:
    """Archived and passed findings are not posted, a person's request is."""
    kind, findings = _read(EVENTS / name)

    assert expected == [screen(finding, kind) for finding in findings]


def test_alarm_is_read() -> None:
    """With its state, its Region, and a page to look at."""
    event = json.loads((EVENTS / "alarm.json").read_text(encoding="utf-8"))
    [alarm] = read_alarms(event)
    notice = alarm.notice()

    assert ("ALARM", "eu-central-1") == (alarm.state, alarm.region)
    assert f"Alarm “{alarm.name}” went off" == notice.words.headline
    [(_, link)] = notice.words.links
    assert link.startswith("https://eu-central-1.console.aws.amazon.com/cloudwatch/home?")
    assert link.endswith(f"#alarmsV2:alarm/{alarm.name}")


def test_batch_mixes_good_and_bad() -> None:
    """Of the six records two are refused, and one of the others holds two broken findings."""
    batch: dict[str, Any] = json.loads((EVENTS / "sqs-batch.json").read_text(encoding="utf-8"))
    expected = [
        ["Lambda.1"],
        ["no JSON"],
        ["Id is missing", "RDS.2", "a finding is a JSON object, this is text"],
        ["Security Hub Insight Results"],
        ["read"],
        ["read"],
    ]

    assert expected == [_outcome(record["body"]) for record in batch["Records"]]
    assert {"aws:sqs"} == {record["eventSource"] for record in batch["Records"]}
