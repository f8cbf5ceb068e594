"""The layout of Security Hub's own controls."""

from typing import Any

import pytest

from factories import make_finding, make_resource
from finding_router.slack.layouts.security_hub import lay_out

GROUP = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0a1b2c3d4e5f60718"
RULE = "Security groups should not allow unrestricted access to ports with high risk"


def group(*rules: dict[str, Any], name: str = "web-alb") -> Any:
    """Make a security group with these ingress rules."""
    details = {"AwsEc2SecurityGroup": {"GroupName": name, "IpPermissions": list(rules)}}
    return make_resource(GROUP, type="AwsEc2SecurityGroup", raw={"Details": details})


def control(raw: dict[str, Any] | None = None, **changes: Any) -> Any:
    """Make a failed finding of EC2.19, whose description is that of the control."""
    values = {
        "product": "Security Hub",
        "control_id": "EC2.19",
        "title": RULE,
        "description": "This control checks whether security groups are open.",
        "resources": (group(),),
    }
    return make_finding(raw, **values | changes)


def test_the_headline_says_which_control_failed_for_what() -> None:
    """The rule is the sentence below, unless something more special is known."""
    detail = lay_out(control())

    assert detail.headline == "EC2.19 failed: sg-0a1b2c3d4e5f60718 (web-alb)"
    assert detail.sentence == RULE


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("PASSED", " passed"),
        ("WARNING", " warns"),
        ("NOT_AVAILABLE", " could not be checked"),
        ("ODD", ""),
        (None, ""),
    ],
)
def test_the_verdict_is_said_in_a_word(status: str | None, verdict: str) -> None:
    """A custom action also sends controls that pass."""
    detail = lay_out(control(compliance_status=status))

    assert detail.headline == f"EC2.19{verdict}: sg-0a1b2c3d4e5f60718 (web-alb)"


def test_an_account_is_named_by_the_rule() -> None:
    """The account stands on the card anyway, and the rule is not said twice."""
    account = make_resource("AWS::::Account:123456789012", type="AwsAccount")
    detail = lay_out(control(control_id="IAM.6", title="Root needs MFA", resources=(account,)))

    assert detail.headline == "IAM.6 failed: Root needs MFA"
    assert detail.sentence == ""


def test_a_long_rule_is_cut_in_the_headline_and_whole_below() -> None:
    """A headline is read at a glance."""
    account = make_resource("123456789012", type="AwsAccount")
    detail = lay_out(control(title=RULE, resources=(account,)))

    assert detail.headline == (
        "EC2.19 failed: Security groups should not allow unrestricted access to ports with…"
    )
    assert detail.sentence == RULE


@pytest.mark.parametrize(
    "title", [f"EC2.19 {RULE}", f"[EC2.19] {RULE}", f"4.1 {RULE}", f"PCI.EC2.5 {RULE}"]
)
def test_findings_of_several_standards_have_one_headline(title: str) -> None:
    """Each standard numbers the rule in its title."""
    detail = lay_out(control(title=title))

    assert detail.headline == "EC2.19 failed: sg-0a1b2c3d4e5f60718 (web-alb)"
    assert detail.sentence == RULE


def test_the_number_of_a_rule_goes_with_its_standard() -> None:
    """Before consolidation, CIS numbered its rules without a letter."""
    fields = {"StandardsGuideArn": "arn:aws:securityhub:::ruleset/cis-aws/v/1.2.0", "RuleId": "4.2"}
    numbered = control({"ProductFields": fields}, control_id="4.2")

    assert lay_out(numbered).headline == "cis-aws 4.2 failed: sg-0a1b2c3d4e5f60718 (web-alb)"
    assert lay_out(control(control_id="4.2")).headline == (
        "4.2 failed: sg-0a1b2c3d4e5f60718 (web-alb)"
    )


@pytest.mark.parametrize(
    "text",
    [
        "This control checks it.",
        "The rule is there.",
        "Checks if so.",
        "Keys age. It is recommended",
    ],
)
def test_a_description_of_the_rule_is_not_shown(text: str) -> None:
    """The guide that is linked says it, and more; the title says it shorter."""
    detail = lay_out(control(description=text))

    assert (detail.sentence, detail.description, detail.title) == (RULE, "", RULE)


