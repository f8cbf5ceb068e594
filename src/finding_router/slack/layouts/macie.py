"""Macie: sensitive data in S3, and buckets that expose it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import items_at, number_at, text_at, value_at
from finding_router.slack.kit.detail import Detail, exact, facts, joined, listings, said
from finding_router.slack.kit.resources import short_name
from finding_router.slack.kit.text import Mrkdwn

_ANSWERS: Final = {"true": "yes", "false": "no"}


def lay_out(finding: Finding) -> Detail:
    """Return the object, its public access, and its sensitive data by kind with counts."""
    public = text_at(finding.raw, "ProductFields", "S3Object.PublicAccess") or ""
    path = text_at(finding.raw, "ProductFields", "S3Object.Path")
    is_listed = path in {short_name(resource) for resource in finding.resources}
    fields = finding.raw.get("ProductFields")
    results = [
        value_at(resource.raw, "DataClassification", "Result") for resource in finding.resources
    ]
    found = [line for result in results for line in _found(result)]
    return Detail(
        facts=facts(
            ("Object", None if is_listed else exact(path)),
            ("Bucket access", said(text_at(fields, "S3Bucket.effectivePermission"))),
            ("Public object", said(_ANSWERS.get(public.lower(), public))),
            ("Format", said(_first(results, "MimeType"))),
        ),
        listings=listings("Sensitive data", ("kind", "kinds"), *found),
    )


def _first(results: list[object], name: str) -> str | None:
    return next(filter(None, (text_at(result, name) for result in results)), None)


def _found(result: object) -> Iterator[Mrkdwn | None]:
    """Yield a line for each kind of data, in Macie's order of categories."""
    for category in items_at(result, "SensitiveData"):
        for detection in items_at(category, "Detections"):
            yield _line(detection, "Type", text_at(category, "Category"))
    for detection in items_at(result, "CustomDataIdentifiers", "Detections"):
        yield _line(detection, "Name", "custom identifier")


def _line(detection: Mapping[str, Any], name: str, category: str | None) -> Mrkdwn | None:
    count = number_at(detection, "Count")
    times = Mrkdwn(f"{count:,.0f}") if count else None
    what = said(text_at(detection, name))
    group = said(category.lower().replace("_", " ") if category else None)
    return joined(" · ", joined(": ", what, times), group) if what else None
