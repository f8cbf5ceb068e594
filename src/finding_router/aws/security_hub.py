"""Setting a finding's Workflow status, 100 findings a call."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import ParamValidationError

from finding_router.aws.clients import AWS_ERRORS, SECURITY_HUB_CONFIG, error_code
from finding_router.delivery.limits.deadline import SECURITY_HUB_SECONDS, Deadline
from finding_router.delivery.marking import (
    INVALID_INPUT,
    OUT_OF_TIME,
    FindingKey,
    Standing,
    WorkflowStatus,
)
from finding_router.errors import FindingError, WorkflowUpdateError
from finding_router.findings.asff import read_finding
from finding_router.findings.ending import ending_of
from finding_router.findings.finding import Severity

if TYPE_CHECKING:
    from mypy_boto3_securityhub import SecurityHubClient

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindings.html: the limit
# stands in prose only, botocore lets more through.
FINDINGS_PER_CALL: Final = 100
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_GetFindings.html: 20 values a filter.
IDS_PER_FILTER: Final = 20
# The whole call is refused because of something in it.
INPUT_ERRORS: Final = frozenset(
    {
        "InvalidInputException",
        "SerializationException",
        "ValidationException",
        ParamValidationError.__name__,
    }
)


class SecurityHub:
    """The calls of Security Hub's API; none starts that may end after *deadline*."""

    @cached_property
    def _client(self) -> "SecurityHubClient":
        return boto3.client("securityhub", config=SECURITY_HUB_CONFIG)

    def mark(
        self, keys: Iterable[FindingKey], status: WorkflowStatus, *, deadline: Deadline
    ) -> dict[FindingKey, str]:
        """
        Set the Workflow status of *keys*; return Security Hub's code for each that it refused.

        HTTP 200 says nothing: UnprocessedFindings has the findings that were not updated. A call
        that fails as a whole returns its code for each of its keys.
        """
        refused: dict[FindingKey, str] = {}
        for some in batched(dict.fromkeys(keys), FINDINGS_PER_CALL, strict=False):
            refused.update(self._mark(some, status, deadline))
        return refused

    def _mark(
        self, keys: Sequence[FindingKey], status: WorkflowStatus, deadline: Deadline
    ) -> dict[FindingKey, str]:
        if not deadline.leaves(SECURITY_HUB_SECONDS):
            return dict.fromkeys(keys, OUT_OF_TIME)
        try:
            answer = self._client.batch_update_findings(
                FindingIdentifiers=[{"ProductArn": arn, "Id": id_} for arn, id_ in keys],
                Workflow={"Status": status},
            )
        except AWS_ERRORS as error:
            if error_code(error) not in INPUT_ERRORS:
                return dict.fromkeys(keys, error_code(error))
            if len(keys) == 1:
                return {keys[0]: INVALID_INPUT}
            # One identifier that cannot be takes the others of its call along: halve until alone.
            middle = len(keys) // 2
            return self._mark(keys[:middle], status, deadline) | self._mark(
                keys[middle:], status, deadline
            )
        return {
            (each["FindingIdentifier"]["ProductArn"], each["FindingIdentifier"]["Id"]): each[
                "ErrorCode"
            ]
            for each in answer["UnprocessedFindings"]
        }

    def statuses(
        self, keys: Collection[FindingKey], *, deadline: Deadline
    ) -> dict[FindingKey, Standing]:
        """
        Return the state of each of *keys*; those not found are left out.

        Raises:
            WorkflowUpdateError: Security Hub does not answer, or not in time.

        """
        return {key: _standing(each) for key, each in self._findings(keys, deadline).items()}

    def severities(
        self, keys: Collection[FindingKey], *, deadline: Deadline
    ) -> dict[FindingKey, Severity | None]:
        """
        Return the severity of each of *keys*, and None for those that are over.

        A finding is over once it is archived, passed, resolved or suppressed. One that is not
        found, or cannot be read, is left out.

        Raises:
            WorkflowUpdateError: Security Hub does not answer, or not in time.

        """
        severities: dict[FindingKey, Severity | None] = {}
        for key, each in self._findings(keys, deadline).items():
            with suppress(FindingError):
                finding = read_finding(each)
                severities[key] = None if ending_of(finding) is not None else finding.severity
        return severities

    def _findings(
        self, keys: Collection[FindingKey], deadline: Deadline
    ) -> dict[FindingKey, Mapping[str, Any]]:
        found: dict[FindingKey, Mapping[str, Any]] = {}
        for some in batched(sorted({id_ for _, id_ in keys}), IDS_PER_FILTER, strict=False):
            if not deadline.leaves(SECURITY_HUB_SECONDS):
                message = "GetFindings: out of time; the rest is tried again"
                raise WorkflowUpdateError(message)
            try:
                found.update(self._read(some))
            except AWS_ERRORS as error:
                message = (
                    f"GetFindings: {error_code(error)} from Security Hub; the rest is tried again"
                )
                raise WorkflowUpdateError(message) from error
        return {key: found[key] for key in keys if key in found}

    def _read(self, ids: Iterable[str]) -> dict[FindingKey, Mapping[str, Any]]:
        pages = self._client.get_paginator("get_findings").paginate(
            Filters={"Id": [{"Value": id_, "Comparison": "EQUALS"} for id_ in ids]}
        )
        return {
            (each["ProductArn"], each["Id"]): each for page in pages for each in page["Findings"]
        }


def _standing(finding: Mapping[str, Any]) -> Standing:
    return Standing(
        workflow_status=finding.get("Workflow", {}).get("Status", "NEW"),
        record_state=finding.get("RecordState", "ACTIVE"),
        compliance_status=finding.get("Compliance", {}).get("Status"),
        updated_at=finding.get("UpdatedAt"),
    )
