"""The twin of a finding of Security Hub CSPM in AWS Security Hub, in OCSF."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from finding_router.findings.finding import Severity
from finding_router.findings.timestamps import parse_timestamp

_STATUSES: Final = {"NEW": 1, "NOTIFIED": 2, "SUPPRESSED": 3, "RESOLVED": 4}
_CHECKS: Final = {"PASSED": 1, "WARNING": 2, "FAILED": 3}


def in_ocsf(finding: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Make the twin in OCSF of a *finding* in ASFF; *changes* replace fields of the twin."""
    status = finding.get("Workflow", {}).get("Status", "NEW")
    compliance = finding.get("Compliance", {})
    is_archived = finding["RecordState"] == "ARCHIVED"
    updated_at = parse_timestamp(finding["UpdatedAt"])
    twin: dict[str, Any] = {
        "activity_id": 3 if is_archived else 2,
        "class_uid": 2004,
        "cloud": {"account": {"uid": finding["AwsAccountId"]}, "region": finding["Region"]},
        "finding_info": {
            "uid": finding["Id"],
            "title": finding["Title"],
            "desc": finding["Description"],
            "created_time_dt": finding["CreatedAt"],
        },
        "metadata": {
            "uid": hashlib.sha256(finding["Id"].encode()).hexdigest(),
            "product": {
                "name": finding["ProductName"],
                "uid": finding["ProductArn"].replace("::product/", "::productv2/"),
                "vendor_name": "AWS",
            },
        },
        "resources": [
            {
                "uid": each["Id"],
                "type": "AWS::S3::Bucket",
                "tags": [{"name": key, "value": tag} for key, tag in each.get("Tags", {}).items()],
            }
            for each in finding["Resources"]
        ],
        "severity_id": 1 + list(Severity).index(finding["Severity"]["Label"]),
        "status_id": _STATUSES[status],
        "time": None if updated_at is None else int(updated_at.timestamp() * 1000),
    }
    if "Note" in finding:
        twin["comment"] = finding["Note"]["Text"]
    if compliance:
        twin["compliance"] = {
            "control": compliance.get("SecurityControlId"),
            "status_id": _CHECKS.get(compliance.get("Status")),
        }
    return twin | changes
