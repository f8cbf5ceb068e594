"""Config: a resource that violates a rule of the account."""

from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import text_at
from finding_router.slack.kit.detail import Detail, facts, pages, said
from finding_router.slack.kit.headlines import headline, resources_name, title_words
from finding_router.slack.kit.links import product_url
from finding_router.slack.kit.text import one_line

_FAILED: Final = "NON_COMPLIANT"
_VERDICTS: Final = {_FAILED: "failed", "COMPLIANT": "passed"}
_RULE: Final = "config/home?region={region}#/rules/details?configRuleName={rule}"


def lay_out(finding: Finding) -> Detail:
    """Return rule and resource, a verdict other than a failure, and the rule's page."""
    fields = finding.raw.get("ProductFields")
    rule = text_at(fields, "aws/config/ConfigRuleName")
    verdict = text_at(fields, "aws/config/ConfigComplianceType") or _FAILED
    fact = one_line(rule or title_words(finding))
    description = one_line(finding.description or "")
    # Config's own sentence repeats the name of the rule, and says no more.
    is_repeated = rule is not None and description.endswith(f"config rule: {one_line(rule)}")
    return Detail(
        headline=headline(f"{fact} {_VERDICTS.get(verdict, '')}".rstrip(), resources_name(finding)),
        sentence="" if is_repeated else None,
        description="" if is_repeated else None,
        title="" if rule else None,
        facts=facts(
            ("Verdict", None if verdict == _FAILED else said(verdict.lower().replace("_", " "))),
        ),
        pages=pages(("Config rule", product_url(finding, _RULE, rule=rule))),
    )
