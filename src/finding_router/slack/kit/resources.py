"""Names and lines for a finding's resources on a card."""

from re import compile as regex
from typing import Final

from finding_router.findings.finding import Finding, Resource
from finding_router.slack.kit.detail import VALUE_CHARS, joined, said
from finding_router.slack.kit.links import AccessPortal, Arn, resource_url
from finding_router.slack.kit.text import Mrkdwn, clean, length, lines, link

MOST_SHOWN: Final = 3
# Accounts have no ARN here: Security Hub writes the first form, other products only the id.
_ACCOUNT: Final = regex("(?:AWS::::Account:|account )?([0-9]{12})")
# Security Hub's form for resources without an ARN: ``AWS::IAM::AccessKey:AKIAIOSFODNN7EXAMPLE``.
_TYPED: Final = regex("^AWS::[A-Za-z0-9]+::[A-Za-z0-9]+:(?=.)")
_DIGEST: Final = "/sha256:"
_DIGEST_DIGITS: Final = 12
_NOUNS: Final = ("resource", "resources")
# Types without information.
# https://docs.aws.amazon.com/securityhub/latest/userguide/asff-resources.html
_VAGUE: Final = frozenset({"Other", "Unknown"})
# Common names of the most frequent types; others are shown as in ASFF.
_KINDS: Final = {
    "AwsAutoScalingAutoScalingGroup": "Auto Scaling group",
    "AwsCloudFormationStack": "CloudFormation stack",
    "AwsCloudFrontDistribution": "CloudFront distribution",
    "AwsCloudTrailTrail": "CloudTrail trail",
    "AwsCodeBuildProject": "CodeBuild project",
    "AwsDynamoDbTable": "DynamoDB table",
    "AwsEc2Instance": "EC2 instance",
    "AwsEc2NetworkAcl": "network ACL",
    "AwsEc2NetworkInterface": "network interface",
    "AwsEc2SecurityGroup": "security group",
    "AwsEc2Subnet": "subnet",
    "AwsEc2Volume": "EBS volume",
    "AwsEc2Vpc": "VPC",
    "AwsEcrContainerImage": "container image",
    "AwsEcrRepository": "ECR repository",
    "AwsEcsCluster": "ECS cluster",
    "AwsEksCluster": "EKS cluster",
    "AwsElbv2LoadBalancer": "load balancer",
    "AwsIamAccessKey": "access key",
    "AwsIamGroup": "IAM group",
    "AwsIamPolicy": "IAM policy",
    "AwsIamRole": "IAM role",
    "AwsIamUser": "IAM user",
    "AwsKmsKey": "KMS key",
    "AwsLambdaFunction": "Lambda function",
    "AwsRdsDbCluster": "RDS cluster",
    "AwsRdsDbClusterSnapshot": "RDS cluster snapshot",
    "AwsRdsDbInstance": "RDS database",
    "AwsRdsDbSnapshot": "RDS snapshot",
    "AwsRedshiftCluster": "Redshift cluster",
    "AwsS3Bucket": "S3 bucket",
    "AwsS3Object": "S3 object",
    "AwsSecretsManagerSecret": "secret",
    "AwsSnsTopic": "SNS topic",
    "AwsSqsQueue": "SQS queue",
    "Container": "container",
}


def is_account(name: str) -> bool:
    """Return True if *name*, from `short_name`, is that of an account."""
    return _ACCOUNT.fullmatch(name) is not None


def short_name(resource: Resource) -> str:
    """Return the id in the ARN of *resource*, "account" and the account id, or the whole id."""
    arn = Arn.read(resource.id)
    if arn and arn.kind == "image":
        # The first digits of a digest suffice to compare images.
        repository, _, digest = arn.id.partition(_DIGEST)
        return f"{repository}@sha256:{digest[:_DIGEST_DIGITS]}"
    if arn and arn.id:
        return arn.id
    name = clean(resource.id).strip()
    if account := _ACCOUNT.fullmatch(name):
        return f"account {account[1]}"
    return _TYPED.sub("", name)


def kind_words(resource: Resource) -> str:
    """Return the kind of *resource* in words, "" if its type says nothing."""
    kind = resource.type or ""
    return "" if kind in _VAGUE else _KINDS.get(kind, kind)


def resource_lines(finding: Finding, portal: AccessPortal | None, limit: int) -> Mrkdwn:
    """Return the first three resources, one line each; "" if there is none or no room."""
    share = limit // (MOST_SHOWN + 1)
    items = [_line(resource, finding, portal, share) for resource in finding.resources[:MOST_SHOWN]]
    rest = [Mrkdwn("")] * (len(finding.resources) - len(items))
    return lines([*items, *rest], MOST_SHOWN, limit, _NOUNS)


def _line(resource: Resource, finding: Finding, portal: AccessPortal | None, limit: int) -> Mrkdwn:
    """
    Return the name, type and Name tag of *resource*, and its Region if not that of the finding.

    The link is left out if it makes the line longer than *limit* counted characters.
    """
    name = short_name(resource)
    url = resource_url(resource, finding, portal)
    kind = "" if is_account(name) else resource.type or ""
    tag = resource.tags.get("Name")
    elsewhere = resource.region if resource.region != finding.region else None
    about = (
        said(_KINDS.get(kind, kind)) if kind not in {*_VAGUE, name} else None,
        said(tag) if tag != name else None,
        said(elsewhere),
    )
    linked = joined(" · ", link(url, name, VALUE_CHARS), *about) if url else None
    if linked and length(linked) <= limit:
        return linked
    return joined(" · ", said(name), *about) or Mrkdwn("unnamed")
