"""Names and lines for a finding's resources on a card."""

from re import compile as regex
from re import escape, search
from typing import Final

from finding_router.findings.finding import Finding, Resource
from finding_router.findings.reading import text_at, texts_at
from finding_router.slack.kit.detail import VALUE_CHARS, joined, said
from finding_router.slack.kit.links import AccessPortal, Arn, outside, resource_url
from finding_router.slack.kit.text import (
    Mrkdwn,
    clean,
    length,
    link,
    says_nothing,
    shortened,
    words,
)

MOST_SHOWN: Final = 3
# Accounts have no ARN here: Security Hub writes the first form, other products only the id.
_ACCOUNT: Final = regex("(?:AWS::::Account:|account )?([0-9]{12})")
# Security Hub's form for resources without an ARN: ``AWS::IAM::AccessKey:AKIAIOSFODNN7EXAMPLE``.
_TYPED: Final = regex("^AWS::[A-Za-z0-9]+::[A-Za-z0-9]+:(?=.)")
_DIGEST: Final = "/sha256:"
# Docker, too, shows only the first digits of a container's id.
_CONTAINER: Final = regex("[0-9a-f]{64}")
_DIGEST_DIGITS: Final = 12
_NAME_CHARS: Final = 80
_WEB: Final = "https://"
# Where the details of a resource have its name.
_NAME_PATHS: Final = (
    ("AwsEc2SecurityGroup", "GroupName"),
    ("AwsEcsContainer", "Name"),
    ("CodeRepository", "ProjectName"),
    ("Container", "Name"),
    ("Other", "DisplayName"),
    ("Other", "File"),
)
# Ids of EC2, whose first letters people know.
_EVIDENT: Final = regex("(?:i|sg|vpc|subnet|vol|eni|snap|ami)-[0-9a-f]{8,}$")
# As much of a long name tells it from others.
_TELLING_CHARS: Final = 16
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
    "AwsEcsContainer": "container",
    "AwsEcsService": "ECS service",
    "AwsEcsTask": "ECS task",
    "AwsEcsTaskDefinition": "ECS task definition",
    "AwsEfsAccessPoint": "EFS access point",
    "AwsEksCluster": "EKS cluster",
    "AwsElbv2LoadBalancer": "load balancer",
    "AwsGuardDutyDetector": "GuardDuty detector",
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
    "AwsStepFunctionStateMachine": "state machine",
    "CodeRepository": "code repository",
    "Container": "container",
}


def is_account(name: str) -> bool:
    """Return True if *name*, from `short_name`, is that of an account."""
    return _ACCOUNT.fullmatch(name) is not None


def short_name(resource: Resource) -> str:
    """Return the id in the ARN of *resource*, "account" and the account id, or the id itself."""
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
    if _CONTAINER.fullmatch(name):
        return name[:_DIGEST_DIGITS]
    return _TYPED.sub("", name)


def given_name(resource: Resource) -> str | None:
    """
    Return the name that people gave *resource*, if it says more than the id.

    That is the Name tag, the name in the details, or the repository and first tag of an image.
    """
    details = resource.raw.get("Details")
    name = resource.tags.get("Name") or next(
        filter(None, (text_at(details, *path) for path in _NAME_PATHS)), None
    )
    tags = texts_at(details, "AwsEcrContainerImage", "ImageTags")
    if name is None and tags:
        name = f"{short_name(resource).partition('@')[0]}:{tags[0]}"
    return None if name is None or says_nothing(name) or name == short_name(resource) else name


def kind_of(resource: Resource) -> str | None:
    """Return the kind of *resource* in people's words; None if it says nothing."""
    name = short_name(resource)
    kind = "" if is_account(name) else resource.type or ""
    # Some products write the type of the finding here: "TTPs/Discovery".
    is_vague = kind in {*_VAGUE, name} or "/" in kind
    return None if is_vague else _KINDS.get(kind, kind) or None


def is_named_in(text: str, resource: Resource, *, within: int | None = None) -> bool:
    """Return True if *text*, or its first *within* characters, names *resource*."""
    return any(_is_in(text[:within], name) for name in _names(resource))


def resource_line(
    resource: Resource, finding: Finding, portal: AccessPortal | None, limit: int
) -> Mrkdwn:
    """
    Return kind and names of *resource*, and its Region if not that of the finding.

    The link is left out if it makes the line longer than *limit* counted characters.
    """
    name = short_name(resource)
    url = resource_url(resource, finding, portal)
    if url is None and name.startswith(_WEB) and (target := outside(name, None, None)):
        # The label is the address itself.
        url, name = target.url, name.removeprefix(_WEB)
    tag, kind = given_name(resource), kind_of(resource)
    # The id of an instance shows its kind.
    is_evident = tag is not None and _EVIDENT.match(name) is not None
    elsewhere = resource.region if resource.region != finding.region else None
    label = shortened(tag or name, _NAME_CHARS)
    for linked in (link(url, label, VALUE_CHARS) if url else None, said(label)):
        shown = joined(
            " ",
            said(None if is_evident or (linked is None) else kind),
            linked,
            Mrkdwn(f"({words(shortened(name, _NAME_CHARS), VALUE_CHARS)})") if tag else None,
        )
        line = joined(" · ", shown or said(kind), said(elsewhere)) or Mrkdwn("unnamed")
        if linked is not None and length(line) <= limit:
            return line
    return line


def _names(resource: Resource) -> list[str]:
    name = short_name(resource)
    return [each for each in (given_name(resource), name, name.rpartition("/")[2]) if each]


def _is_in(text: str, name: str) -> bool:
    """Return True if *text* has *name* as a word, or the beginning of a long one."""
    start = name[:_TELLING_CHARS]
    end = "" if len(name) > _TELLING_CHARS else r"(?![\w-])"
    return search(rf"(?<![\w-]){escape(start)}{end}", text) is not None
