"""Reading one finding, however incomplete or odd."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.errors import FindingError
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Finding, Resource, Severity

GUARDDUTY = "arn:aws:securityhub:eu-west-1::product/aws/guardduty"
SECURITY_HUB = "arn:aws:securityhub:eu-west-1::product/aws/securityhub"

FIELDS = [
    "AwsAccountId",
    "AwsAccountName",
    "Compliance",
    "CreatedAt",
    "Description",
    "FindingProviderFields",
    "FirstObservedAt",
    "GeneratorId",
    "LastObservedAt",
    "ProductFields",
    "ProductName",
    "RecordState",
    "Region",
    "Remediation",
    "Resources",
    "Severity",
    "SourceUrl",
    "Title",
    "Types",
    "UpdatedAt",
    "Workflow",
]
KEYS = st.sampled_from(["Id", "Type", "Tags", "Status", "Label", "Normalized", "Recommendation"])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


def _finding(**fields: Any) -> dict[str, Any]:
    """Make a finding with nothing but its identity and *fields*."""
    return {"Id": "one", "ProductArn": GUARDDUTY, **fields}


def _resources(*resources: Any) -> dict[str, Any]:
    return _finding(Resources=list(resources))


def test_complete_finding_is_read_field_by_field() -> None:
    """Every field that the router knows is taken from where ASFF has it."""
    resource = {
        "Id": "arn:aws:s3:::invoices",
        "Type": "AwsS3Bucket",
        "Region": "eu-west-1",
        "Partition": "aws",
        "Tags": {"team": "payments"},
    }
    raw = {
        "Id": "arn:aws:securityhub:eu-west-1:111122223333:security-control/S3.8/finding/8a1f",
        "ProductArn": SECURITY_HUB,
        "ProductName": "Security Hub CSPM",
        "AwsAccountId": "111122223333",
        "AwsAccountName": "payments",
        "Region": "eu-west-1",
        "Severity": {"Label": "HIGH"},
        "Title": "Buckets block public access",
        "Description": "This bucket does not.",
        "Workflow": {"Status": "NOTIFIED"},
        "RecordState": "ARCHIVED",
        "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.8"},
        "GeneratorId": "security-control/S3.8",
        "Types": ["Software and Configuration Checks"],
        "Resources": [resource],
        "FirstObservedAt": "2026-01-01T00:00:00Z",
        "LastObservedAt": "2026-01-02T00:00:00Z",
        "CreatedAt": "2026-01-03T00:00:00Z",
        "UpdatedAt": "2026-01-04T00:00:00Z",
        "Remediation": {"Recommendation": {"Text": "Block it.", "Url": "https://example.com/fix"}},
        "SourceUrl": "https://example.com/source",
    }
    expected = Finding(
        id="arn:aws:securityhub:eu-west-1:111122223333:security-control/S3.8/finding/8a1f",
        product_arn=SECURITY_HUB,
        account_id="111122223333",
        account_name="payments",
        region="eu-west-1",
        partition="aws",
        product="Security Hub",
        severity=Severity.HIGH,
        title="Buckets block public access",
        description="This bucket does not.",
        workflow_status="NOTIFIED",
        record_state="ARCHIVED",
        compliance_status="FAILED",
        control_id="S3.8",
        generator_id="security-control/S3.8",
        types=("Software and Configuration Checks",),
        resources=(
            Resource(
                id="arn:aws:s3:::invoices",
                type="AwsS3Bucket",
                region="eu-west-1",
                partition="aws",
                tags={"team": "payments"},
                raw=resource,
            ),
        ),
        first_seen="2026-01-01T00:00:00Z",
        last_seen="2026-01-02T00:00:00Z",
        updated_at="2026-01-04T00:00:00Z",
        remediation_text="Block it.",
        remediation_url="https://example.com/fix",
        source_url="https://example.com/source",
        raw=raw,
    )

    assert expected == read_finding(raw)


def test_finding_of_nothing_but_its_identity_is_read() -> None:
    """Missing fields are None or empty, NEW, ACTIVE, and of the ProductArn's Region."""
    raw = _finding()
    expected = Finding(
        id="one",
        product_arn=GUARDDUTY,
        account_id=None,
        account_name=None,
        region="eu-west-1",
        partition="aws",
        product="GuardDuty",
        severity=Severity.INFORMATIONAL,
        title="one",
        description=None,
        workflow_status="NEW",
        record_state="ACTIVE",
        compliance_status=None,
        control_id=None,
        generator_id=None,
        types=(),
        resources=(),
        first_seen=None,
        last_seen=None,
        updated_at=None,
        remediation_text=None,
        remediation_url=None,
        source_url=None,
        raw=raw,
    )

    assert expected == read_finding(raw)


