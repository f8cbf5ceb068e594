"""
The ASFF-shaped view of an OCSF finding: the fields of both, which share no name.

Routes, cards and the deduplication key go by ASFF's names. Patterns on OCSF's own names match as
well, because the view keeps them. A finding that is in both Security Hubs has the same ProductArn
and Id in both forms. No version of the schema is assumed: objects count by their presence, and a
value of the wrong type counts as missing. OCSF writes its names in small letters; fields with a
capital come from here alone, whatever an importer adds.

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-v2-findings.html
https://schema.ocsf.io/
"""

from collections.abc import Mapping
from typing import Any, Final

from finding_router.findings.ocsf import View
from finding_router.findings.ocsf.evidence import evidence
from finding_router.findings.ocsf.resources import resources
from finding_router.findings.ocsf.sequence import sequence
from finding_router.findings.ocsf.statuses import IN_PROGRESS, status_word
from finding_router.findings.ocsf.times import iso_time
from finding_router.findings.ocsf.vulnerabilities import vulnerabilities
from finding_router.findings.reading import items_at, number_at, text_at, texts_at, value_at

_SEVERITIES: Final = {
    1: "INFORMATIONAL",
    2: "LOW",
    3: "MEDIUM",
    4: "HIGH",
    5: "CRITICAL",
    # "Fatal": more than critical.
    6: "CRITICAL",
}
# ASFF's own word for a finding that people know of is NOTIFIED.
_WORKFLOW: Final = {
    IN_PROGRESS: "NOTIFIED",
    "suppressed": "SUPPRESSED",
    "resolved": "RESOLVED",
}
_CLOSE: Final = 3
_COMPLIANCE: Final = {1: "PASSED", 2: "WARNING", 3: "FAILED"}
_COMPLIANCE_WORDS: Final = {
    "pass": "PASSED",
    "passed": "PASSED",
    "warning": "WARNING",
    "fail": "FAILED",
    "failed": "FAILED",
}
_COVERAGE: Final = "Security Hub Coverage"
# The words for the kinds of findings, which stand among the product's own types.
_NAMESPACES: Final = frozenset(
    ("Coverage", "Exposure", "Posture Management", "Sensitive Data", "Threats", "Vulnerabilities")
)
_V2_PRODUCT: Final = "::productv2/"
_PRODUCT: Final = "::product/"


def as_asff(raw: Mapping[str, Any]) -> View:
    """
    Return the ASFF-shaped view of the OCSF finding *raw*, parsed JSON.

    A part that *raw* lacks is missing in the view as well. Without an id of any kind the view has
    no Id, which `read_finding` refuses in words.
    """
    info = raw.get("finding_info")
    view: dict[str, Any] = {
        "SchemaVersion": "2018-10-08",
        "ProductArn": _product_arn(raw),
        "ProductName": text_at(raw, "metadata", "product", "name"),
        "CompanyName": text_at(raw, "metadata", "product", "vendor_name"),
        "Id": text_at(info, "uid") or text_at(raw, "metadata", "uid"),
        "GeneratorId": text_at(info, "analytic", "name") or text_at(info, "analytic", "uid"),
        "AwsAccountId": _account_id(raw),
        "AwsAccountName": text_at(raw, "cloud", "account", "name"),
        "Region": text_at(raw, "cloud", "region"),
        "Title": text_at(info, "title") or text_at(raw, "message"),
        "Description": _description(raw),
        "Types": _types(info) or None,
        "Severity": _severity(raw),
        "Workflow": {"Status": _WORKFLOW.get(status_word(raw), "NEW")},
        "RecordState": "ARCHIVED" if _is_closed(raw) else "ACTIVE",
        "Compliance": _compliance(raw),
        "CreatedAt": iso_time(info, "created_time") or iso_time(raw, "time"),
        "UpdatedAt": iso_time(raw, "time") or _modified(info),
        "FirstObservedAt": iso_time(info, "first_seen_time"),
        "LastObservedAt": iso_time(info, "last_seen_time"),
        "Remediation": _remediation(raw),
        "SourceUrl": text_at(info, "src_url"),
        "Note": _note(raw),
        "Resources": resources(raw),
        "Vulnerabilities": vulnerabilities(raw),
        **_detection(raw),
    }
    # OCSF's names are in lower case: a name of ASFF would be a claim of whoever wrote the finding.
    own = {name: value for name, value in raw.items() if not name[:1].isupper()}
    return View(own | {name: value for name, value in view.items() if value is not None})


