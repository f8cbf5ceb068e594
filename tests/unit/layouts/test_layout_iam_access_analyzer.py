"""IAM Access Analyzer's layout."""

from typing import Any

import pytest

from factories import make_finding, make_resource
from finding_router.findings.finding import Finding
from finding_router.slack.layouts.iam_access_analyzer import lay_out

ROLE = make_resource("arn:aws:iam::123456789012:role/checkout", type="AwsIamRole")


def finding_of(**other: str) -> Finding:
    """Make a finding on a bucket with these other details, blanks written as underscores."""
    details: dict[str, Any] = {name.replace("_", " "): text for name, text in other.items()}
    return make_finding(
        resources=(make_resource(raw={}), make_resource(raw={"Details": {"Other": details}}))
    )


def test_principal_action_and_condition_are_shown() -> None:
    """The outside principal, its actions, and their conditions; what is normal is not said."""
    detail = lay_out(
        finding_of(
            External_Principal="arn:aws:iam::999988887777:root",
            External_Principal_Type="AWS",
            Condition='{"aws:SourceVpce": "vpce-1"}',
            Resource_Control_Policy_Restriction_Type="NOT_APPLICABLE",
            Action_Granted="s3:GetObject,s3:ListBucket, ",
            Source_Type="Bucket policy",
        )
    )

    assert detail.headline == "S3 bucket invoices can be read by account 999988887777"
    assert detail.sentence == ""
    assert dict(detail.facts) == {
        "Principal": "`arn:aws:iam::999988887777:root`",
        "Actions": "`s3:GetObject`, `s3:ListBucket`",
        "Condition": '`{"aws:SourceVpce": "vpce-1"}`',
        "Granted by": "Bucket policy",
    }


def test_unusual_restrictions_and_principals_are_said() -> None:
    """An organization's policy that could not be read, and a principal of another kind."""
    detail = lay_out(
        finding_of(
            External_Principal="accounts.example.com",
            External_Principal_Type="Federated",
            Condition="none",
            Resource_Control_Policy_Restriction_Type="FAILED_TO_EVALUATE_RCP",
        )
    )

    assert dict(detail.facts) == {
        "Principal": "`accounts.example.com` · Federated",
        "Organization policy": "FAILED_TO_EVALUATE_RCP",
    }


@pytest.mark.parametrize(
    ("principal", "actions", "expected"),
    [
        (" * ", "s3:GetObject", "read by anyone"),
        ("555566667777", "s3:GetObject,s3:PutObject", "used by account 555566667777"),
        ("555566667777", "", "used by account 555566667777"),
        (
            "arn:aws:iam::555566667777:user/anna",
            "s3:ListBucket",
            "read by user anna of account 555566667777",
        ),
        ("arn:aws:sts::555566667777:x", "sts:AssumeRole", "assumed by account 555566667777"),
        ("service.example", "", "used by service.example"),
    ],
)
def test_the_headline_says_who_can_do_what(principal: str, actions: str, expected: str) -> None:
    """Who is outside, and whether it only reads."""
    detail = lay_out(finding_of(External_Principal=principal, Action_Granted=actions))

    assert detail.headline == f"S3 bucket invoices can be {expected}"


def test_an_account_in_the_headline_is_not_said_again() -> None:
    """The principal's whole name is its number, or not."""
    assert lay_out(finding_of(External_Principal="555566667777")).facts == ()
    assert lay_out(
        finding_of(External_Principal="555566667777", External_Principal_Type="Odd")
    ).facts == (("Principal", "`555566667777` · Odd"),)


def test_everyone_is_said_loudly() -> None:
    """A principal of * is the whole internet."""
    assert dict(lay_out(finding_of(External_Principal=" * ")).facts) == {
        "Principal": "*anyone* (public)"
    }


def test_unused_permissions_are_counted() -> None:
    """How much of a role nobody needs, and the type of the finding."""
    fields = {
        "numberOfUnusedActions": "256",
        "numberOfUnusedServices": "1",
        "findingType": "UnusedPermission",
    }
    detail = lay_out(make_finding({"ProductFields": fields}, resources=(ROLE,)))

    assert detail.headline == "IAM role checkout: 256 actions and 1 service unused"
    assert dict(detail.facts) == {"Unused": "256 actions and 1 service"}
    assert detail.small_print == ("UnusedPermission",)
    assert detail.pages[0].url.endswith(
        "#/unused-access-findings?resource=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fcheckout"
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("UnusedIAMRole", "Unused IAM role checkout"),
        ("UnusedIAMUserAccessKey", "Unused access key of IAM role checkout"),
        ("UnusedIAMUserPassword", "Unused password of IAM role checkout"),
    ],
)
def test_other_unused_access_is_named(kind: str, expected: str) -> None:
    """Roles, keys and passwords that nobody uses have no counts."""
    raw = {"ProductFields": {"findingType": kind}}

    assert lay_out(make_finding(raw, resources=(ROLE,))).headline == expected


def test_an_arn_in_the_title_becomes_a_name() -> None:
    """Titles of findings that are not known repeat the ARN."""
    title = "AwsIamRole/arn:aws:iam::123456789012:role/checkout/ allows something new"
    detail = lay_out(make_finding(title=title, resources=(ROLE,), types=("A/B/New Access",)))

    assert detail.headline == "checkout allows something new"
    assert detail.small_print == ("New Access",)


def test_the_finding_in_its_console_is_one_click_away() -> None:
    """The product's own address, else one made of the finding's id."""
    fields = {"ProductFields": {"findingId": "0aa1"}}
    own = make_finding(fields, source_url="https://x.example/1")

    assert lay_out(own).pages[0].url == "https://x.example/1"
    assert lay_out(make_finding(fields)).pages[0].url == (
        "https://eu-west-1.console.aws.amazon.com/access-analyzer/home?region=eu-west-1"
        "#/findings/details/0aa1"
    )


def test_without_details_the_title_remains() -> None:
    """Without known fields, nothing is added."""
    detail = lay_out(make_finding(resources=()))

    assert detail.headline == "Bucket is public"
    assert (detail.facts, detail.pages, detail.small_print) == ((), (), ())
