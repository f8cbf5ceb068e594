"""Security Hub controls: configuration that violates a security standard."""

from finding_router.findings.finding import Finding
from finding_router.findings.reading import items_at, text_at, texts_at
from finding_router.findings.standards import standard_names
from finding_router.slack.kit.detail import STANDARDS, Detail, facts, listings, said, several


def lay_out(finding: Finding) -> Detail:
    """Return the control's standards, its expected values, and the reasons of the failure."""
    fields = finding.raw.get("ProductFields")
    reasons = [
        text_at(reason, "Description") or text_at(reason, "ReasonCode")
        for reason in items_at(finding.raw, "Compliance", "StatusReasons")
    ]
    annotation = text_at(fields, "aws/securityhub/annotation")
    return Detail(
        facts=facts(
            (STANDARDS, several(*standard_names(finding))),
            ("Expected", several(*_parameters(finding))),
        ),
        listings=listings(
            "Why", ("reason", "reasons"), *map(said, dict.fromkeys((*reasons, annotation)))
        ),
    )


def _parameters(finding: Finding) -> list[str]:
    shown = []
    for parameter in items_at(finding.raw, "Compliance", "SecurityControlParameters"):
        name = text_at(parameter, "Name")
        values = ", ".join(texts_at(parameter, "Value"))
        if name and values:
            shown.append(f"{name} = {values}")
    return shown
