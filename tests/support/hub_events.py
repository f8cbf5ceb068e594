"""Events and records as Security Hub, EventBridge and SQS send them."""

import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from finding_router.delivery.deliveries import Record
from finding_router.findings.events import IMPORTED, IMPORTED_V2
from finding_router.findings.ocsf import is_ocsf

ACCOUNT = "123456789012"
PRODUCT_ARN = "arn:aws:securityhub:eu-west-1::product/aws/guardduty"
PRODUCT_ARN_V2 = "arn:aws:securityhub:eu-west-1::productv2/aws/guardduty"
CONTROL_ARN = "arn:aws:securityhub:eu-west-1::product/aws/securityhub"
FSBP = "aws-foundational-security-best-practices/v/1.0.0"
PCI = "pci-dss/v/3.2.1"
_numbers = itertools.count(1)


def raw_finding(finding_id: str = "finding-1", **changes: Any) -> dict[str, Any]:
    """Make the JSON of a new HIGH finding; *changes* replace whole fields."""
    finding: dict[str, Any] = {
        "SchemaVersion": "2018-10-08",
        "Id": finding_id,
        "ProductArn": PRODUCT_ARN,
        "ProductName": "GuardDuty",
        "GeneratorId": "generator",
        "AwsAccountId": ACCOUNT,
        "Region": "eu-west-1",
        "CreatedAt": "2026-09-01T10:00:00Z",
        "UpdatedAt": "2026-09-01T10:00:00Z",
        "Title": f"Title of {finding_id}",
        "Description": "Something happened.",
        "Severity": {"Label": "HIGH"},
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::invoices"}],
    }
    return finding | changes


def control(standard: str, **changes: Any) -> dict[str, Any]:
    """Make the finding of one standard of a control that all of them have."""
    return raw_finding(
        f"{standard}/S3.8",
        **{
            "ProductArn": CONTROL_ARN,
            "ProductName": "Security Hub",
            "Title": "S3 buckets should block public access",
            "GeneratorId": f"{standard}/S3.8",
            "ProductFields": {"StandardsArn": f"arn:aws:securityhub:::standards/{standard}"},
            "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.8"},
        }
        | changes,
    )


def imported(*findings: Any, sent_at: float | None = None, **changes: Any) -> dict[str, Any]:
    """Make an event of *findings*, all in one form, sent at Unix second *sent_at*."""
    event: dict[str, Any] = {
        "version": "0",
        "id": f"event-{next(_numbers)}",
        "detail-type": IMPORTED_V2 if any(map(is_ocsf, findings)) else IMPORTED,
        "source": "aws.securityhub",
        "account": ACCOUNT,
        "region": "eu-west-1",
        "resources": [],
        "detail": {"findings": list(findings)},
    }
    if sent_at is not None:
        event["time"] = datetime.fromtimestamp(sent_at, UTC).isoformat()
    return event | changes


def custom_action(
    *findings: Any, name: str = "Tell Slack", sent_at: float | None = None
) -> dict[str, Any]:
    """Make the event of a person who sent *findings* with the custom action *name*."""
    event = imported(*findings, sent_at=sent_at)
    event["detail-type"] = "Security Hub Findings - Custom Action"
    event["detail"] |= {"actionName": name, "actionDescription": "Sends a finding to Slack."}
    return event


def record(event: object, *, number: int = 1, tries: int = 1, age_seconds: float = 0.0) -> Record:
    """Put *event* into a record of the queue."""
    return Record(
        body=event if isinstance(event, str) else json.dumps(event),
        id=f"record-{number}",
        receipt=f"receipt-{number}",
        tries=tries,
        age_seconds=age_seconds,
    )


def sqs_record(event: Mapping[str, Any], *, number: int = 1, tries: int = 1) -> dict[str, Any]:
    """Make the record as Lambda hands it over."""
    return {
        "messageId": f"record-{number}",
        "receiptHandle": f"receipt-{number}",
        "body": json.dumps(event),
        "attributes": {"ApproximateReceiveCount": str(tries)},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:findings",
        "awsRegion": "eu-west-1",
    }
