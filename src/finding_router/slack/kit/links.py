"""
The URLs on a card: AWS consoles by partition, and addresses that products refer to.

No text of a finding can change a console's host: Region and partition are validated, and all other
values are percent-encoded into the path or fragment.
"""

from collections.abc import Mapping
from re import compile as regex
from typing import Final, NamedTuple, Self
from urllib.parse import quote, quote_plus, urlsplit

from finding_router.findings.finding import Finding, Resource
from finding_router.findings.ocsf import is_ocsf
from finding_router.findings.partitions import DEFAULT, PARTITIONS, REGION, partition_of
from finding_router.findings.reading import text_at
from finding_router.slack.kit.text import Url, clean

_CONSOLES: Final = tuple(partition.console for partition in PARTITIONS.values())
_OWN_HOSTS: Final = ("aws.amazon.com", "docs.amazonaws.cn")
# A longer link takes too much of a message. A link to the longest Id of ASFF, 512 characters, fits,
# even through an access portal.
_URL_CHARS: Final = 2000
_ACCOUNT: Final = regex(r"[0-9]{12}")
_HOST: Final = regex(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]*[a-z0-9])*")
# Characters left unencoded in a complete URL (RFC 3986), without the single quote.
_URL_SAFE: Final = "/:?#[]@!$&()*+,;=%~"

# Console pages of resources, by the service and kind in the ARN. Pages without {region} are global.
# {id} is the part of the ARN after the kind, {name} the last segment of {id}.
_PAGES: Final[Mapping[str, str]] = {
    "cloudformation:stack": ("cloudformation/home?region={region}#/stacks/stackinfo?stackId={arn}"),
    "cloudfront:distribution": "cloudfront/v4/home#/distributions/{id}",
    "cloudtrail:trail": "cloudtrailv2/home?region={region}#/trails/{arn}",
    "codebuild:project": ("codesuite/codebuild/{account}/projects/{id}/details?region={region}"),
    "dynamodb:table": "dynamodbv2/home?region={region}#table?name={id}",
    "ec2:image": "ec2/home?region={region}#ImageDetails:imageId={id}",
    "ec2:instance": "ec2/home?region={region}#InstanceDetails:instanceId={id}",
    "ec2:network-acl": "vpcconsole/home?region={region}#NetworkAclDetails:networkAclId={id}",
    "ec2:network-interface": "ec2/home?region={region}#NetworkInterface:networkInterfaceId={id}",
    "ec2:security-group": "ec2/home?region={region}#SecurityGroup:groupId={id}",
    "ec2:snapshot": "ec2/home?region={region}#SnapshotDetails:snapshotId={id}",
    "ec2:subnet": "vpcconsole/home?region={region}#SubnetDetails:subnetId={id}",
    "ec2:volume": "ec2/home?region={region}#VolumeDetails:volumeId={id}",
    "ec2:vpc": "vpcconsole/home?region={region}#VpcDetails:VpcId={id}",
    "ecr:image": (
        "ecr/repositories/private/{account}/{repository}/_/image/{digest}/details?region={region}"
    ),
    "ecr:repository": "ecr/repositories/private/{account}/{id}?region={region}",
    "ecs:cluster": "ecs/v2/clusters/{id}?region={region}",
    "eks:cluster": "eks/home?region={region}#/clusters/{id}",
    "elasticloadbalancing:loadbalancer": (
        "ec2/home?region={region}#LoadBalancer:loadBalancerArn={arn}"
    ),
    "iam:group": "iam/home#/groups/details/{name}",
    "iam:policy": "iam/home#/policies/details/{arn}",
    "iam:role": "iam/home#/roles/details/{name}",
    "iam:user": "iam/home#/users/details/{name}",
    "kms:key": "kms/home?region={region}#/kms/keys/{id}",
    "lambda:function": "lambda/home?region={region}#/functions/{function}",
    "rds:cluster": "rds/home?region={region}#database:id={id};is-cluster=true",
    "rds:db": "rds/home?region={region}#database:id={id};is-cluster=false",
    "redshift:cluster": "redshiftv2/home?region={region}#cluster-details?cluster={id}",
    "s3:bucket": "s3/buckets/{id}",
    "s3:object": "s3/object/{bucket}?prefix={key}",
    "sns:topic": "sns/v3/home?region={region}#/topic/{arn}",
    "sqs:queue": "sqs/v3/home?region={region}#/queues/{queue_url}",
}
# Services with only one kind, which their ARNs do not name.
_ONLY_KIND: Final = {"s3": "bucket", "sns": "topic", "sqs": "queue"}
_ARN_FIELDS: Final = 6
_KIND_END: Final = regex("[/:]")
_DIGEST: Final = "/sha256:"
# The operator of a search on Security Hub's page of findings.
_EQUALS: Final = "%3D%255Coperator%255C%253AEQUALS%255C%253A"


