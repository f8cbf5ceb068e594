"""The subjects of findings: what one alert is about."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.delivery.alerts.identity import finding_hash, former_subject_of, subject_of
from finding_router.findings.outline import Outline, read_outline
from finding_router.findings.partitions import PARTITIONS

ACCOUNT = "111122223333"
REGIONS = st.sampled_from(["us-east-1", "eu-west-1", "ap-southeast-2"])
GLOBAL = [
    f"arn:aws:iam::{ACCOUNT}:user/ann",
    f"arn:aws:iam::{ACCOUNT}:role/team/deploy",
    f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1",
    "arn:aws:route53:::hostedzone/Z1",
    f"arn:aws:waf::{ACCOUNT}:webacl/1",
    f"arn:aws:globalaccelerator::{ACCOUNT}:accelerator/1",
    "arn:aws:s3:::invoices",
]
ACCOUNT_ITSELF = [f"AWS::::Account:{ACCOUNT}", f"arn:aws:iam::{ACCOUNT}:root"]
OF_ALL_REGIONS = ["IAM.4", "IAM.9", "Account.1", "S3.1"]
OF_ONE_REGION = ["Config.1", "GuardDuty.1", "EC2.7", "IAM.28", "S3.11", "CloudTrail.1"]


def about(
    region: str, resource: str, control: str = "IAM.5", *, slug: str = "securityhub", **changes: Any
) -> Outline:
    """Return the outline of what a Region reports about *resource*."""
    return read_outline(
        {
            "Id": f"arn:aws:{slug}:{region}:{ACCOUNT}:finding/{control}",
            "ProductArn": f"arn:aws:securityhub:{region}::product/aws/{slug}",
            "AwsAccountId": ACCOUNT,
            "Region": region,
            "Compliance": {"SecurityControlId": control},
            "ProductFields": {"aws/config/ConfigRuleName": "no-inline-policies"},
            "Resources": [{"Id": resource, "Type": "X", "Region": region}],
        }
        | changes
    )


def by_arn(service: str) -> str:
    """Return the ARN of a resource in a Region."""
    return f"arn:aws:{service}:eu-west-1:{ACCOUNT}:thing/1"


@given(REGIONS, REGIONS, st.sampled_from(GLOBAL), st.sampled_from(["securityhub", "config"]))
def test_a_global_resource_is_one_subject(one: str, two: str, resource: str, slug: str) -> None:
    """Of a control or a rule, whichever Regions report it."""
    here, there = (about(region, resource, slug=slug) for region in (one, two))

    assert subject_of(here) == subject_of(there)


@given(REGIONS, REGIONS, st.sampled_from(ACCOUNT_ITSELF), st.sampled_from(OF_ALL_REGIONS))
def test_an_account_is_one_subject_for_what_its_regions_share(
    one: str, two: str, resource: str, control: str
) -> None:
    """Its root user, its contacts, its public access to S3."""
    assert subject_of(about(one, resource, control)) == subject_of(about(two, resource, control))


@given(REGIONS, REGIONS, st.sampled_from(ACCOUNT_ITSELF), st.sampled_from(OF_ONE_REGION))
def test_an_account_is_a_subject_in_each_region_for_all_else(
    one: str, two: str, resource: str, control: str
) -> None:
    """Whether GuardDuty is on in one Region says nothing of another."""
    same = subject_of(about(one, resource, control)) == subject_of(about(two, resource, control))

    assert (one == two) is same


SUBJECTS = st.tuples(
    REGIONS,
    st.sampled_from([*GLOBAL, by_arn("ec2"), by_arn("s3")]),
    st.sampled_from(["IAM.5", "IAM.21"]),
    st.sampled_from(["securityhub", "config", "guardduty"]),
    st.sampled_from([ACCOUNT, "999988887777"]),
)


@given(SUBJECTS, SUBJECTS)
def test_only_the_region_of_a_global_resource_makes_no_difference(
    one: tuple[str, ...], two: tuple[str, ...]
) -> None:
    """Another resource, control, product or account is another subject; so is another Region."""

    def identity(region: str, resource: str, control: str, slug: str, account: str) -> object:
        is_joined = resource in GLOBAL and slug != "guardduty"
        # One rule of Config is one rule, whatever control it may serve.
        matter = "rule" if is_joined and slug == "config" else control
        return None if is_joined else region, resource, matter, slug, account

    outlines = [
        about(*each[:3], slug=each[3], AwsAccountId=each[4], Id=f"{each}") for each in (one, two)
    ]
    subjects = [subject_of(each) for each in outlines]

    assert (identity(*one) == identity(*two)) is (subjects[0] == subjects[1])


@given(REGIONS, st.sampled_from([*GLOBAL, by_arn("ec2")]))
def test_the_former_subject_has_the_region(region: str, resource: str) -> None:
    """The Region that mostly reports global resources stands for all: its alerts keep their key."""
    control, rule = about(region, resource), about(region, resource, slug="config")
    is_same = region == "us-east-1" or resource == by_arn("ec2")

    assert is_same is (former_subject_of(control) is None)
    assert former_subject_of(rule) == (finding_hash(*rule.key) if resource in GLOBAL else None)


@pytest.mark.parametrize("partition", PARTITIONS)
def test_every_partition_has_a_region_that_stands_for_all(partition: str) -> None:
    """As in the partition of most."""
    home = PARTITIONS[partition].home
    arn = f"arn:{partition}:securityhub:{{}}::product/aws/securityhub"
    user = f"arn:{partition}:iam::{ACCOUNT}:user/ann"
    there, elsewhere = (
        about(region, user, ProductArn=arn.format(region)) for region in (home, "xx-other-1")
    )

    assert subject_of(there) == subject_of(elsewhere)
    assert former_subject_of(there) is None
    assert former_subject_of(elsewhere) is not None


def test_several_resources_are_no_global_one() -> None:
    """What several Regions say of several resources need not be the same."""
    resources = [{"Id": each} for each in GLOBAL[:2]]
    one, two = (about(each, "x", Resources=resources) for each in ("us-east-1", "eu-west-1"))

    assert finding_hash(*one.key) == subject_of(one)
    assert subject_of(one) != subject_of(two)