@pytest.mark.parametrize("wrong", [None, True, 7, "text", [], ["x"], {}, {"Status": []}, [[{}]]])
@pytest.mark.parametrize("field", FIELDS)
def test_wrong_type_in_one_field_leaves_the_others(field: str, wrong: object) -> None:
    """With any value in an optional field, the finding and its neighbours are read."""
    others = {
        "Title": "Kept",
        "Severity": {"Label": "LOW"},
        "AwsAccountName": "kept",
        "Types": ["Kept"],
    }
    finding = read_finding(_finding(**{**others, field: wrong}))
    kept = {
        "Title": finding.title,
        "Severity": {"Label": finding.severity},
        "AwsAccountName": finding.account_name,
        "Types": list(finding.types),
    }

    assert {**others, field: None} == {**kept, field: None}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (None, ["null", "JSON object"]),
        (True, ["a boolean"]),
        (1.5, ["a number"]),
        ("{}", ["text"]),
        ([_finding()], ["an array"]),
        ({}, ["Id is missing", "as text"]),
        ({"Id": "one"}, ["ProductArn is missing"]),
        (_finding(Id=" "), ["Id is blank"]),
        (_finding(Id=12), ["Id is a number"]),
        (_finding(ProductArn={"x": 1}), ["ProductArn is an object"]),
        (_finding(ProductArn=None), ["ProductArn is null"]),
    ],
)
def test_finding_without_identity_is_unreadable(raw: object, words: list[str]) -> None:
    """Security Hub could not find it again, so the error names the field and a valid value."""
    with pytest.raises(FindingError) as refusal:
        read_finding(raw)

    message = str(refusal.value)
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("severity", "provider", "expected"),
    [
        ({"Label": "HIGH", "Normalized": 1}, None, Severity.HIGH),
        ({"Label": " high "}, None, Severity.HIGH),
        ({"Label": "SEVERE", "Normalized": 90}, None, Severity.CRITICAL),
        ({"Normalized": 100}, None, Severity.CRITICAL),
        ({"Normalized": 89}, None, Severity.HIGH),
        ({"Normalized": 70}, None, Severity.HIGH),
        ({"Normalized": "69"}, None, Severity.MEDIUM),
        ({"Normalized": 40}, None, Severity.MEDIUM),
        ({"Normalized": 39}, None, Severity.LOW),
        ({"Normalized": 1}, None, Severity.LOW),
        ({"Normalized": 0}, None, Severity.INFORMATIONAL),
        ({"Normalized": 0, "Product": 9}, {"Label": "HIGH"}, Severity.INFORMATIONAL),
        ({"Normalized": 101}, {"Label": "LOW"}, Severity.LOW),
        ({"Normalized": -1}, {"Normalized": 40}, Severity.MEDIUM),
        ("HIGH", {"Label": "LOW"}, Severity.LOW),
        ({"Product": 8, "Original": "LOW"}, None, Severity.HIGH),
        ({"Product": 3.9}, None, Severity.LOW),
        ({"Product": 0}, None, Severity.INFORMATIONAL),
        ({"Product": 55}, None, Severity.MEDIUM),
        ({"Original": "Medium"}, None, Severity.MEDIUM),
        ({"Original": "8.5"}, None, Severity.INFORMATIONAL),
        (None, None, Severity.INFORMATIONAL),
    ],
)
def test_severity_falls_back_in_the_order_of_asff(
    severity: object, provider: object, expected: Severity
) -> None:
    """Label, Normalized, the provider's own, then the deprecated number and the original word."""
    fields = {"Severity": severity, "FindingProviderFields": {"Severity": provider}}

    assert expected == read_finding(_finding(**fields)).severity


def test_native_severity_of_security_hub_goes_to_a_hundred() -> None:
    """A small Severity.Product is a low one there, and a high one in GuardDuty."""
    raw = _finding(ProductArn=SECURITY_HUB, Severity={"Product": 9})
    expected = Severity.LOW

    assert expected == read_finding(raw).severity


@pytest.mark.parametrize(
    ("account", "finding_id", "expected"),
    [
        ("111122223333", "one", "111122223333"),
        (12345678, "one", "000012345678"),
        (None, "arn:aws:guardduty:eu-west-1:111122223333:detector/a/finding/b", "111122223333"),
        (None, "arn:aws:inspector2:us-east-1:1234567:finding/b", None),
        (None, "arn:aws:s3:::invoices", None),
        ([], "AWS:::111122223333:::", None),
    ],
)
def test_account_is_found_where_it_is_written(
    account: object, finding_id: str, expected: str | None
) -> None:
    """A number gets its zeros back, and a finding without account is of the one in its Id."""
    assert expected == read_finding(_finding(AwsAccountId=account, Id=finding_id)).account_id


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (_finding(Region="us-east-1"), ("us-east-1", "aws")),
        (_finding(ProductArn="acme"), (None, "aws")),
        (_finding(ProductArn="acme", Region="cn-north-1"), ("cn-north-1", "aws-cn")),
        (_finding(ProductArn="acme", Region="us-gov-west-1"), ("us-gov-west-1", "aws-us-gov")),
        (
            _finding(ProductArn="arn:aws-cn:securityhub:cn-north-1::product/aws/macie"),
            ("cn-north-1", "aws-cn"),
        ),
        (
            _finding(ProductArn="arn:evil.example/:securityhub:eu-west-1::product/aws/macie"),
            ("eu-west-1", "aws"),
        ),
        (
            _finding(
                ProductArn="acme",
                Resources=[
                    {"Id": "vm-1"},
                    {"Id": "arn:aws-us-gov:s3:::b", "Region": "us-gov-east-1"},
                ],
            ),
            ("us-gov-east-1", "aws-us-gov"),
        ),
    ],
)
def test_region_and_partition_are_found_where_they_are_written(
    raw: dict[str, Any], expected: tuple[str | None, str]
) -> None:
    """
    The finding's own field comes first, then its ARN, then its resources; a made-up partition is
    none.
    """
    finding = read_finding(raw)

    assert expected == (finding.region, finding.partition)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Title": "Told", "Description": "More"}, "Told"),
        ({"Title": " ", "Description": "\nFirst line\nsecond"}, "First line"),
        ({"Compliance": {"SecurityControlId": "S3.8"}, "GeneratorId": "g"}, "S3.8"),
        ({"Types": ["Effects/Data Exposure"], "GeneratorId": "generator"}, "Data Exposure"),
        ({"GeneratorId": "generator"}, "generator"),
    ],
)
def test_untitled_finding_is_called_by_the_next_best(fields: dict[str, Any], expected: str) -> None:
    """Description, control, type, generator and at last the Id stand in for a title."""
    assert expected == read_finding(_finding(**fields)).title


