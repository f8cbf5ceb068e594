"""Findings for tests: ordinary unless a test says otherwise."""

from collections.abc import Mapping
from typing import Any

from finding_router.findings.finding import Finding, Resource, Severity
from finding_router.findings.products import BY_SLUG

ACCOUNT = "123456789012"


def make_resource(resource_id: str = "arn:aws:s3:::invoices", **changes: Any) -> Resource:
    """Make an S3 bucket of the account, with *changes*."""
    values: dict[str, Any] = {"type": "AwsS3Bucket", "region": "eu-west-1", "partition": "aws"}
    return Resource(id=resource_id, **values | changes)


def make_finding(raw: Mapping[str, Any] | None = None, **changes: Any) -> Finding:
    """
    Make a new, failed finding of an unknown product, with *raw* as its unread JSON.

    The name of a service of AWS as its product comes with the ARN that proves it.
    """
    slug = next((each for each, name in BY_SLUG.items() if name == changes.get("product")), None)
    owner = "123456789012:product/example/scanner" if slug is None else f":product/aws/{slug}"
    values: dict[str, Any] = {
        "id": "arn:aws:example:eu-west-1:123456789012:finding/1",
        "product_arn": f"arn:aws:securityhub:eu-west-1:{owner}",
        "account_id": ACCOUNT,
        "account_name": "payments-prod",
        "region": "eu-west-1",
        "partition": "aws",
        "product": "Scanner",
        "severity": Severity.HIGH,
        "title": "Bucket is public",
        "description": "Everyone can read the bucket.",
        "workflow_status": "NEW",
        "record_state": "ACTIVE",
        "compliance_status": "FAILED",
        "control_id": None,
        "generator_id": "scanner/rule-1",
        "types": (),
        "resources": (make_resource(),),
        "first_seen": "2026-03-01T10:00:00Z",
        "last_seen": "2026-03-02T11:30:00Z",
        "updated_at": "2026-03-02T11:30:00Z",
        "remediation_text": "Block public access.",
        "remediation_url": "https://docs.example.com/fix?rule=1&lang=en",
        "source_url": None,
        "raw": raw or {},
    }
    return Finding(**values | changes)
