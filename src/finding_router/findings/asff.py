"""
Parse findings in the AWS Security Finding Format (ASFF), incomplete or malformed ones included.

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AliasPath, BaseModel, BeforeValidator, Field

from finding_router.errors import FindingError
from finding_router.findings.finding import Finding, Resource, Severity
from finding_router.findings.products import SECURITY_HUB, product_name
from finding_router.findings.reading import as_number, as_text, items_at, text_at, texts_at

_ACCOUNT_ID_DIGITS = 12
_ARN_FIELDS = 6
_NATIVE_SCALE_MAX = 10
_NORMALIZED_MAX = 100
# Lower bounds of the bands of Severity.Normalized, highest first (ASFF).
_BANDS = ((90, Severity.CRITICAL), (70, Severity.HIGH), (40, Severity.MEDIUM))


def _as_account_id(value: object) -> str | None:
    """Return *value* as an account id, with the leading zeros that a JSON number has lost."""
    text = as_text(value)
    return text.zfill(_ACCOUNT_ID_DIGITS) if text and isinstance(value, int) else text


def _as_label(value: object) -> str | None:
    """Return *value* in upper case; None if it is blank or not a string."""
    return value.strip().upper() or None if isinstance(value, str) else None


_Text = Annotated[str | None, BeforeValidator(as_text)]
_Label = Annotated[str | None, BeforeValidator(_as_label)]
_Number = Annotated[float | None, BeforeValidator(as_number)]


def _at(*path: str) -> Any:
    """Return a model field that reads the value at *path*; None if the path ends early."""
    return Field(default=None, validation_alias=AliasPath(path[0], *path[1:]))


class _Asff(BaseModel):
    """
    The fields of a finding that the router reads, in one flat model: each model costs cold start.

    Validation cannot fail: a value of the wrong type counts as missing.
    """

    account_id: Annotated[str | None, BeforeValidator(_as_account_id)] = _at("AwsAccountId")
    account_name: _Text = _at("AwsAccountName")
    region: _Text = _at("Region")
    product_name: _Text = _at("ProductName")
    original_product_name: _Text = _at("ProductFields", "aws/securityhub/ProductName")
    label: _Label = _at("Severity", "Label")
    normalized: _Number = _at("Severity", "Normalized")
    provider_label: _Label = _at("FindingProviderFields", "Severity", "Label")
    provider_normalized: _Number = _at("FindingProviderFields", "Severity", "Normalized")
    native_severity: _Number = _at("Severity", "Product")
    original_severity: _Label = _at("Severity", "Original")
    title: _Text = _at("Title")
    description: _Text = _at("Description")
    workflow_status: _Label = _at("Workflow", "Status")
    record_state: _Label = _at("RecordState")
    compliance_status: _Label = _at("Compliance", "Status")
    security_control_id: _Text = _at("Compliance", "SecurityControlId")
    standard_control_id: _Text = _at("ProductFields", "ControlId")
    standard_rule_id: _Text = _at("ProductFields", "RuleId")
    generator_id: _Text = _at("GeneratorId")
    first_observed_at: _Text = _at("FirstObservedAt")
    last_observed_at: _Text = _at("LastObservedAt")
    created_at: _Text = _at("CreatedAt")
    updated_at: _Text = _at("UpdatedAt")
    remediation_text: _Text = _at("Remediation", "Recommendation", "Text")
    remediation_url: _Text = _at("Remediation", "Recommendation", "Url")
    source_url: _Text = _at("SourceUrl")


def read_finding(raw: object) -> Finding:
    """
    Return the finding in *raw*, parsed JSON, with a fallback for each missing field.

    Raises
    ------
    FindingError
        If *raw* is not an object, or lacks the Id or ProductArn that identify the finding in
        Security Hub. All other fields may be missing or wrong.
    """
    if not isinstance(raw, Mapping):
        msg = f"a finding is a JSON object, this is {_kind(raw)}; send the finding as it came"
        raise FindingError(msg)
    finding_id, product_arn = _identity(raw, "Id"), _identity(raw, "ProductArn")
    asff = _Asff.model_validate(raw)
    product = product_name(product_arn, asff.product_name, asff.original_product_name)
    control_id = _control_id(asff, product)
    resources = tuple(filter(None, map(_resource, items_at(raw, "Resources"))))
    region = asff.region or _arn_field(product_arn, 3) or next(_regions(resources), None)
    return Finding(
        id=finding_id,
        product_arn=product_arn,
        account_id=asff.account_id or _account_of(finding_id),
        account_name=asff.account_name,
        region=region,
        partition=_partition(product_arn, resources, region),
        product=product,
        severity=_severity(asff, product),
        title=_title(asff, control_id) or finding_id,
        description=asff.description,
        workflow_status=asff.workflow_status or "NEW",
        record_state=asff.record_state or "ACTIVE",
        compliance_status=asff.compliance_status,
        control_id=control_id,
        generator_id=asff.generator_id,
        types=texts_at(raw, "Types"),
        resources=resources,
        first_seen=asff.first_observed_at or asff.created_at,
        last_seen=asff.last_observed_at or asff.updated_at,
        updated_at=asff.updated_at,
        remediation_text=asff.remediation_text,
        remediation_url=asff.remediation_url,
        source_url=asff.source_url,
        raw=raw,
    )


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


def _severity(asff: _Asff, product: str) -> Severity:
    """Return the severity of the first usable field; INFORMATIONAL if there is none."""
    return (
        _of_label(asff.label)
        or _of_normalized(asff.normalized)
        or _of_label(asff.provider_label)
        or _of_normalized(asff.provider_normalized)
        or _of_native(asff.native_severity, product)
        or _of_label(asff.original_severity)
        or Severity.INFORMATIONAL
    )


def _of_label(label: str | None) -> Severity | None:
    return Severity.__members__.get(label or "")


def _of_normalized(number: float | None) -> Severity | None:
    if number is None or not 0 <= number <= _NORMALIZED_MAX:
        return None
    for least, severity in _BANDS:
        if number >= least:
            return severity
    return Severity.LOW if number > 0 else Severity.INFORMATIONAL


def _of_native(number: float | None, product: str) -> Severity | None:
    """
    Return the severity of the deprecated Severity.Product, which has a scale for each product.

    Security Hub's scale ends at 100; GuardDuty's and that of CVSS scores end at 10. For other
    products, a number up to 10 is read on the second scale: too high is better than too low.
    """
    if number is not None and product != SECURITY_HUB and number <= _NATIVE_SCALE_MAX:
        return _of_normalized(round(number * 10, 6))
    return _of_normalized(number)


def _control_id(asff: _Asff, product: str) -> str | None:
    """Return the control id that all standards share, or the standard's own in older findings."""
    if product != SECURITY_HUB:
        return asff.security_control_id
    return asff.security_control_id or asff.standard_control_id or asff.standard_rule_id


def _title(asff: _Asff, control_id: str | None) -> str | None:
    first_line = (asff.description or "").strip().partition("\n")[0]
    return asff.title or first_line or control_id or asff.generator_id


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


def _partition(product_arn: str, resources: tuple[Resource, ...], region: str | None) -> str:
    """Return the AWS partition of the finding; "aws" if no field names one."""
    claims = [_as_partition(_arn_field(product_arn, 1))]
    claims += [resource.partition for resource in resources]
    for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region and region.startswith(prefix):
            claims.append(partition)
    return next(filter(None, claims), "aws")


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
