"""Security Hub's own controls: configuration that breaks a security standard."""

from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import items_at, text_at, texts_at
from finding_router.slack.detail import Detail, facts, listings, said, several

# The middle of a standard's id, in the words that its users have for it.
# https://docs.aws.amazon.com/securityhub/latest/userguide/standards-reference.html
_STANDARDS: Final = {
    "aws-foundational-security-best-practices": "AWS FSBP",
    "aws-resource-tagging-standard": "AWS Resource Tagging",
    "cis-aws-foundations-benchmark": "CIS AWS Foundations",
    "nist-800-171": "NIST SP 800-171",
    "nist-800-53": "NIST SP 800-53",
    "pci-dss": "PCI DSS",
    "service-managed-aws-control-tower": "AWS Control Tower",
}


def lay_out(finding: Finding) -> Detail:
    """Show in which standards the control is, what it expects, and why it failed."""
    fields = finding.raw.get("ProductFields")
    reasons = [
        text_at(reason, "Description") or text_at(reason, "ReasonCode")
        for reason in items_at(finding.raw, "Compliance", "StatusReasons")
    ]
    annotation = text_at(fields, "aws/securityhub/annotation")
    standards = texts_at(fields, "StandardsArn") or texts_at(fields, "StandardsGuideArn")
    associated = items_at(finding.raw, "Compliance", "AssociatedStandards")
    ids = [text_at(standard, "StandardsId") or "" for standard in associated]
    return Detail(
        facts=facts(
            ("Standards", several(*map(_standard, (*ids, *standards)))),
            ("Expected", several(*_parameters(finding))),
        ),
        listings=listings(
            "Why", ("reason", "reasons"), *map(said, dict.fromkeys((*reasons, annotation)))
        ),
    )


def _standard(written: str) -> str:
    """Shorten ``standards/NAME/v/VERSION``, alone or in an ARN, to a name and version."""
    path = written.rpartition(":")[2].removeprefix("standards/").removeprefix("ruleset/")
    name, _, version = path.partition("/v/")
    return f"{_STANDARDS.get(name, name)} {version}".rstrip()


def _parameters(finding: Finding) -> list[str]:
    shown = []
    for parameter in items_at(finding.raw, "Compliance", "SecurityControlParameters"):
        name = text_at(parameter, "Name")
        values = ", ".join(texts_at(parameter, "Value"))
        if name and values:
            shown.append(f"{name} = {values}")
    return shown
