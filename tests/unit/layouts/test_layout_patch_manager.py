"""Patch Manager's layout."""

from factories import make_finding, make_resource
from finding_router.slack.layouts.patch_manager import lay_out

INSTANCE = make_resource(
    "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0",
    type="AwsEc2Instance",
    tags={"Name": "web-1"},
)


def test_counts_that_are_not_zero_are_shown() -> None:
    """Missing patches come first; a zero is not shown."""
    summary = {
        "Id": "pb-0c10e65780EXAMPLE",
        "InstalledCount": 214,
        "MissingCount": 9,
        "FailedCount": "2",
        "InstalledRejectedCount": 0,
        "Operation": "Scan",
    }
    detail = lay_out(make_finding({"PatchSummary": summary}, resources=(INSTANCE,)))

    assert detail.headline == "Patches: 9 missing, 2 failed on web-1"
    assert detail.facts == (
        ("Patches", "9 missing · 2 failed · 214 installed"),
        ("Baseline", "`pb-0c10e65780EXAMPLE`"),
    )
    assert detail.small_print == ("operation Scan",)
    assert [page.label for page in detail.pages] == ["Patch Manager"]


def test_without_a_summary_the_title_remains() -> None:
    """Without known fields, nothing is added."""
    detail = lay_out(make_finding(resources=()))

    assert detail.headline == "Bucket is public"
    assert (detail.facts, detail.small_print) == ((), ())
