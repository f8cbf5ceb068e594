"""Macie: sensitive data in S3, and buckets that expose it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from finding_router.findings.finding import Finding, Resource
from finding_router.findings.reading import items_at, number_at, text_at, value_at
from finding_router.slack.kit.detail import Detail, Fact, exact, facts, joined, pages, said
from finding_router.slack.kit.headlines import cut, headline, resources_name, title_words
from finding_router.slack.kit.links import product_url
from finding_router.slack.kit.resources import short_name
from finding_router.slack.kit.text import Mrkdwn, listed, one_line

_PAGE: Final = "macie/home?region={region}#findings?itemId={finding_id}"
_CUSTOM: Final = "Custom data"
_CATEGORIES: Final = {
    "CREDENTIALS": "Credentials",
    "CUSTOM_IDENTIFIER": _CUSTOM,
    "FINANCIAL_INFORMATION": "Financial data",
    "PERSONAL_INFORMATION": "Personal data",
}
_OTHER: Final = "Other data"
_FILE_CHARS: Final = 40
_KINDS_SHOWN: Final = 5
_KINDS_CHARS: Final = 600
# Findings about a bucket's policy, by the end of their type.
_POLICIES: Final = {
    "S3BlockPublicAccessDisabled": "Block Public Access is off for bucket {name}",
    "S3BucketEncryptionDisabled": "Default encryption of bucket {name} was reset",
    "S3BucketPublic": "Bucket {name} is public",
    "S3BucketReplicatedExternally": "Bucket {name} is replicated to another account",
    "S3BucketSharedExternally": "Bucket {name} is shared with another account",
    "S3BucketSharedWithCloudFront": "Bucket {name} is shared with CloudFront",
}


def lay_out(finding: Finding) -> Detail:
    """Return the object, public access, and its sensitive data by category with counts."""
    path = text_at(finding.raw, "ProductFields", "S3Object.Path")
    is_listed = path in {short_name(resource) for resource in finding.resources}
    results = [
        value_at(resource.raw, "DataClassification", "Result") for resource in finding.resources
    ]
    found = _found(results)
    written = _headline(finding, path, list(found))
    return Detail(
        headline=written or headline(title_words(finding), resources_name(finding)),
        title="" if written else None,
        facts=(
            *facts(
                ("Access", _access(finding)),
                ("Object", None if is_listed else exact(path)),
            ),
            *(
                Fact(category, shown)
                for category, kinds in found.items()
                if (shown := listed(kinds, _KINDS_SHOWN, _KINDS_CHARS))
            ),
        ),
        pages=pages(("Macie", product_url(finding, _PAGE, finding_id=_id(finding)))),
        small_print=tuple(
            filter(None, (*map(said, _types(finding)), said(_first(results, "MimeType"))))
        ),
    )


def _headline(finding: Finding, path: str | None, categories: list[str]) -> str | None:
    """Return "Personal and financial data in customers.csv of bucket data-lake-imports"."""
    bucket = _of_type(finding, "AwsS3Bucket")
    held = path or (short_name(object_) if (object_ := _of_type(finding, "AwsS3Object")) else None)
    name = short_name(bucket) if bucket else None
    for kind in _types(finding):
        phrase = _POLICIES.get(kind.rpartition("-")[2].rpartition("/")[2])
        if phrase and name:
            return one_line(phrase.format(name=name))
    if not categories or held is None:
        return None
    bare = [category.removesuffix(" data") for category in categories]
    data = " and ".join(filter(None, (", ".join(bare[:-1]), bare[-1]))).capitalize()
    if categories != ["Credentials"]:
        data += " data"
    file = cut(one_line(held.rpartition("/")[2]), _FILE_CHARS)
    return one_line(f"{data} in {file} of bucket {name or held.partition('/')[0]}")


def _of_type(finding: Finding, kind: str) -> Resource | None:
    return next((each for each in finding.resources if each.type == kind), None)


def _types(finding: Finding) -> list[str]:
    return [kind.rpartition("/")[2] for kind in finding.types]


def _id(finding: Finding) -> str:
    """Return the finding's id in Macie, which ends its id in Security Hub."""
    return finding.id.rpartition("/")[2]


def _access(finding: Finding) -> Mrkdwn | None:
    """Return the access to bucket and object, if it is public or shared."""
    fields = finding.raw.get("ProductFields")
    bucket = text_at(fields, "S3Bucket.effectivePermission") or text_at(
        fields, "S3Bucket.EffectivePermission"
    )
    object_ = (text_at(fields, "S3Object.PublicAccess") or "").lower()
    effective = (text_at(fields, "S3Object.EffectivePermission") or "").upper()
    is_public = object_ == "true" or effective == "PUBLIC"
    details = [value_at(resource.raw, "Details", "AwsS3Bucket") for resource in finding.resources]
    # OCSF says it of the bucket itself.
    is_open = any(text_at(each, "IsPublic") == "true" for each in details)
    is_plain = any(text_at(each, "IsEncrypted") == "false" for each in details)
    return joined(
        " · ",
        Mrkdwn("the object is public") if is_public else None,
        Mrkdwn("the bucket is public") if is_open or (bucket or "").upper() == "PUBLIC" else None,
        Mrkdwn("the bucket is not encrypted") if is_plain else None,
    )


def _first(results: list[object], name: str) -> str | None:
    return next(filter(None, (text_at(result, name) for result in results)), None)


def _found(results: list[object]) -> dict[str, list[Mrkdwn]]:
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
