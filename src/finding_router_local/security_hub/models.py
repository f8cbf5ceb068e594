"""The findings of one account and Region, and the operations on them."""

import copy
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from moto.core.base_backend import BackendDict
from moto.securityhub.exceptions import InvalidInputException
from moto.securityhub.models import SecurityHubBackend as MotoSecurityHubBackend

from finding_router_local.faults import FaultBoard
from finding_router_local.security_hub.filters import compile_filters
from finding_router_local.security_hub.schema import mistakes, wrong_types
from finding_router_local.security_hub.v2 import FindingsV2

type Json = dict[str, Any]
type Key = tuple[str, str]

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindings.html and
# API_BatchImportFindings.html: both limits are in the prose only.
MAX_FINDINGS_PER_CALL: Final = 100
WORKFLOW_STATUSES: Final = frozenset({"NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"})
# The fields that only BatchUpdateFindings may change once a finding exists (same pages).
_CUSTOMER_FIELDS: Final = ("Note", "UserDefinedFields", "VerificationState", "Workflow")
_UPDATABLE: Final = (
    *_CUSTOMER_FIELDS,
    "Confidence",
    "Criticality",
    "RelatedFindings",
    "Severity",
    "Types",
)
_MISTAKES_NAMED: Final = 5
_IMPORTED: Final = "Security Hub Findings - Imported"
_REOPENING: Final = frozenset({"FAILED", "WARNING", "NOT_AVAILABLE"})


class SecurityHubBackend(MotoSecurityHubBackend):
    """Findings by (ProductArn, Id); each change goes to `publish`, as an event dated by `clock`."""

    def __init__(self, region_name: str, account_id: str) -> None:
        """Start empty, and publish to no one."""
        super().__init__(region_name, account_id)
        self._by_key: dict[Key, Json] = {}
        self.publish: Callable[[Json], object] = lambda _: None
        self.at_once: Callable[[], AbstractContextManager[None]] = nullcontext
        """Within it several events are published, which are to be seen at the same time."""
        self.faults = FaultBoard()
        self.clock: Callable[[], float] = time.time
        self.v2 = FindingsV2(self)

    def load(self, finding: Mapping[str, Any]) -> Key | None:
        """
        Store *finding* as an event shows it, without sending an event, and return its key.

        An event with NEW may be late: it does not change the known status, unless the finding was
        reopened. A finding without ProductArn and Id cannot be stored, nor can one with values of
        types that the real Security Hub does not have: None. Fields may be missing in it.
        """
        if next(wrong_types(finding), None) is not None:
            return None
        key = (finding.get("ProductArn"), finding.get("Id"))
        if not all(isinstance(part, str) and part for part in key):
            return None
        known = self._by_key.get(key)  # type: ignore[arg-type]  # both are strings, as just asked
        taken = copy.deepcopy(dict(finding))
        if known is not None and _status(taken) == "NEW" and not _is_reopened(known, taken):
            taken["Workflow"] = known["Workflow"]
        self._by_key[key] = _with_defaults(taken)  # type: ignore[index]  # as above
        return key  # type: ignore[return-value]  # as above

    def forget(self) -> None:
        """Forget all findings, of V2 too."""
        self._by_key.clear()
        self.v2.forget()

    def workflow_statuses(self) -> Counter[str]:
        """Return the number of findings with each Workflow status."""
        return Counter(map(_status, list(self._by_key.values())))

    def get_findings(  # type: ignore[override]  # moto's decorator pages; so does `responses`
        self, filters: Mapping[str, Any] | None = None, keys: Iterable[Key] | None = None
    ) -> list[Json]:
        """
        Return copies of the findings that pass all *filters*, of those with *keys* if given.

        Raises:
            InvalidInputException: a filter that is not supported here.

        """
        return copy.deepcopy(self.matching(filters, keys))

    def matching(
        self, filters: Mapping[str, Any] | None = None, keys: Iterable[Key] | None = None
    ) -> list[Json]:
        """Return the findings of `get_findings` themselves: a page needs no copy of the others."""
        try:
            passes = compile_filters(filters or {})
        except ValueError as error:
            raise InvalidInputException(op="GetFindings", msg=str(error)) from error
        # Findings may be imported meanwhile.
        ids = _only_ids(filters or {})
        known = [key for key in list(self._by_key) if ids is None or key[1] in ids]
        wanted = known if keys is None else [key for key in keys if key in self._by_key]
        return [self._by_key[key] for key in wanted if passes(self._by_key[key])]

    def batch_import_findings(self, findings: list[Json]) -> tuple[int, int, list[Json]]:
        """
        Create or update findings as their product sends them, and publish each.

        The customer's fields stay as they are, but a finding that is reopened is NEW again. Return
        the counts of failed and imported, and the failed.
        """
        _check_count("BatchImportFindings", findings)
        failed = []
        for finding in findings:
            problem = "; ".join(islice(mistakes(finding), _MISTAKES_NAMED))
            if problem:
                id_ = str(finding.get("Id", "")) if isinstance(finding, dict) else ""
                failed.append({"Id": id_, "ErrorCode": "InvalidInput", "ErrorMessage": problem})
            else:
                self._publish(self._import(finding))
        return len(failed), len(findings) - len(failed), failed

    def batch_update_findings(
        self, identifiers: list[Json], changes: Json
    ) -> tuple[list[Json], list[Json]]:
        """
        Make the same *changes* to each finding and publish it; UpdatedAt stays as it is.

        Return the identifiers that were processed, and the UnprocessedFindings.
        """
        _check_count("BatchUpdateFindings", identifiers)
        status = changes.get("Workflow", {}).get("Status", "NEW")
        if status not in WORKFLOW_STATUSES:
            raise InvalidInputException(op="BatchUpdateFindings", msg=f"Workflow.Status {status}")
        with self.at_once():
            return self._update(identifiers, changes)

    def _update(self, identifiers: list[Json], changes: Json) -> tuple[list[Json], list[Json]]:
        processed, unprocessed = [], []
        seen: set[Key] = set()
        for identifier in identifiers:
            key = (identifier.get("ProductArn", ""), identifier.get("Id", ""))
            code = self._refusal(key, is_repeated=key in seen)
            seen.add(key)
            if code:
                message = f"The finding was not updated: {code}"
                unprocessed.append(
                    {"FindingIdentifier": identifier, "ErrorCode": code, "ErrorMessage": message}
                )
                continue
            finding = self._by_key[key]
            _apply(finding, changes, now=self.now())
            self._publish(finding)
            processed.append(identifier)
        return processed, unprocessed

    def _refusal(self, key: Key, *, is_repeated: bool) -> str | None:
        fault = self.faults.leave_unprocessed(key[1])
        if fault:
            return fault.code or "InternalFailure"
        if is_repeated:
            return "DuplicatedFindingIdentifier"
        return None if key in self._by_key else "FindingNotFound"

    def _import(self, finding: Json) -> Json:
        key = (finding["ProductArn"], finding["Id"])
        known = self._by_key.get(key)
        taken = copy.deepcopy(finding)
        if known is not None:
            kept = {name: known[name] for name in _CUSTOMER_FIELDS if name in known}
            if _is_reopened(known, taken) and _status(known) in {"NOTIFIED", "RESOLVED"}:
                kept["Workflow"] = {"Status": "NEW"}
            taken = known | taken | kept
        self._by_key[key] = _with_defaults(taken)
        return self._by_key[key]

    def _publish(self, finding: Json) -> None:
        self.publish_finding(_IMPORTED, f"{finding['ProductArn']}/{finding['Id']}", finding)

    def publish_finding(self, detail_type: str, resource: str, finding: Json) -> None:
        """Send the event of *finding*, which its envelope calls *resource*."""
        self.publish(
            {
                "version": "0",
                "id": str(uuid.uuid4()),
                "detail-type": detail_type,
                "source": "aws.securityhub",
                "account": self.account_id,
                "time": self.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
                "region": self.region_name,
                "resources": [resource],
                "detail": {"findings": [copy.deepcopy(finding)]},
            }
        )

    def now(self) -> datetime:
        """Return the time of `clock`."""
        return datetime.fromtimestamp(self.clock(), UTC)


