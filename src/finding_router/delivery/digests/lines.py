"""The line of a finding in a digest, small enough for an item of the Ledger."""

from copy import replace
from typing import Final

from finding_router.delivery.alerts.identity import hash_of
from finding_router.findings.digest import RESOURCE_KEY_CHARS, Line, kind_of
from finding_router.findings.finding import Finding, Resource
from finding_router.slack.kit.links import AccessPortal, Arn, finding_url
from finding_router.slack.kit.resources import kind_of as resource_kind
from finding_router.slack.kit.resources import short_name
from finding_router.slack.kit.text import ELLIPSIS, one_line

# An item of DynamoDB is paid for by the KiB. Its keys and times take the rest of two.
LINE_BYTES: Final = 1750
_TITLE_BYTES: Final = 200
_NAME_BYTES: Final = 120
_ID_BYTES: Final = 30
# ASFF allows 32 resources.
_KEYS: Final = 32


def line_of(
    finding: Finding, *, subject: str, account_alias: str | None, portal: AccessPortal | None
) -> Line:
    """
    Return the line of *finding*, whose link leads through *portal*.

    Text is cut to bytes of UTF-8; the identity of the finding is not, because Security Hub has to
    find it again. If both leave no room for the link (ids of hundreds of characters), the line has
    none.
    """
    named = [each for each in finding.resources if one_line(short_name(each))]
    name = short_name(named[0]) if named else None
    kind = kind_of(finding, name)
    title = _cut(finding.title, _TITLE_BYTES) or _cut(finding.id, _TITLE_BYTES) or "untitled"
    about = _optional(kind.title, _TITLE_BYTES)
    line = Line(
        subject=subject,
        finding_id=finding.id,
        product_arn=finding.product_arn,
        severity=finding.severity,
        title=title,
        product=_cut(finding.product, _NAME_BYTES),
        group=_cut(kind.name, _TITLE_BYTES) or title,
        group_title=None if about == title else about,
        account_id=_optional(finding.account_id, _ID_BYTES),
        account_name=_optional(account_alias or finding.account_name, _NAME_BYTES),
        region=_optional(finding.region, _ID_BYTES),
        is_of_resource=kind.is_of_resource,
        resource=_optional(name, _NAME_BYTES),
        resource_kind=_optional(resource_kind(named[0]), _NAME_BYTES) if named else None,
        resource_keys="".join(_key(each, finding) for each in named[:_KEYS]) or None,
        more_resources=max(0, len(named) - 1),
        url=finding_url(finding, portal),
    )
    if size_bytes(line) > LINE_BYTES:
        line = replace(line, resource_keys=(line.resource_keys or "")[:RESOURCE_KEY_CHARS] or None)
    return line if size_bytes(line) <= LINE_BYTES else replace(line, url=None)


def _key(resource: Resource, finding: Finding) -> str:
    """Return a hash of the identity of *resource*: its ARN, or its kind, id and place."""
    place = (resource.type, finding.account_id, resource.region or finding.region)
    return hash_of([resource.id, *(() if Arn.read(resource.id) else place)])[:RESOURCE_KEY_CHARS]


def size_bytes(line: Line) -> int:
    """
    Return the bytes that the line takes in an item.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    attributes = line.to_attributes()
    return sum(len(name) + len(str(value).encode()) for name, value in attributes.items())


def _optional(text: str | None, limit: int) -> str | None:
    return _cut(text or "", limit) or None


def _cut(text: str, limit: int) -> str:
    """Return *text* in one line of at most *limit* bytes of UTF-8."""
    line = one_line(text)
    written = line.encode()
    if len(written) <= limit:
        return line
    kept = written[: limit - len(ELLIPSIS.encode())].decode(errors="ignore")
    return kept.rstrip() + ELLIPSIS
