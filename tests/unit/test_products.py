"""The names of products."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.delivery.alerts.identity import finding_hash, subject_of
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Finding
from finding_router.findings.outline import read_outline
from finding_router.findings.products import BY_SLUG, is_service_name, product_of, service_of
from finding_router.findings.standards import standard_name
from finding_router.routing.items.channel import channel_safe
from finding_router.slack.layouts import generic, lay_out
from finding_router.slack.messages.card import CardContext, render
from ocsf_findings import detection

ARN = "arn:aws:securityhub:eu-west-1::product/"
V2 = "arn:aws:securityhub:eu-west-1::productv2/"
UUID = "00a48379-f55b-5623-84cf-2210e56c0434"
OWN = "arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default"


def name_of(arn: str, *names: str | None, **fields: object) -> str:
    """Return the product's name, given ProductName and then that among the ProductFields."""
    given = dict(zip(("ProductName", "aws/securityhub/ProductName"), names, strict=False))
    raw = {
        "ProductName": given.get("ProductName"),
        "ProductFields": {**given, "ProviderName": fields.pop("ProviderName", None)},
        **fields,
    }
    return product_of(arn, raw).name


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
    names = [name_of(ARN + tail), name_of(ARN + tail, "Something else", "GuardDuty")]

    assert [expected, expected] == names
    assert expected == service_of(ARN + tail)


@pytest.mark.parametrize("name", ["Security Hub", "Security Hub CSPM", "AWS Security Hub CSPM"])
def test_both_names_of_security_hub_are_one_product(name: str) -> None:
    """Findings of older and newer documents give the same product; without its ARN neither does."""
    expected = "Security Hub"

    assert expected == name_of(f"{ARN}aws/securityhub", name)
    assert ("Default", name) == product_of(OWN, {"ProductName": name})


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((" Detective ",), "Detective"),
        (("AWS Something New",), "AWS Something New"),
        ((None, "IoT Device Defender"), "IoT Device Defender"),
        ((), "Something New"),
        (("Amazon GuardDuty",), "Something New"),
    ],
)
def test_a_new_service_of_aws_is_called_what_it_calls_itself(
    names: tuple[str | None, ...], expected: str
) -> None:
    """A service that is not known here has its own name, but not that of another service."""
    arn = f"{ARN}aws/something-new"

    assert expected == name_of(arn, *names)
    assert "Something New" == service_of(arn)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Aqua Enforcer", "aqua"), "Aqua Enforcer"),
        ((None, "xray"), "xray"),
        (("  ", "xray"), "xray"),
        (("Default", "xray"), "xray"),
        (("障害検知",), "障害検知"),
    ],
)
def test_other_products_are_called_what_the_finding_calls_them(
    names: tuple[str | None, ...], expected: str
) -> None:
    """The first name that says something counts, of an account's product and of a partner's."""
    assert expected == name_of(OWN, *names)
    assert expected == name_of(f"{ARN}acme/scanner", *names)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ProviderName": "Nightly Scan", "GeneratorId": "nightly/rule-7"}, "Nightly Scan"),
        ({"GeneratorId": "nightly/rule-7", "CompanyName": "Acme"}, "nightly/rule-7"),
        ({"ProviderName": "Default", "GeneratorId": "nightly"}, "nightly"),
        ({"ProviderName": "AWS Config", "GeneratorId": "nightly"}, "nightly"),
        ({"GeneratorId": "arn:aws:ec2:eu-west-1:1:volume/v", "CompanyName": "Acme"}, "Acme"),
        ({"GeneratorId": "guardduty", "CompanyName": "Personal"}, "Default"),
        ({}, "Default"),
    ],
)
@pytest.mark.parametrize("name", ["Default", " default ", None])
def test_a_product_known_only_as_default_is_named_by_its_provider_or_generator(
    name: str | None, fields: dict[str, object], expected: str
) -> None:
    """Security Hub calls every product of an account "Default" and its company "Personal"."""
    assert expected == name_of(OWN, name, name, **fields)


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
        (f"{ARN}acme/guardduty", "Acme Guardduty"),
        (f"{ARN}security/hub", "Hub"),
        ("arn:aws:securityhub:eu-west-1:111122223333:product/aws/guardduty", "Unknown"),
        (ARN, "Unknown"),
        (":::", "Unknown"),
    ],
)
def test_nameless_product_is_called_by_the_end_of_its_arn(arn: str, expected: str) -> None:
    """The last segment is spelled as words, and an ARN without any gives "Unknown"."""
    assert expected == name_of(arn)
    assert service_of(arn) is None


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:securityhub:eu-west-1:111122223333:product/aws/guardduty",
        "arn:aws:securityhub:::product/aws/guardduty",
        "arn:aws:guardduty:eu-west-1::product/aws/guardduty",
        "arn:aws:securityhub:eu-west-1::product/aws/guardduty/x",
        "arn:aws:securityhub:eu-west-1::product/aws/guardduty\n",
        "arn:aws:securityhub:eu-west-1::product/AWS/guardduty",
        "arn:aws:securityhub:eu-west-1::product/acme/aws/guardduty",
        "arn:evil:securityhub:eu-west-1::product/aws/guardduty",
        "x arn:aws:securityhub:eu-west-1::product/aws/guardduty",
        "product/aws/guardduty",
    ],
)
def test_only_the_whole_arn_proves_a_service(arn: str) -> None:
    """An account id, another company or anything around it makes it somebody else's."""
    product = product_of(arn, {"ProductName": "GuardDuty"})

    assert service_of(arn) is None
    assert "GuardDuty" == product.claims
    assert not is_service_name(product.name)


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-iso-f", "aws-eusc"])
def test_every_partition_proves_it(partition: str) -> None:
    """The partitions of AWS have the same slugs."""
    arn = f"arn:{partition}:securityhub:xx-any-1::product/aws/guardduty"

    assert "GuardDuty" == service_of(arn)


