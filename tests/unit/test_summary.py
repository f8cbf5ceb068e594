"""Summaries of findings: small, and decided as their findings are."""

import json
from pathlib import Path
from typing import Any

import pytest

from finding_router.findings.asff import read_finding
from finding_router.findings.summary import MAX_BYTES, is_kept, read_summary, summarise
from hub_events import control, raw_finding

EVENTS = Path(__file__).parents[2] / "events"
SAMPLES = [
    finding
    for path in sorted(EVENTS.glob("imported-*.json"))
    for finding in json.loads(path.read_text("utf-8"))["detail"]["findings"]
]


def stored(raw: dict[str, Any]) -> Any:
    """Return the summary of *raw* as it comes out of the store."""
    return json.loads(json.dumps(summarise(read_finding(raw))))


@pytest.mark.parametrize("raw", SAMPLES, ids=lambda raw: read_finding(raw).id[-20:])
def test_a_summary_is_small_and_says_what_channels_need(raw: dict[str, Any]) -> None:
    """The fields that placeholders are filled with are those of the finding."""
    finding, summary = read_finding(raw), read_summary(stored(raw))

    assert summary is not None
    assert len(json.dumps(stored(raw))) < MAX_BYTES + 600
    kept = summary.finding
    assert (finding.key, finding.severity, finding.product, finding.control_id) == (
        kept.key,
        kept.severity,
        kept.product,
        kept.control_id,
    )
    assert (finding.account_id, finding.account_name, finding.region) == (
        kept.account_id,
        kept.account_name,
        kept.region,
    )
    if "Resources" not in summary.missing:
        assert [each.tags for each in finding.resources] == [each.tags for each in kept.resources]


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("source", True),
        ("detail-type", True),
        ("account", False),
        ("detail.findings.Severity.Label", True),
        ("detail.findings.Severity", False),
        ("detail.findings.Resources.Tags.team", True),
        ("detail.findings.Resources.Details.AwsS3Bucket.Name", False),
        ("detail.findings.Types", True),
        ("detail.findings.Description", False),
        ("detail.findings", False),
        ("detail.findings.", False),
    ],
)
def test_which_fields_are_kept(path: str, kept: bool) -> None:  # noqa: FBT001 -- a case
    """By the path of an event."""
    assert kept == is_kept(path)


def test_what_has_no_room_is_named() -> None:
    """So that nobody decides by it; the identity is always there."""
    raw = raw_finding(
        "x" * 3_000, Resources=[{"Type": "T", "Id": "r" * 900, "Tags": {"a": "b" * 2_000}}]
    )
    summary = read_summary(stored(raw))

    assert summary is not None
    assert "x" * 3_000 == summary.finding.id
    assert "Resources" in summary.missing
    assert not is_kept("detail.findings.Resources.Type", summary.missing)
    assert len(json.dumps(stored(raw))) < 3_000 + MAX_BYTES


def test_a_name_that_two_accounts_claim_is_not_the_accounts() -> None:
    """A channel has the account's id in its place, then as now."""
    from dataclasses import replace  # noqa: PLC0415

    finding = replace(read_finding(raw_finding(AwsAccountName="payments")), account_name=None)
    summary = read_summary(summarise(finding))

    assert summary is not None
    assert summary.finding.account_name is None
    assert "payments" == summary.finding.raw["AwsAccountName"]


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        {"v": 2, "finding": raw_finding()},
        {"v": 1, "finding": []},
        {"v": 1, "finding": {"Id": "no product"}},
    ],
)
def test_what_is_no_summary_is_none(said: object) -> None:
    """A newer version wrote it, or a person."""
    assert read_summary(said) is None


def test_odd_types_are_kept_as_they_are() -> None:
    """A pattern sees what it saw in the finding."""
    raw = control("pci", Compliance="text", Resources={"Type": "one"}, Workflow=None)
    summary = read_summary(stored(raw))

    assert summary is not None
    assert "text" == summary.finding.raw["Compliance"]
    assert {"Type": "one"} == summary.finding.raw["Resources"]
    assert summary.finding.raw["Workflow"] is None
