"""Config: a resource that violates a rule of the account."""

from finding_router.findings.finding import Finding
from finding_router.findings.reading import text_at
from finding_router.slack.kit.detail import Detail, exact, facts, said


def lay_out(finding: Finding) -> Detail:
    """Return the rule and its verdict."""
    fields = finding.raw.get("ProductFields")
    verdict = text_at(fields, "aws/config/ConfigComplianceType") or ""
    return Detail(
        facts=facts(
            ("Config rule", exact(text_at(fields, "aws/config/ConfigRuleName"))),
            ("Verdict", said(verdict.lower().replace("_", " "))),
        )
    )
