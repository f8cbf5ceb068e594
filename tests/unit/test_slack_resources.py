"""How resources are named on a card."""

import pytest

from factories import make_finding, make_resource
from finding_router.slack.kit.resources import is_account, resource_lines, short_name

BUCKET = "<https://console.aws.amazon.com/s3/buckets/invoices|invoices>"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("arn:aws:ec2:eu-west-1:1:instance/i-1", "i-1"),
        ("arn:aws:sns:eu-west-1:1:alarms", "alarms"),
        ("AWS::::Account:123456789012", "account 123456789012"),
        ("123456789012", "account 123456789012"),
        (" i-1 ", "i-1"),
        ("No trails", "No trails"),
        ("AWS::IAM::AccessKey:AKIAX", "AKIAX"),
        ("AWS::IAM::AccessKey:", "AWS::IAM::AccessKey:"),
        (
            "arn:aws:ecr:eu-west-1:1:repository/shop/web/sha256:0123456789abcdef",
            "shop/web@sha256:0123456789ab",
        ),
    ],
)
def test_a_resource_is_called_by_its_own_name(written: str, expected: str) -> None:
    """The common beginning of ARNs says nothing; an account is called one."""
    assert expected == short_name(make_resource(written))


def test_an_account_is_told_from_other_names() -> None:
    """Only an account's twelve digits make an account."""
    assert is_account("account 123456789012")
    assert not is_account("i-0123456789012")


def test_a_line_says_which_what_and_whose() -> None:
    """Name with its link, kind in people's words, and the owner's name for it."""
    resource = make_resource(tags={"Name": "Invoices of 2026", "team": "payments"})
    finding = make_finding(resources=(resource,))

    shown = resource_lines(finding, None, 1000)
    assert shown == f"• {BUCKET} · S3 bucket · Invoices of 2026"


def test_a_resource_elsewhere_says_where() -> None:
    """The Region is named where it is not the finding's."""
    finding = make_finding(resources=(make_resource(region="us-east-1"),))

    assert resource_lines(finding, None, 1000) == f"• {BUCKET} · S3 bucket · us-east-1"


@pytest.mark.parametrize("kind", [None, "Other", "invoices-x"])
def test_what_says_nothing_new_is_not_said(kind: str | None) -> None:
    """A vague kind, or name, kind and tag that are the same, leave the name alone."""
    resource = make_resource("invoices-x", type=kind, tags={"Name": "invoices-x"})

    assert resource_lines(make_finding(resources=(resource,)), None, 1000) == "• invoices-x"


def test_a_kind_without_a_common_name_is_shown_as_it_is() -> None:
    """Types that are not in the table are better read raw than left out."""
    resource = make_resource("v", type="AzureVirtualMachine")

    assert (
        resource_lines(make_finding(resources=(resource,)), None, 99) == "• v · AzureVirtualMachine"
    )


def test_three_are_shown_and_the_rest_counted() -> None:
    """32 resources are three lines and a number."""
    resources = tuple(make_resource(f"arn:aws:s3:::b{number}") for number in range(32))
    shown = resource_lines(make_finding(resources=resources), None, 1000)

    assert shown.count("• ") == 3
    assert shown.endswith("\n+ 29 more resources")


def test_without_resources_there_is_nothing() -> None:
    """No heading stands over nothing."""
    assert resource_lines(make_finding(resources=()), None, 1000) == ""


@pytest.mark.parametrize("name", ["\u200b", "AWS::IAM::AccessKey:null"])
def test_a_name_that_says_nothing_is_not_shown(name: str) -> None:
    """The kind is shown alone; without one the resource has its name."""
    key = make_resource(name, type="AwsIamAccessKey")
    unknown = make_resource(name, type=None)
    finding = make_finding(resources=(key, unknown))

    assert resource_lines(finding, None, 1000) == "• access key\n• unnamed"
