"""Inspector: vulnerabilities in packages and code, and ports open to the internet."""

from finding_router.findings.finding import Finding
from finding_router.findings.reading import text_at
from finding_router.slack.kit.detail import Detail, facts, said
from finding_router.slack.kit.vulnerabilities import vulnerability_detail


def lay_out(finding: Finding) -> Detail:
    """Return CVE, CVSS, EPSS, exploit, fix and packages, and the open ports."""
    found = vulnerability_detail(finding)
    reachable = facts(
        ("Open ports", said(_ports(finding))),
        ("Protocol", said(text_at(finding.raw, "Network", "Protocol"))),
    )
    return Detail(facts=found.facts + reachable, listings=found.listings)


def _ports(finding: Finding) -> str | None:
    begin = text_at(finding.raw, "Network", "OpenPortRange", "Begin")
    end = text_at(finding.raw, "Network", "OpenPortRange", "End")
    if begin is None:
        return end and f"up to {end}"
    return begin if end in (begin, None) else f"{begin}-{end}"
