"""The layout of exposures."""

from typing import Any

import pytest

from finding_router.findings.asff import read_finding
from finding_router.slack.kit.detail import Detail
from finding_router.slack.layouts import lay_out
from ocsf_findings import exposure

INSTANCE = "i-0a1b2c3d4e5f60718"


def laid_out(**info: Any) -> Detail:
    """Return the details of an exposure with changes of its finding_info."""
    raw = exposure()
    raw["finding_info"] |= info
    return lay_out(read_finding(raw))


def test_the_risk_and_what_adds_up_to_it_are_told() -> None:
    """The first resource is in the headline, and not told again beside a finding."""
    detail = laid_out()

    assert detail.headline == f"Potential credential stealing: {INSTANCE} + 1 more"
    assert detail.occurrence == "3 findings"
    assert dict(detail.facts) == {
        "Risk": "medium likelihood · high impact",
        "Findings": (
            "behind it:\n• CVE-2026-1 - openssl · Inspector"
            "\n• Open to the world · sg-0c1d2e3f405162738 · Security Hub"
            "\n• Sensitive data in a bucket · r · Macie"
        ),
        "Traits": "Vulnerability, Reachable from the internet, Sensitive data",
    }
    assert detail.sentence is None


@pytest.mark.parametrize("desc", [None, "Potential credential stealing: internet-reachable x"])
def test_the_way_to_it_stands_in_for_the_description(desc: str | None) -> None:
    """The rest of the title is a sentence, if nothing better is said."""
    title = "Potential credential stealing: internet-reachable"
    detail = laid_out(desc=desc, title=f"{title} instance" if desc is None else title)

    assert detail.sentence in ("Internet-reachable instance", "Internet-reachable")


def test_a_short_title_is_whole() -> None:
    """It fits beside the name."""
    assert laid_out(title="Open: bad").headline == f"Open: bad: {INSTANCE} + 1 more"


def test_findings_in_turn_are_told_in_order() -> None:
    """The oldest first, where they have times; of many the first ones."""
    events = [
        {"title": f"Finding {number}", "first_seen_time": 1795230760310 - number * 60_000}
        for number in range(9)
    ]
    told = dict(laid_out(related_events=events).facts)["Findings"]

    assert told.startswith("behind it, oldest first:\n• Finding 8\n• Finding 7\n")
    assert told.endswith("\n• + 2 more")


@pytest.mark.parametrize(
    ("types", "name"),
    [
        (["Exposure/Potential Impact"], "Security Hub"),
        (["Something"], "Security Hub Exposure Analysis"),
    ],
)
def test_it_is_known_by_its_types_or_its_name(types: list[str], name: str) -> None:
    """Its ARN has been another one."""
    raw = exposure()
    raw["finding_info"]["types"] = types
    slug = "securityhub" if name == "Security Hub" else "securityhub-risk"
    uid = f"arn:aws:securityhub:eu-west-1::productv2/aws/{slug}"
    raw["metadata"]["product"] |= {"name": name, "uid": uid}

    assert "Risk" in dict(lay_out(read_finding(raw)).facts)


def test_whoever_is_not_aws_has_no_such_layout() -> None:
    """Types and names are free texts; the general layout tells the same findings."""
    raw = exposure()
    raw["metadata"]["product"]["uid"] = "arn:aws:securityhub:eu-west-1::productv2/" + "0" * 8
    finding = read_finding(raw)
    told = dict(lay_out(finding).facts)

    assert finding.claims == "Security Hub Exposure Detection"
    assert "Risk" not in told
    assert "Findings" in told


def test_ratings_and_findings_may_be_missing() -> None:
    """Then nothing is said of them."""
    raw = exposure(impact=None, likelihood=[])
    raw["finding_info"]["related_events"] = []

    assert lay_out(read_finding(raw)).facts == ()
