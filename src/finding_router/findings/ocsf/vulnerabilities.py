"""The vulnerabilities of an OCSF finding as ASFF has them."""

from collections.abc import Mapping
from typing import Any

from finding_router.findings.ocsf.times import iso_time
from finding_router.findings.reading import items_at, number_at, text_at, texts_at


def vulnerabilities(raw: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the vulnerabilities of *raw*, each with its packages, scores, exploit and fix."""
    return [_vulnerability(each) for each in items_at(raw, "vulnerabilities")] or None


def _vulnerability(one: Mapping[str, Any]) -> dict[str, Any]:
    cve = one.get("cve")
    found = {
        "Id": text_at(cve, "uid") or text_at(one, "title"),
        "VulnerablePackages": [_package(each) for each in items_at(one, "affected_packages")],
        "Cvss": [_score(each) for each in items_at(cve, "cvss")],
        # A text, in Security Hub's findings.
        "EpssScore": number_at(cve, "epss", "score"),
        "ExploitAvailable": _yes_or_no(one.get("is_exploit_available")),
        "LastKnownExploitAt": iso_time(one, "exploit_last_seen_time"),
        "FixAvailable": _fix(one),
        "RelatedVulnerabilities": list(texts_at(one, "related_vulnerabilities")),
        "ReferenceUrls": list(texts_at(one, "references")),
        "Vendor": _vendor(one),
        "CodeVulnerabilities": [_code(each) for each in items_at(one, "affected_code")],
    }
    return {name: value for name, value in found.items() if value or value == 0}


def _package(one: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "Name": text_at(one, "name"),
        "Version": text_at(one, "version"),
        "Epoch": text_at(one, "epoch"),
        "Release": text_at(one, "release"),
        "Architecture": text_at(one, "architecture"),
        "PackageManager": text_at(one, "package_manager") or text_at(one, "type"),
        "FilePath": text_at(one, "path"),
        "FixedInVersion": text_at(one, "fixed_in_version"),
        "Remediation": text_at(one, "remediation", "desc"),
    }
    return {name: value for name, value in found.items() if value}


def _score(one: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "BaseScore": number_at(one, "base_score"),
        "BaseVector": text_at(one, "vector_string"),
        "Version": text_at(one, "version"),
        "Source": text_at(one, "vendor_name"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _code(one: Mapping[str, Any]) -> dict[str, Any]:
    path = {
        "FilePath": text_at(one, "file", "path"),
        "FileName": text_at(one, "file", "name"),
        "StartLine": number_at(one, "start_line"),
        "EndLine": number_at(one, "end_line"),
    }
    return {"FilePath": {name: value for name, value in path.items() if value is not None}}


def _fix(one: Mapping[str, Any]) -> str | None:
    if (text_at(one, "fix_coverage") or "").casefold() == "partial":
        return "PARTIAL"
    return _yes_or_no(one.get("is_fix_available"))


def _vendor(one: Mapping[str, Any]) -> dict[str, str] | None:
    severity = text_at(one, "severity")
    return {"VendorSeverity": severity} if severity else None


def _yes_or_no(value: object) -> str | None:
    return {True: "YES", False: "NO"}[value] if isinstance(value, bool) else None
