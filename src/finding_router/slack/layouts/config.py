"""Config: a resource that breaks a rule of the account's own."""

from finding_router.findings.finding import Finding
from finding_router.findings.reading import text_at
from finding_router.slack.kit.detail import Detail, exact, facts, said


def lay_out(finding: Finding) -> Detail:
    """Show the rule and what it says of the resource."""
    fields = finding.raw.get("ProductFields")
    verdict = text_at(fields, "aws/config/ConfigComplianceType") or ""
    return Detail(
        facts=facts(
            ("Config rule", exact(text_at(fields, "aws/config/ConfigRuleName"))),
            ("Verdict", said(verdict.lower().replace("_", " "))),
        )
    )
