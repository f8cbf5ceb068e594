"""The resources of an OCSF finding as ASFF has them: with ARNs, and the kind in one word."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from finding_router.findings.partitions import DEFAULT
from finding_router.findings.reading import items_at, text_at, value_at

_ACCOUNT: Final = "AWS::::Account"
_QUEUE: Final = "AWS::SQS::Queue"
# Kinds that OCSF names by a bare id: what follows the partition in their ARNs, by which ASFF names
# them. https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_ARNS: Final = {
    "AWS::CloudTrail::Trail": "cloudtrail:{region}:{account}:trail/{uid}",
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{uid}",
    "AWS::EC2::Image": "ec2:{region}::image/{uid}",
    "AWS::EC2::Instance": "ec2:{region}:{account}:instance/{uid}",
    "AWS::EC2::LaunchTemplate": "ec2:{region}:{account}:launch-template/{uid}",
    "AWS::EC2::NetworkAcl": "ec2:{region}:{account}:network-acl/{uid}",
    "AWS::EC2::NetworkInterface": "ec2:{region}:{account}:network-interface/{uid}",
    "AWS::EC2::SecurityGroup": "ec2:{region}:{account}:security-group/{uid}",
    "AWS::EC2::Snapshot": "ec2:{region}::snapshot/{uid}",
    "AWS::EC2::Subnet": "ec2:{region}:{account}:subnet/{uid}",
    "AWS::EC2::TransitGateway": "ec2:{region}:{account}:transit-gateway/{uid}",
    "AWS::EC2::VPC": "ec2:{region}:{account}:vpc/{uid}",
    "AWS::EC2::Volume": "ec2:{region}:{account}:volume/{uid}",
    "AWS::ECR::Repository": "ecr:{region}:{account}:repository/{uid}",
    "AWS::ECS::Cluster": "ecs:{region}:{account}:cluster/{uid}",
    "AWS::EFS::FileSystem": "elasticfilesystem:{region}:{account}:file-system/{uid}",
    "AWS::EKS::Cluster": "eks:{region}:{account}:cluster/{uid}",
    "AWS::ElastiCache::CacheCluster": "elasticache:{region}:{account}:cluster:{uid}",
    "AWS::IAM::Group": "iam::{account}:group/{uid}",
    "AWS::IAM::Policy": "iam::{account}:policy/{uid}",
    "AWS::IAM::Role": "iam::{account}:role/{uid}",
    "AWS::IAM::User": "iam::{account}:user/{uid}",
    "AWS::KMS::Key": "kms:{region}:{account}:key/{uid}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{uid}",
    "AWS::OpenSearchService::Domain": "es:{region}:{account}:domain/{uid}",
    "AWS::RDS::DBCluster": "rds:{region}:{account}:cluster:{uid}",
    "AWS::RDS::DBClusterSnapshot": "rds:{region}:{account}:cluster-snapshot:{uid}",
    "AWS::RDS::DBInstance": "rds:{region}:{account}:db:{uid}",
    "AWS::RDS::DBSnapshot": "rds:{region}:{account}:snapshot:{uid}",
    "AWS::Redshift::Cluster": "redshift:{region}:{account}:cluster:{uid}",
    "AWS::S3::Bucket": "s3:::{uid}",
    "AWS::S3::Object": "s3:::{bucket}/{uid}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{uid}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{uid}",
}
# Services that the types of ASFF call otherwise.
_SERVICES: Final = {
    "ElasticLoadBalancing": "Elb",
    "ElasticLoadBalancingV2": "Elbv2",
    "StepFunctions": "StepFunction",
    "WAFv2": "Wafv2",
}
_CAPITALS: Final = re.compile("[A-Z]+(?![a-z])")
_EVERYWHERE: Final = "global"
# OCSF's categories of sensitive data, and Macie's words for them.
_CATEGORIES: Final = {
    "financial": "FINANCIAL_INFORMATION",
    "personal": "PERSONAL_INFORMATION",
    "security": "CREDENTIALS",
}
# Fields of the details that have another name in ASFF.
_RENAMED: Final = {
    "AwsIamAccessKey": {"UserType": "PrincipalType", "Type": "PrincipalType"},
    "Container": {"Image": "ImageName"},
}
_NAMES: Final = {"AwsEc2SecurityGroup": "GroupName", "Container": "Name"}
_SNAKE: Final = re.compile(r"_+([a-z0-9])")
_DETAILS: Final = re.compile(r"aws[A-Z]\w*Details")
_MOST_DEPTH: Final = 6


def resources(raw: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the resources of *raw*; a data security finding's bucket comes first."""
    written = [*items_at(raw, "resources"), *items_at(raw, "resource")]
    found = [each for one in written if (each := _resource(one, raw)) is not None]
    bucket = _bucket(raw)
    if bucket is not None:
        others = [each for each in found if each["Id"] != bucket["Id"]]
        found = [bucket, *others]
    return found or None


def kind(written: str) -> str:
    """Return ASFF's word for a kind: "AwsEc2Instance" for "AWS::EC2::Instance"."""
    service, _, rest = written.removeprefix("AWS::").partition("::")
    if not written.startswith("AWS::"):
        return written
    if written == _ACCOUNT:
        return "AwsAccount"
    if service == "Container":
        return rest or service
    names = (_SERVICES.get(service, service), *rest.split("::"))
    return f"Aws{''.join(map(_capitalised, names))}"


def _capitalised(word: str) -> str:
    """Return "Ec2" for "EC2", "DbInstance" for "DBInstance"."""
    spelt = _CAPITALS.sub(lambda match: match[0].capitalize(), word)
    return spelt[:1].upper() + spelt[1:]


