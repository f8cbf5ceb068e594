"""
Read the part of a finding that every event is about: its identity, subject, status and severity.

Most events say nothing, and this much is enough to see it. pydantic takes a third of a cold start:
`finding_router.findings.asff` reads the rest with it, once a finding is to be shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from finding_router.errors import FindingError
from finding_router.findings.finding import Resource, Severity
from finding_router.findings.ocsf import in_asff
from finding_router.findings.partitions import DEFAULT, partition_of
from finding_router.findings.products import SECURITY_HUB, product_of, service_of
from finding_router.findings.reading import as_text, items_at, number_at, text_at, value_at

_ACCOUNT_ID_DIGITS = 12
_ARN_FIELDS = 6
_NATIVE_SCALE_MAX = 10
_NORMALIZED_MAX = 100
# Lower bounds of the bands of Severity.Normalized, highest first (ASFF).
_BANDS = ((90, Severity.CRITICAL), (70, Severity.HIGH), (40, Severity.MEDIUM))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The fields of a `Finding` for its identity, its subject and its state."""

    id: str
    product_arn: str
    account_id: str | None
    region: str | None
    partition: str
    product: str
    claims: str | None
    severity: Severity
    control_id: str | None
    resources: tuple[Resource, ...]
    workflow_status: str
    record_state: str
    compliance_status: str | None
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def key(self) -> tuple[str, str]:
        """Identity in Security Hub: (ProductArn, Id)."""
        return self.product_arn, self.id

    @property
    def service(self) -> str | None:
        """Return the short name of the service of AWS that the ProductArn proves."""
        return service_of(self.product_arn)


def read_outline(raw: object) -> Outline:
    """
    Return the outline of the finding in *raw*, parsed JSON; one in OCSF is seen as in ASFF.

    Raises
    ------
    FindingError
        If *raw* is not an object, or lacks the Id or ProductArn that identify the finding in
        Security Hub. All other fields may be missing or wrong.
    """
    raw = in_asff(raw)
    if not isinstance(raw, Mapping):
        msg = f"a finding is a JSON object, this is {_kind(raw)}; send the finding as it came"
        raise FindingError(msg)
    finding_id, product_arn = _identity(raw, "Id"), _identity(raw, "ProductArn")
    product, service = product_of(product_arn, raw), service_of(product_arn)
    resources = tuple(filter(None, map(_resource, items_at(raw, "Resources"))))
    region = text_at(raw, "Region") or _arn_field(product_arn, 3) or next(_regions(resources), None)
    return Outline(
        id=finding_id,
        product_arn=product_arn,
        account_id=_as_account_id(raw.get("AwsAccountId")) or _account_of(finding_id),
        region=region,
        partition=_partition(raw, product_arn, resources, region),
        product=product.name,
        claims=product.claims,
        severity=_severity(raw, service),
        control_id=_control_id(raw, service),
        resources=resources,
        workflow_status=as_label(value_at(raw, "Workflow", "Status")) or "NEW",
        record_state=as_label(raw.get("RecordState")) or "ACTIVE",
        compliance_status=as_label(value_at(raw, "Compliance", "Status")),
        raw=raw,
    )


def as_label(value: object) -> str | None:
    """Return *value* in upper case; None if it is blank or not a string."""
    return value.strip().upper() or None if isinstance(value, str) else None


def _as_account_id(value: object) -> str | None:
    """Return *value* as an account id, with the leading zeros that a JSON number has lost."""
    text = as_text(value)
    return text.zfill(_ACCOUNT_ID_DIGITS) if text and isinstance(value, int) else text


def _identity(raw: Mapping[str, Any], field: str) -> str:
    """Return the identifier in *field*; a number is refused, as Security Hub would not match it."""
    value = raw.get(field)
    if not isinstance(value, str):
        found = f"is {_kind(value)}" if field in raw else "is missing"
    elif not value.strip():
        found = "is blank"
    else:
        return as_text(value) or value
    msg = f"{field} {found}; a finding needs Id and ProductArn as text, to be marked as notified"
    raise FindingError(msg)


