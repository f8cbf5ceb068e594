"""Details of ASFF's Vulnerabilities, whichever product reports them."""

from collections.abc import Mapping
from typing import Any, Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import items_at, number_at, text_at, texts_at
from finding_router.findings.timestamps import parse_timestamp
from finding_router.slack.kit.detail import Detail, exact, facts, joined, listings, said, several
from finding_router.slack.kit.headlines import abridged
from finding_router.slack.kit.links import Arn, outside
from finding_router.slack.kit.text import Mrkdwn, link, listed

type Vulnerability = Mapping[str, Any]

_HIGHEST_CVSS: Final = 10
_EXPLOITS: Final = {"YES": "exploit known", "NO": "no exploit known"}
_FIXES: Final = {"YES": "available", "NO": "none yet", "PARTIAL": "for some packages"}
# Inspector's FixedInVersion for a package without a fix.
_NO_VERSION: Final = "notavailable"
_HOST_CHARS: Final = 60
_MOST_CODE: Final = 3
_COMMANDS_SHOWN: Final = 3
_COMMANDS_CHARS: Final = 400
_PACKAGE_CHARS: Final = 40


def vulnerability_detail(finding: Finding) -> Detail:
    """Return all details of a single vulnerability, or one line for each of several."""
    found = worst_first(finding)
    if len(found) != 1:
        return Detail(
            listings=listings(
                f"{len(found)} vulnerabilities, worst first",
                ("vulnerability", "vulnerabilities"),
                *map(_line, found),
            )
        )
    [only] = found
    packages = _packages(only)
    others = texts_at(only, "RelatedVulnerabilities")
    known_as = several(*(name for name in others if name != text_at(only, "Id")))
    code = items_at(only, "CodeVulnerabilities")[:_MOST_CODE]
    return Detail(
        facts=facts(
            *(("Code", _code(each)) for each in code),
            *(("Source", _source(each)) for each in code),
            ("Vulnerability", _summary(only, finding)),
            ("Package", packages[0] if len(packages) == 1 else None),
            ("Fix", _fix(only)),
            ("Update", _update(only, finding)),
        ),
        listings=listings("Packages", ("package", "packages"), *packages) if packages[1:] else (),
        small_print=(Mrkdwn(f"Also known as {known_as}"),) if known_as else (),
    )


def vulnerability_headline(finding: Finding, where: str | None) -> str | None:
    """
    Return "openssl on web-1: CVE-2022-0778 (7.5, exploit known)"; *where* is "on web-1".

    Return None if there is no vulnerability with an id.
    """
    found = worst_first(finding)
    name = text_at(found[0], "Id") if found else None
    if name is None:
        return None
    score = highest_score(found[0])
    notes = [
        f"{score:.1f}" if score >= 0 else "",
        "exploit known" if _has_exploit(found[0]) else "",
    ]
    rating = ", ".join(note for note in notes if note)
    rated = f"{name} ({rating})" if rating else name
    if found[1:]:
        return " ".join(filter(None, (f"{len(found)} vulnerabilities", where))) + f", worst {rated}"
    names = (text_at(package, "Name") for package in items_at(found[0], "VulnerablePackages"))
    package = next(filter(None, names), None)
    subject = " ".join(filter(None, (package and abridged(package, _PACKAGE_CHARS), where)))
    return f"{subject}: {rated}" if package else f"{rated} {where or ''}".rstrip()


def worst_first(finding: Finding) -> list[Vulnerability]:
    """Return the vulnerabilities, those with the highest score and likelihood first."""
    return sorted(items_at(finding.raw, "Vulnerabilities"), key=_badness, reverse=True)


def highest_score(vulnerability: Vulnerability) -> float:
    """Return the highest CVSS score; -1 if there is none."""
    return _highest(vulnerability)[0]


def code_place(vulnerability: Vulnerability) -> str | None:
    """Return file and lines of the first code vulnerability: "src/handler.py:42-44"."""
    found = map(_file, items_at(vulnerability, "CodeVulnerabilities"))
    return next(filter(None, found), None)


def _badness(vulnerability: Vulnerability) -> tuple[float, float, bool]:
    return (
        _highest(vulnerability)[0],
        number_at(vulnerability, "EpssScore") or 0,
        _has_exploit(vulnerability),
    )


def _has_exploit(vulnerability: Vulnerability) -> bool:
    return (text_at(vulnerability, "ExploitAvailable") or "").upper() == "YES"


def _line(vulnerability: Vulnerability) -> Mrkdwn | None:
    score, epss = _highest(vulnerability)[0], _epss(vulnerability)
    packages = _packages(vulnerability)
    more = f" + {len(packages) - 1} more" if packages[1:] else ""
    return joined(
        " · ",
        said(text_at(vulnerability, "Id")),
        Mrkdwn(f"CVSS {score:.1f}") if score >= 0 else None,
        Mrkdwn(f"EPSS {epss}") if epss else None,
        Mrkdwn(_EXPLOITS["YES"]) if _has_exploit(vulnerability) else None,
        Mrkdwn(packages[0] + more) if packages else None,
        exact(code_place(vulnerability)),
    )


def _summary(vulnerability: Vulnerability, finding: Finding) -> Mrkdwn | None:
    """Return id, scores, exploit, and a link to the vendor's page."""
    about = outside(text_at(vulnerability, "Vendor", "Url"), None, None)
    # Some exporters put the EPSS score on the finding instead of the vulnerability.
    epss = _epss(vulnerability) or _epss(finding.raw)
    return joined(
        " · ",
        said(text_at(vulnerability, "Id")),
        _cvss(vulnerability),
        Mrkdwn(f"EPSS {epss}") if epss else None,
        _exploit(vulnerability),
        link(about.url, about.host, _HOST_CHARS) if about else None,
    )