class Arn(NamedTuple):
    """The parts of an ARN, ``arn:partition:service:region:account:kind/id``."""

    partition: str
    service: str
    region: str
    account: str
    kind: str
    id: str

    @classmethod
    def read(cls, text: str) -> Self | None:
        """
        Return the parts of the ARN *text*; None if it is no ARN.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
        """
        fields = clean(text).strip().split(":", _ARN_FIELDS - 1)
        if len(fields) < _ARN_FIELDS or fields[0] != "arn" or not (fields[2] and fields[5]):
            return None
        _, partition, service, region, account, rest = fields
        kind, _, name = _KIND_END.sub("\n", rest, count=1).rpartition("\n")
        if service in _ONLY_KIND:
            kind, name = _ONLY_KIND[service], rest
        if service == "s3" and "/" in rest:
            kind = "object"
        if service == "ecr" and _DIGEST in name:
            kind = "image"
        return cls(partition, service, region, account, kind, name)


class AccessPortal(NamedTuple):
    """
    An AWS access portal, which signs readers in to an account before it opens a page.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/createshortcutlink.html
    """

    url: str
    role: str | None = None

    def wrap(self, destination: Url, account: str | None) -> Url:
        """Return a link through the portal, or *destination* if account or portal is invalid."""
        start = _web_address(self.url.strip().rstrip("/#"))
        if start is None or account is None or not _ACCOUNT.fullmatch(account):
            return destination
        role = f"&role_name={_encoded(self.role)}" if self.role else ""
        target = _encoded(destination)
        return Url(f"{start}/#/console?account_id={account}{role}&destination={target}")


def finding_url(finding: Finding, portal: AccessPortal | None) -> Url | None:
    """Return a link to the finding in the Security Hub that sent it; None without a Region."""
    arn = Arn.read(finding.product_arn)
    # Where the finding's own Region is none that its partition can have, the ARN has a better one.
    regions = (finding.region, arn and arn.region) if finding.region else ()
    region = _region(finding.partition, *regions)
    if not region:
        return None
    if is_ocsf(finding.raw):
        # https://github.com/aws-solutions/automated-security-response-on-aws makes these.
        field = (
            "finding_info.uid" if text_at(finding.raw, "finding_info", "uid") else "metadata.uid"
        )
        search = field + _EQUALS + quote_plus(finding.id, errors="replace")
        page = f"securityhub/v2/home?region={region}#/findings?search={search}"
        return _console(finding.partition, "", page, finding.account_id, portal)
    page = f"securityhub/home?region={region}#/findings?search=Id{_EQUALS}{_encoded(finding.id)}"
    return _console(finding.partition, region, page, finding.account_id, portal)


def resource_url(resource: Resource, finding: Finding, portal: AccessPortal | None) -> Url | None:
    """Return a link to the resource in its console; None without an ARN or outside AWS."""
    arn = Arn.read(resource.id)
    if arn is None:
        return None
    region = _region(arn.partition, arn.region, resource.region)
    account = arn.account if _ACCOUNT.fullmatch(arn.account) else finding.account_id
    page = _PAGES.get(f"{arn.service}:{arn.kind}", "")
    if not page or ("{region}" in page and not region):
        region, page = "", "go/view?arn={arn}"
    elif "{region}" not in page:
        region = ""
    parts = _parts(arn, region) | {"arn": clean(resource.id).strip()}
    filled = page.format_map({name: _encoded(part) for name, part in parts.items()})
    return _console(arn.partition, region, filled, account, portal)


def product_url(finding: Finding, page: str, **values: str | None) -> Url | None:
    """
    Return a link to *page* of a product's console in the finding's Region, for `Page`.

    *page* is a template with {region} and the names of *values*. Return None without a valid
    Region, or if one of *values* is None or blank.
    """
    region = _region(finding.partition, finding.region)
    if not region:
        return None
    parts = {"region": region}
    for name, value in values.items():
        text = clean(value or "").strip()
        if not text:
            return None
        parts[name] = _encoded(text)
    return _console(finding.partition, region, page.format_map(parts), None, None)


