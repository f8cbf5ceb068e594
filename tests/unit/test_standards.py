"""Names of security standards."""

from typing import Any

import pytest

from factories import make_finding
from finding_router.findings.standards import standard_name, standard_names

CIS = "cis-aws-foundations-benchmark"
FSBP = "aws-foundational-security-best-practices"


def finding(raw: dict[str, Any] | None = None, **changes: Any) -> Any:
    """Make a control finding of Security Hub's."""
    return make_finding(raw, **{"product": "Security Hub", "control_id": "S3.8"} | changes)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        (
            {"StandardsControlArn": f"arn:aws:securityhub:eu-west-1:1:control/{CIS}/v/3.0.0/5.2"},
            "CIS v3.0.0 5.2",
        ),
        (
            {"StandardsControlArn": f"arn:aws:securityhub:eu-west-1:1:control/{FSBP}/v/1.0.0/S3.8"},
            "AWS FSBP v1.0.0",
        ),
        (
            {"StandardsArn": "arn:aws:securityhub:::standards/pci-dss/v/3.2.1"},
            "PCI DSS v3.2.1",
        ),
        (
            {
                "StandardsArn": "arn:aws:securityhub:::standards/pci-dss/v/3.2.1",
                "ControlId": "PCI.S3.1",
            },
            "PCI DSS v3.2.1 PCI.S3.1",
        ),
        (
            {"StandardsGuideArn": f"arn:aws:securityhub:::ruleset/{CIS}/v/1.2.0", "RuleId": "1.6"},
            "CIS v1.2.0 1.6",
        ),
        ({"StandardsArn": "arn:aws:securityhub:::standards/house-rules/v/7"}, "house-rules v7"),
    ],
)
def test_the_fields_of_a_finding_name_its_standard(fields: dict[str, str], name: str) -> None:
    """Each of the places in which Security Hub has written it, with the control's id there."""
    assert name == standard_name(finding({"ProductFields": fields}))


@pytest.mark.parametrize(
    ("generator", "name"),
    [
        (f"arn:aws:securityhub:::ruleset/{CIS}/v/1.2.0/rule/1.6", "CIS v1.2.0 1.6"),
        (f"{FSBP}/v/1.0.0/S3.8", "AWS FSBP v1.0.0"),
        ("security-control/S3.8", None),
        (None, None),
    ],
)
def test_the_generator_names_the_standard_where_no_field_does(
    generator: str | None, name: str | None
) -> None:
    """Consolidated control findings come from the control, which is of no one standard."""
    assert name == standard_name(finding(generator_id=generator))


def test_a_consolidated_finding_names_all_its_standards() -> None:
    """One finding for several standards is of none of them alone."""
    associated = [
        {"StandardsId": f"standards/{FSBP}/v/1.0.0"},
        {"StandardsId": f"standards/{CIS}/v/3.0.0"},
        {"StandardsId": "HIPAA"},
        {"StandardsId": "arn:without:version"},
        {},
    ]
    consolidated = finding({"Compliance": {"AssociatedStandards": associated}})
    single = finding({"Compliance": {"AssociatedStandards": associated[:1]}})

    assert standard_name(consolidated) is None
    assert ("AWS FSBP v1.0.0", "CIS v3.0.0", "HIPAA", "arn:without:version") == standard_names(
        consolidated
    )
    assert standard_name(single) == "AWS FSBP v1.0.0"
    assert ("AWS FSBP v1.0.0",) == standard_names(single)


def test_a_standard_is_named_once() -> None:
    """The standard of the finding and those of its control may be the same."""
    raw = {
        "ProductFields": {
            "StandardsControlArn": f"arn:aws:securityhub:a:1:control/{CIS}/v/3.0.0/5.2"
        },
        "Compliance": {
            "AssociatedStandards": [
                {"StandardsId": f"standards/{CIS}/v/3.0.0"},
                {"StandardsId": f"standards/{FSBP}/v/1.0.0"},
            ]
        },
    }

    assert ("CIS v3.0.0 5.2", "AWS FSBP v1.0.0") == standard_names(finding(raw))


def test_other_products_have_no_standard() -> None:
    """Other products' values in the same fields are shown as they are."""
    raw = {"ProductFields": {"StandardsArn": "arn:x:::standards/pci-dss/v/3.2.1"}}

    assert standard_name(finding(raw, product="Prowler")) is None
    assert standard_names(finding({}, product="Prowler")) == ()