def _resource(one: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any] | None:
    written = text_at(one, "type")
    resource_id, region = _id(one, written or "", raw), text_at(one, "region")
    if resource_id is None and written is None:
        return None
    found = {
        "Type": kind(written) if written else None,
        "Id": resource_id or written,
        "Partition": text_at(one, "cloud_partition"),
        "Region": None if region == _EVERYWHERE else region,
        "Tags": _tags(one),
        "Details": _details(one, written or ""),
    }
    return {name: value for name, value in found.items() if value}


def _id(one: Mapping[str, Any], written: str, raw: Mapping[str, Any]) -> str | None:
    """Return the ARN of a resource where one is known or can be made, else its id."""
    uid, other, name = text_at(one, "uid"), text_at(one, "uid_alt"), text_at(one, "name")
    for each in (uid, other):
        if each is not None and each.startswith("arn:"):
            return each
    known = uid or other or name
    if known is None:
        return None
    if written in (_ACCOUNT, "AwsAccount"):
        return known if known.startswith("AWS::") else f"{_ACCOUNT}:{known}"
    if written == "AWS::IAM::AccessKey":
        return f"{written}:{known}"
    form = f"arn:{{partition}}:{_ARNS[written]}" if written in _ARNS else "{uid}"
    regions = (text_at(one, "region"), text_at(raw, "cloud", "region"))
    if written == _QUEUE:
        # Its id is a URL that ends with its name.
        known = known.rpartition("/")[2]
    parts = {
        "account": text_at(one, "owner", "account", "uid")
        or text_at(raw, "cloud", "account", "uid"),
        "bucket": text_at(raw, "databucket", "name"),
        "partition": text_at(one, "cloud_partition")
        or text_at(raw, "cloud", "cloud_partition")
        or DEFAULT,
        "region": next((each for each in regions if each and each != _EVERYWHERE), None),
        "uid": known,
    }
    is_known = all(parts[name] for name in parts if f"{{{name}}}" in form)
    return form.format_map(parts) if is_known else known


def _tags(one: Mapping[str, Any]) -> dict[str, str]:
    tags = value_at(one, "tags")
    if isinstance(tags, Mapping):
        return {str(key): text for key in tags if (text := text_at(tags, key)) is not None}
    pairs = (
        (text_at(each, "name"), text_at(each, "value") or "") for each in items_at(one, "tags")
    )
    return {name: value for name, value in pairs if name is not None}


def _details(one: Mapping[str, Any], written: str) -> dict[str, Any]:
    """Return what is known of a resource under its kind's name, in ASFF's spelling."""
    details, own = _data(one, written), kind(written)
    for before, after in _RENAMED.get(own, {}).items():
        inside = details.get(own)
        if isinstance(inside, dict) and before in inside:
            inside.setdefault(after, inside.pop(before))
    name = text_at(one, "name")
    if own in _NAMES and name and name != text_at(one, "uid"):
        details.setdefault(own, {}).setdefault(_NAMES[own], name)
    return details


def _data(one: Mapping[str, Any], written: str) -> dict[str, Any]:
    data: object = one.get("data")
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError):
            return {}
    if not isinstance(data, Mapping):
        return {}
    details: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, Mapping) and (_DETAILS.fullmatch(key) or key == kind(written)):
            name = key[:1].upper() + key[1:].removesuffix("Details")
            details[name] = _pascal(value, _MOST_DEPTH)
    if details:
        return details
    return {kind(written): _pascal(data, _MOST_DEPTH)} if data and written else {}


def _pascal(value: object, depth: int) -> Any:
    """Return *value* with its keys as ASFF spells them: "UserName" for user_name and userName."""
    if depth == 0:
        return None
    if isinstance(value, Mapping):
        return {_spelled(str(key)): _pascal(inner, depth - 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_pascal(each, depth - 1) for each in value]
    return value


def _spelled(key: str) -> str:
    joined = _SNAKE.sub(lambda match: match[1].upper(), key)
    return joined[:1].upper() + joined[1:]


def _bucket(raw: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the bucket of a data security finding, with the sensitive data found in it."""
    bucket = raw.get("databucket")
    name = text_at(bucket, "name")
    resource_id = text_at(bucket, "uid") or name
    if resource_id is None:
        return None
    data = [
        {
            "Category": _category(each),
            "TotalCount": sum(int(count) for count in _counts(each)) or None,
            "Detections": [
                {"Type": text_at(one, "type"), "Count": value_at(one, "count")}
                for one in items_at(each, "discovery_details")
            ],
        }
        for each in items_at(bucket, "file", "data_classifications")
    ]
    own = {
        "Name": name,
        "IsPublic": value_at(bucket, "is_public"),
        "IsEncrypted": value_at(bucket, "is_encrypted"),
    }
    found: dict[str, Any] = {
        "Type": "AwsS3Bucket",
        "Id": resource_id,
        "Region": text_at(bucket, "region"),
        "Details": {"AwsS3Bucket": {key: value for key, value in own.items() if value is not None}},
    }
    if data:
        found["DataClassification"] = {"Result": {"SensitiveData": data}}
    return {key: value for key, value in found.items() if value}


def _category(classification: Mapping[str, Any]) -> str | None:
    written = text_at(classification, "category")
    return _CATEGORIES.get((written or "").casefold(), written)


def _counts(classification: Mapping[str, Any]) -> list[float]:
    counts = [value_at(each, "count") for each in items_at(classification, "discovery_details")]
    return [each for each in counts if isinstance(each, int) and not isinstance(each, bool)]
