"""Sensitive data in buckets: what was found, and who can read it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import items_at, number_at, text_at, value_at
from finding_router.slack.kit.detail import Fact, joined, said
from finding_router.slack.kit.text import Mrkdwn, listed

_CUSTOM: Final = "Custom data"
_CATEGORIES: Final = {
    "CREDENTIALS": "Credentials",
    "CUSTOM_IDENTIFIER": _CUSTOM,
    "FINANCIAL_INFORMATION": "Financial data",
    "PERSONAL_INFORMATION": "Personal data",
}
_OTHER: Final = "Other data"
_KINDS_SHOWN: Final = 5
_KINDS_CHARS: Final = 600


def sensitive_facts(found: Mapping[str, list[Mrkdwn]]) -> tuple[Fact, ...]:
    """Return a fact for each category in *found*, with its kinds of data and their counts."""
    return tuple(
        Fact(category, shown)
        for category, kinds in found.items()
        if (shown := listed(kinds, _KINDS_SHOWN, _KINDS_CHARS))
    )


def results_of(finding: Finding) -> list[object]:
    """Return the results of the classification of each resource."""
    return [value_at(each.raw, "DataClassification", "Result") for each in finding.resources]


def access(finding: Finding) -> Mrkdwn | None:
    """Return the access to bucket and object, if it is public or shared."""
    fields = finding.raw.get("ProductFields")
    bucket = text_at(fields, "S3Bucket.effectivePermission") or text_at(
        fields, "S3Bucket.EffectivePermission"
    )
    object_ = (text_at(fields, "S3Object.PublicAccess") or "").lower()
    effective = (text_at(fields, "S3Object.EffectivePermission") or "").upper()
    is_public = object_ == "true" or effective == "PUBLIC"
    details = [value_at(resource.raw, "Details", "AwsS3Bucket") for resource in finding.resources]
    # In OCSF the details of the bucket have its access and encryption.
    is_open = any(text_at(each, "IsPublic") == "true" for each in details)
    is_plain = any(text_at(each, "IsEncrypted") == "false" for each in details)
    return joined(
        " · ",
        Mrkdwn("the object is public") if is_public else None,
        Mrkdwn("the bucket is public") if is_open or (bucket or "").upper() == "PUBLIC" else None,
        Mrkdwn("the bucket is not encrypted") if is_plain else None,
    )


def found_in(results: list[object]) -> dict[str, list[Mrkdwn]]:
    """Return the kinds of data with their counts by category, in Macie's order."""
    found: dict[str, list[Mrkdwn]] = {}
    for result in results:
        for category, kind in _kinds(result):
            if kind:
                found.setdefault(category, []).append(kind)
    return found


def _kinds(result: object) -> Iterator[tuple[str, Mrkdwn | None]]:
    for category in items_at(result, "SensitiveData"):
        label = _CATEGORIES.get(text_at(category, "Category") or "", _OTHER)
        for detection in items_at(category, "Detections"):
            kind = text_at(detection, "Type")
            yield label, _counted(kind and kind.lower().replace("_", " "), detection)
    for detection in items_at(result, "CustomDataIdentifiers", "Detections"):
        yield _CUSTOM, _counted(text_at(detection, "Name"), detection)


def _counted(kind: str | None, detection: Mapping[str, Any]) -> Mrkdwn | None:
    shown, count = said(kind), number_at(detection, "Count")
    return joined(" ", shown, Mrkdwn(f"{count:,.0f}") if count else None) if shown else None