def _kind(value: object) -> str:
    """Return the JSON type of *value* with its article, for an error message."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "an object" if isinstance(value, Mapping) else "an array"


def _control_id(raw: Mapping[str, Any], service: str | None) -> str | None:
    """Return the control id that all standards share, or the standard's own in older findings."""
    shared = text_at(raw, "Compliance", "SecurityControlId")
    if service != SECURITY_HUB:
        return shared
    fields = raw.get("ProductFields")
    return shared or text_at(fields, "ControlId") or text_at(fields, "RuleId")


def _severity(raw: Mapping[str, Any], service: str | None) -> Severity:
    """Return the severity of the first usable field; INFORMATIONAL if there is none."""
    own = raw.get("Severity")
    providers = value_at(raw, "FindingProviderFields", "Severity")
    return (
        _of_label(value_at(own, "Label"))
        or _of_normalized(number_at(own, "Normalized"))
        or _of_label(value_at(providers, "Label"))
        or _of_normalized(number_at(providers, "Normalized"))
        or _of_native(number_at(own, "Product"), service)
        or _of_label(value_at(own, "Original"))
        or Severity.INFORMATIONAL
    )


def _of_label(label: object) -> Severity | None:
    return Severity.__members__.get(as_label(label) or "")


def _of_normalized(number: float | None) -> Severity | None:
    if number is None or not 0 <= number <= _NORMALIZED_MAX:
        return None
    for least, severity in _BANDS:
        if number >= least:
            return severity
    return Severity.LOW if number > 0 else Severity.INFORMATIONAL


def _of_native(number: float | None, service: str | None) -> Severity | None:
    """
    Return the severity of the deprecated Severity.Product, which has a scale for each product.

    Security Hub's scale ends at 100; GuardDuty's and that of CVSS scores end at 10. For other
    products, a number up to 10 is read on the second scale: too high is better than too low.
    """
    if number is not None and service != SECURITY_HUB and number <= _NATIVE_SCALE_MAX:
        return _of_normalized(round(number * 10, 6))
    return _of_normalized(number)


def _resource(raw: Mapping[str, Any]) -> Resource | None:
    """Return the resource in *raw*; None if it has neither Type nor Id."""
    kind = text_at(raw, "Type")
    resource_id = text_at(raw, "Id") or kind
    if resource_id is None:
        return None
    tags = raw.get("Tags")
    texts = {key: as_text(tags[key]) for key in tags} if isinstance(tags, Mapping) else {}
    return Resource(
        id=resource_id,
        type=kind,
        region=text_at(raw, "Region"),
        partition=_as_partition(text_at(raw, "Partition") or _arn_field(resource_id, 1)),
        tags={key: text for key, text in texts.items() if text is not None},
        raw=raw,
    )


def _regions(resources: tuple[Resource, ...]) -> Iterator[str]:
    return (resource.region for resource in resources if resource.region)


def _partition(
    raw: Mapping[str, Any],
    product_arn: str,
    resources: tuple[Resource, ...],
    region: str | None,
) -> str:
    """Return the AWS partition of the finding; "aws" if no field names one."""
    claims = [_as_partition(_arn_field(product_arn, 1))]
    # A finding in OCSF names its partition.
    claims += [_as_partition(text_at(raw, "cloud", "cloud_partition"))]
    claims += [resource.partition for resource in resources]
    return next(filter(None, (*claims, partition_of(region))), DEFAULT)


def _as_partition(text: str | None) -> str | None:
    """Return *text* if it has the form of a partition, else None: links are built from it."""
    if text is None or not text.isascii():
        return None
    first, *rest = text.split("-")
    return text if first == "aws" and all(word.isalpha() for word in rest) else None


def _account_of(arn: str) -> str | None:
    account = _arn_field(arn, 4)
    is_account = account and account.isdigit() and len(account) == _ACCOUNT_ID_DIGITS
    return account if is_account else None


def _arn_field(arn: str, position: int) -> str | None:
    """Return field 1 (partition), 3 (Region) or 4 (account) of *arn*; None if it is empty."""
    fields = arn.split(":", _ARN_FIELDS - 1)
    if len(fields) < _ARN_FIELDS or fields[0] != "arn":
        return None
    return fields[position].strip() or None
