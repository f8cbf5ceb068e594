"""
A summary of a finding: the fields that most patterns and channels go by, in a few hundred bytes.

The routing table decides a summary as it decides its finding, as long as every field that a
pattern names is `kept`. To add a field, add it to `_FIELDS`: summaries that were written before
count as without it.
"""

import json
from collections.abc import Mapping
from copy import replace
from dataclasses import dataclass
from typing import Any, Final

from finding_router.errors import FindingError
from finding_router.findings.asff import read_finding
from finding_router.findings.events import AROUND_FINDING
from finding_router.findings.finding import Finding
from finding_router.findings.ocsf import View

VERSION: Final = 1
MAX_BYTES: Final = 2_000
"""A summary is no longer than this as JSON, but for the identity of its finding."""
# The parts of the event that every imported finding has in common.
_OF_EVENT: Final = frozenset({"source", "detail-type"})

_OF_OCSF: Final = "class_uid"
# By importance: those that come last are left out where there is no room. True keeps a whole value,
# a map only those fields of it, or of each element of an array.
_FIELDS: Final[Mapping[str, Any]] = {
    "Id": True,
    "ProductArn": True,
    "Severity": {"Label": True, "Normalized": True, "Original": True, "Product": True},
    "AwsAccountId": True,
    "AwsAccountName": True,
    "Region": True,
    "Workflow": {"Status": True},
    "RecordState": True,
    "Compliance": {"Status": True, "SecurityControlId": True},
    "ProductName": True,
    "CompanyName": True,
    "ProductFields": {"ProviderName": True, "ControlId": True, "RuleId": True},
    "FindingProviderFields": {"Severity": {"Label": True, "Normalized": True}},
    "GeneratorId": True,
    "Types": True,
    "Resources": {"Type": True, "Id": True, "Region": True, "Partition": True, "Tags": True},
    "Title": True,
    "WorkflowState": True,
    "VerificationState": True,
    "Confidence": True,
    "Criticality": True,
    "Sample": True,
    "UserDefinedFields": True,
    # Of findings in OCSF, beside the fields of their view.
    _OF_OCSF: True,
    "activity_id": True,
    "severity_id": True,
    "status_id": True,
}
_ALWAYS: Final = ("Id", "ProductArn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A finding of which the fields in *missing*, at the top of ASFF, had no room."""

    finding: Finding
    missing: frozenset[str] = frozenset()


def is_kept(path: str, missing: frozenset[str] = frozenset()) -> bool:
    """Return True if summaries without *missing* have the field at *path* of an event."""
    if path in _OF_EVENT:
        return True
    inside = path.removeprefix(AROUND_FINDING)
    fields: Any = _FIELDS
    names = inside.split(".")
    if inside == path or names[0] in missing:
        return False
    for name in names:
        if fields is True:
            return True
        fields = fields.get(name)
        if fields is None:
            return False
    return fields is True


def summarise(finding: Finding) -> dict[str, Any]:
    """Return the summary of *finding* as JSON has it."""
    kept: dict[str, Any] = {}
    missing: list[str] = []
    left = MAX_BYTES
    for name, fields in _FIELDS.items():
        if name not in finding.raw:
            continue
        value = _picked(finding.raw[name], fields)
        size = len(json.dumps(value)) + len(name)
        if size > left and name not in _ALWAYS:
            missing.append(name)
            continue
        left -= size
        kept[name] = value
    said = {"v": VERSION, "finding": kept}
    if missing:
        said["missing"] = missing
    if finding.account_name is None and "AwsAccountName" in kept:
        # Two accounts claim the name, so that channels do without it.
        said["unnamed"] = True
    return said


def read_summary(said: object) -> Summary | None:
    """Return the summary in *said*; None if a newer version wrote it, or it is damaged."""
    match said:
        case {"v": 1, "finding": dict(raw), **rest}:
            listed = rest.get("missing", [])
            missing = frozenset(map(str, listed if isinstance(listed, list) else []))
        case _:
            return None
    try:
        finding = read_finding(View(raw) if _OF_OCSF in raw else raw)
    except FindingError:
        return None
    if rest.get("unnamed"):
        finding = replace(finding, account_name=None)
    return Summary(finding=finding, missing=missing)


def _picked(value: Any, fields: Any) -> Any:
    if fields is True:
        return value
    if isinstance(value, list):
        return [_picked(each, fields) for each in value]
    if not isinstance(value, Mapping):
        return value
    return {name: _picked(value[name], inner) for name, inner in fields.items() if name in value}
