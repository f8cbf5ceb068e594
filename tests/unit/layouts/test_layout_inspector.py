"""Inspector's layout."""

from typing import Any

import pytest

from factories import make_finding
from finding_router.slack.layouts.inspector import lay_out


def test_a_package_vulnerability_is_shown_with_its_packages() -> None:
    """The ASFF fields about vulnerabilities are those of Inspector."""
    raw = {
        "Vulnerabilities": [
            {"Id": "CVE-2026-1", "VulnerablePackages": [{"Name": "zlib", "Version": "1"}]}
        ]
    }
    detail = lay_out(make_finding(raw))

    assert dict(detail.facts) == {"Vulnerability": "CVE-2026-1"}
    assert [each.title for each in detail.listings] == ["Packages"]


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ({"Begin": 22, "End": 22}, "22"),
        ({"Begin": 20, "End": 22}, "20-22"),
        ({"Begin": 22}, "22"),
        ({"End": 22}, "up to 22"),
        ({}, None),
    ],
)
def test_reachable_ports_are_shown(ports: dict[str, Any], expected: str | None) -> None:
    """A network reachability finding has no vulnerabilities, but ports."""
    detail = lay_out(make_finding({"Network": {"OpenPortRange": ports, "Protocol": "TCP"}}))

    assert dict(detail.facts).get("Open ports") == expected
    assert dict(detail.facts)["Protocol"] == "TCP"
