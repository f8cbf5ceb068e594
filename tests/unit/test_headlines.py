"""How facts and resources are put into a headline."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from factories import make_finding, make_resource
from finding_router.findings.finding import Resource
from finding_router.slack.kit.headlines import (
    abridged,
    called,
    cut,
    full_name,
    headline,
    resources_name,
    title_words,
)
from finding_router.slack.kit.resources import given_name, resource_line

GROUP = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0a1b2c3d4e5f60718"
DIGEST = "0123456789abcdef" * 4
IMAGE = f"arn:aws:ecr:eu-west-1:123456789012:repository/shop/web/sha256:{DIGEST}"


def detailed(resource_id: str, kind: str, **details: Any) -> Resource:
    """Make a resource with these details of its kind."""
    return make_resource(resource_id, type=kind, raw={"Details": {kind: details}})


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (make_resource(), "S3 bucket invoices"),
        (make_resource(GROUP, type="AwsEc2SecurityGroup"), "sg-0a1b2c3d4e5f60718"),
        (
            detailed(GROUP, "AwsEc2SecurityGroup", GroupName="web-alb"),
            "sg-0a1b2c3d4e5f60718 (web-alb)",
        ),
        (
            make_resource(
                "arn:aws:ec2:eu-west-1:1:instance/i-0123456789abcdef0",
                type="AwsEc2Instance",
                tags={"Name": "n" * 60},
            ),
            "n" * 29 + "…" + "n" * 14,
        ),
        (make_resource(tags={"Name": "Invoices of 2026"}), "S3 bucket invoices (Invoices of 2026)"),
        (make_resource(tags={"Name": "invoices"}), "S3 bucket invoices"),
        (detailed(IMAGE, "AwsEcrContainerImage", ImageTags=["1.42", "stable"]), "shop/web:1.42"),
        (make_resource(IMAGE, type="AwsEcrContainerImage"), "image shop/web@sha256:0123456789ab"),
        (detailed("3f0c", "Container", Name="checkout"), "container checkout"),
        (make_resource("AWS::IAM::AccessKey:AKIAX", type="AwsIamAccessKey"), "key AKIAX"),
        (make_resource("AWS::IAM::AccessKey:null", type="AwsIamAccessKey"), ""),
        (
            make_resource("AWS::IAM::AccessKey:null", type="AwsIamAccessKey", tags={"Name": "ci"}),
            "key ci",
        ),
        (make_resource("https://git.example/shop", type="GitHubSecret"), "git.example/shop"),
        (make_resource("x", type="TTPs/Discovery"), "x"),
        (detailed("9f86d081", "Other", DisplayName="web:1.42"), "web:1.42"),
    ],
)
def test_a_resource_is_named_by_kind_id_and_given_name(resource: Resource, expected: str) -> None:
    """As much of the three as tells which it is."""
    assert full_name(resource) == expected


def test_others_are_counted_and_the_account_is_none() -> None:
    """The account stands on the card anyway."""
    account = make_resource("AWS::::Account:123456789012")
    several = make_finding(resources=(account, make_resource(), make_resource("x")))

    assert resources_name(several) == "S3 bucket invoices + 1 more"
    assert resources_name(make_finding(resources=(account,))) is None
    assert resources_name(make_finding(resources=(make_resource("null", type=None),))) is None


@pytest.mark.parametrize(
    ("fact", "name", "expected"),
    [
        ("EC2.19 failed", "sg-1", "EC2.19 failed: sg-1"),
        ("sg-1 is  open", "sg-1", "sg-1 is open"),
        ("Bucket invoices is open", "S3 bucket invoices", "Bucket invoices is open"),
        ("Open", None, "Open"),
        ("word " * 30, "sg-1", "word " * 14 + "word…: sg-1"),
        ("word " * 30, None, "word " * 15 + "word…"),
        ("x" * 200, "n" * 80, "x" * 29 + "…: " + "n" * 80),
    ],
)
def test_a_fact_makes_room_for_the_name(fact: str, name: str | None, expected: str) -> None:
    """It is cut at a word, and the name stays whole."""
    assert headline(fact, name) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("AwsS3Bucket/arn:aws:s3:::x-1/ allows public access", "x-1 allows public access"),
        ("Role arn:aws:iam::123456789012:role/a/b, twice.", "Role a/b, twice"),
        ("Nothing\n  special.", "Nothing special"),
        (" ", "finding/1"),
    ],
)
def test_an_arn_in_a_title_becomes_a_name(title: str, expected: str) -> None:
    """The rest of an ARN says nothing; a blank title gives way to the id."""
    assert title_words(make_finding(title=title, id="finding/1")) == expected


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 10, "short"),
        ("one two three", 9, "one two…"),
        ("onetwothree", 6, "onetw…"),
        ("one, two three", 6, "one…"),
    ],
)
def test_text_is_cut_at_a_word(text: str, limit: int, expected: str) -> None:
    """Unless the word is too long."""
    assert cut(text, limit) == expected


def test_a_long_name_loses_its_middle() -> None:
    """Its ends tell it from others."""
    assert abridged("https://a.example/b", 30) == "a.example/b"
    assert abridged("abcdefghijkl", 7) == "abcd…kl"
    assert called(make_resource(tags={"Name": "ci"})) == "ci"
    assert called(make_resource("arn:aws:s3:::" + "b" * 60), 10) == "bbbbbb…bbb"


@given(text=st.text(), name=st.none() | st.text(), limit=st.integers(3, 60))
@examples(200)
def test_no_text_is_too_long_or_of_two_lines(text: str, name: str | None, limit: int) -> None:
    """Whatever a finding has in it."""
    assert len(cut(text, limit)) <= max(limit, 0)
    assert len(abridged(text, limit)) <= limit
    assert "\n" not in headline(text, name)


def test_an_address_is_linked_and_named_as_it_is() -> None:
    """The label has the host, whatever the resource is called."""
    url = "https://git.example/shop/commit/0a1b"
    named = make_resource(url, type="GitHubSecret", raw={"Details": {"Other": {"File": "a.env"}}})

    assert given_name(named) == "a.env"
    assert resource_line(make_resource(url, type=None), make_finding(), None, 999) == (
        f"<{url}|git.example/shop/commit/0a1b>"
    )
    assert resource_line(named, make_finding(), None, 999) == (
        f"GitHubSecret <{url}|a.env> (git.example/shop/commit/0a1b)"
    )
