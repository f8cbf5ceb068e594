"""The facts of a finding that its ticket shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from finding_router.findings.finding import Finding, Severity
from finding_router.findings.ocsf import is_ocsf
from finding_router.findings.products import UNKNOWN
from finding_router.findings.reading import text_at
from finding_router.slack.kit.links import AccessPortal, finding_url, outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    The facts of one finding; all texts are the product's own, and untrusted.

    *name* is the subject of the alert, which tells the lines of a task list apart. *links* are
    labels of the router's own, with checked addresses.
    """

    name: str
    title: str
    severity: Severity
    account: str | None = None
    account_id: str | None = None
    region: str | None = None
    product: str | None = None
    control: str | None = None
    resources: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    first_seen: str | None = None
    description: str | None = None
    remediation: str | None = None
    finding_id: str | None = None
    uid: str | None = None
    """The `metadata.uid` of a finding in OCSF."""
    asked_by: str | None = None
    """The name of the person who asked for the ticket."""
    links: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        finding: Finding,
        *,
        name: str,
        severity: Severity,
        alias: str | None,
        portal: AccessPortal | None,
        card_url: str | None = None,
        asked_by: str | None = None,
        uid: str | None = None,
    ) -> Self:
        """
        Return the facts of *finding*, which its alert shows as *severity*.

        *alias* is the name of its account in the routing table, *card_url* the address of its card,
        *asked_by* the name of the person who asked for the ticket, *uid* that of AWS Security Hub.
        """
        tags: dict[str, str] = dict(finding.account.tags) if finding.account else {}
        for resource in reversed(finding.resources):
            tags |= resource.tags
        remedy = outside(finding.remediation_url, finding.account_id, portal)
        links = (
            ("Security Hub", finding_url(finding, portal)),
            ("Slack", card_url),
            ("Remediation", remedy.url if remedy else None),
        )
        return cls(
            name=name,
            title=finding.title,
            severity=severity,
            account=alias or finding.account_name,
            account_id=finding.account_id,
            region=finding.region,
            product=None if finding.product == UNKNOWN else finding.product,
            control=finding.control_id,
            resources=tuple(each.id for each in finding.resources),
            tags=tags,
            first_seen=finding.first_seen,
            description=finding.description,
            remediation=finding.remediation_text,
            finding_id=finding.id,
            uid=uid,
            asked_by=asked_by,
            links=tuple((label, url) for label, url in links if url),
        )

    def value(self, placeholder: str) -> str:
        """Return the value of a *placeholder* of a title; "" where the finding has none."""
        values = {
            "title": self.title,
            "severity": self.severity.value,
            "account": self.account or self.account_id,
            "account_id": self.account_id,
            "region": self.region,
            "product": self.product,
            "control": self.control,
            "resource": self.resources[0] if self.resources else None,
        }
        if placeholder.startswith("tag:"):
            return self.tags.get(placeholder.removeprefix("tag:"), "")
        return values.get(placeholder) or ""


def uid_of(finding: Finding) -> str | None:
    """Return the `metadata.uid` of *finding*; None unless it came in OCSF."""
    return text_at(finding.raw, "metadata", "uid") if is_ocsf(finding.raw) else None
