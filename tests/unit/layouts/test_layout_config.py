"""Config's layout."""

from factories import make_finding
from finding_router.slack.layouts.config import lay_out

FIELDS = {
    "aws/config/ConfigRuleName": "volumes-are-encrypted",
    "aws/config/ConfigComplianceType": "NON_COMPLIANT",
}


def test_rule_and_resource_are_the_headline() -> None:
    """The rule of the account's owners and the resource; that it failed is the normal case."""
    detail = lay_out(make_finding({"ProductFields": FIELDS}))

    assert detail.headline == "volumes-are-encrypted failed: S3 bucket invoices"
    assert detail.facts == ()
    assert detail.pages == (
        (
            "Config rule",
            (
                "https://eu-west-1.console.aws.amazon.com/config/home?region=eu-west-1"
                "#/rules/details?configRuleName=volumes-are-encrypted"
            ),
        ),
    )


def test_another_verdict_is_said() -> None:
    """A verdict that is no failure is news."""
    fields = FIELDS | {"aws/config/ConfigComplianceType": "NOT_APPLICABLE"}
    detail = lay_out(make_finding({"ProductFields": fields}))

    assert detail.headline == "volumes-are-encrypted: S3 bucket invoices"
    assert dict(detail.facts) == {"Verdict": "not applicable"}


def test_a_description_that_only_repeats_the_rule_is_not_shown() -> None:
    """Config writes the same sentence for every finding."""
    text = "This finding is created for a change for config rule: volumes-are-encrypted"

    assert lay_out(make_finding({"ProductFields": FIELDS}, description=text)).sentence == ""
    assert lay_out(make_finding({"ProductFields": FIELDS})).sentence is None


def test_without_fields_the_title_remains() -> None:
    """Without known fields, nothing is added."""
    detail = lay_out(make_finding())

    assert detail.headline == "Bucket is public failed: S3 bucket invoices"
    assert (detail.facts, detail.pages) == ((), ())