def guide_url(finding: Finding, path: str) -> Url:
    """Return a link to *path*, written by the router, in AWS's documentation."""
    in_china = finding.partition == "aws-cn"
    host = "docs.amazonaws.cn/en_us" if in_china else "docs.aws.amazon.com"
    return Url(f"https://{host}/{path}")


def alarm_url(arn: str) -> Url | None:
    """Return a link to the CloudWatch alarm with this ARN; None if it is no such ARN."""
    alarm = Arn.read(arn)
    if alarm is None or alarm.kind != "alarm" or not REGION.fullmatch(alarm.region):
        return None
    page = f"cloudwatch/home?region={alarm.region}#alarmsV2:alarm/{_encoded(alarm.id)}"
    return _console(alarm.partition, alarm.region, page, None, None)


def _region(partition: str, *regions: str | None) -> str:
    """Return the first of *regions* that *partition* can have, else ""."""
    valid = (region for region in regions if region and REGION.fullmatch(region))
    return next((each for each in valid if (partition_of(each) or DEFAULT) == partition), "")


def message_url(workspace_url: str, channel: str, ts: str) -> str:
    """Return the address of the message *ts* in *channel* (an id), as Slack's own links have it."""
    return f"{workspace_url}archives/{channel}/p{ts.replace('.', '')}"


def table_url(region: str | None, name: str) -> Url | None:
    """Return a link to the items of a table in DynamoDB; None without a valid Region."""
    if region is None or not REGION.fullmatch(region):
        return None
    page = f"dynamodbv2/home?region={region}#item-explorer?table={_encoded(name)}"
    return _console(partition_of(region) or DEFAULT, region, page, None, None)


def _parts(arn: Arn, region: str) -> dict[str, str]:
    """Return the parts of *arn* under the names in the templates of `_PAGES`."""
    bucket, _, key = arn.id.partition("/")
    repository, _, digest = arn.id.partition(_DIGEST)
    suffix = PARTITIONS.get(arn.partition, PARTITIONS[DEFAULT]).suffix
    return {
        "account": arn.account,
        "bucket": bucket,
        "digest": f"sha256:{digest}",
        "function": arn.id.partition(":")[0],
        "id": arn.id,
        "key": key,
        "name": arn.id.rpartition("/")[2],
        "queue_url": f"https://sqs.{region}.{suffix}/{arn.account}/{arn.id}",
        "region": region,
        "repository": repository,
    }


class Outside(NamedTuple):
    """A URL from a product, and the host that it leads to."""

    url: Url
    host: str


def outside(text: str | None, account: str | None, portal: AccessPortal | None) -> Outside | None:
    """
    Return the URL of a product, checked; None if it is not a plain http or https URL.

    A page of an AWS console is linked through *portal*; *host* is the console's host even then.
    """
    url = _web_address(text or "")
    if url is None:
        return None
    host = urlsplit(url).hostname or ""
    if portal and any(host == end or host.endswith("." + end) for end in _CONSOLES):
        wrapped = portal.wrap(url, account)
        return Outside(wrapped if len(wrapped) <= _URL_CHARS else url, host)
    return Outside(url, host)


def is_of_aws(host: str) -> bool:
    """Return True if *host* is one of AWS's own: a console, the documentation, a bulletin."""
    ends = (*_CONSOLES, *_OWN_HOSTS)
    return any(host == end or host.endswith("." + end) for end in ends)


def _console(
    partition: str, region: str, page: str, account: str | None, portal: AccessPortal | None
) -> Url | None:
    known = PARTITIONS.get(partition)
    if known is None:
        return None
    url = Url(f"https://{region}{'.' if region else ''}{known.console}/{page}")
    if portal:
        url = portal.wrap(url, account)
    return url if len(url) <= _URL_CHARS else None


def _web_address(text: str) -> Url | None:
    """Return *text* as a URL that cannot end a link early; None if its host could mislead."""
    url = quote(clean(text).strip(), safe=_URL_SAFE, errors="replace")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    # "https://docs.aws.amazon.com@evil.example/" leads to evil.example, and letters of other
    # scripts can imitate another host: neither becomes a link.
    authority = host if port is None else f"{host}:{port}"
    if (
        parts.scheme not in ("http", "https")
        or parts.netloc.lower() != authority
        or not _HOST.fullmatch(host)
        or len(url) > _URL_CHARS
    ):
        return None
    return Url(url)


def _encoded(text: str) -> str:
    return quote(text, safe="", errors="replace")
