"""How resources are named on a card."""

import pytest

from factories import make_finding, make_resource
from finding_router.findings.finding import Resource
from finding_router.slack.kit.resources import is_account, is_named_in, resource_line, short_name

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


def line_of(resource: Resource, limit: int = 1000) -> str:
    """Return the line of *resource* on the card of an ordinary finding."""
    return resource_line(resource, make_finding(resources=(resource,)), None, limit)


def test_a_line_says_what_and_which() -> None:
    """Kind in people's words, and the name with its link."""
    assert line_of(make_resource()) == f"S3 bucket {BUCKET}"


def test_a_name_tag_goes_before_the_id() -> None:
    """The name that its owner gave it is linked; the kind is named where the id does not tell."""
    bucket = make_resource(tags={"Name": "Invoices of 2026", "team": "payments"})
    instance = make_resource(
        "arn:aws:ec2:eu-west-1:1:instance/i-0c3e5a7b9d1f24680",
        type="AwsEc2Instance",
        tags={"Name": "checkout-api-2"},
    )

    linked = BUCKET.replace("|invoices>", "|Invoices of 2026>")
    assert line_of(bucket) == f"S3 bucket {linked} (invoices)"
    assert line_of(instance).endswith("|checkout-api-2> (i-0c3e5a7b9d1f24680)")
    assert line_of(instance).startswith("<https://")


def test_a_resource_elsewhere_says_where() -> None:
    """The Region is named where it is not the finding's."""
    assert line_of(make_resource(region="us-east-1")) == f"S3 bucket {BUCKET} · us-east-1"


@pytest.mark.parametrize("kind", [None, "Other", "invoices-x"])
def test_what_says_nothing_new_is_not_said(kind: str | None) -> None:
    """A vague kind, or name, kind and tag that are the same, leave the name alone."""
    assert line_of(make_resource("invoices-x", type=kind, tags={"Name": "invoices-x"})) == (
        "invoices-x"
    )


def test_a_kind_without_a_common_name_is_shown_as_it_is() -> None:
    """Types that are not in the table are better read raw than left out."""
    assert line_of(make_resource("v", type="AzureVirtualMachine")) == "AzureVirtualMachine v"


def test_a_link_without_room_is_left_out() -> None:
    """The name says which it is; a link alone would say nothing."""
    assert line_of(make_resource(), limit=0) == "S3 bucket invoices"


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    """The middle of a path tells least."""
    key = make_resource(f"arn:aws:s3:::invoices/{'a/' * 100}2026.csv", type="AwsS3Object")
    shown = line_of(key)

    assert "invoices/a/a" in shown
    assert "…" in shown
    assert "/2026.csv>" in shown


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("\u200b", ["access key", "unnamed"]),
        ("AWS::IAM::AccessKey:null", ["access key", "unnamed"]),
    ],
)
def test_a_name_that_says_nothing_is_not_shown(name: str, expected: list[str]) -> None:
    """The kind is shown alone; without one the resource has its name."""
    kinds = ("AwsIamAccessKey", None)

    assert expected == [line_of(make_resource(name, type=kind)) for kind in kinds]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i-1 is public", True),
        ("the instance web-alb", True),
        ("sii-1 is public", False),
        ("i-12 is public", False),
        ("a web", False),
    ],
)
def test_a_text_names_a_resource_by_id_or_tag(text: str, *, expected: bool) -> None:
    """As a word of its own, not as a part of another."""
    resource = make_resource("arn:aws:ec2:eu-west-1:1:instance/i-1", tags={"Name": "web-alb"})

    assert is_named_in(text, resource) is expected


def test_the_beginning_of_a_long_name_names_it() -> None:
    """Layouts shorten names, too."""
    resource = make_resource("arn:aws:s3:::a-very-long-name-of-a-bucket")

    assert is_named_in("S3 bucket a-very-long-name… is public", resource)
    assert not is_named_in("S3 bucket a-very-long-name… is public", resource, within=20)