DISGUISES = st.sampled_from(
    [
        str,
        str.upper,
        str.lower,
        lambda name: f"  {name} ",
        lambda name: f"Amazon {name}",
        lambda name: f"AWS-{name}",
        lambda name: name.replace(" ", "-"),
        lambda name: name.replace(" ", ""),
        "\u200b".join,
        lambda name: "".join(chr(ord(each) + 0xFEE0) if each.isalnum() else each for each in name),
        lambda name: name.replace("a", "\u0430").replace("e", "\u0435").replace("c", "\u0441"),
        lambda name: name.replace("i", "i\u0301"),
    ]
)
FOREIGN_ARNS = st.sampled_from(
    [
        OWN,
        f"{ARN}acme/scanner",
        f"{ARN}acme/guardduty",
        f"{ARN}security/hub",
        "arn:aws:securityhub:eu-west-1:111122223333:product/aws/macie",
        "arn:aws:securityhub:eu-west-1:111122223333:product/test",
        "nonsense",
    ]
)


@st.composite
def impostors(draw: st.DrawFn) -> tuple[str, Finding]:
    """Return the name of a service of AWS, and a finding that wears it without proof."""
    name = draw(st.sampled_from([*BY_SLUG.values(), "Security Hub CSPM", "Detective"]))
    worn = draw(DISGUISES)(name)
    place = draw(st.sampled_from(["ProductName", "aws/securityhub/ProductName", "ProviderName"]))
    raw = {
        "Id": "one",
        "ProductArn": draw(FOREIGN_ARNS),
        "ProductName": worn if place == "ProductName" else draw(st.sampled_from(["Default", None])),
        "ProductFields": {place: worn, "StandardsArn": "standards/pci-dss/v/3.2.1"},
        "GeneratorId": draw(st.sampled_from(["nightly", "aws/guardduty", "GuardDuty", None])),
        "Compliance": {"SecurityControlId": "S3.8"},
        "Severity": {"Product": 9},
        "Types": ["TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce"],
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::invoices"}],
    }
    return worn, read_finding(raw)


@given(impostors())
def test_no_name_makes_a_service_of_aws(impostor: tuple[str, Finding]) -> None:
    """Channel, layout, severity, standard and alert are not the service's, and the card says so."""
    worn, finding = impostor
    slugs = {channel_safe(name) for name in BY_SLUG.values()}

    assert worn.strip() == finding.claims == read_outline(finding.raw).claims
    assert finding.service is None
    assert not is_service_name(finding.product)
    assert channel_safe(finding.product) not in slugs
    assert generic.lay_out(finding) == lay_out(finding)
    assert standard_name(finding) is None
    assert finding_hash(*finding.key) == subject_of(finding)
    assert "CRITICAL" == finding.severity
    assert "calls itself" in str(render(finding, CardContext()).arguments())


@given(st.sampled_from(sorted(BY_SLUG)), st.text(max_size=30), st.text(max_size=30))
def test_no_name_makes_a_service_something_else(slug: str, name: str, provider: str) -> None:
    """What the ARN proves stays, and claims nothing."""
    raw = {"ProductName": name, "ProductFields": {"ProviderName": provider}}

    assert (BY_SLUG[slug], None) == product_of(f"{ARN}aws/{slug}", raw)


@pytest.mark.parametrize(
    "name",
    [
        "Prowler",
        "CrowdStrike Falcon",
        "Amazonas Scanner",
        "GuardDuty Enterprise",
        "Configurator",
        "Inspector Gadget",
        "障害",
        "!",
        "x" * 500,
    ],
)
def test_other_names_claim_nothing(name: str) -> None:
    """A word more or less is another name."""
    assert (name, None) == product_of(OWN, {"ProductName": name})


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        ({"uid": f"{V2}aws/guardduty", "name": "GuardDuty"}, ("GuardDuty", None)),
        ({"uid": f"{V2}aws/guardduty", "name": "Macie"}, ("GuardDuty", None)),
        ({"uid": f"{V2}aws/new-service", "name": "New"}, ("New", None)),
        ({"uid": f"{V2}aws/new-service"}, ("New Service", None)),
        ({"uid": f"{V2}{UUID}", "name": "Falcon"}, ("Falcon", None)),
        ({"uid": f"{V2}{UUID}"}, ("Unknown", None)),
        ({"uid": f"{V2}{UUID}", "name": "GuardDuty"}, ("Unknown", "GuardDuty")),
        (
            {"uid": f"{V2}{UUID}", "name": "Security Hub Exposure Detection"},
            ("Unknown", "Security Hub Exposure Detection"),
        ),
        ({"uid": "guardduty", "name": "GuardDuty", "vendor_name": "AWS"}, ("Unknown", "GuardDuty")),
        ({"uid": "prowler", "name": "Prowler", "vendor_name": "Prowler"}, ("Prowler", None)),
    ],
)
def test_a_product_of_ocsf_is_what_its_arn_proves(
    product: dict[str, str], expected: tuple[str, str | None]
) -> None:
    """The names are free text there, too."""
    finding = read_finding(detection(metadata={"product": product}))

    assert expected == (finding.product, finding.claims)


def test_the_arn_of_either_security_hub_proves_a_service() -> None:
    """But an account's or a partner's does not."""
    assert service_of(f"{V2}aws/inspector") == service_of(f"{ARN}aws/inspector") == "Inspector"
    assert service_of("arn:aws:securityhub:eu-west-1:111122223333:productv2/aws/macie") is None
    assert service_of(f"{V2}awsx/inspector") is None
