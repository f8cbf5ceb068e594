"""Vulnerabilities as ASFF has them."""

from typing import Any

import pytest

from factories import make_finding
from finding_router.slack.kit.detail import Detail
from finding_router.slack.kit.vulnerabilities import vulnerability_detail


def detail_of(*found: dict[str, Any], **beside: Any) -> Detail:
    """Lay out a finding with these vulnerabilities."""
    return vulnerability_detail(make_finding({"Vulnerabilities": list(found), **beside}))


def package(name: str, version: str, fixed: str | None = None, **fields: str) -> dict[str, Any]:
    """Make a vulnerable package."""
    return {"Name": name, "Version": version, "FixedInVersion": fixed, **fields}


ONE = {
    "Id": "CVE-2026-1",
    "Cvss": [{"BaseScore": 5.3, "Version": "2.0"}, {"BaseScore": "9.8", "Version": "3.1"}],
    "EpssScore": 0.973,
    "ExploitAvailable": "YES",
    "FixAvailable": "YES",
    "LastKnownExploitAt": "2026-09-02T00:00:00.000Z",
    "RelatedVulnerabilities": ["GHSA-1", "CVE-2026-1", "USN-2"],
    "Vendor": {"Url": "https://nvd.nist.gov/vuln/detail/CVE-2026-1"},
    "VulnerablePackages": [package("openssl", "1.0", "1.1"), package("openssl", "1.0", "1.1")],
}


def test_one_vulnerability_is_told_in_full() -> None:
    """Id, score, likelihood and exploit in a line, and the package with its fix in another."""
    detail = detail_of(ONE)

    assert dict(detail.facts) == {
        "Vulnerability": (
            "CVE-2026-1 · CVSS 9.8 (v3.1) · EPSS 97 % · exploit known, last on 2026-09-02 · "
            "<https://nvd.nist.gov/vuln/detail/CVE-2026-1|nvd.nist.gov>"
        ),
        "Package": "openssl 1.0 → 1.1",
    }
    assert detail.small_print == ("Also known as GHSA-1, USN-2",)
    assert detail.listings == ()


def test_several_packages_are_a_line_each() -> None:
    """With the file that has it, once."""
    jar = package("b", "1", FilePath="app/b.jar")
    [listing] = detail_of({"VulnerablePackages": [package("a", "1", "2"), jar, jar]}).listings

    assert listing.items == ("a 1 → 2", "b 1 · `app/b.jar`")


def test_an_empty_vulnerability_says_nothing() -> None:
    """Missing scores, answers and packages leave no label behind."""
    assert detail_of({}) == Detail()


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (0.5, "EPSS 50 %"),
        (0.00239, "EPSS 0.24 %"),
        ("0.01", "EPSS 1 %"),
        (0, "EPSS 0.00 %"),
        (1.5, None),
        (-1, None),
    ],
)
def test_the_epss_score_is_in_per_cent(score: object, expected: str | None) -> None:
    """Scores outside of 0 to 1 are none."""
    detail = detail_of({"EpssScore": score})

    assert expected == dict(detail.facts).get("Vulnerability")


@pytest.mark.parametrize(
    ("written", "expected"), [("3.1", "v3.1"), ("V3", "v3"), ("v2", "v2"), (" V4.0 ", "v4.0")]
)
def test_the_version_of_the_score_has_one_v(written: str, expected: str) -> None:
    """Products write the version with and without it, in both cases."""
    detail = detail_of({"Cvss": [{"BaseScore": 7.8, "Version": written}]})

    assert dict(detail.facts) == {"Vulnerability": f"CVSS 7.8 ({expected})"}


@pytest.mark.parametrize(("answer", "said"), [("NO", "no exploit known"), ("odd", "exploit odd")])
def test_no_known_exploit_is_said(answer: str, said: str) -> None:
    """That there is none is worth knowing."""
    assert dict(detail_of({"ExploitAvailable": answer}).facts) == {"Vulnerability": said}


def test_an_epss_score_beside_the_vulnerability_is_found() -> None:
    """Some exporters write it at the top of the finding."""
    assert dict(detail_of({"Id": "x"}, EpssScore="0.2").facts)["Vulnerability"] == "x · EPSS 20 %"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"FixAvailable": "YES"}, "available"),
        ({"FixAvailable": "PARTIAL"}, "for some packages"),
        ({"FixAvailable": "NO"}, "none yet"),
        ({"FixAvailable": "SOON"}, "SOON"),
        (
            {"VulnerablePackages": [package("a", "1", "NotAvailable")], "FixAvailable": "NO"},
            "none yet",
        ),
        ({"VulnerablePackages": [package("a", "1", "2")], "FixAvailable": "YES"}, None),
    ],
)
def test_the_fix_is_said_where_no_version_is(fields: dict[str, Any], expected: str | None) -> None:
    """The version that fixes a package stands behind it."""
    assert expected == dict(detail_of(fields).facts).get("Fix")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("yum update a", "`yum update a`"),
        ("Update a to 2", None),
        (None, None),
    ],
)
def test_the_command_that_updates_is_shown(command: str | None, expected: str | None) -> None:
    """Words that only repeat the version are no command."""
    only = package("a", "1", "2") | {"Remediation": command}

    assert expected == dict(detail_of({"VulnerablePackages": [only]}).facts).get("Update")