def _highest(vulnerability: Vulnerability) -> tuple[float, str | None, str | None]:
    """Return the highest CVSS score and its basis; -1 and None if there is no score."""
    scores = [
        (score, text_at(cvss, "Version"), text_at(cvss, "Source"))
        for cvss in items_at(vulnerability, "Cvss")
        if (score := number_at(cvss, "BaseScore")) is not None and 0 <= score <= _HIGHEST_CVSS
    ]
    worst = max(scores, key=lambda each: each[0], default=(-1.0, None, None))
    # The vendor matters only where another one's score is lower.
    is_agreed = all(score == worst[0] for score, *_ in scores)
    return worst[0], worst[1], None if is_agreed else worst[2]


def _cvss(vulnerability: Vulnerability) -> Mrkdwn | None:
    score, version, vendor = _highest(vulnerability)
    if score < 0:
        return None
    # Products write "3.1", "v3" and "V3".
    by = said((version or "").strip().lower().removeprefix("v"))
    basis = joined(", ", Mrkdwn(f"v{by}") if by else None, said(vendor))
    return Mrkdwn(f"CVSS {score:.1f}" + (f" ({basis})" if basis else ""))


def _epss(source: Mapping[str, Any]) -> Mrkdwn | None:
    """Return the EPSS score, the probability of exploitation within 30 days, in per cent."""
    score = number_at(source, "EpssScore")
    if score is None or not 0 <= score <= 1:
        return None
    percent = score * 100
    return Mrkdwn(f"{percent:.0f} %" if percent >= 1 else f"{percent:.2f} %")


def _exploit(vulnerability: Vulnerability) -> Mrkdwn | None:
    answer = text_at(vulnerability, "ExploitAvailable") or ""
    shown = said(_EXPLOITS.get(answer.upper()) or (f"exploit {answer}" if answer else None))
    last = parse_timestamp(text_at(vulnerability, "LastKnownExploitAt"))
    return joined(", ", shown, Mrkdwn(f"last on {last:%Y-%m-%d}") if last else None)


def _fix(vulnerability: Vulnerability) -> Mrkdwn | None:
    """Return whether a fix exists; None if the packages name the version that has it."""
    packages = items_at(vulnerability, "VulnerablePackages")
    answer = text_at(vulnerability, "FixAvailable") or ""
    has_version = any(_fixed_in(package) for package in packages)
    if has_version and answer.upper() == "YES":
        return None
    return said(_FIXES.get(answer.upper(), answer))


def _update(vulnerability: Vulnerability, finding: Finding) -> Mrkdwn | None:
    """Return the commands that update packages, if neither version nor advice has them."""
    advice, commands = finding.remediation_text or "", dict[Mrkdwn, None]()
    for package in items_at(vulnerability, "VulnerablePackages"):
        command, version = text_at(package, "Remediation") or "", _fixed_in(package)
        repeats = version is not None and command.rstrip(".").endswith(version)
        shown = exact(command) if command not in advice and not repeats else None
        if shown:
            commands[shown] = None
    return listed(list(commands), _COMMANDS_SHOWN, _COMMANDS_CHARS) if commands else None


def _packages(vulnerability: Vulnerability) -> list[Mrkdwn]:
    """Return the packages without repeats, each with installed and fixed version, and file."""
    shown = map(_package, items_at(vulnerability, "VulnerablePackages"))
    return list(dict.fromkeys(package for package in shown if package))


def _package(package: Mapping[str, Any]) -> Mrkdwn | None:
    installed, fixed = _versions(package)
    name = joined(" ", said(text_at(package, "Name")), said(installed))
    path = exact(text_at(package, "FilePath"))
    return joined(" · ", joined(" → ", name, said(fixed)), path) if name else None


def _versions(package: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """
    Return the installed version with its release, and the version that fixes it.

    Both have an epoch (``1:1.0.2k-19.amzn2``) or none has: the epoch 0 is that of packages without.
    """
    version, fixed = text_at(package, "Version"), _fixed_in(package)
    release, epoch = text_at(package, "Release"), text_at(package, "Epoch") or "0"
    if version is None:
        return None, fixed
    if release and not version.endswith(f"-{release}"):
        version = f"{version}-{release}"
    before, colon, rest = version.partition(":")
    if colon and before.isdigit():
        epoch, version = before, rest
    if fixed is None:
        return (version if epoch == "0" else f"{epoch}:{version}"), None
    fixed_epoch, colon, rest = fixed.partition(":")
    if not colon or not fixed_epoch.isdigit():
        return version, fixed
    if epoch == fixed_epoch == "0":
        return version, rest
    return f"{epoch}:{version}", fixed


def _fixed_in(package: Mapping[str, Any]) -> str | None:
    version = text_at(package, "FixedInVersion")
    return None if version is None or version.lower() == _NO_VERSION else version


def _code(code: Mapping[str, Any]) -> Mrkdwn | None:
    return joined(" · ", exact(_file(code)), several(*texts_at(code, "Cwes")))


def _file(code: Mapping[str, Any]) -> str | None:
    path = text_at(code, "FilePath", "FilePath") or text_at(code, "FilePath", "FileName")
    start, end = text_at(code, "FilePath", "StartLine"), text_at(code, "FilePath", "EndLine")
    span = "-".join(dict.fromkeys(filter(None, (start, end))))
    return f"{path}:{span}" if path and span else path


def _source(code: Mapping[str, Any]) -> Mrkdwn | None:
    """Return the layer or other source that the code is from."""
    written = text_at(code, "SourceArn")
    arn = Arn.read(written or "")
    return joined(" ", said(arn.kind), exact(arn.id)) if arn and arn.id else exact(written)
