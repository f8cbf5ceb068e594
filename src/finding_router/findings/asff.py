"""
Parse findings in the AWS Security Finding Format (ASFF), incomplete or malformed ones included.

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html
"""

from collections.abc import Callable
from typing import Annotated, Any

from aws_lambda_powertools.utilities.parser import parse
from pydantic import AliasPath, BaseModel, Field
from pydantic_core.core_schema import CoreSchema, no_info_plain_validator_function

from finding_router.findings.finding import Finding
from finding_router.findings.outline import Outline, read_outline
from finding_router.findings.reading import as_text, texts_at


class _ReadBy:
    """
    Reads a field's value with *reader*, which takes anything.

    pydantic's own PlainValidator inspects the reader's signature for each field, which takes as
    long as all else of the model.
    """

    def __init__(self, reader: Callable[[object], object]) -> None:
        self._reader = reader

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
        return no_info_plain_validator_function(self._reader)


_Text = Annotated[str | None, _ReadBy(as_text)]


def _at(*path: str) -> Any:
    """Return a model field that reads the value at *path*; None if the path ends early."""
    return Field(default=None, validation_alias=AliasPath(path[0], *path[1:]))


class _Asff(BaseModel):
    """
    The fields that a message shows, in one flat model: each model costs cold start.

    Validation cannot fail: a value of the wrong type counts as missing.
    """

    account_name: _Text = _at("AwsAccountName")
    title: _Text = _at("Title")
    description: _Text = _at("Description")
    generator_id: _Text = _at("GeneratorId")
    first_observed_at: _Text = _at("FirstObservedAt")
    last_observed_at: _Text = _at("LastObservedAt")
    created_at: _Text = _at("CreatedAt")
    updated_at: _Text = _at("UpdatedAt")
    remediation_text: _Text = _at("Remediation", "Recommendation", "Text")
    remediation_url: _Text = _at("Remediation", "Recommendation", "Url")
    source_url: _Text = _at("SourceUrl")


def read_finding(raw: object, outline: Outline | None = None) -> Finding:
    """
    Return the finding in *raw*, parsed JSON in ASFF or OCSF, with a fallback for missing fields.

    *outline* is its outline, if that is known already: to read it takes longer than all the rest.

    Raises
    ------
    FindingError
        If *raw* is not an object, or lacks the Id or ProductArn that identify the finding in
        Security Hub. All other fields may be missing or wrong.
    """
    outline = outline or read_outline(raw)
    asff = parse(dict(outline.raw), _Asff)
    return Finding(
        id=outline.id,
        product_arn=outline.product_arn,
        account_id=outline.account_id,
        account_name=asff.account_name,
        region=outline.region,
        partition=outline.partition,
        product=outline.product,
        severity=outline.severity,
        title=_title(asff, outline) or outline.id,
        description=asff.description,
        workflow_status=outline.workflow_status,
        record_state=outline.record_state,
        compliance_status=outline.compliance_status,
        control_id=outline.control_id,
        generator_id=asff.generator_id,
        types=texts_at(outline.raw, "Types"),
        resources=outline.resources,
        first_seen=asff.first_observed_at or asff.created_at,
        last_seen=asff.last_observed_at or asff.updated_at,
        updated_at=asff.updated_at,
        remediation_text=asff.remediation_text,
        remediation_url=asff.remediation_url,
        source_url=asff.source_url,
        raw=outline.raw,
        claims=outline.claims,
    )


def _title(asff: _Asff, outline: Outline) -> str | None:
    first_line = (asff.description or "").strip().partition("\n")[0]
    kind = next(iter(texts_at(outline.raw, "Types")), "").rpartition("/")[2].strip()
    return asff.title or first_line or outline.control_id or kind or asff.generator_id
