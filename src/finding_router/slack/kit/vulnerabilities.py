"""Details of ASFF's Vulnerabilities, whichever product reports them."""

from collections.abc import Mapping
from typing import Any, Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import items_at, number_at, text_at
from finding_router.slack.kit.detail import Detail, facts, joined, listings, said
from finding_router.slack.kit.links import outside
from finding_router.slack.kit.text import Mrkdwn, link

type Vulnerability = Mapping[str, Any]

_HIGHEST_CVSS: Final = 10
_EXPLOITS: Final = {"YES": "available", "NO": "none known"}
_FIXES: Final = {"YES": "available", "NO": "none yet", "PARTIAL": "for some packages"}
# Inspector's FixedInVersion for a package without a fix.
_NO_VERSION: Final = "notavailable"
_HOST_CHARS: Final = 60


def vulnerability_detail(finding: Finding) -> Detail:
    """Return all details of a single vulnerability, or one line for each of several."""
    found = sorted(items_at(finding.raw, "Vulnerabilities"), key=_badness, reverse=True)
    if len(found) != 1:
        return Detail(
            listings=listings(
                f"{len(found)} vulnerabilities, worst first",
                ("vulnerability", "vulnerabilities"),
                *map(_line, found),
            )
        )
    [only] = found
    # Some exporters put the EPSS score on the finding instead of the vulnerability.
    epss = _epss(only) or _epss(finding.raw)
    return Detail(
        facts=facts(
            ("Vulnerability", _name(only)),
            ("CVSS", _cvss(only)),
            ("EPSS", epss),
            ("Exploit", _answer(only, "ExploitAvailable", _EXPLOITS)),
            ("Fix", _fix(only)),
        ),
        listings=listings("Packages", ("package", "packages"), *_packages(only)),
    )


def _badness(vulnerability: Vulnerability) -> tuple[float, float, bool]:
    return (
        _highest(vulnerability)[0],
        number_at(vulnerability, "EpssScore") or 0,
        text_at(vulnerability, "ExploitAvailable") == "YES",
    )


def _line(vulnerability: Vulnerability) -> Mrkdwn | None:
    exploit = text_at(vulnerability, "ExploitAvailable") == "YES"
    score, epss = _highest(vulnerability)[0], _epss(vulnerability)
    packages = _packages(vulnerability)
    more = f" + {len(packages) - 1} more" if packages[1:] else ""
    return joined(
        " · ",
        said(text_at(vulnerability, "Id")),
        Mrkdwn(f"CVSS {score:.1f}") if score >= 0 else None,
        Mrkdwn(f"EPSS {epss}") if epss else None,
        Mrkdwn("exploit available") if exploit else None,
        Mrkdwn(packages[0] + more) if packages else None,
    )


def _name(vulnerability: Vulnerability) -> Mrkdwn | None:
    """Return the id and a link to the vendor's page."""
    about = outside(text_at(vulnerability, "Vendor", "Url"), None, None)
    return joined(
        " · ",
        said(text_at(vulnerability, "Id")),
        link(about.url, about.host, _HOST_CHARS) if about else None,
    )


def _highest(vulnerability: Vulnerability) -> tuple[float, str | None]:
    """Return the highest CVSS score and its CVSS version; -1 and None if there is no score."""
    scores = [
        (score, text_at(cvss, "Version"))
        for cvss in items_at(vulnerability, "Cvss")
        if (score := number_at(cvss, "BaseScore")) is not None and 0 <= score <= _HIGHEST_CVSS
    ]
    return max(scores, key=lambda pair: pair[0], default=(-1, None))


def _cvss(vulnerability: Vulnerability) -> Mrkdwn | None:
    score, version = _highest(vulnerability)
    if score < 0:
        return None
    by = said(version)
    return Mrkdwn(f"{score:.1f}" + (f" (v{by})" if by else ""))


def _epss(source: Mapping[str, Any]) -> Mrkdwn | None:
    """Return the EPSS score, the probability of exploitation within 30 days, in per cent."""
    score = number_at(source, "EpssScore")
    if score is None or not 0 <= score <= 1:
        return None
    percent = score * 100
    return Mrkdwn(f"{percent:.0f} %" if percent >= 1 else f"{percent:.2f} %")


def _answer(vulnerability: Vulnerability, field: str, meanings: Mapping[str, str]) -> Mrkdwn | None:
    answer = text_at(vulnerability, field) or ""
    return said(meanings.get(answer.upper(), answer))


def _fix(vulnerability: Vulnerability) -> Mrkdwn | None:
    """Return the fixed version if all packages have the same, else whether a fix exists."""
    versions = {_fixed_in(package) for package in items_at(vulnerability, "VulnerablePackages")}
    version = said(versions.pop()) if len(versions) == 1 else None
    return Mrkdwn(f"in {version}") if version else _answer(vulnerability, "FixAvailable", _FIXES)


def _packages(vulnerability: Vulnerability) -> list[Mrkdwn]:
    """Return the packages without repeats, each with installed version and fixed version."""
    shown = map(_package, items_at(vulnerability, "VulnerablePackages"))
    return list(dict.fromkeys(package for package in shown if package))


def _package(package: Mapping[str, Any]) -> Mrkdwn | None:
    fixed = said(_fixed_in(package))
    name = joined(" ", said(text_at(package, "Name")), said(text_at(package, "Version")))
    return joined(" → ", name, fixed) if name else None


def _fixed_in(package: Mapping[str, Any]) -> str | None:
    version = text_at(package, "FixedInVersion")
    return None if version is None or version.lower() == _NO_VERSION else version