def test_a_command_in_the_advice_is_not_said_again() -> None:
    """The card shows the advice anyway."""
    only = package("a", "1", Remediation="yum update a")
    finding = make_finding(
        {"Vulnerabilities": [{"VulnerablePackages": [only]}]},
        remediation_text="Update a with: yum update a",
    )

    assert dict(vulnerability_detail(finding).facts) == {"Package": "a 1"}


@pytest.mark.parametrize(
    ("version", "release", "epoch", "fixed", "expected"),
    [
        ("5.10.0", "8.amzn2", "0", "0:5.10.0-9.amzn2", "a 5.10.0-8.amzn2 → 5.10.0-9.amzn2"),
        ("1.0.2k", "19", "1", "1:1.0.2k-24", "a 1:1.0.2k-19 → 1:1.0.2k-24"),
        ("1.0.2k", "19", "1", "1.0.2k-24", "a 1.0.2k-19 → 1.0.2k-24"),
        ("1.0", "1", None, "2:1.0-2", "a 0:1.0-1 → 2:1.0-2"),
        ("1.0", "1", "1", None, "a 1:1.0-1"),
        ("1.0", "1", "0", None, "a 1.0-1"),
        ("1:1.0-1", "1", None, "1:1.0-2", "a 1:1.0-1 → 1:1.0-2"),
        ("1.0", None, None, "x:y", "a 1.0 → x:y"),
    ],
)
def test_versions_have_release_and_the_same_epoch(
    version: str, release: str | None, epoch: str | None, fixed: str | None, expected: str
) -> None:
    """The epoch stands on both versions or on none, so that they can be compared."""
    only = package("a", version, fixed) | {"Release": release, "Epoch": epoch}

    assert dict(detail_of({"VulnerablePackages": [only]}).facts)["Package"] == expected


def test_a_package_without_a_version_is_named() -> None:
    """The version that fixes it is known all the same."""
    only = {"Name": "a", "FixedInVersion": "2"}

    assert dict(detail_of({"VulnerablePackages": [only]}).facts)["Package"] == "a → 2"


@pytest.mark.parametrize("score", [-1, 10.1, "high", None])
def test_a_score_that_is_none_is_not_shown(score: object) -> None:
    """CVSS goes from 0 to 10."""
    assert detail_of({"Cvss": [{"BaseScore": score}]}).facts == ()


def test_several_are_a_line_each_worst_first() -> None:
    """The highest score comes first, then the likeliest to be exploited."""
    low = {"Id": "CVE-LOW", "Cvss": [{"BaseScore": 2}]}
    likely = {"Id": "CVE-LIKELY", "Cvss": [{"BaseScore": 9.8}], "EpssScore": 0.99}
    [listing] = detail_of(low, ONE, likely).listings

    assert listing.title == "3 vulnerabilities, worst first"
    assert listing.items == (
        "CVE-LIKELY · CVSS 9.8 · EPSS 99 %",
        "CVE-2026-1 · CVSS 9.8 · EPSS 97 % · exploit known · openssl 1.0 → 1.1",
        "CVE-LOW · CVSS 2.0",
    )


def test_a_line_counts_further_packages() -> None:
    """One package stands for all, with their number."""
    many = {"Id": "x", "VulnerablePackages": [package("a", "1"), package("b", "1"), {"Path": "c"}]}
    [listing] = detail_of(many, {"Id": "y"}).listings

    assert listing.items == ("x · a 1 + 1 more", "y")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ({"FilePath": {"FileName": "a.py"}}, {"Code": "`a.py`"}),
        ({"FilePath": {"FilePath": "src/a.py", "StartLine": 3}}, {"Code": "`src/a.py:3`"}),
        ({"SourceArn": "somewhere"}, {"Source": "`somewhere`"}),
        ({}, {}),
    ],
)
def test_a_fault_in_code_is_found(code: dict[str, Any], expected: dict[str, str]) -> None:
    """File, lines and source, as far as they are known."""
    assert dict(detail_of({"CodeVulnerabilities": [code]}).facts) == expected


def test_no_vulnerabilities_say_nothing() -> None:
    """A finding of another kind gets no empty list."""
    assert detail_of() == Detail()
