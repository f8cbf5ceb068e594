"""The names of products."""

import pytest

from finding_router.findings.products import product_name

ARN = "arn:aws:securityhub:eu-west-1::product/"


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("aws/securityhub", "Security Hub"),
        ("aws/guardduty", "GuardDuty"),
        ("aws/inspector", "Inspector"),
        ("aws/access-analyzer", "IAM Access Analyzer"),
        ("aws/macie", "Macie"),
        ("aws/config", "Config"),
        ("aws/health", "Health"),
        ("aws/firewall-manager", "Firewall Manager"),
        ("aws/ssm-patch-manager", "Patch Manager"),
    ],
)
def test_product_of_aws_is_known_by_its_arn(tail: str, expected: str) -> None:
    """The ARN decides, with or without a name, even against the finding's own field."""
    names = [product_name(ARN + tail), product_name(ARN + tail, "Something else", "GuardDuty")]

    assert [expected, expected] == names


@pytest.mark.parametrize("name", ["Security Hub", "Security Hub CSPM", "AWS Security Hub CSPM"])
def test_both_names_of_security_hub_are_one_product(name: str) -> None:
    """Findings of older and newer documents give the same product, with either ARN."""
    expected = "Security Hub"

    assert expected == product_name(f"{ARN}111122223333/default", name)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Aqua Enforcer", "aqua"), "Aqua Enforcer"),
        ((None, "xray"), "xray"),
        (("  ", "xray"), "xray"),
        ((" Amazon GuardDuty ",), "GuardDuty"),
        (("AWS Systems Manager Patch Manager",), "Patch Manager"),
        (("AWS Something New",), "AWS Something New"),
    ],
)
def test_other_products_are_called_what_the_finding_calls_them(
    names: tuple[str | None, ...], expected: str
) -> None:
    """The first name that is not blank counts, without the vendor where the rest is known."""
    assert expected == product_name(f"{ARN}111122223333/default", *names)


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        (f"{ARN}prowler/prowler", "Prowler"),
        (f"{ARN}tenable/tenable-io", "Tenable Io"),
        (f"{ARN}cloudtamerio/cloudTamer_io", "CloudTamer Io"),
        (f"{ARN}111122223333/default", "Default"),
        ("arn:aws:securityhub:us-east-1:123456789012:product/test", "Test"),
        ("no arn at all", "No Arn At All"),
        (f"{ARN}acme/-", "-"),
        (ARN, "Unknown"),
        (":::", "Unknown"),
    ],
)
def test_nameless_product_is_called_by_the_end_of_its_arn(arn: str, expected: str) -> None:
    """The last segment is spelled as words, and an ARN without any gives "Unknown"."""
    assert expected == product_name(arn)
