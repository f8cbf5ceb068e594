"""IAM Access Analyzer's layout."""

from typing import Any

from factories import make_finding, make_resource
from finding_router.findings.finding import Finding
from finding_router.slack.kit.detail import Detail
from finding_router.slack.layouts.iam_access_analyzer import lay_out


def finding_of(**other: str) -> Finding:
    """Make a finding on a bucket with these other details, blanks written as underscores."""
    details: dict[str, Any] = {name.replace("_", " "): text for name, text in other.items()}
    return make_finding(
        resources=(make_resource(raw={}), make_resource(raw={"Details": {"Other": details}}))
    )


def test_principal_action_and_condition_are_shown() -> None:
    """The outside principal, its actions, and their conditions."""
    detail = lay_out(
        finding_of(
            External_Principal="arn:aws:iam::999988887777:root",
            External_Principal_Type="AWS",
            Condition="none",
            Resource_Control_Policy_Restriction_Type="NOT_APPLICABLE",
            Action_Granted="s3:GetObject,s3:ListBucket, ",
        )
    )

    assert dict(detail.facts) == {
        "External principal": "`arn:aws:iam::999988887777:root`",
        "Actions": "`s3:GetObject`, `s3:ListBucket`",
        "Principal type": "AWS",
        "Organization policy": "NOT_APPLICABLE",
    }


def test_everyone_is_said_loudly() -> None:
    """A principal of * is the whole internet."""
    assert dict(lay_out(finding_of(External_Principal=" * ")).facts) == {
        "External principal": "*anyone* (public)"
    }


def test_without_details_nothing_is_added() -> None:
    """Without known fields, nothing is shown."""
    assert lay_out(make_finding()) == Detail()
