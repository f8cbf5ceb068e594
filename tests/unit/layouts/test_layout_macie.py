"""Macie's layout."""

from factories import make_finding, make_resource
from finding_router.slack.kit.detail import Detail
from finding_router.slack.layouts.macie import lay_out


def test_object_access_and_kinds_of_data_are_shown() -> None:
    """The object, its readers, and the kinds and counts of data in it."""
    result = {
        "MimeType": "text/csv",
        "SensitiveData": [
            {
                "Category": "PERSONAL_INFORMATION",
                "Detections": [{"Type": "NAME", "Count": 10204}, {"Count": 3}],
            },
            {"Detections": [{"Type": "OTHER"}]},
        ],
        "CustomDataIdentifiers": {"Detections": [{"Name": "customer-number", "Count": 1}]},
    }
    finding = make_finding(
        {
            "ProductFields": {
                "S3Object.Path": "imports/customers.csv",
                "S3Object.PublicAccess": "false",
                "S3Bucket.effectivePermission": "NOT_PUBLIC",
            }
        },
        resources=(make_resource(), make_resource(raw={"DataClassification": {"Result": result}})),
    )
    detail = lay_out(finding)

    assert dict(detail.facts) == {
        "Object": "`imports/customers.csv`",
        "Bucket access": "NOT_PUBLIC",
        "Public object": "no",
        "Format": "text/csv",
    }
    assert detail.listings[0].items == (
        "NAME: 10,204 · personal information",
        "OTHER",
        "customer-number: 1 · custom identifier",
    )


def test_an_object_among_the_resources_is_not_said_again() -> None:
    """The path is the resource's name."""
    raw = {"ProductFields": {"S3Object.Path": "imports/customers.csv"}}
    resources = (make_resource("arn:aws:s3:::imports/customers.csv"),)

    assert lay_out(make_finding(raw, resources=resources)) == Detail()


def test_a_policy_finding_has_no_data() -> None:
    """Without known fields, nothing is shown."""
    assert lay_out(make_finding()) == Detail()