def test_a_finding_without_a_control_has_its_title() -> None:
    """Imports in Security Hub's name have no control."""
    assert lay_out(control(control_id=None, title="Odd", resources=())).headline == "Odd"


def test_a_special_description_is_the_sentence() -> None:
    """None takes the description."""
    assert lay_out(control(description="Port 22 is open to all.")).sentence is None


def test_a_description_that_repeats_the_rule_is_said_once() -> None:
    """Old findings describe the control with its title."""
    assert lay_out(control(description=f"{RULE}.")).sentence == RULE


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([{"FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}], "22"),
        ([{"FromPort": 20, "ToPort": 22, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}], "20-22"),
        ([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}], "all ports"),
        (
            [
                {"FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
                for port in range(1, 11)
            ],
            "1, 2, 3, 4, 5, 6, 7, 8 and 2 more",
        ),
    ],
)
def test_ports_that_are_open_to_the_world_are_named(
    rules: list[dict[str, Any]], expected: str
) -> None:
    """The rules of the group say more than the control does."""
    detail = lay_out(control(resources=(group(*rules),)))

    assert detail.sentence == f"Open to the world: {expected}"


def test_a_private_range_is_not_the_world() -> None:
    """Only rules for every address count."""
    rule = {"FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}

    assert lay_out(control(resources=(group(rule),))).sentence == RULE


def test_a_consolidated_control_shows_standards_parameters_and_reasons() -> None:
    """The standards, the expected values, and the reasons of the failure."""
    raw = {
        "Compliance": {
            "AssociatedStandards": [
                {"StandardsId": "standards/aws-foundational-security-best-practices/v/1.0.0"},
                {"StandardsId": "standards/nist-800-53/v/5.0.0"},
                {"StandardsId": "ruleset/cis-aws-foundations-benchmark/v/1.2.0"},
                {"StandardsId": "standards/house-rules/v/7"},
            ],
            "SecurityControlParameters": [
                {"Name": "authorizedPorts", "Value": ["80", "443"]},
                {"Name": "nameless"},
            ],
            "StatusReasons": [
                {"ReasonCode": "CONFIG_EVALUATIONS_EMPTY", "Description": "Nothing to check."},
                {"ReasonCode": "LAMBDA_CUSTOM_RULE_DETAILS_NOT_AVAILABLE"},
            ],
        }
    }
    detail = lay_out(make_finding(raw, product="Security Hub"))

    assert dict(detail.facts) == {"Expected": "authorizedPorts = 80, 443"}
    assert detail.standards == (
        "AWS FSBP v1.0.0",
        "NIST SP 800-53 v5.0.0",
        "CIS v1.2.0",
        "house-rules v7",
    )
    assert detail.listings[0].items == (
        "Nothing to check.",
        "LAMBDA_CUSTOM_RULE_DETAILS_NOT_AVAILABLE",
    )


def test_an_older_control_names_its_one_standard() -> None:
    """Before consolidation the standard and the annotation are in ProductFields."""
    fields = {
        "StandardsGuideArn": "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0",
        "aws/securityhub/annotation": "The rule did not apply.",
    }
    detail = lay_out(make_finding({"ProductFields": fields}, product="Security Hub"))

    assert detail.standards == ("CIS v1.2.0",)
    assert detail.listings[0].items == ("The rule did not apply.",)


def test_the_same_reason_is_said_once() -> None:
    """The annotation repeats the reason in most findings."""
    raw = {
        "Compliance": {"StatusReasons": [{"Description": "Same."}]},
        "ProductFields": {"aws/securityhub/annotation": "Same."},
    }

    assert lay_out(make_finding(raw)).listings[0].items == ("Same.",)


def test_a_bare_control_adds_no_facts() -> None:
    """Without known fields, nothing is shown."""
    detail = lay_out(make_finding())

    assert (detail.facts, detail.listings, detail.standards) == ((), (), ())
