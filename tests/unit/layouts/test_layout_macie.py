"""Macie's layout."""

from typing import Any

import pytest

from factories import make_finding, make_resource
from finding_router.slack.layouts.macie import lay_out

RESULT = {
    "MimeType": "text/csv",
    "SensitiveData": [
        {
            "Category": "PERSONAL_INFORMATION",
            "Detections": [{"Type": "NAME", "Count": 10204}, {"Count": 3}],
        },
        {"Detections": [{"Type": "OTHER_THING"}]},
    ],
    "CustomDataIdentifiers": {"Detections": [{"Name": "customer-number", "Count": 1}]},
}
BUCKET = make_resource("arn:aws:s3:::imports")


def holding(result: dict[str, Any], key: str = "crm/customers.csv") -> Any:
    """Make an object with this result of a classification."""
    return make_resource(
        f"arn:aws:s3:::imports/{key}",
        type="AwsS3Object",
        raw={"DataClassification": {"Result": result}},
    )


def test_object_and_kinds_of_data_are_shown() -> None:
    """The object, and the kinds and counts of data in it, a line for each category."""
    detail = lay_out(make_finding(resources=(BUCKET, holding(RESULT))))

    assert detail.headline == "Personal, other and custom data in customers.csv of bucket imports"
    assert dict(detail.facts) == {
        "Personal data": "name 10,204",
        "Other data": "other thing",
        "Custom data": "customer-number 1",
    }
    assert "text/csv" in detail.small_print


def test_credentials_are_not_called_data() -> None:
    """Keys in an object are the fact."""
    result = {"SensitiveData": [{"Category": "CREDENTIALS", "Detections": [{"Type": "AWS_KEY"}]}]}

    assert lay_out(make_finding(resources=(BUCKET, holding(result)))).headline == (
        "Credentials in customers.csv of bucket imports"
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"S3Object.PublicAccess": "false", "S3Bucket.effectivePermission": "NOT_PUBLIC"}, None),
        ({"S3Object.PublicAccess": True}, "the object is public"),
        (
            {"S3Object.EffectivePermission": "PUBLIC", "S3Bucket.EffectivePermission": "PUBLIC"},
            "the object is public · the bucket is public",
        ),
    ],
)
def test_access_is_said_where_it_is_public(fields: dict[str, Any], expected: str | None) -> None:
    """That an object is not public is the normal case."""
    finding = make_finding({"ProductFields": fields}, resources=(BUCKET,))

    assert dict(lay_out(finding).facts).get("Access") == expected


def test_an_object_that_is_no_resource_is_named() -> None:
    """The path is in ProductFields in any case."""
    raw = {"ProductFields": {"S3Object.Path": "imports/customers.csv"}}
    among = (make_resource("arn:aws:s3:::imports/customers.csv"),)

    assert dict(lay_out(make_finding(raw)).facts) == {"Object": "`imports/customers.csv`"}
    assert lay_out(make_finding(raw, resources=among)).facts == ()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("S3BucketPublic", "Bucket imports is public"),
        ("S3BlockPublicAccessDisabled", "Block Public Access is off for bucket imports"),
        ("S3Unheard", "Bucket is public: S3 bucket imports"),
    ],
)
def test_a_policy_finding_says_what_the_bucket_is(kind: str, expected: str) -> None:
    """Findings about a bucket have no data."""
    types = (f"Effects/Data Exposure/Policy:IAMUser-{kind}",)
    detail = lay_out(make_finding(types=types, resources=(BUCKET,)))

    assert detail.headline == expected
    assert detail.facts == ()


def test_the_finding_in_macie_is_one_click_away() -> None:
    """Security Hub's id ends in Macie's."""
    [page] = lay_out(make_finding(id="arn:aws:macie2:eu-west-1:1:finding/43a")).pages

    assert page == (
        "Macie",
        "https://eu-west-1.console.aws.amazon.com/macie/home?region=eu-west-1#findings?itemId=43a",
    )
