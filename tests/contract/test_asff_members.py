"""
Each member of ASFF is on a card, or is left out for a reason.

The members are those of botocore's model: a new one fails here until somebody decides about it.
"""

from typing import Any

import botocore.session
import pytest

from finding_router.findings.asff import read_finding
from finding_router.slack.messages.card import CardContext, render

LEAST = {
    "Id": "finding-1",
    "ProductArn": "arn:aws:securityhub:eu-west-1:123456789012:product/example/scanner",
    "Title": "Something is wrong",
}
ADDRESS = {"RemoteIpDetails": {"IpAddressV4": "198.51.100.8"}}
# A value for each member, and what a card says of it.
SHOWN: dict[str, tuple[Any, str]] = {
    "Action": ({"AwsApiCallAction": {"Api": "ListUsers"} | ADDRESS}, "198.51.100.8"),
    "AwsAccountId": ("123456789012", "123456789012"),
    "AwsAccountName": ("payments-prod", "payments-prod"),
    "Compliance": ({"Status": "WARNING"}, "WARNING"),
    "Confidence": (90, "Confidence 90 of 100"),
    "CreatedAt": ("2026-03-01T10:00:00Z", "2026-03-01 10:00 UTC"),
    "Criticality": (70, "Criticality 70 of 100"),
    "Description": ("Everyone can read it.", "Everyone can read it."),
    "Detection": ({"Sequence": {"Signals": [{"Name": "s3:GetObject"}]}}, "s3:GetObject"),
    "FindingProviderFields": ({"Confidence": 80}, "Confidence 80 of 100"),
    "FirstObservedAt": ("2026-03-01T10:00:00Z", "2026-03-01 10:00 UTC"),
    "GeneratorDetails": ({"Name": "Rule of ours"}, "Rule of ours"),
    "Id": ("finding-1", "finding"),
    "LastObservedAt": ("2026-03-02T11:30:00Z", "2026-03-02 11:30 UTC"),
    "Malware": ([{"Name": "Dropper"}], "Dropper"),
    "Network": ({"SourceIpV6": "2001:db8::1"}, "2001:db8::1"),
    "NetworkPath": ([{"ComponentId": "igw-1"}], "igw-1"),
    "Note": ({"Text": "Known to us"}, "Known to us"),
    "PatchSummary": ({"MissingCount": 9}, "9 missing"),
    "Process": ({"Path": "/bin/sh"}, "/bin/sh"),
    "ProductArn": (LEAST["ProductArn"], "Scanner"),
    "ProductFields": ({"acme/RuleId": "rule-7"}, "rule-7"),
    "ProductName": ("Scanner of ours", "Scanner of ours"),
    "RecordState": ("ARCHIVED", "ARCHIVED"),
    "Region": ("eu-north-1", "eu-north-1"),
    "RelatedFindings": ([{"Id": "2", "ProductArn": "x"}], "1 related finding"),
    "Remediation": ({"Recommendation": {"Text": "Close the port."}}, "Close the port."),
    "Resources": ([{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::invoices"}], "invoices"),
    "Sample": (True, "ample finding, made for testing"),
    "Severity": ({"Label": "LOW"}, "LOW"),
    "SourceUrl": ("https://scanner.example/1", "https://scanner.example/1"),
    "ThreatIntelIndicators": ([{"Value": "203.0.113.9"}], "203.0.113.9"),
    "Threats": ([{"Name": "EICAR-Test-File"}], "EICAR-Test-File"),
    "Title": (LEAST["Title"], "Something is wrong"),
    "Types": (["TTPs/Discovery"], "Discovery"),
    "UpdatedAt": ("2026-03-02T11:30:00Z", "2026-03-02 11:30 UTC"),
    "UserDefinedFields": ({"owner": "team-red"}, "team-red"),
    "VerificationState": ("TRUE_POSITIVE", "true positive"),
    "Vulnerabilities": ([{"Id": "CVE-2026-1"}], "CVE-2026-1"),
    "Workflow": ({"Status": "SUPPRESSED"}, "SUPPRESSED"),
}
NOT_SHOWN = {
    "CompanyName": "the product's name says whose it is",
    "GeneratorId": "an id of the rule for programs; the title says the rule in words",
    "ProcessedAt": "when Security Hub received the finding; the times of the product are shown",
    "SchemaVersion": "the same in every finding",
    "WorkflowState": "replaced by Workflow.Status",
}
# Details of resources, and what a card says of them. The first two products have a layout.
GROUP = {
    "GroupName": "web-alb",
    "IpPermissions": [{"FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
}
DETAILS_SHOWN: dict[str, tuple[dict[str, Any], str]] = {
    "AwsEc2SecurityGroup": (GROUP, "web-alb"),
    "AwsEcrContainerImage": ({"ImageTags": ["1.42", "stable"]}, "stable"),
    "AwsEcsContainer": ({"Name": "checkout"}, "checkout"),
    "AwsIamAccessKey": ({"PrincipalName": "ci-deploy"}, "ci-deploy"),
    "CodeRepository": ({"ProjectName": "shop"}, "shop"),
    "Container": ({"Name": "checkout", "ImageName": "shop/checkout:1.42"}, "shop/checkout:1.42"),
    "Other": ({"Author": "Jane Doe"}, "Jane Doe"),
}
# Public samples carry these; the rest of each is like them.
DETAILS_NOT_SHOWN = {
    "AwsAutoScalingAutoScalingGroup": "settings of the group",
    "AwsCloudFormationStack": "state of the stack",
    "AwsCloudTrailTrail": "settings of the trail; the control says which is wrong",
    "AwsEc2Instance": "addresses and type of the instance; its name and id are shown",
    "AwsEc2Subnet": "settings of the subnet",
    "AwsEc2Volume": "settings of the volume",
    "AwsEc2Vpc": "settings of the VPC",
    "AwsGuardDutyDetector": "settings of the detector",
    "AwsIamUser": "groups and policies of the user",
    "AwsKmsKey": "state of the key",
    "AwsLambdaFunction": "settings of the function; its name and version are in its ARN",
    "AwsRdsDbCluster": "settings of the cluster",
    "AwsRdsDbClusterSnapshot": "settings of the snapshot",
    "AwsRdsDbInstance": "settings of the database",
    "AwsRdsDbSnapshot": "settings of the snapshot",
    "AwsRedshiftCluster": "settings of the cluster",
    "AwsS3Bucket": "owner and date of creation of the bucket",
    "AwsS3Object": "dates and encryption; Macie's results are in DataClassification",
}
# Settings that the console's page of the resource shows, and that no public sample carries.
SETTINGS = frozenset(
    [
        "AwsAmazonMqBroker",
        "AwsApiGatewayRestApi",
        "AwsApiGatewayStage",
        "AwsApiGatewayV2Api",
        "AwsApiGatewayV2Stage",
        "AwsAppSyncGraphQlApi",
        "AwsAthenaWorkGroup",
        "AwsAutoScalingLaunchConfiguration",
        "AwsBackupBackupPlan",
        "AwsBackupBackupVault",
        "AwsBackupRecoveryPoint",
        "AwsCertificateManagerCertificate",
        "AwsCloudFrontDistribution",
        "AwsCloudWatchAlarm",
        "AwsCodeBuildProject",
        "AwsDmsEndpoint",
        "AwsDmsReplicationInstance",
        "AwsDmsReplicationTask",
        "AwsDynamoDbTable",
        "AwsEc2ClientVpnEndpoint",
        "AwsEc2Eip",
        "AwsEc2LaunchTemplate",
        "AwsEc2NetworkAcl",
        "AwsEc2NetworkInterface",
        "AwsEc2RouteTable",
        "AwsEc2TransitGateway",
        "AwsEc2VpcEndpointService",
        "AwsEc2VpcPeeringConnection",
        "AwsEc2VpnConnection",
        "AwsEcrRepository",
        "AwsEcsCluster",
        "AwsEcsService",
        "AwsEcsTask",
        "AwsEcsTaskDefinition",
        "AwsEfsAccessPoint",
        "AwsEksCluster",
        "AwsElasticBeanstalkEnvironment",
        "AwsElasticsearchDomain",
        "AwsElbLoadBalancer",
        "AwsElbv2LoadBalancer",
        "AwsEventSchemasRegistry",
        "AwsEventsEndpoint",
        "AwsEventsEventbus",
        "AwsIamGroup",
        "AwsIamPolicy",
        "AwsIamRole",
        "AwsKinesisStream",
        "AwsLambdaLayerVersion",
        "AwsMskCluster",
        "AwsNetworkFirewallFirewall",
        "AwsNetworkFirewallFirewallPolicy",
        "AwsNetworkFirewallRuleGroup",
        "AwsOpenSearchServiceDomain",
        "AwsRdsDbSecurityGroup",
        "AwsRdsEventSubscription",
        "AwsRoute53HostedZone",
        "AwsS3AccessPoint",
        "AwsS3AccountPublicAccessBlock",
        "AwsSageMakerNotebookInstance",
        "AwsSecretsManagerSecret",
        "AwsSnsTopic",
        "AwsSqsQueue",
        "AwsSsmPatchCompliance",
        "AwsStepFunctionStateMachine",
        "AwsWafRateBasedRule",
        "AwsWafRegionalRateBasedRule",
        "AwsWafRegionalRule",
        "AwsWafRegionalRuleGroup",
        "AwsWafRegionalWebAcl",
        "AwsWafRule",
        "AwsWafRuleGroup",
        "AwsWafWebAcl",
        "AwsWafv2RuleGroup",
        "AwsWafv2WebAcl",
        "AwsXrayEncryptionConfig",
        "AzureResource",
        "GcpResource",
    ]
)


def card_of(raw: dict[str, Any]) -> str:
    """Return all text of the card of a finding with these members."""
    return str(render(read_finding(LEAST | raw), CardContext(("route",))).arguments())


def members_of(shape: str) -> set[str]:
    """Return the names of the members of a structure in botocore's model of Security Hub."""
    model = botocore.session.get_session().get_service_model("securityhub")
    return set(model.shape_for(shape).members)  # type: ignore[attr-defined]


def test_every_member_of_a_finding_is_shown_or_left_out_for_a_reason() -> None:
    """A member that botocore gains has to be decided about."""
    assert members_of("AwsSecurityFinding") == set(SHOWN) | set(NOT_SHOWN)
    assert not set(SHOWN) & set(NOT_SHOWN)


@pytest.mark.parametrize("member", SHOWN)
def test_the_card_says_what_the_member_has(member: str) -> None:
    """The value of the member is on the card of a product without a layout of its own."""
    value, expected = SHOWN[member]

    assert expected in card_of({member: value})


def test_every_kind_of_details_is_shown_or_left_out_for_a_reason() -> None:
    """Settings of a resource are one click away."""
    known = [*DETAILS_SHOWN, *DETAILS_NOT_SHOWN, *SETTINGS]

    assert members_of("ResourceDetails") == set(known)
    assert len(known) == len(set(known))


@pytest.mark.parametrize("kind", DETAILS_SHOWN)
def test_the_card_says_what_the_details_have(kind: str) -> None:
    """A security group's rules belong to a control, and a key's user to a call."""
    details, expected = DETAILS_SHOWN[kind]
    digest = "repository/shop/sha256:0123456789abcdef"
    resource_id = f"arn:aws:ecr:eu-west-1:1:{digest}" if kind == "AwsEcrContainerImage" else "x-1"
    product = "guardduty" if kind == "AwsIamAccessKey" else "inspector"
    raw = {
        "ProductArn": f"arn:aws:securityhub:eu-west-1::product/aws/{product}",
        "Resources": [{"Type": kind, "Id": resource_id, "Details": {kind: details}}],
    }
    generic = raw | {"ProductArn": LEAST["ProductArn"]}

    assert expected in card_of(generic if kind == "Other" else raw)


def test_the_open_ports_of_a_group_are_shown_with_its_control() -> None:
    """The rules of the group say what the control means."""
    raw = {
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
        "Description": "This control checks security groups.",
        "Compliance": {"Status": "FAILED", "SecurityControlId": "EC2.19"},
        "Resources": [
            {"Type": "AwsEc2SecurityGroup", "Id": "x", "Details": {"AwsEc2SecurityGroup": GROUP}}
        ],
    }

    assert "Open to the world: 22" in card_of(raw)
