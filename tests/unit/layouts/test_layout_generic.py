"""Products without a layout of their own."""

import pytest

from factories import make_finding
from finding_router.slack.kit.detail import Detail
from finding_router.slack.layouts.generic import lay_out


def test_a_bare_finding_adds_nothing() -> None:
    """Without known fields, nothing is shown."""
    assert lay_out(make_finding()) == Detail()


def test_what_asff_has_for_everyone_is_shown() -> None:
    """Kind, malware, network, process, indicators, requirements and confidence."""
    raw = {
        "Malware": [{"Name": "Dropper"}, {"Name": ""}],
        "Network": {
            "SourceIpV4": "192.0.2.1",
            "DestinationDomain": "x.example",
            "DestinationPort": 53,
        },
        "Process": {"Name": "sh", "Path": "/bin/sh"},
        "ThreatIntelIndicators": [{"Value": "203.0.113.9"}],
        "Compliance": {"RelatedRequirements": ["CIS 1.1", "CIS 1.2", "CIS 1.3", "CIS 1.4"]},
        "Confidence": 90,
    }

    assert dict(lay_out(make_finding(raw, types=("TTPs/Execution", "Effects/Data"))).facts) == {
        "Type": "Execution, Data",
        "Malware": "Dropper",
        "Network": "192.0.2.1 → x.example port 53",
        "Process": "/bin/sh",
        "Indicators": "203.0.113.9",
        "Requirements": "CIS 1.1, CIS 1.2, CIS 1.3 + 1 more",
        "Confidence": "90 of 100",
    }


@pytest.mark.parametrize("confidence", [-1, 101, "high", None])
def test_a_confidence_that_is_none_is_not_shown(confidence: object) -> None:
    """ASFF's confidence goes from 0 to 100."""
    assert lay_out(make_finding({"Confidence": confidence})).facts == ()


def test_vulnerabilities_are_shown_for_every_product() -> None:
    """Other scanners fill in the same fields as Inspector."""
    detail = lay_out(make_finding({"Vulnerabilities": [{"Id": "CVE-2026-1"}]}))

    assert dict(detail.facts) == {"Vulnerability": "CVE-2026-1"}