def _check_count(operation: str, given: list[Json]) -> None:
    if not 1 <= len(given) <= MAX_FINDINGS_PER_CALL:
        message = f"{len(given)} findings; from 1 to {MAX_FINDINGS_PER_CALL} are allowed"
        raise InvalidInputException(op=operation, msg=message)


def _with_defaults(finding: Json) -> Json:
    """Add the fields that Security Hub completes if the product leaves them out."""
    if not isinstance(finding.get("Workflow"), dict):
        finding["Workflow"] = {"Status": "NEW"}
    finding.setdefault("RecordState", "ACTIVE")
    return finding


def _status(finding: Mapping[str, Any]) -> str:
    workflow = finding.get("Workflow")
    return str(workflow.get("Status", "NEW")) if isinstance(workflow, dict) else "NEW"


def _compliance(finding: Mapping[str, Any]) -> object:
    compliance = finding.get("Compliance")
    return compliance.get("Status") if isinstance(compliance, dict) else None


def _is_reopened(known: Mapping[str, Any], update: Mapping[str, Any]) -> bool:
    """
    Return True if Security Hub makes the finding NEW again by itself.

    https://docs.aws.amazon.com/securityhub/latest/userguide/findings-workflow-status.html
    """
    is_back = known.get("RecordState") == "ARCHIVED" and update.get("RecordState") == "ACTIVE"
    has_failed = _compliance(known) == "PASSED" and _compliance(update) in _REOPENING
    return is_back or has_failed


def _apply(finding: Json, changes: Json, *, now: datetime) -> None:
    for name in _UPDATABLE:
        if name not in changes:
            continue
        change = copy.deepcopy(changes[name])
        if name == "Note":
            change["UpdatedAt"] = now.isoformat()
        is_merged = name in {"Severity", "Workflow"} and isinstance(finding.get(name), dict)
        finding[name] = finding[name] | change if is_merged else change


securityhub_backends = BackendDict(SecurityHubBackend, "securityhub")


def _only_ids(filters: Mapping[str, Any]) -> set[object] | None:
    """Return the Ids that a finding has to have one of; None if any will do."""
    asked = filters.get("Id")
    if not asked or any(each.get("Comparison") != "EQUALS" for each in asked):
        return None
    return {each.get("Value") for each in asked}
