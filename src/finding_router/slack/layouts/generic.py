"""The layout for products without their own."""

from collections.abc import Iterable
from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import items_at, number_at, text_at, texts_at
from finding_router.slack.kit.detail import Detail, facts, joined, said, several
from finding_router.slack.kit.text import Mrkdwn
from finding_router.slack.kit.vulnerabilities import vulnerability_detail

_HIGHEST_CONFIDENCE: Final = 100


def lay_out(finding: Finding) -> Detail:
    """Return ASFF's general fields: type, malware, network, process, vulnerabilities and more."""
    raw = finding.raw
    found = vulnerability_detail(finding)
    general = facts(
        ("Type", several(*(kind.rpartition("/")[2] for kind in finding.types))),
        ("Malware", several(*(text_at(item, "Name") for item in items_at(raw, "Malware")))),
        ("Network", joined(" → ", *_ends(finding))),
        ("Process", said(text_at(raw, "Process", "Path") or text_at(raw, "Process", "Name"))),
        ("Indicators", several(*_indicators(finding))),
        ("Requirements", several(*texts_at(raw, "Compliance", "RelatedRequirements"))),
        ("Confidence", _confidence(finding)),
    )
    return Detail(facts=general + found.facts, listings=found.listings)


def _ends(finding: Finding) -> Iterable[Mrkdwn | None]:
    for end in ("Source", "Destination"):
        names = (f"{end}IpV4", f"{end}IpV6", f"{end}Domain")
        host = next(filter(None, (text_at(finding.raw, "Network", name) for name in names)), None)
        port = text_at(finding.raw, "Network", f"{end}Port")
        yield said(f"{host} port {port}" if host and port else host)


def _indicators(finding: Finding) -> Iterable[str | None]:
    return (text_at(item, "Value") for item in items_at(finding.raw, "ThreatIntelIndicators"))


def _confidence(finding: Finding) -> Mrkdwn | None:
    number = number_at(finding.raw, "Confidence")
    if number is None or not 0 <= number <= _HIGHEST_CONFIDENCE:
        return None
    return Mrkdwn(f"{number:.0f} of {_HIGHEST_CONFIDENCE}")