def _detection(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the evidence; of a sequence, its signals and actors instead of an action."""
    found, signals = evidence(raw), sequence(raw)
    if signals:
        found.pop("Action", None)
    return found | signals


def _description(raw: Mapping[str, Any]) -> str | None:
    """Return the description; what happened instead, where it only repeats the title."""
    title = text_at(raw, "finding_info", "title")
    texts = (
        text_at(raw, "finding_info", "desc"),
        text_at(raw, "status_detail"),
        text_at(raw, "message"),
    )
    return next((text for text in texts if text and text != title), texts[0])


def _types(info: object) -> list[str]:
    """Return the types, the product's own first."""
    return sorted(texts_at(info, "types"), key=_NAMESPACES.__contains__)


def _modified(info: object) -> str | None:
    # One producer repeats the name of the object in that of its field.
    return iso_time(info, "modified_time") or iso_time(info, "finding.info.modified_time")


def _product_arn(raw: Mapping[str, Any]) -> str | None:
    """Return the ARN that the product has in ASFF; another producer's name, if it has no ARN."""
    product = value_at(raw, "metadata", "product")
    uid = text_at(product, "uid")
    if uid and uid.startswith("arn:"):
        return uid.replace(_V2_PRODUCT, _PRODUCT, 1)
    names = (text_at(product, "vendor_name"), text_at(product, "name") or uid)
    return "/".join(dict.fromkeys(filter(None, names))) or None


def _account_id(raw: Mapping[str, Any]) -> str | None:
    owner = next(iter(items_at(raw, "resources")), None)
    return text_at(raw, "cloud", "account", "uid") or text_at(owner, "owner", "account", "uid")


def _severity(raw: Mapping[str, Any]) -> dict[str, str | None]:
    """
    Return the severity by its id, which is normative; by its caption if the id says nothing.

    The provider's own is kept beside it: a person or a rule may have changed the other.
    """
    label = _SEVERITIES.get(_whole(raw, "severity_id"))
    caption = (text_at(raw, "severity") or "").strip().upper()
    if label is None:
        label = {"FATAL": "CRITICAL"}.get(caption, caption)
    original = text_at(raw, "vendor_attributes", "severity") or text_at(raw, "severity")
    return {"Label": label, "Original": original}


def _is_closed(raw: Mapping[str, Any]) -> bool:
    """Return True if the product does not report the finding any more; it may still be New."""
    activity = (text_at(raw, "activity_name") or "").strip().casefold()
    is_closed = _whole(raw, "activity_id") == _CLOSE or activity == "close"
    return is_closed or status_word(raw) in {"archived", "deleted"}


def _compliance(raw: Mapping[str, Any]) -> dict[str, Any] | None:
    if _is_about_coverage(raw):
        return {"Status": "NOT_AVAILABLE"}
    compliance = raw.get("compliance")
    caption = text_at(compliance, "status") or text_at(raw, "status_code") or ""
    status = _COMPLIANCE.get(
        _whole(compliance, "status_id"), _COMPLIANCE_WORDS.get(caption.strip().casefold())
    )
    reasons = [
        {"ReasonCode": text_at(each, "name"), "Description": text_at(each, "desc")}
        for each in items_at(compliance, "assessments")
        if each.get("meets_criteria") is not True
    ]
    parameters = [
        {"Name": text_at(each, "name"), "Value": list(texts_at(each, "values"))}
        for each in items_at(compliance, "control_parameters")
    ]
    found = {
        "Status": status,
        "SecurityControlId": text_at(compliance, "control"),
        "AssociatedStandards": [
            {"StandardsId": each} for each in texts_at(compliance, "standards")
        ],
        "RelatedRequirements": list(texts_at(compliance, "requirements")),
        "StatusReasons": reasons,
        "SecurityControlParameters": parameters,
    }
    return {name: value for name, value in found.items() if value} or None


def _is_about_coverage(raw: Mapping[str, Any]) -> bool:
    """Return True if Security Hub says which of its services cover a resource: no finding."""
    return text_at(raw, "metadata", "product", "name") == _COVERAGE


def _remediation(raw: Mapping[str, Any]) -> dict[str, Any] | None:
    pages = texts_at(raw, "remediation", "references")
    found = {
        "Text": text_at(raw, "remediation", "desc"),
        # Other producers put commands among them.
        "Url": next((each for each in pages if each.startswith("https://")), None),
    }
    said = {name: value for name, value in found.items() if value}
    return {"Recommendation": said} if said else None


def _note(raw: Mapping[str, Any]) -> dict[str, str] | None:
    comment = text_at(raw, "comment")
    return {"Text": comment} if comment else None


def _whole(source: object, name: str) -> int:
    """Return the number of an enumeration; 0, which says nothing, if there is none."""
    number = number_at(source, name)
    return int(number) if number is not None else 0