@pytest.mark.parametrize(
    ("product_arn", "product_fields", "expected"),
    [
        (SECURITY_HUB, {"ControlId": "S3.8"}, "S3.8"),
        (SECURITY_HUB, {"RuleId": "1.6"}, "1.6"),
        (SECURITY_HUB, {}, None),
        (GUARDDUTY, {"ControlId": "S3.8"}, None),
    ],
)
def test_control_of_an_older_finding_is_the_standards_own(
    product_arn: str, product_fields: dict[str, str], expected: str | None
) -> None:
    """Without consolidated controls the id is in ProductFields, of Security Hub's findings only."""
    raw = _finding(ProductArn=product_arn, ProductFields=product_fields)

    assert expected == read_finding(raw).control_id


def test_product_is_named_by_the_finding_where_its_arn_is_nobodys() -> None:
    """ProductFields names the product of a finding that has no ProductName."""
    arn = "arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default"
    raw = _finding(ProductArn=arn, ProductFields={"aws/securityhub/ProductName": "Trivy"})
    expected = "Trivy"

    assert expected == read_finding(raw).product


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"Id": "AWS::::Account:111122223333"}, ("AWS::::Account:111122223333", None, None)),
        ({"Id": 7, "Type": "Other"}, ("7", "Other", None)),
        ({"Type": "AwsAccount"}, ("AwsAccount", "AwsAccount", None)),
        ({"Id": "arn:aws-cn:s3:::b"}, ("arn:aws-cn:s3:::b", None, "aws-cn")),
        ({"Id": "b", "Partition": "åws"}, ("b", None, None)),
    ],
)
def test_resource_needs_no_arn(
    raw: dict[str, Any], expected: tuple[str, str | None, str | None]
) -> None:
    """Any name of a resource is its id, and its type stands in for one."""
    [resource] = read_finding(_resources(raw)).resources

    assert expected == (resource.id, resource.type, resource.partition)


def test_what_names_no_resource_is_left_out() -> None:
    """Resources without id and type, and elements that are no object, are left out."""
    raw = _resources({}, "bucket", None, {"Id": " "}, {"Id": "kept"})
    expected = ["kept"]

    assert expected == [resource.id for resource in read_finding(raw).resources]


def test_tags_are_text() -> None:
    """Booleans and numbers become text; blank values and other types are left out."""
    tags = {"on": True, "count": 3, "blank": "", "null": None, "list": [], "team": "payments"}
    [resource] = read_finding(_resources({"Id": "b", "Tags": tags})).resources
    expected = {"on": "true", "count": "3", "team": "payments"}

    assert expected == resource.tags


def test_text_can_always_be_sent() -> None:
    """Half a surrogate pair in an identity or a text would break every later encoding."""
    finding = read_finding(json.loads(r'{"Id": "a\ud83d", "ProductArn": "p", "Title": "\udc00"}'))
    expected = ("a\ufffd", "\ufffd")

    assert expected == (finding.id, finding.title)


@given(raw=JSON)
def test_no_json_raises_anything_else(raw: object) -> None:
    """Any JSON is read or refused as a finding."""
    try:
        finding = read_finding(raw)
    except FindingError:
        return

    assert finding.id


@given(
    fields=st.dictionaries(st.sampled_from(FIELDS), JSON),
    finding_id=st.text(min_size=1).filter(str.strip),
    product_arn=st.text(min_size=1).filter(str.strip),
)
def test_finding_with_identity_is_always_read(
    fields: dict[str, Any], finding_id: str, product_arn: str
) -> None:
    """No optional field makes a finding unreadable, and no text in it is blank."""
    finding = read_finding({**fields, "Id": finding_id, "ProductArn": product_arn})

    assert (finding_id, product_arn) == (finding.id, finding.product_arn)
    assert finding.title.strip()
    assert finding.product.strip()
    assert finding.description is None or finding.description.strip()
