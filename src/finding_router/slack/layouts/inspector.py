"""Inspector: vulnerabilities in packages and code, and ports open to the internet."""

from typing import Final

from finding_router.findings.finding import Finding, Resource
from finding_router.findings.reading import items_at, text_at
from finding_router.slack.kit.activity import container_facts, network_facts, open_ports
from finding_router.slack.kit.detail import Detail, pages
from finding_router.slack.kit.headlines import called, headline, title_words
from finding_router.slack.kit.links import product_url
from finding_router.slack.kit.text import one_line
from finding_router.slack.kit.vulnerabilities import (
    code_place,
    vulnerability_detail,
    vulnerability_headline,
    worst_first,
)

_PAGE: Final = "inspector/v2/home?region={region}#/findings/{finding_id}"
# A package is on a machine, but in an image or a function.
_NAME_CHARS: Final = 32
_MACHINES: Final = frozenset({"AwsEc2Instance"})


def lay_out(finding: Finding) -> Detail:
    """Return CVE, scores, exploit, fix and packages; the place in code; and the open ports."""
    found = vulnerability_detail(finding)
    return Detail(
        headline=_headline(finding),
        facts=(*found.facts, *container_facts(finding), *network_facts(finding)),
        listings=found.listings,
        pages=pages(("Inspector", product_url(finding, _PAGE, finding_id=finding.id))),
        small_print=found.small_print,
        title="" if worst_first(finding) else None,
    )


def _headline(finding: Finding) -> str:
    first: Resource | None = finding.resources[0] if finding.resources else None
    name = None if first is None else called(first, _NAME_CHARS)
    worst = next(iter(worst_first(finding)), {})
    place = code_place(worst)
    if items_at(worst, "CodeVulnerabilities"):
        # "CWE-77,78 - OS command injection" says no more than the name behind the dash.
        _, _, fault = title_words(finding).partition(" - ")
        fault = text_at(finding.raw, "GeneratorDetails", "Name") or fault or title_words(finding)
        return headline(f"{fault} in {place}", name, " of ") if place else headline(fault, name)
    ports = open_ports(finding)
    if ports:
        return headline(f"Port{'' if ports.isdigit() else 's'} {ports} reachable", name)
    between = "on" if first is not None and first.type in _MACHINES else "in"
    written = vulnerability_headline(finding, f"{between} {name}" if name else None)
    return one_line(written) if written else headline(title_words(finding), name)
