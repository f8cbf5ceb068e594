"""Macie: sensitive data in S3, and buckets that expose it."""

from typing import Final

from finding_router.findings.finding import Finding, Resource
from finding_router.findings.reading import text_at
from finding_router.slack.kit.detail import Detail, exact, facts, pages, said
from finding_router.slack.kit.headlines import cut, headline, resources_name, title_words
from finding_router.slack.kit.links import product_url
from finding_router.slack.kit.resources import short_name
from finding_router.slack.kit.sensitive_data import (
    access,
    found_in,
    results_of,
    sensitive_facts,
)
from finding_router.slack.kit.text import one_line

_PAGE: Final = "macie/home?region={region}#findings?itemId={finding_id}"
_FILE_CHARS: Final = 40
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
    results = results_of(finding)
    found = found_in(results)
    written = _headline(finding, path, list(found))
    return Detail(
        headline=written or headline(title_words(finding), resources_name(finding)),
        title="" if written else None,
        facts=(
            *facts(
                ("Access", access(finding)),
                ("Object", None if is_listed else exact(path)),
            ),
            *sensitive_facts(found),
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


def _first(results: list[object], name: str) -> str | None:
    return next(filter(None, (text_at(result, name) for result in results)), None)
