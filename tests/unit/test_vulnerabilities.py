"""Vulnerabilities as ASFF has them."""

from typing import Any

import pytest

from factories import make_finding
from finding_router.slack.kit.detail import Detail
from finding_router.slack.kit.vulnerabilities import vulnerability_detail


def detail_of(*found: dict[str, Any], **beside: Any) -> Detail:
    """Lay out a finding with these vulnerabilities."""
    return vulnerability_detail(make_finding({"Vulnerabilities": list(found), **beside}))


def package(name: str, version: str, fixed: str | None = None) -> dict[str, Any]:
    """Make a vulnerable package."""
    return {"Name": name, "Version": version, "FixedInVersion": fixed}


ONE = {
    "Id": "CVE-2026-1",
    "Cvss": [{"BaseScore": 5.3, "Version": "2.0"}, {"BaseScore": "9.8", "Version": "3.1"}],
    "EpssScore": 0.973,
    "ExploitAvailable": "YES",
    "FixAvailable": "YES",
    "Vendor": {"Url": "https://nvd.nist.gov/vuln/detail/CVE-2026-1"},
    "VulnerablePackages": [package("openssl", "1.0", "1.1"), package("openssl", "1.0", "1.1")],
}


def test_one_vulnerability_is_told_in_full() -> None:
    """CVE, score, likelihood, exploit and fix each have a field; packages a line each, once."""
    detail = detail_of(ONE)

    assert dict(detail.facts) == {
        "Vulnerability": (
            "CVE-2026-1 · <https://nvd.nist.gov/vuln/detail/CVE-2026-1|nvd.nist.gov>"
        ),
        "CVSS": "9.8 (v3.1)",
        "EPSS": "97 %",
        "Exploit": "available",
        "Fix": "in 1.1",
    }
    assert [each.items for each in detail.listings] == [("openssl 1.0 → 1.1",)]


def test_an_empty_vulnerability_says_nothing() -> None:
    """Missing scores, answers and packages leave no label behind."""
    assert detail_of({}) == Detail()


@pytest.mark.parametrize(
    ("score", "expected"),
    [(0.5, "50 %"), (0.00239, "0.24 %"), ("0.01", "1 %"), (0, "0.00 %"), (1.5, None), (-1, None)],
)
def test_the_epss_score_is_in_per_cent(score: object, expected: str | None) -> None:
    """Scores outside of 0 to 1 are none."""
    detail = detail_of({"EpssScore": score})

    assert expected == dict(detail.facts).get("EPSS")


def test_no_known_exploit_is_said() -> None:
    """That there is none is worth knowing."""
    assert dict(detail_of({"ExploitAvailable": "NO"}).facts) == {"Exploit": "none known"}


def test_an_epss_score_beside_the_vulnerability_is_found() -> None:
    """Some exporters write it at the top of the finding."""
    assert dict(detail_of({"Id": "x"}, EpssScore="0.2").facts)["EPSS"] == "20 %"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"FixAvailable": "PARTIAL"}, "for some packages"),
        ({"FixAvailable": "NO"}, "none yet"),
        ({"FixAvailable": "SOON"}, "SOON"),
        (
            {"VulnerablePackages": [package("a", "1", "NotAvailable")], "FixAvailable": "NO"},
            "none yet",
        ),
        ({"VulnerablePackages": [package("a", "1", "2"), package("b", "1", "3")]}, None),
    ],
)
def test_the_fix_is_a_version_only_where_packages_agree(
    fields: dict[str, Any], expected: str | None
) -> None:
    """Otherwise the product's own answer stands, and without one, nothing."""
    assert expected == dict(detail_of(fields).facts).get("Fix")


@pytest.mark.parametrize("score", [-1, 10.1, "high", None])
def test_a_score_that_is_none_is_not_shown(score: object) -> None:
    """CVSS goes from 0 to 10."""
    assert "CVSS" not in dict(detail_of({"Cvss": [{"BaseScore": score}]}).facts)


def test_several_are_a_line_each_worst_first() -> None:
    """The highest score comes first, then the likeliest to be exploited."""
    low = {"Id": "CVE-LOW", "Cvss": [{"BaseScore": 2}]}
    likely = {"Id": "CVE-LIKELY", "Cvss": [{"BaseScore": 9.8}], "EpssScore": 0.99}
    [listing] = detail_of(low, ONE, likely).listings

    assert listing.title == "3 vulnerabilities, worst first"
    assert listing.items == (
        "CVE-LIKELY · CVSS 9.8 · EPSS 99 %",
        "CVE-2026-1 · CVSS 9.8 · EPSS 97 % · exploit available · openssl 1.0 → 1.1",
        "CVE-LOW · CVSS 2.0",
    )


def test_a_line_counts_further_packages() -> None:
    """One package stands for all, with their number."""
    many = {"Id": "x", "VulnerablePackages": [package("a", "1"), package("b", "1"), {"Path": "c"}]}
    [listing] = detail_of(many, {"Id": "y"}).listings

    assert listing.items == ("x · a 1 + 1 more", "y")


def test_no_vulnerabilities_say_nothing() -> None:
    """A finding of another kind gets no empty list."""
    assert detail_of() == Detail()
