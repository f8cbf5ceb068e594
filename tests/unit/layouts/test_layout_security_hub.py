"""The layout of Security Hub's own controls."""

from factories import make_finding
from finding_router.slack.kit.detail import Detail
from finding_router.slack.layouts.security_hub import lay_out


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

    assert dict(detail.facts) == {
        "Standards": "AWS FSBP v1.0.0, NIST SP 800-53 v5.0.0, CIS v1.2.0 + 1 more",
        "Expected": "authorizedPorts = 80, 443",
    }
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

    assert dict(detail.facts) == {"Standards": "CIS v1.2.0"}
    assert detail.listings[0].items == ("The rule did not apply.",)


def test_the_same_reason_is_said_once() -> None:
    """The annotation repeats the reason in most findings."""
    raw = {
        "Compliance": {"StatusReasons": [{"Description": "Same."}]},
        "ProductFields": {"aws/securityhub/annotation": "Same."},
    }

    assert lay_out(make_finding(raw)).listings[0].items == ("Same.",)


def test_a_bare_control_adds_nothing() -> None:
    """Without known fields, nothing is shown."""
    assert lay_out(make_finding()) == Detail()
